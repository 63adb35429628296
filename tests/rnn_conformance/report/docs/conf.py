"""Sphinx's configuration for the site of the spec. `python -m rnn_conformance.report.docs` builds it."""

from __future__ import annotations

import shutil
from importlib.metadata import version as version_of
from importlib.util import find_spec
from pathlib import Path

from sphinx.application import Sphinx

from rnn_conformance.engine.clauses import spec_version

HERE = "rnn_conformance.report.docs"

project = "rnn-conformance"
author = "the authors of rnn-conformance"
version = release = version_of("rnn-conformance")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    *(f"{HERE}.{name}" for name in ("mathml", "clauses", "charts", "docstrings", "finishing")),
]

# Markdown as GitHub shows it: the chapters are read there, too.
myst_enable_extensions = ["dollarmath"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 4
smartquotes = False
suppress_warnings = ["myst.header"]  # reports have the headings of trackers

# What is not of this project has no page here; the network is not asked for one.
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_type_aliases = {"Array": "Array", "States": "States"}
toc_object_entries = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"

html_theme = "furo"
html_title = f"The vanilla RNN, spec {spec_version()}"
html_static_path = ["static"]
templates_path = ["templates"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_show_search_summary = False  # it would fetch pages, which a browser refuses to those opened from files
html_permalinks_icon = "#"
html_theme_options = {"navigation_with_keys": True, "top_of_page_buttons": []}


def _with_font(app: Sphinx, error: Exception | None) -> None:
    """Put the font of the equations beside the pages: few systems have one with the shapes of mathematics."""
    if error is None:
        package = find_spec("ziamath")  # which need not be imported for its font
        assert package is not None
        assert package.origin is not None
        font = Path(package.origin).parent / "fonts" / "STIXTwoMath-Regular.ttf"
        shutil.copyfile(font, Path(app.outdir) / "_static" / font.name)


def setup(app: Sphinx) -> None:
    """Sphinx calls it."""
    app.connect("build-finished", _with_font)

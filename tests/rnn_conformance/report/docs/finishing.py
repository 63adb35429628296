"""The last touches: diagrams that follow the theme, and boxes that scroll reached by the keyboard."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

SCROLLS = re.compile(r'<(pre|div class="(?:table-wrapper|math-wrapper)[^"]*")(?=>)')
"""What is wider than a narrow page, and scrolls by itself."""


EMPTY_HEAD = re.compile(r'<th class="head[^"]*">(?:<p></p>)?</th>')
"""The corner of a table, which Markdown has no other word for."""


class InlineDiagrams(SphinxPostTransform):
    """SVG images of this project become part of the page: their colour is that of the text, light or dark."""

    default_priority = 5  # before images are collected
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Sphinx calls it."""
        for image in list(self.document.findall(nodes.image)):
            path = Path(self.env.srcdir) / image["uri"]
            if path.suffix == ".svg" and path.is_file():
                svg = path.read_text(encoding="utf-8")
                figure = f'<div class="diagram">{svg}</div>'
                image.replace_self(nodes.raw("", figure, format="html"))


def _accessible(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Let the keyboard scroll what scrolls, and no head of a column be empty."""
    if "body" in context:
        body = SCROLLS.sub(r'<\1 tabindex="0"', context["body"])
        context["body"] = EMPTY_HEAD.sub("<td></td>", body)


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls it."""
    app.add_post_transform(InlineDiagrams)
    app.connect("html-page-context", _accessible)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

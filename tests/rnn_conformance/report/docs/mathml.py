"""Equations as MathML, made when the site is built: a browser needs neither a script nor the network."""

from __future__ import annotations

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

BAR = re.compile(r'<mo stretchy="false">(&#x0007C;)</mo>')
"""A bar of an absolute value, around which the converter leaves the room of a relation."""

FUNCTION = r"<m[io]>[a-z]{2,}</m[io]>"
AFTER = re.compile(rf'({FUNCTION})(?!<mo stretchy="false">&#x00028;)')
BEFORE = re.compile(rf"(?<=</m[in]>)(?={FUNCTION})")
"""After the name of a function, such as tanh, and before it: where a thin space belongs."""

THIN = '<mspace width="0.17em"/>'


def mathml(latex: str, display: str) -> str:
    """An equation in LaTeX as MathML.

    Args:
        display: "inline" or "block".
    """
    made: str = convert(latex.strip(), display=display)
    made = BAR.sub(r'<mo stretchy="false" lspace="0" rspace="0">\1</mo>', made)
    return BEFORE.sub(THIN, AFTER.sub(rf"\1{THIN}", made))


def _inline(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def _block(translator: HTML5Translator, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="math">{mathml(node.astext(), "block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls it."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Runs the examples of Markdown documents: Python blocks in the form of an interactive session.

A block marked ```` ```python keras ```` needs Keras, ```` ```python torch ```` torch. One marked
```` ```python file=NAME ```` is a file of its own, which a reader is told to write.
"""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python(?: (?P<framework>\w+))?\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(
    r"^```(?P<language>\w+)(?: file=(?P<name>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


def documents() -> list[Path]:
    """The documents with examples."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "spec").glob("*.md"))]


def run_examples(path: Path, frameworks: tuple[str, ...]) -> int:
    """Run a document's examples, plain and of the given frameworks, in one session; how many there were."""
    names: dict[str, Any] = {}
    count = 0
    for block in BLOCK.finditer(path.read_text(encoding="utf-8")):
        if block["framework"] not in (None, *frameworks):
            continue
        line = path.read_text(encoding="utf-8")[: block.start()].count("\n") + 1
        test = doctest.DocTestParser().get_doctest(block["code"], names, path.name, str(path), line)
        assert test.examples, f"{path.name}:{line}: a Python block without a prompt is not tested"
        runner = doctest.DocTestRunner()
        runner.run(test, clear_globs=False)
        assert runner.summarize(verbose=False).failed == 0, f"{path.name}:{line}"
        names = test.globs
        count += len(test.examples)
    return count


def readme_adapter() -> str:
    """The module `my_rnn.py` of the README: its class, and what that imports."""
    for block in BLOCK.finditer((ROOT / "README.md").read_text(encoding="utf-8")):
        if "class MyRnn" in block["code"]:
            sources = [example.source for example in doctest.DocTestParser().get_examples(block["code"])]
            last = next(i for i, source in enumerate(sources) if source.startswith("class "))
            return "".join(sources[: last + 1])
    raise AssertionError("README.md has no class MyRnn")

"""What the snippets of Markdown documents are, and how they are run.

| fence | what it is |
| --- | --- |
| `python` | an interactive session, run wherever the tests are |
| `python keras` | the same, run where Keras is installed; so for every name of `FRAMEWORKS` |
| `python of=MODULE.NAME` | a passage of the source of that function |
| `javascript tfjs` | a part of a script, run by Node; a `text` fence after it shows what it prints |
| `LANGUAGE file=NAME` | a file, which a reader is told to write |

Other fences (`sh`, `text`, `json`, …) are run by the test of their document: test_snippets.py has the list.
"""

from __future__ import annotations

import doctest
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python(?: (?P<framework>\w+))?\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(
    r"^```(?P<language>\w+)(?: file=(?P<name>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
FENCE = re.compile(r"^```(?P<info>\S[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
FRAMEWORKS = {
    "torch": "test_torch.py",
    "keras": "test_keras.py",
    "onnx": "test_onnx.py",
    "flax": "test_flax.py",
    "haiku": "test_haiku.py",
    "tfjs": "test_tfjs.py",
}
"""The frameworks that snippets are written for, and the file in tests/frameworks that runs them."""


@dataclass(frozen=True)
class Fence:
    """A fenced block of a document.

    Args:
        line: the number of its first line, from 1.
        info: what stands after the backticks.
        text: what stands between them.
    """

    line: int
    info: str
    text: str


def documents() -> list[Path]:
    """The documents with examples."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "spec").glob("*.md"))]


def documents_for(framework: str) -> list[Path]:
    """The documents with examples of a framework."""
    return [
        path
        for path in documents()
        if any(framework in fence.info.split()[1:] for fence in fences(path.read_text(encoding="utf-8")))
    ]


def fences(markdown: str) -> list[Fence]:
    """The fenced blocks of a document, in order."""
    return [
        Fence(markdown[: found.start()].count("\n") + 1, found["info"], found["text"])
        for found in FENCE.finditer(markdown)
    ]


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


BETWEEN = "\0"
"""What a script prints between its parts."""


def run_script(path: Path, framework: str, folder: Path) -> int:
    """Run the JavaScript of a document as one script, and compare what each part prints; how many there were.

    Args:
        folder: where the framework's `node_modules` lies, and where the script is run.
    """
    parts, shown, after = list[Fence](), list[str](), False
    for fence in fences(path.read_text(encoding="utf-8")):
        if fence.info == f"javascript {framework}":
            parts.append(fence)
            shown.append("")
        elif fence.info == "text" and after:
            shown[-1] = fence.text
        after = fence.info == f"javascript {framework}"
    separator = f"process.stdout.write({BETWEEN!r});\n"
    script = f"(async () => {{\n{separator.join(part.text for part in parts)}}})();\n"
    done = subprocess.run(
        ["node", "-"], input=script, capture_output=True, text=True, encoding="utf-8", cwd=folder, check=False
    )
    assert done.returncode == 0, f"{path.name}: {done.stderr}"
    for part, expected, printed in zip(parts, shown, done.stdout.split(BETWEEN), strict=True):
        assert printed == expected, f"{path.name}:{part.line}: it prints\n{printed}and not\n{expected}"
    return len(parts)


def readme_adapter() -> str:
    """The module `my_rnn.py` of the README: its class, and what that imports."""
    for block in BLOCK.finditer((ROOT / "README.md").read_text(encoding="utf-8")):
        if "class MyRnn" in block["code"]:
            sources = [example.source for example in doctest.DocTestParser().get_examples(block["code"])]
            last = next(i for i, source in enumerate(sources) if source.startswith("class "))
            return "".join(sources[: last + 1])
    raise AssertionError("README.md has no class MyRnn")

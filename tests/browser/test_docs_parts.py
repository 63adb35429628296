"""The parts of which the site of the spec is built, and what they refuse."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest
from click.testing import CliRunner
from made_results import HOSTILE, written

from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.report.docs.__main__ import main
from rnn_conformance.report.docs.api import PACKAGES, modules
from rnn_conformance.report.docs.build import build, run_sphinx
from rnn_conformance.report.docs.charts import chart
from rnn_conformance.report.docs.contents import contents
from rnn_conformance.report.docs.docstrings import restructured
from rnn_conformance.report.docs.generated import Pages, cell
from rnn_conformance.report.docs.mathml import mathml
from rnn_conformance.report.docs.source import Source
from rnn_conformance.report.site.model import site_of
from rnn_conformance.report.site.runs import read_runs
from rnn_conformance.report.traceability import Vector
from rnn_reference import BadInput

ROOT = Path(__file__).parents[2]


def test_every_chapter_is_in_the_contents_once() -> None:
    documents = [PurePosixPath(f"spec/{path.name}") for path in (ROOT / "spec").glob("*.md")]
    listed = [page for pages in contents(documents).values() for page in pages]
    assert len(listed) == len(set(listed))
    assert {str(document.with_suffix("")) for document in documents} <= set(listed)


def test_a_page_of_any_name_has_its_place() -> None:
    names = ("tutorial", "from-keras", "03-states", "90-worked-examples", "96-protocol", "something-new")
    found = contents(PurePosixPath(f"spec/{name}.md") for name in names)
    assert found["Learn"] == ["spec/tutorial", "spec/90-worked-examples", "spec/glossary"]
    assert found["The specification"] == ["spec/README", "spec/03-states"]
    assert found["Coming from …"] == ["spec/from-keras"]
    assert found["Guides"] == ["spec/96-protocol", "spec/something-new"]


def test_a_link_to_a_file_leads_to_a_page_that_shows_it(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for place, text in {
        "spec/README.md": "[chapter](01.md#a) [code](../code/rnn.c) [web](https://example.org/x) [here](#b)",
        "spec/01.md": "",
        "code/rnn.c": "int main;",
    }.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(text)
    source = Source(root, tmp_path / "source")
    source.copy_documents()
    assert source.copy_shown() == ["files/code/rnn.c.md"]
    assert (tmp_path / "source/spec/README.md").read_text() == (
        "[chapter](01.md#a) [code](../files/code/rnn.c.md) [web](https://example.org/x) [here](#b)"
    )
    assert ":language: c" in (tmp_path / "source/files/code/rnn.c.md").read_text()


def test_docstrings_stay_as_they_are_meant() -> None:
    lines = ["|x| of `a_` and *b*, h_.", "", "    h = φ(z)", "", "Args:", "    x: of |x|.", "", "one    two"]
    assert restructured(lines) == [
        *(r"\|x\| of `a_` and \*b\*, h\_.", ""),
        *("::", "", "        h = φ(z)", ""),
        *("Args:", r"    x: of \|x\|.", ""),
        *("::", "", "    one    two", ""),
    ]


def test_equations() -> None:
    assert 'lspace="0"' in mathml("|x|", "inline")
    assert mathml(r"2 \tanh x", "block").count("<mspace") == 2
    assert mathml(r"\tanh(x)", "block").count("<mspace") == 0


def test_charts() -> None:
    axes = 'xychart-beta\n  x-axis "step" [0, 2]\n  y-axis "height" -1 --> 3\n  '
    assert chart("c", axes + "line [0, 1.5]\n  line [1, 2]\n").count("<polyline") == 2
    for other in ("flowchart LR", axes, axes + "bar [1, 2]"):
        with pytest.raises(ValueError, match="expected an xychart-beta"):
            chart("c", other)
    with pytest.raises(ValueError, match="shorter"):
        chart("c", axes + "line [1]")


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("[gone](gone.md)", "gone.md"),
        ("[gone](#gone)", "gone"),
        ("```mermaid\nflowchart LR\n```", "expected an xychart-beta"),
        ("**FWD-1** It MUST.", "trace-fwd-1"),
    ],
)
def test_what_is_wrong_fails_the_build(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str, warning: str
) -> None:
    (tmp_path / "source/spec").mkdir(parents=True)
    (tmp_path / "source/index.md").write_text("# Title\n\n```{toctree}\nspec/one\n```\n")
    (tmp_path / "source/spec/one.md").write_text(f"# One\n\n{text}\n")
    with pytest.raises(BadInput, match="warnings, which are errors here"):
        run_sphinx(tmp_path / "source", tmp_path / "site", tmp_path / "doctrees")
    assert warning in capfd.readouterr().err


def test_the_build_refuses_what_it_would_destroy(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    with pytest.raises(BadInput, match="expected a new folder, or one with a site of this command"):
        build(ROOT, tmp_path)
    with pytest.raises(BadInput, match=r"expected a folder with spec/README\.md"):
        build(tmp_path, tmp_path / "site")
    assert (tmp_path / "precious").read_text() == "x"


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["--root", str(tmp_path), "-o", str(tmp_path / "site")])
    assert done.exit_code == 2
    assert "docs: the repository: expected a folder with spec/README.md" in done.output


def test_a_cell_is_text() -> None:
    assert cell("a|b\n<i>*c*</i>") == r"a\|b \<i\>\*c\*\</i\>"


def test_the_api_imports_no_framework() -> None:
    names = [name for package in PACKAGES for name in modules(package)]
    assert "rnn_reference.forward" in names
    frameworks = (
        "torch",
        "tensorflow",
        "keras",
        "jax",
        "onnx",
        "onnxruntime",
        "flax",
        "haiku",
        "mlx",
        "paddle",
    )
    code = f"import sys, {', '.join(names)}; print(sorted({set(frameworks)!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_verdicts_and_vectors_are_shown(tmp_path: Path) -> None:
    site = site_of(read_runs([written(tmp_path)]))
    pages = Pages({"Evidence": ["matrix"]}, site, [Vector(7, "FWD-2", "two units")]).pages()
    index = next(line for line in pages["clauses/index.md"].splitlines() if line.startswith("| [FWD-2]"))
    assert "| 1 |" in index
    assert "FAIL" in index
    behind = pages["clauses/01-recurrence.md"]
    assert "- 7: two units" in behind
    assert "| torch | torch 2.13.0 | ✓ pass |" in behind
    for clause in all_clauses():
        assert f"[{clause}](" in pages["matrix.md"]
    assert HOSTILE not in "".join(pages.values())
    assert cell(HOSTILE) in pages["matrix.md"]

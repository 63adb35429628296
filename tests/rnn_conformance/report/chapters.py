"""The matrix of the README, chapters by frameworks.

`python -m rnn_conformance.report.chapters RESULTS.json …` makes it of results files. It is printed, or with
`--write README.md` takes the place of the one that stands there.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from rnn_conformance.engine.clauses import Clause, all_clauses
from rnn_conformance.engine.results import RED, AdapterResult, Outcome, read_result
from rnn_reference.errors import BadInput

MARKED = re.compile(r"(<!-- generated: chapters -->\n).*?(<!-- end -->)", re.DOTALL)
"""Where the matrix stands in a document."""


def chapters_table(results: Sequence[AdapterResult]) -> str:
    """For each chapter and adapter the clauses that pass, of those that are asked, in Markdown."""
    chapters: dict[str, list[Clause]] = {}
    for clause in all_clauses().values():
        chapters.setdefault(clause.file, []).append(clause)
    titles = [
        f"{result.adapter} {next(iter(result.versions.values()), '').partition('+')[0]}".strip()
        for result in results
    ]
    lines = [["chapter", *titles], ["---", *[":-:"] * len(titles)]]
    for file, clauses in chapters.items():
        link = f"[{clauses[0].chapter}](spec/{file})"
        lines.append([link, *(cell(_outcomes(result, clauses)) for result in results)])
    everything = list(all_clauses().values())
    lines.append(["**all**", *(f"**{cell(_outcomes(result, everything))}**" for result in results)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(outcomes: Sequence[Outcome]) -> str:
    """How many pass of those that are asked, and how many are red; a dash where none is asked."""
    asked = [outcome for outcome in outcomes if outcome.verdict != "unsupported"]
    red = sum(outcome.verdict in RED for outcome in asked)
    passed = sum(outcome.verdict == "pass" for outcome in asked)
    return f"{passed}/{len(asked)}{f', {red} red' if red else ''}" if asked else "–"


def _outcomes(result: AdapterResult, clauses: Sequence[Clause]) -> list[Outcome]:
    """The outcomes of these clauses.

    Raises:
        BadInput: the run has none of one of them: it is not of the whole spec.
    """
    found = {outcome.clause: outcome for outcome in result.outcomes}
    missing = [clause.id for clause in clauses if clause.id not in found]
    if missing:
        raise BadInput(
            f"results of {result.adapter}: expected every clause; got none of {', '.join(missing)}"
        )
    return [found[clause.id] for clause in clauses]


def with_matrix(document: str, table: str) -> str:
    """The document with the matrix in its place.

    Raises:
        BadInput: it has no place for it.
    """
    if not MARKED.search(document):
        raise BadInput("document: expected <!-- generated: chapters --> and <!-- end -->; got neither")
    return MARKED.sub(lambda found: f"{found[1]}{table}\n{found[2]}", document)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the matrix, or write it."""
    parser = argparse.ArgumentParser(prog="python -m rnn_conformance.report.chapters", description=__doc__)
    parser.add_argument("results", nargs="+", type=Path, help="results files, a column each")
    parser.add_argument("--write", type=Path, metavar="DOCUMENT", help="the document that has a place for it")
    asked = parser.parse_args(arguments)
    try:
        table = chapters_table([read_result(path) for path in asked.results])
        if asked.write is None:
            print(table)
            return
        document = asked.write.read_text(encoding="utf-8")
        asked.write.write_text(with_matrix(document, table), encoding="utf-8")
    except (BadInput, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()

"""The report on a run: failures first, then the matrix and what it does not say; and the exit status."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from rich.console import Console

from rnn_adapters.reproduction import RUN_BY, suffix_of
from rnn_conformance.engine.results import AdapterResult, Outcome
from rnn_conformance.report import terminal
from rnn_conformance.report.baseline import Judged
from rnn_conformance.report.status import ALL_AS_RECORDED, COULD_NOT_RUN, SOMETHING_FAILED
from rnn_conformance.running.jobs import again
from rnn_conformance.running.recording import Answer


def show(
    answers: list[Answer],
    folder: Path | None,
    timeout: float,
    case: Path | None = None,
    judged: Judged | None = None,
) -> None:
    """Print what a run gave.

    Args:
        folder: where results were written.
        case: the file that the case was read from, if there was one.
        judged: the run in the light of a baseline, if there is one: what is known is told in short.
    """
    console = Console()
    checked = [(answer, answer.result) for answer in answers if answer.result is not None]
    results = [result for _, result in checked]
    if not console.is_terminal:  # a log has no width: give the matrix what it needs
        console.width = 60 + 20 * max(len(results), 1)

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    for answer, result in checked:
        for outcome in result.red:
            again = commands(answer, outcome, folder, timeout, case)
            if judged is not None:
                if not judged.is_new(result, outcome):
                    continue
                outcome, again = only_new(judged, result, outcome, again)
            console.rule(characters="─", style="red")
            say(terminal.explanation(result, outcome, again))
    if not results:
        return
    console.print(terminal.matrix(results))
    records = [record for answer, _ in checked for record in answer.records]
    for heading, lines in (
        ("Known deviations", terminal.deviation_lines(records, results)),
        ("Unsupported", terminal.unsupported_lines(results)),
        ("Calls that a route has no words for", terminal.refused_lines(results)),
        ("Warnings", terminal.warning_lines(results)),
        *(baseline_lines(judged) if judged is not None else ()),
    ):
        if lines:
            console.print(f"[bold]{heading}[/]")
            for line in lines:
                say(terminal.indented(line))
    for result in results:
        if nothing_asserted(result):
            say(f"{result.adapter}: nothing was asserted")
        if result.interrupted:
            say(f"{result.adapter}: interrupted; {len(result.outcomes)} clauses were checked")
    written = [str(answer.path) for answer in answers if answer.path is not None]
    if written:
        say(f"results: {', '.join(written)}")


def only_new(
    judged: Judged, result: AdapterResult, outcome: Outcome, again: list[str]
) -> tuple[Outcome, list[str]]:
    """An outcome with those of its findings that the baseline does not know, and their commands."""
    places = judged.new.get((result.adapter, outcome.clause), [])
    if not places:
        return outcome, again
    findings = [outcome.findings[place] for place in places]
    return msgspec.structs.replace(outcome, findings=findings), [again[place] for place in places]


def baseline_lines(judged: Judged) -> Iterator[tuple[str, list[str]]]:
    """Headings and lines: what the baseline knows, and what of that is gone."""
    for heading, findings, reds in (
        ("Known by the baseline", judged.known, judged.known_reds),
        ("Gone, and still in the baseline (--update-baseline)", judged.gone, judged.gone_reds),
    ):
        groups: dict[tuple[str, str, str], list[str]] = {}
        for known in findings:
            where = (f"{known.clause} {known.adapter}", known.kind, terminal.about_facts(known.facts))
            groups.setdefault(where, []).append(known.route)
        lines = [
            f"{place}: {kind}, {terminal.on_routes(routes)}{facts}"
            for (place, kind, facts), routes in groups.items()
        ]
        lines += [
            f"{each.clause} {each.adapter}: {each.verdict}"
            + ("" if each.route is None else f", on {terminal.route_named(each.route)}")
            for each in reds
        ]
        yield heading, lines


def commands(
    answer: Answer, outcome: Outcome, folder: Path | None, timeout: float, case: Path | None
) -> list[str]:
    """How to run each finding again, and its script; the clause, where there is none."""
    found = []
    for index in range(max(len(outcome.findings), 1)):
        left = answer.cases.get((outcome.clause, index))
        command = again(answer.job, outcome.clause, case=case or left, folder=folder, timeout=timeout)
        if left is not None and (script := outcome.findings[index].script):
            path = left.with_suffix(suffix_of(script))
            command += f"\nwithout this project: {RUN_BY[path.suffix]} {path}"
        found.append(command)
    return found


def nothing_asserted(result: AdapterResult) -> bool:
    """Whether a run to its end asserted nothing at all, and would pass for that reason alone."""
    return result.asserted_nothing and not result.interrupted and not result.red


def exit_status(
    answers: list[Answer], signal: int, judged: Judged | None = None, *, part: bool = False
) -> int:
    """That of the whole run.

    Args:
        signal: which ended it; 0 if none did.
        judged: the run in the light of a baseline, if there is one: only what is new fails it.
        part: others ask the other clauses: that nothing was asserted is no failure yet.
    """
    results = [answer.result for answer in answers if answer.result is not None]
    if signal:
        return 128 + signal
    if any(answer.refusal for answer in answers):
        return COULD_NOT_RUN
    if any(outcome.verdict == "error" for result in results for outcome in result.outcomes):
        return COULD_NOT_RUN
    red = [(result, outcome) for result in results for outcome in result.red]
    if judged is not None:
        red = [(result, outcome) for result, outcome in red if judged.is_new(result, outcome)]
    if red or (not part and any(map(nothing_asserted, results))):
        return SOMETHING_FAILED
    return ALL_AS_RECORDED

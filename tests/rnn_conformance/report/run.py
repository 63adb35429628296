"""The report on a run: failures first, then the matrix and what it does not say; and the exit status."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from rnn_conformance.engine.results import AdapterResult, Outcome
from rnn_conformance.report import terminal
from rnn_conformance.report.status import ALL_AS_RECORDED, COULD_NOT_RUN, SOMETHING_FAILED
from rnn_conformance.running.jobs import Answer, again


def show(answers: list[Answer], folder: Path | None, timeout: float, case: Path | None = None) -> None:
    """Print what a run gave.

    Args:
        folder: where results were written.
        case: the file that the case was read from, if there was one.
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
            console.rule(characters="─", style="red")
            say(terminal.explanation(result, outcome, commands(answer, outcome, folder, timeout, case)))
    if not results:
        return
    console.print(terminal.matrix(results))
    records = [record for answer, _ in checked for record in answer.records]
    for heading, lines in (
        ("Known deviations", terminal.deviation_lines(records, results)),
        ("Unsupported", terminal.unsupported_lines(results)),
        ("Calls that a route has no words for", terminal.refused_lines(results)),
        ("Warnings", terminal.warning_lines(results)),
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


def commands(
    answer: Answer, outcome: Outcome, folder: Path | None, timeout: float, case: Path | None
) -> list[str]:
    """How to run each finding again, and its script; the clause, where there is none."""
    found = []
    for index in range(max(len(outcome.findings), 1)):
        left = answer.cases.get((outcome.clause, index))
        command = again(answer.job, outcome.clause, case=case or left, folder=folder, timeout=timeout)
        if left is not None and outcome.findings[index].script:
            command += f"\nwithout this project: python {left.with_suffix('.py')}"
        found.append(command)
    return found


def nothing_asserted(result: AdapterResult) -> bool:
    """Whether a run to its end asserted nothing at all, and would pass for that reason alone."""
    return result.asserted_nothing and not result.interrupted and not result.red


def exit_status(answers: list[Answer], signal: int) -> int:
    """That of the whole run.

    Args:
        signal: which ended it; 0 if none did.
    """
    results = [answer.result for answer in answers if answer.result is not None]
    if signal:
        return 128 + signal
    if any(answer.refusal for answer in answers):
        return COULD_NOT_RUN
    if any(outcome.verdict == "error" for result in results for outcome in result.outcomes):
        return COULD_NOT_RUN
    if any(result.red or nothing_asserted(result) for result in results):
        return SOMETHING_FAILED
    return ALL_AS_RECORDED

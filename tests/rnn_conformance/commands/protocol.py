"""`rnn-conformance protocol check`."""

from __future__ import annotations

import sys

import click

from rnn_conformance.report.status import ALL_AS_RECORDED, SOMETHING_FAILED


@click.group()
def protocol() -> None:
    """Implementations in other languages: the protocol over standard input and output."""


@protocol.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option(
    "--deadline",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help="Seconds that an answer may take, where the harness declares no other.",
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def check(command: tuple[str, ...], deadline: float) -> None:
    """Start a harness and tell, step by step, what is wrong with it. spec/96-protocol.md has the rules.

    \b
    Exit status: 0 it keeps to the protocol, as far as this shows
                 1 something is wrong
                 2 it cannot be started
    """
    from rnn_conformance.running.protocol import steps

    wrong = 0
    for step in steps(command, deadline):
        wrong += bool(step.wrong)
        click.echo(f"{'WRONG' if step.wrong else 'ok':5}  {step.name}: {step.wrong or step.said}")
        if step.fatal:
            click.echo("nothing else can be tried")
    sys.exit(SOMETHING_FAILED if wrong else ALL_AS_RECORDED)

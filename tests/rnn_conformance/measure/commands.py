"""`rnn-conformance measure …`: the programs of this folder, each imported when it is run."""

from __future__ import annotations

from importlib import import_module

import click

PROGRAMS = {
    "accuracy": ("accuracy", "How exact the activations of frameworks are."),
    "clause-power": ("clause_power", "How small a fault each clause still sees."),
    "cost": ("cost", "What a verified case costs, and the reference beside the frameworks."),
    "coverage": ("coverage", "Which option values are drawn together; nothing is run."),
    "diagnosis": ("diagnosis", "How often the likely cause of a failure is right."),
    "false-alarms": ("false_alarms", "False alarms on frameworks that are correct."),
    "kills": ("kills", "Which clauses catch which faults; the order of `run --fail-fast`."),
    "onnx-kills": ("onnx_kills", "Which faults ONNX's own cases notice, and which the vectors do."),
    "mutants": ("mutants.command", "Small changes of a framework's source: who notices?"),
    "power": ("power", "How small a fault the residual check still sees."),
    "records": ("records", "How much of what a record of known deviations covers deviates."),
    "tightness": ("tightness", "For how long the forward bounds say something."),
}
"""For each command its module, whose `main` it is, and what it measures."""


class Programs(click.Group):
    """Lists the programs without importing any: they need NumPy and Hypothesis."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(PROGRAMS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them, imported now."""
        if cmd_name not in PROGRAMS:
            return None
        command = import_module(f"rnn_conformance.measure.{PROGRAMS[cmd_name][0]}").main
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What each measures."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in PROGRAMS.items()])


@click.group(cls=Programs)
def measure() -> None:
    """Measure the suite itself, and what it costs."""

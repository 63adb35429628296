"""The command line, `rnn-conformance`: the commands are in `commands` and `measure`.

Everything heavy is imported by the command that needs it: `--help` imports no NumPy, no framework, no pytest.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from rnn_conformance.commands.campaign import campaign
from rnn_conformance.commands.comparison import badge, compare
from rnn_conformance.commands.lists import adapters, clauses, faults
from rnn_conformance.commands.overview import matrix
from rnn_conformance.commands.port import port
from rnn_conformance.commands.protocol import protocol
from rnn_conformance.commands.records import record, report_bug, upstream
from rnn_conformance.commands.running import jobs, merge, run
from rnn_conformance.commands.site import report
from rnn_conformance.commands.vectors import vectors
from rnn_conformance.commands.versions import bisect, sweep
from rnn_conformance.measure.commands import measure
from rnn_conformance.report.status import COULD_NOT_RUN, INTERRUPTED


class Commands(click.Group):
    """Answers bad input with one paragraph and exit status 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ValueError as error:
            from rnn_reference.errors import BadInput  # imports NumPy, which --help must not wait for

            if not isinstance(error, BadInput):
                raise
            click.echo(f"rnn-conformance: {error}", err=True)
            sys.exit(COULD_NOT_RUN)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rnn-conformance")
def main() -> None:
    """Does a framework compute a vanilla RNN as the spec says?"""


for command in (
    *(run, merge, matrix, jobs, campaign),
    *(compare, sweep, bisect, badge, report),
    *(record, report_bug, upstream, port),
    *(adapters, clauses, faults, protocol, vectors, measure),
):
    main.add_command(command)

if __name__ == "__main__":
    main()

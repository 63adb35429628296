"""Which faults of the catalogue ONNX's own cases of the operator `RNN` notice, and which the vectors do.

`rnn-conformance measure onnx-kills`. Takes the extra `onnx-reference`.
"""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from rnn_adapters.registry import load_framework, missing_modules
from rnn_conformance.faults.registry import PREFIX, all_faults, fault_named
from rnn_conformance.vectors.form import vectors_folder
from rnn_reference.errors import BadInput


@click.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Where the vectors are.  [default: those of this installation]",
)
@click.option("--fault", "names", multiple=True, help="Only of this fault. May be repeated.")
@click.option("--each", is_flag=True, help="Say of each fault on how many cases it is noticed.")
def main(folder: Path | None, names: tuple[str, ...], each: bool) -> None:
    """Print how many faults are noticed by ONNX's own cases of RNN, and by the vectors; some minutes."""
    if missing := missing_modules(load_framework("onnx-reference")):
        raise BadInput(f"measure onnx-kills: expected {', '.join(missing)} to be installed; it is not")
    from rnn_conformance.vectors.onnx_kills import COMPARISONS, asked_of, counted, summary  # imports onnx

    faults = [fault_named(name).name.removeprefix(PREFIX) for name in names] or list(all_faults())
    shown, counts = counted(asked_of(folder or vectors_folder()), faults)
    if each:
        table = Table("fault", *COMPARISONS, header_style="bold")
        for fault in sorted(shown):
            table.add_row(fault, *(str(counts[name].kills.get(fault, 0)) for name in COMPARISONS))
        Console().print(table)
    for line in summary(len(faults), len(shown), counts):
        click.echo(line)


if __name__ == "__main__":
    main()

"""`rnn-conformance vectors onnx`: vectors as ONNX backend tests, and ONNX's runner on them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rnn_conformance.report.status import ALL_AS_RECORDED, SOMETHING_FAILED

KINDS = ("pass", "refused", "deviation", "fail")


@click.command("onnx")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where a folder is written for each case.",
)
@click.option("--type", "dtype", help="Only vectors in this type.  [default: each in the type that it names]")
@click.option(
    "--adapter",
    "adapters",
    multiple=True,
    type=click.Choice(("onnx", "onnx-reference")),
    help="Let ONNX's runner run them on ONNX Runtime (onnx), or on ONNX's evaluator. May be repeated.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Where the vectors are.  [default: those of this installation]",
)
def onnx_form(output: Path, dtype: str | None, adapters: tuple[str, ...], folder: Path | None) -> None:
    """Write what ONNX's operator RNN covers of the vectors as ONNX backend tests. Takes the extra `onnx`.

    \b
    Exit status: 0 written; all pass, or fail as recorded
                 1 a case failed, or none was run
                 2 ONNX is not installed, or the vectors could not be taken
    """
    from rnn_adapters.declarations import one_of
    from rnn_adapters.registry import load_framework, missing_modules
    from rnn_conformance.vectors.form import TYPES, read_vectors, vectors_folder
    from rnn_reference.errors import BadInput

    if dtype is not None:
        one_of("--type", dtype, TYPES)
    for name in {"onnx-reference", *adapters}:
        if missing := missing_modules(load_framework(name)):
            raise BadInput(f"vectors onnx: expected {', '.join(missing)} to be installed; it is not")
    from rnn_conformance.vectors.onnx_cases import onnx_cases, write_cases
    from rnn_conformance.vectors.onnx_runner import ran_by

    cases = list(onnx_cases(read_vectors(folder or vectors_folder()), dtype))
    write_cases(cases, output)
    click.echo(f"wrote {len(cases)} cases to {output}")
    failed = False
    for name in adapters:
        came = ran_by(name, cases, output.absolute())
        for each in came:
            if each.came in ("deviation", "fail"):
                about = each.record or each.message.strip().splitlines()[-1]
                click.echo(f"{name}: {each.name}: {each.came} ({about})")
        counts = {kind: sum(each.came == kind for each in came) for kind in KINDS}
        told = ", ".join(f"{number} {kind}" for kind, number in counts.items() if number)
        click.echo(f"{name}: {told or 'nothing'}, {len(cases) - len(came)} unsupported")
        failed = failed or bool(counts["fail"]) or not counts["pass"]
    sys.exit(SOMETHING_FAILED if failed else ALL_AS_RECORDED)

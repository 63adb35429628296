"""`python -m rnn_conformance.report.docs`: build the site of the spec."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rnn_conformance.report.status import COULD_NOT_RUN


@click.command()
@click.argument("results", nargs=-1, type=click.Path(path_type=Path), metavar="[RESULTS]…")
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("docs-site"),
    show_default=True,
    help="Where the site is written.",
)
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("."),
    show_default=True,
    help="The repository.",
)
def main(results: tuple[Path, ...], folder: Path, root: Path) -> None:
    """Build the site of the spec; of RESULTS, files that `run` wrote or folders of them, the matrix in it.

    It opens from a disk and asks the network for nothing.
    """
    from rnn_reference.errors import BadInput

    try:
        from rnn_conformance.report.docs.build import build

        build(root, folder, results)
    except ModuleNotFoundError as error:
        click.echo(
            f"docs: the module {error.name!r} is not installed here;"
            " pip install 'rnn-conformance[docs]' brings it",
            err=True,
        )
        sys.exit(COULD_NOT_RUN)
    except BadInput as error:
        click.echo(f"docs: {error}", err=True)
        sys.exit(COULD_NOT_RUN)
    click.echo(folder / "index.html")


if __name__ == "__main__":
    main()

"""`rnn-conformance report`: a site made of results files."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RESULTS…")
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("site"),
    show_default=True,
    help="Where the site is written.",
)
@click.option(
    "--deviations",
    multiple=True,
    help="A file of known deviations of your own adapters (TOML), as for `run`. May be repeated.",
)
def report(results: tuple[Path, ...], folder: Path, deviations: tuple[str, ...]) -> None:
    """Make a site of results: files that `run` wrote, or folders of them.

    It opens from a disk and asks the network for nothing. Results of one adapter at several versions become
    its history.
    """
    from rnn_conformance.report.site.files import write_site
    from rnn_conformance.report.site.model import site_of
    from rnn_conformance.report.site.runs import read_runs
    from rnn_reference.errors import BadInput

    try:
        from rnn_conformance.report.site.pages import pages
    except ModuleNotFoundError as error:
        if error.name not in ("jinja2", "markdown_it", "markupsafe"):
            raise
        raise BadInput(
            f"report needs the module {error.name!r}, which is not installed here;"
            " pip install 'rnn-conformance[report]' brings it"
        ) from None
    site = site_of(read_runs(results), deviations)
    made = pages(site)
    write_site(folder, made)
    for run in site.left_out:
        click.echo(f"left out, a newer run is of the same versions: {run.path}", err=True)
    size = sum(len(text.encode()) for text in made.values())
    click.echo(f"{folder / 'index.html'}: {len(made)} files, {size / 1e6:.1f} MB")

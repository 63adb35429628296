"""The site, built: the source is put together, then Sphinx reads it and every warning of its is an error."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rnn_conformance.report.docs.api import api_pages
from rnn_conformance.report.docs.contents import contents
from rnn_conformance.report.docs.generated import Pages
from rnn_conformance.report.docs.source import Source
from rnn_conformance.report.site.files import write_site
from rnn_conformance.report.site.model import Site, site_of
from rnn_conformance.report.site.pages import pages as results_pages
from rnn_conformance.report.site.runs import read_runs
from rnn_conformance.report.traceability import vectors_of_suite
from rnn_reference.errors import BadInput

HERE = Path(__file__).parent


def build(root: Path, folder: Path, results: Sequence[Path] = ()) -> None:
    """Build the site.

    Args:
        root: the repository.
        folder: where the site is written.
        results: files of `rnn-conformance run`, or folders of them, of which the matrix is made.

    Raises:
        BadInput: `root` is no repository of this project, results cannot be read, something else is in
            `folder`, or a page is wrong, such as one with a link that leads nowhere: Sphinx says on standard
            error which.
    """
    site = site_of(read_runs(results)) if results else None
    _check(folder)
    with tempfile.TemporaryDirectory() as made:
        source = Source(root, Path(made) / "source")
        _fill(source, site)
        run_sphinx(source.folder, Path(made) / "site", Path(made) / "doctrees")
        if folder.exists():
            shutil.rmtree(folder)
        shutil.copytree(Path(made) / "site", folder)
    if site is not None:
        write_site(folder / "results", results_pages(site))


def _check(folder: Path) -> None:
    """See that nothing stands in the place of the site but one that was built before.

    Raises:
        BadInput: something else is there.
    """
    is_new = not folder.exists() or not any(folder.iterdir())
    if not is_new and not (folder / "searchindex.js").is_file():
        raise BadInput(
            "--output: expected a new folder, or one with a site of this command;"
            f" {folder} has something else"
        )


def _fill(source: Source, site: Site | None) -> None:
    """Put all that Sphinx reads into the folder."""
    source.copy_documents()
    documents = source.documents()
    pages = Pages(contents(documents), site, vectors_of_suite())
    for place, text in (pages.pages() | api_pages()).items():
        source.write(place, text)
    source.write("files/index.md", pages.files(source.copy_shown()))


def run_sphinx(source: Path, folder: Path, doctrees: Path) -> None:
    """Have Sphinx, in a process of its own, build what stands in `source`.

    Raises:
        BadInput: it warned, on standard error.
    """
    options = ("-b", "html", "-q", "--fail-on-warning", "--keep-going", "-j", "auto")
    places = ("-c", HERE, "-d", doctrees, source, folder)
    done = subprocess.run([sys.executable, "-m", "sphinx", *options, *map(str, places)], check=False)
    if done.returncode:
        raise BadInput("the site was built with warnings, which are errors here: see above")

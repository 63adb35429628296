"""`rnn-conformance vectors`: make, lint, verify and promote vectors, and show what they kill."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rnn_conformance.commands.options import DEVIATIONS, FILE, timeout_of
from rnn_conformance.commands.stopping import stoppable
from rnn_conformance.commands.vectors_onnx import onnx_form

if TYPE_CHECKING:
    from rnn_conformance.running.messages import Started
    from rnn_conformance.vectors.judgement import Judgement

FOLDER = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the vectors are.  [default: those of this installation]",
)
AS_JSON = click.option(
    "--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True
)


def folder_of(folder: Path | None) -> Path:
    """The folder that was named, or that of this installation."""
    from rnn_conformance.vectors.form import vectors_folder

    return vectors_folder() if folder is None else folder


@click.group()
def vectors() -> None:
    """Cases with what must come of them, for programs in any language (spec/94-vectors.md)."""


@vectors.command()
@FOLDER
@click.option("--check", is_flag=True, help="Write nothing; exit status 1 where a file would be another.")
def make(folder: Path | None, check: bool) -> None:
    """Write the vectors, byte by byte the same on every machine, and say which files changed."""
    from rnn_conformance.vectors.making import make as made
    from rnn_conformance.vectors.making import stale

    where = folder_of(folder)
    changed = stale(where) if check else made(where)
    for name in changed:
        click.echo(f"{'stale: ' if check else 'wrote '}{where / name}")
    sys.exit(1 if check and changed else 0)


@vectors.command()
@FOLDER
def lint(folder: Path | None) -> None:
    """Say what is wrong with the files; exit status 1 where something is."""
    from rnn_conformance.vectors.lint import problems

    found = problems(folder_of(folder))
    for problem in found:
        click.echo(problem)
    sys.exit(1 if found else 0)


@vectors.command()
@click.option(
    "--adapter", required=True, help="A known adapter, module:attribute, stdio:COMMAND or fault:NAME."
)
@click.option("--route", "routes", multiple=True, help='By another route; "all": by all. May be repeated.')
@click.option("--clause", "clauses", multiple=True, help="Only of this clause or chapter. May be repeated.")
@click.option("--id", "ids", multiple=True, type=int, help="Only this vector. May be repeated.")
@click.option(
    "--type", "types", default="first", show_default=True, help="A type, or all: every one with bounds."
)
@click.option("--every", is_flag=True, help="Print what came of every vector, not only of those that fail.")
@DEVIATIONS
@timeout_of("vector")
@FOLDER
@AS_JSON
def verify(
    adapter: str,
    routes: tuple[str, ...],
    clauses: tuple[str, ...],
    ids: tuple[int, ...],
    types: str,
    every: bool,
    deviations: str | None,
    timeout: float,
    folder: Path | None,
    form: str,
) -> None:
    """Run the vectors against an implementation, which has a process of its own.

    \b
    Exit status: 0 all pass, deviate as recorded, or are unsupported by declaration
                 1 a vector failed, or none was asked
                 2 the adapter or the vectors could not be taken, or the suite itself failed
          130, 143 Ctrl-C or SIGTERM ended it
    """
    from rich.console import Console
    from rich.progress import track

    from rnn_conformance.engine.clauses import select_clauses
    from rnn_conformance.running.verification import Chosen, Verification, status_of
    from rnn_conformance.vectors.form import read_vectors

    chosen = Chosen(frozenset(select_clauses(clauses)), frozenset(ids), types, routes)
    with stoppable() as stop, Verification(adapter, chosen, deviations, timeout, stop) as verification:
        found = verification.judgements(read_vectors(folder_of(folder)))
        console = Console(stderr=True)
        told = track(found, "vectors", console=console, transient=True, disable=not console.is_terminal)
        judgements = list(told)
    if form == "json":
        _tell_as_json(verification.started, judgements)
    else:
        _tell(verification.started, judgements, every)
    sys.exit(status_of(judgements))


def _tell(started: Started, judgements: Sequence[Judgement], every: bool) -> None:
    """What failed or deviated, or what came of every vector, and how often each came."""
    from rnn_conformance.vectors.judgement import counted

    for each in judgements:
        wrong = each.came in ("fail", "error")
        if every or wrong or each.came == "deviation":
            on = f", route {each.route}" if each.route else ""
            about = f" ({each.record})" if each.record else ""
            click.echo(f"vector {each.id} ({each.clause}) in {each.dtype}{on}: {each.came}{about}")
            if wrong or (every and each.message):
                click.echo("".join(f"  {line}\n" for line in each.message.splitlines()), nl=False)
    for route, missing in started.absent.items():
        click.echo(f"route {route} is not taken: this machine lacks {missing}")
    versions = ", ".join(f"{name} {number}" for name, number in started.versions.items())
    told = ", ".join(f"{number} {came}" for came, number in counted(judgements).items() if number)
    click.echo(f"{started.adapter} ({versions}): {told}")


def _tell_as_json(started: Started, judgements: Sequence[Judgement]) -> None:
    """What came of every vector, for a program."""
    from rnn_conformance.vectors.judgement import counted

    shown = [
        {"id": each.id, "clause": each.clause, "type": each.dtype, "route": each.route or "default"}
        | {"came": each.came, "message": each.message, "record": each.record}
        for each in judgements
    ]
    document: dict[str, object] = {"adapter": started.adapter, "versions": started.versions}
    document |= {"absent_routes": started.absent, "counts": counted(judgements), "vectors": shown}
    click.echo(json.dumps(document, indent=1, ensure_ascii=False))


@vectors.command()
@click.argument("failure", type=FILE)
@click.option(
    "--flag", "flags", multiple=True, help="What it hunts. May be repeated.  [default: its likely cause]"
)
@click.option("--comment", default="", help="What is particular about it.  [default: what was found]")
@FOLDER
def promote(failure: Path, flags: tuple[str, ...], comment: str, folder: Path | None) -> None:
    """Make the case in a file that a failure left a vector, with the next id."""
    from rnn_conformance.vectors.promote import promote as promoted

    where = folder_of(folder)
    click.echo(f"vector {promoted(failure, where, flags, comment)}")


@vectors.command()
@click.option("--write", is_flag=True, help="Compute it anew and write kills.json.")
@click.option("--prune", is_flag=True, help="Retire vectors that kill nothing, or what others kill as well.")
@FOLDER
@AS_JSON
def matrix(write: bool, prune: bool, folder: Path | None, form: str) -> None:
    """Show which vectors kill which faults of the catalogue; ten minutes and more to compute."""
    from rnn_conformance.vectors.matrix import pruned, stored_matrix, written_matrix

    where = folder_of(folder)
    kills = written_matrix(where) if write else stored_matrix(where)
    if prune:
        retired = pruned(where)
        click.echo(f"retired {len(retired)}: {', '.join(map(str, retired)) or 'none'}")
        return
    if form == "json":
        import msgspec

        click.echo(json.dumps(msgspec.to_builtins(kills), indent=1, ensure_ascii=False))
        return
    for fault, killed in kills.faults.items():
        on = f" on route {killed.route}" if killed.route else ""
        some = ", ".join(map(str, killed.by[:8])) + (", …" if len(killed.by) > 8 else "")
        click.echo(f"{fault}: {len(killed.by)}{on}: {some}")
    fewest = min((len(killed.by) for killed in kills.faults.values()), default=0)
    click.echo(
        f"{len(kills.faults)} faults, each killed by {fewest} vectors at least;"
        f" {len(kills.not_shown)} that no vector shows"
    )


vectors.add_command(onnx_form)

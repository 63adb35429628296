"""`rnn-conformance clauses`, `adapters` and `faults`: what there is."""

from __future__ import annotations

import sys

import click

from rnn_conformance.report.status import ALL_AS_RECORDED, SOMETHING_FAILED


@click.command()
@click.argument("names", nargs=-1)
def clauses(names: tuple[str, ...]) -> None:
    """List the clauses of the spec, or the named ones (FWD-1) and chapters (BID) in full."""
    from rich.console import Console

    from rnn_conformance.checks import all_checks
    from rnn_conformance.engine.clauses import all_clauses, select_clauses

    console, chapter, checks = Console(), "", all_checks()
    for id in select_clauses(names):
        clause = all_clauses()[id]
        if clause.chapter != chapter:
            chapter = clause.chapter
            console.print(f"\n[bold]{chapter}[/] [dim]spec/{clause.file}[/]")
        console.print(f"[cyan]{id}[/] {clause.level}  {checks[id].title}", highlight=False)
        if names:
            console.print(f"  {clause.text}", markup=False, highlight=False)


@click.command()
def adapters() -> None:
    """List the known adapters, and what is missing for each."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from rnn_adapters.registry import known_adapters, load_framework, missing_modules, shadowed
    from rnn_reference.errors import BadInput

    table = Table("adapter", "made by", "installed", header_style="bold")
    for name, target in known_adapters().items():
        try:
            framework = load_framework(name)
        except BadInput as error:
            table.add_row(name, escape(target), f"[red]cannot be imported:[/] {escape(str(error))}")
            continue
        modules, others = missing_modules(framework), framework.missing()
        missing = [*modules, *others]
        state = f"[yellow]no: {escape(', '.join(missing))}[/]" if missing else "[green]yes[/]"
        if modules and framework.extra:
            state += f"  [dim]pip install 'rnn-conformance\\[{framework.extra}]'[/]"
        if others and framework.install:
            state += f"  [dim]{escape(framework.install)}[/]"
        table.add_row(name, escape(target), state)
    console = Console()
    if not console.is_terminal:
        console.width = 200
    console.print(table)
    for name, target in shadowed().items():
        console.print(
            f"[yellow]The entry point {name} = {escape(target)} is not used: {name} is built in.[/]"
        )
    console.print(
        "Your own: --adapter module:attribute or stdio:COMMAND. Faulty ones: --adapter fault:NAME.",
        highlight=False,
    )


@click.command()
@click.option("--verify", is_flag=True, help="Check that each is caught by the clause that it names.")
def faults(verify: bool) -> None:
    """List the faulty implementations that the suite must catch."""
    from rich.console import Console
    from rich.progress import track
    from rich.table import Table

    from rnn_conformance.faults.registry import all_faults
    from rnn_conformance.running.session import kills

    table = Table("fault", "clause", "what it gets wrong", header_style="bold")
    if verify:
        table.add_column("caught")
    missed = 0
    for name, fault in track(
        all_faults().items(), disable=not verify, transient=True, console=Console(stderr=True)
    ):
        row = [name, fault.clause, (fault.__doc__ or "").split("\n\n")[0]]
        if verify:
            caught = kills(name)
            missed += not caught
            row.append("[green]yes[/]" if caught else "[bold red]NO[/]")
        table.add_row(*row)
    Console().print(table)
    if verify:
        click.echo(
            f"{len(all_faults()) - missed} of {len(all_faults())} faults caught by the clause that they name"
        )
        sys.exit(SOMETHING_FAILED if missed else ALL_AS_RECORDED)

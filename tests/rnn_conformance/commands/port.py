"""`rnn-conformance port`: the recurrent layers of one framework's file in another's, with the proof."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rnn_conformance.report.status import ALL_AS_RECORDED, SOMETHING_FAILED

MOST_LINES = 20
"""Of what is left out."""


@click.command()
@click.option("--from", "source", required=True, metavar="FORM:PATH", help="What is read: keras:model.keras.")
@click.option("--to", "target", required=True, metavar="FORM:PATH", help="What is written.")
@click.option(
    "--activation",
    "activations",
    multiple=True,
    help="Where the source does not say it: of all layers, or once for each. May be repeated.",
)
@click.option(
    "--directions", type=click.IntRange(1, 2), help="Of each layer, where the source does not tell."
)
@click.option("--only", default="", metavar="PREFIX", help="Only layers whose name begins so.")
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The configuration of a Keras model (JSON), for a file of its weights alone.",
)
@click.option("--allow-rounding", is_flag=True, help="Sum two biases, even where the sum is rounded.")
@click.option("--proof/--no-proof", default=True, help="Run both sides.  [default: --proof]")
@click.option(
    "--seed", type=click.IntRange(min=0), help="Of the proof's inputs.  [default: another each time]"
)
@click.option("--force", is_flag=True, help="Replace the target if it is there.")
def port(
    source: str,
    target: str,
    activations: tuple[str, ...],
    directions: int | None,
    only: str,
    config: Path | None,
    allow_rounding: bool,
    proof: bool,
    seed: int | None,
    force: bool,
) -> None:
    """Carry the recurrent layers of a saved model into another framework's file, and prove it.

    Forms: canonical, keras, torch, onnx, flax-nnx, flax-linen, haiku, mlx. Both sides are run on fresh
    inputs, each by its own framework if that is installed, and every number must be within the derived bound;
    else nothing is written, and the exit status is 1.
    """
    import secrets

    from rnn_adapters.port.forms import location
    from rnn_adapters.port.found import Options
    from rnn_adapters.port.porting import port as ported
    from rnn_reference.activations import Activation

    options = Options(
        activations=tuple(Activation.parse(each, "--activation") for each in activations),
        directions=1 if directions == 1 else 2 if directions == 2 else None,
        only=only,
        config="" if config is None else config.read_text(encoding="utf-8"),
    )
    if seed is None:
        seed = secrets.randbits(32)
    places = location(source, "--from"), location(target, "--to")
    done = ported(*places, options, seed=seed if proof else None, allow_rounding=allow_rounding, force=force)
    click.echo(f"read {places[0]}: {done.found.network_in_words}")
    for line in done.found.left_out[:MOST_LINES]:
        click.echo(f"  left out: {line}")
    if len(done.found.left_out) > MOST_LINES:
        click.echo(f"  left out: {len(done.found.left_out) - MOST_LINES} more")
    click.echo(f"{'written' if done.written else 'NOT written'} {places[1]}")
    for note in done.notes:
        click.echo(f"  {note}")
    click.echo("not proved: nobody asked for it" if done.proof is None else str(done.proof))
    sys.exit(ALL_AS_RECORDED if done.written else SOMETHING_FAILED)

"""A port from one file to another: read, fitted, written, read back, and proved."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rnn_adapters.port.contents import read_bytes
from rnn_adapters.port.fitting import fitted
from rnn_adapters.port.forms import Location
from rnn_adapters.port.found import Found, Options
from rnn_adapters.port.proof import Proof, prove
from rnn_reference.errors import BadInput
from rnn_reference.network import Network


@dataclass(frozen=True, eq=False)
class Port:
    """What was done.

    Args:
        found: what was read of the source.
        held: what the target holds, to the bit.
        notes: in words, how that differs from what was read.
        proof: of both sides; None where none was asked for.
        written: whether the target is there: what is not proved is not written.
    """

    found: Found
    held: Network
    notes: tuple[str, ...]
    proof: Proof | None
    written: bool


def read(where: Location, options: Options | None = None) -> Found:
    """The recurrent layers of a file.

    Raises:
        BadInput: the file cannot be read, or what is in it cannot be carried; the message names the file.
    """
    try:
        options = replace(options or Options(), folder=where.path.parent)
        return where.form.read(read_bytes(where.path), where.suffix, options)
    except BadInput as error:
        raise _naming(where, error) from None


def port(
    source: Location,
    target: Location,
    options: Options | None = None,
    *,
    seed: int | None,
    allow_rounding: bool = False,
    force: bool = False,
) -> Port:
    """Carry the recurrent layers of one file into another.

    Args:
        options: what the source does not say.
        seed: of the inputs of the proof; None proves nothing.
        allow_rounding: see `fitted`.
        force: the target may be there already.

    Raises:
        BadInput: the source cannot be read, the target cannot hold it, is there already or cannot be written.
            Nothing is written then.
    """
    options = options or Options()
    if target.path.exists() and not force:
        raise BadInput(
            f"{target}: expected no such file; got one that is there already (--force replaces it)"
        )
    found = read(source, options)
    try:
        held = fitted(found.network, target.form.holds(), allow_rounding=allow_rounding)
        data = target.form.write(held.network, target.suffix)
    except BadInput as error:
        raise _naming(target, error) from None
    with _beside(target, data) as written:
        back = read(written, _options_for(held.network, written))
        if not same_bits(back.network, held.network):
            raise AssertionError(f"{target}: what was written is not what is read")  # ours
        proof = None
        if seed is not None:
            from rnn_adapters.port.running import runner_of

            of_source = partial(runner_of, source, found, options)
            of_target = partial(runner_of, written, back, _options_for(held.network, written))
            proof = prove(found.network, [(str(source), of_source), (str(target), of_target)], seed)
        kept = proof is None or proof.holds
        if kept:
            os.replace(written.path, target.path)
    return Port(found, held.network, held.notes, proof, kept)


def _options_for(network: Network, where: Location) -> Options:
    """What a file that was just written does not say."""
    from rnn_adapters.port.keras_config import written_model
    from rnn_adapters.written_documents import encoded

    config = ""
    if where.suffix == ".weights.h5":
        config = encoded(written_model(network)).decode()
    phis = tuple(layer.forward.activation for layer in network.layers)
    return Options(phis if where.suffix in (".msgpack", ".npz") else (), config=config)


@contextmanager
def _beside(target: Location, data: bytes) -> Iterator[Location]:
    """A file beside the target, which takes its place or is gone.

    Raises:
        BadInput: it cannot be written there.
    """
    try:
        handle, name = tempfile.mkstemp(suffix=target.suffix, prefix=".port-", dir=target.path.parent)
    except (OSError, ValueError) as error:
        raise BadInput(f"{target}: cannot be written ({error})") from None
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        umask = os.umask(0)
        os.umask(umask)
        path.chmod(0o666 & ~umask)  # as of a file that is opened to be written
        yield target._replace(path=path)
    finally:
        path.unlink(missing_ok=True)


def same_bits(one: Network, other: Network) -> bool:
    """Whether two networks are the same, to the bit."""
    return _bits(one) == _bits(other)


def _bits(network: Network) -> list[object]:
    return [
        (
            layer.directions,
            cell.activation,
            *(
                (array.dtype, array.shape, array.tobytes()) if array is not None else None
                for array in (cell.W_x, cell.W_h, cell.b, cell.b_h)
            ),
        )
        for layer in network.layers
        for cell in layer.cells
    ]


def _naming(where: Location, error: BadInput) -> BadInput:
    """An error that says which file it is about."""
    text = str(error)
    return BadInput(text if text.startswith(str(where.path)) else f"{where}: {text}")

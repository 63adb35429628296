"""A network and its arrays by name, in the files of every framework that has no more than that."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

import msgspec

from rnn_adapters.native import canonical_weights, native_arrays
from rnn_adapters.port.contents import FLOATS, Contents, shown
from rnn_adapters.port.found import Found, Options, activations_of
from rnn_adapters.port.naming import NAMINGS, Naming
from rnn_adapters.written_documents import decoded, encoded
from rnn_reference.activations import Activation
from rnn_reference.errors import BadInput
from rnn_reference.network import Array, Cell, Layer, Network

METADATA = "rnn-conformance"
"""The entry of a file's metadata that says what arrays do not."""

Names = dict[str, str]
"""The arrays of one cell: their names in the file by those of the conventions."""


class Said(msgspec.Struct, forbid_unknown_fields=True):
    """What that entry is, as JSON.

    Args:
        version: of this form.
        activations: for each layer those of its cells, as `str(Activation)` writes them.
    """

    version: int
    activations: list[list[str]]


def write_named(network: Network, naming: Naming) -> Contents:
    """The arrays of a network, and its activations as metadata."""
    arrays: dict[str, Array] = {}
    for index, layer in enumerate(network.layers):
        for direction, cell in enumerate(layer.cells):
            # A second bias is written where there is one; where two are needed, there are two by now.
            weights = tuple(each for each in naming.weights if each.role != "b_h" or cell.b_h is not None)
            for weight, array in native_arrays(weights, [cell]).items():
                arrays[naming.name(index, layer.directions == 2, direction == 1, weight)] = array
    said = Said(1, [[str(cell.activation) for cell in layer.cells] for layer in network.layers])
    return Contents(arrays, metadata={METADATA: encoded(said).decode()})


def read_named(contents: Contents, form: str, options: Options) -> Found:
    """The network whose weights these arrays are.

    Raises:
        BadInput: there is none, there are several, or something about it is not told or cannot be carried.
    """
    naming = NAMINGS[form]
    layers = _layers(contents, naming, options)
    held = [[_cell(contents, naming, names) for names in cells] for cells in layers.values()]
    activations = activations_of(options, _said(contents), list(map(len, held)))
    network = Network(
        Layer(*(Cell(**cell, activation=phi) for cell, phi in zip(cells, phis, strict=True)))
        for cells, phis in zip(held, activations, strict=True)
    )
    places = tuple(itertools.chain.from_iterable(layers.values()))
    used = {name for cell in places for name in cell.values()}
    left = [name for name in (*contents.arrays, *contents.others) if name not in used]
    return Found(
        network, places, tuple(layers), tuple(f"{shown(name)}: {contents.said(name)}" for name in left)
    )


def _said(contents: Contents) -> list[list[Activation]] | None:
    """The activations that the file says."""
    if METADATA not in contents.metadata:
        return None
    said = decoded(contents.metadata[METADATA], Said, f"metadata {METADATA}")
    if said.version != 1:
        raise BadInput(f"metadata {METADATA}: expected version 1; got {said.version}")
    return [[Activation.parse(each, f"metadata {METADATA}") for each in layer] for layer in said.activations]


def _layers(contents: Contents, naming: Naming, options: Options) -> dict[str, list[Names]]:
    """For each layer in order the arrays of its cells, forward before backward."""
    found: dict[str, dict[bool | None, Names]] = {}
    strangers: dict[str, str] = {}
    for name in (*contents.arrays, *contents.others):
        if not name.startswith(options.only):
            continue
        for pattern, what in naming.strangers.items():
            if re.fullmatch(pattern, name):
                strangers[name] = what
        place = naming.place(name)
        if place is not None:
            cell = found.setdefault(place.layer, {}).setdefault(place.backward, {})
            if place.weight in cell:
                raise BadInput(
                    f"{shown(name)}: expected one such array; got {shown(cell[place.weight])}, too"
                )
            cell[place.weight] = name
    if strangers:
        name, what = next(iter(strangers.items()))
        raise BadInput(f"{shown(name)}: expected a vanilla RNN; got {what}{_choose(options)}")
    whole = {layer: cells for layer, each in found.items() if (cells := _whole(each, naming))}
    if not whole:
        some = ", ".join(map(shown, list(contents.arrays)[:5])) or "nothing"
        example = naming.name(0, False, False, naming.weights[0].name)
        raise BadInput(f"expected arrays that are called as {example} is; got {some}")
    return _by_direction(_in_order(whole, naming, contents), options)


def _whole(cells: Mapping[bool | None, Names], naming: Naming) -> dict[bool | None, Names]:
    """Those that are cells: other layers have biases of the same name, too.

    Raises:
        BadInput: one matrix of a cell is there and the other is not.
    """
    found = {}
    matrices = {weight.name for weight in naming.weights if weight.role in ("W_x", "W_h")}
    for backward, names in cells.items():
        held = matrices & names.keys()
        if held == matrices:
            found[backward] = names
        elif held and backward is not None:
            (missing,) = matrices - held
            raise BadInput(
                f"{shown(names[min(held)])}: expected {missing} of the same cell beside it; got none"
            )
    return found


def _in_order(
    layers: Mapping[str, dict[bool | None, Names]], naming: Naming, contents: Contents
) -> dict[str, dict[bool | None, Names]]:
    """The layers of one stack, which differ in one number of their names."""
    parts = {layer: re.split(r"(\d+)", layer) for layer in layers}
    stacks = {tuple(each[::2]) for each in parts.values()}
    numbers = [[int(number) for number in each[1::2]] for each in parts.values()] if len(stacks) == 1 else []
    varying = [place for place, column in enumerate(zip(*numbers, strict=True)) if len(set(column)) > 1]
    behind = {"".join(each[2 * varying[0] + 2 :]) for each in parts.values()} if varying else set()
    if len(layers) > 1 and (len(varying) != 1 or any(set("/.") & set(each) for each in behind)):
        raise BadInput(
            f"expected the layers of one stack, whose names differ in one number at the end;"
            f" got {', '.join(map(shown, list(layers)[:8]))}; choose by the beginning of a name (--only)"
        )
    place = varying[0] if varying else -1
    order = {layer: int(each[1::2][place]) if len(each) > 1 else 0 for layer, each in parts.items()}
    ordered = sorted(layers, key=order.__getitem__)
    if naming.counted and [order[layer] for layer in ordered] != list(range(len(ordered))):
        got = ", ".join(map(shown, ordered))
        raise BadInput(f"expected layers that are numbered from 0 without a gap; got {got}")
    if varying:
        _refuse_between([parts[layer] for layer in ordered], 2 * place + 1, layers, contents)
    return {layer: layers[layer] for layer in ordered}


def _refuse_between(
    stack: list[list[str]], at: int, layers: Mapping[str, object], contents: Contents
) -> None:
    """Refuse a stack between whose layers stands another that has arrays, such as `layers_1/kernel`."""
    before, after = "".join(stack[0][:at]), "".join(stack[0][at + 1 :])
    first, last = (int(each[at]) for each in (stack[0], stack[-1]))
    for name in (*contents.arrays, *contents.others):
        number = re.match(rf"{re.escape(before)}(\d+)(?![^/.])", name)
        if number and first < int(number[1]) < last and f"{before}{number[1]}{after}" not in layers:
            raise BadInput(
                f"{shown(name)}: expected layers that are fed by each other; got another layer between them,"
                " which is no vanilla RNN"
            )


def _by_direction(layers: Mapping[str, dict[bool | None, Names]], options: Options) -> dict[str, list[Names]]:
    """The cells of each layer, where names tell of directions; else as the options say."""
    untold = [layer for layer, cells in layers.items() if None in cells]
    if not untold or len(layers) == 1:
        return {layer: _told(layer, cells) for layer, cells in layers.items()}
    if options.directions is None:
        raise BadInput(
            f"directions: the names do not tell whether {' and '.join(map(shown, list(layers)[:8]))} are"
            " layers or directions; expected it to be given (--directions 1 or 2)"
        )
    cells = {layer: each[None] for layer, each in layers.items() if None in each}
    if len(cells) < len(layers) or len(cells) % options.directions:
        raise BadInput(
            f"directions: expected cells that make layers of {options.directions}; got {len(cells)}"
        )
    names = list(cells)
    return {
        names[i]: [cells[name] for name in names[i : i + options.directions]]
        for i in range(0, len(names), options.directions)
    }


def _told(layer: str, cells: Mapping[bool | None, Names]) -> list[Names]:
    """Forward, then backward where there is one."""
    if len(cells) == 1 and True not in cells:
        return list(cells.values())
    if set(cells) != {False, True}:
        raise BadInput(f"layer {shown(layer)}: expected a forward cell beside the backward one; got none")
    return [cells[False], cells[True]]


def _cell(contents: Contents, naming: Naming, names: Names) -> dict[str, Array]:
    """The canonical weights of a cell, by role."""
    arrays = {}
    for weight, name in names.items():
        if name in contents.others or contents.arrays[name].dtype not in FLOATS.values():
            raise BadInput(f"{shown(name)}: expected {', '.join(FLOATS)}; got {contents.said(name)}")
        arrays[weight] = contents.arrays[name]
    _refuse_gates(naming, names, arrays)
    (weights,) = canonical_weights(naming.weights, arrays)
    return {str(role): array for role, array in weights.items()}


GATED = {3: "a GRU", 4: "an LSTM"}


def _refuse_gates(naming: Naming, names: Names, arrays: Mapping[str, Array]) -> None:
    """Refuse recurrent weights of several gates: one axis is three or four times the other."""
    for weight in naming.weights:
        shape = arrays[weight.name].shape if weight.role == "W_h" and weight.name in arrays else ()
        if len(shape) == 2 and min(shape) and max(shape) % min(shape) == 0:
            what = GATED.get(max(shape) // min(shape))
            if what:
                raise BadInput(
                    f"{shown(names[weight.name])}: expected the recurrent weights of a vanilla RNN, which are"
                    f" square; got {shape}, those of {what}"
                )


def _choose(options: Options) -> str:
    return "" if options.only else "; choose layers by the beginning of their names (--only)"

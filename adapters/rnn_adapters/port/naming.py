"""Where the weights of a network stand in a tree or a list of named arrays: a `Naming` for each framework.

Which array is what, and which of its axes, is what the framework's conventions declare; here are only the
names in front of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from rnn_adapters.declarations import CANONICAL_AXES, ROLES, Conventions, NativeWeight
from rnn_adapters.flax import CONVENTIONS as FLAX
from rnn_adapters.haiku import CONVENTIONS as HAIKU
from rnn_adapters.haiku import core_name
from rnn_adapters.mlx import CONVENTIONS as MLX
from rnn_adapters.torch import CONVENTIONS as TORCH


class Place(NamedTuple):
    """What the name of an array says.

    Args:
        layer: the name of the layer; layers of a stack differ in one number of it.
        backward: whether it is of the backward cell; None where the name does not tell.
        weight: the array's name in the conventions.
    """

    layer: str
    backward: bool | None
    weight: str


@dataclass(frozen=True)
class Naming:
    """How a framework names the arrays of a network.

    Args:
        weights: those of the framework's conventions.
        place: what a name says; None of an array that is no weight of a cell.
        name: of a layer by its number, whether it has two directions, whether this is the backward one, and
            the weight's name in the conventions.
        counted: layers are numbered without gaps.
        strangers: arrays of other recurrent layers: a pattern of their names, and what they are.
    """

    weights: tuple[NativeWeight, ...]
    place: Callable[[str], Place | None]
    name: Callable[[int, bool, bool, str], str]
    counted: bool = False
    strangers: Mapping[str, str] = field(default_factory=dict)


def ending(name: str, conventions: Conventions, separator: str) -> tuple[str, str] | None:
    """The folder of an array that has a declared name, and that name."""
    for weight in conventions.weights:
        own = weight.name.replace(".", separator)
        if name == own or name.endswith(separator + own):
            return name[: -len(own)].removesuffix(separator), weight.name
    return None


# torch: `rnn.weight_ih_l0_reverse`.


def _torch_place(name: str) -> Place | None:
    for weight in TORCH.weights:
        before, _, after = weight.name.partition("{layer}")
        found = re.fullmatch(rf"(|.*\.){re.escape(before)}(\d+){re.escape(after)}(|_reverse)", name)
        if found:
            return Place(f"{found[1]}l{found[2]}", bool(found[3]), weight.name)
    return None


def _torch_name(layer: int, bidirectional: bool, backward: bool, weight: str) -> str:
    return weight.format(layer=layer) + ("_reverse" if backward else "")


# Flax: `layers_0/forward_rnn/cell/i/kernel`, as layers of `Sequential` are called.

DIRECTIONS = ("forward_rnn", "backward_rnn")


def _flax_place(conventions: Conventions, name: str) -> Place | None:
    found = ending(name, conventions, "/")
    if found is None:
        return None
    folders = found[0].split("/") if found[0] else []
    if folders[-1:] != ["cell"]:  # a cell that has its name from elsewhere than from `RNN`
        return Place(found[0], None, found[1])
    folders.pop()
    backward = folders[-1:] == ["backward_rnn"]
    if folders and folders[-1] in DIRECTIONS:
        folders.pop()
    return Place("/".join(folders), backward, found[1])


def _flax_name(layers: str, layer: int, bidirectional: bool, backward: bool, weight: str) -> str:
    direction = f"{DIRECTIONS[backward]}/" if bidirectional else ""
    return f"{layers}{layer}/{direction}cell/{weight.replace('.', '/')}"


GATES = {r"(.*/)?i[ifgo]/kernel": "an LSTM", r"(.*/)?i[rzn]/kernel": "a GRU"}


def _flax(name: str, layers: str) -> Naming:
    place, named = partial(_flax_place, FLAX[name]), partial(_flax_name, layers)
    return Naming(FLAX[name].weights, place, named, strangers=GATES)


# Haiku: `vanilla_rnn_1/linear/w`.

CORE = re.compile(r"(?P<before>|.*/)vanilla_rnn(_(?P<number>\d+))?")


def _haiku_place(name: str) -> Place | None:
    found = ending(name, HAIKU, "/")
    if found is None:
        return None
    core = CORE.fullmatch(found[0])
    layer = f"{core['before']}vanilla_rnn_{core['number'] or 0}" if core else found[0]
    return Place(layer, False if core else None, found[1])


def _haiku_name(layer: int, bidirectional: bool, backward: bool, weight: str) -> str:
    return f"{core_name(layer)}/{weight}"


# MLX: `layers.0.Wxh`.


def _mlx_place(name: str) -> Place | None:
    found = ending(name, MLX, ".")
    return None if found is None else Place(found[0], False, found[1])


def _mlx_name(layer: int, bidirectional: bool, backward: bool, weight: str) -> str:
    return f"layers.{layer}.{weight}"


# The canonical file: `layers.0.backward.W_h`.

CANONICAL = tuple(NativeWeight(role, role, CANONICAL_AXES[role]) for role in ROLES)


def _canonical_place(name: str) -> Place | None:
    found = re.fullmatch(r"(layers\.\d+)\.(forward|backward)\.(\w+)", name)
    return Place(found[1], found[2] == "backward", found[3]) if found and found[3] in ROLES else None


def _canonical_name(layer: int, bidirectional: bool, backward: bool, weight: str) -> str:
    return f"layers.{layer}.{'backward' if backward else 'forward'}.{weight}"


NAMINGS: Mapping[str, Naming] = {
    "canonical": Naming(CANONICAL, _canonical_place, _canonical_name, counted=True),
    "torch": Naming(TORCH.weights, _torch_place, _torch_name, counted=True),
    "flax-linen": _flax("flax-linen", "layers_"),
    "flax-nnx": _flax("flax-nnx", "layers/"),
    "haiku": Naming(
        HAIKU.weights,
        _haiku_place,
        _haiku_name,
        counted=True,
        strangers={r"(.*/)?lstm(_\d+)?/linear/w": "an LSTM", r"(.*/)?gru(_\d+)?/w_[ih]": "a GRU"},
    ),
    "mlx": Naming(MLX.weights, _mlx_place, _mlx_name, strangers={r"(.*\.)?Wx": "an LSTM or a GRU"}),
}

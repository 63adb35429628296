"""The layers of a Keras model and of the models within it: what feeds which, and where weights are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from rnn_adapters.port.contents import shown
from rnn_reference.errors import BadInput

MODELS = ("Sequential", "Functional", "Model")
"""Classes of models whose configuration has their layers."""
DEEPEST = 16
"""Models within each other."""
MOST_SOURCES = 1000
"""What one layer may be called with: outputs listed many times, in models within each other, multiply."""
Config = Mapping[str, Any]


@dataclass(frozen=True)
class Node:
    """A layer.

    Args:
        name: its own, after those of the models that it is in: "encoder/rnn".
        key: what a file of weights calls it: "sequential/layers/simple_rnn".
        kind: its class.
        config: its options.
        whole: all that the model says of it.
        sources: the layers that it is called with, once for each call and argument.
    """

    name: str
    key: str
    kind: str
    config: Config
    whole: Config
    sources: tuple[str, ...]


def layers_of(model: Config) -> list[Node]:
    """Every layer that is no model itself, in the order of the configuration.

    Raises:
        BadInput: no model with layers, a name twice, or more models within each other or sources of one
            layer than are read.
    """
    if model["class_name"] not in MODELS:
        raise BadInput(f"expected a Sequential or Functional model; got {shown(model['class_name'])}")
    nodes, _ = _inside(model, "", "", ())
    return nodes


def _inside(
    model: Config, prefix: str, place: str, given: tuple[str, ...]
) -> tuple[list[Node], tuple[str, ...]]:
    """The layers of a model that is called with these, and those of them whose outputs are its own."""
    if prefix.count("/") > DEEPEST:
        raise BadInput(f"expected at most {DEEPEST} models within each other; got more")
    nodes: list[Node] = []
    outputs: dict[str, tuple[str, ...]] = {}
    for node in _own(model, prefix, place, given):
        inner: list[Node] = [node]
        ends: tuple[str, ...] = (node.name,)
        if node.kind in MODELS:
            inner, ends = _inside(node.whole, f"{node.name}/", f"{node.key}/layers/", node.sources)
        nodes += inner
        outputs[node.name] = ends

    def real(names: Iterable[str]) -> tuple[str, ...]:
        ends = (end for name in names for end in outputs.get(name, (name,)))
        found = tuple(islice(ends, MOST_SOURCES + 1))
        if len(found) > MOST_SOURCES:
            raise BadInput(f"layers: expected at most {MOST_SOURCES} that one is called with; got more")
        return found

    ends = real(f"{prefix}{name}" for name in _last(model)) if outputs else given
    return [replace(node, sources=real(node.sources)) for node in nodes], ends


def _own(model: Config, prefix: str, place: str, given: tuple[str, ...]) -> list[Node]:
    """The layers of a model, and the models in it, each as one."""
    held = model["config"]
    layers: list[Config] = held["layers"] if isinstance(held, dict) else held  # Keras before 2.2
    names = [str(layer["config"]["name"]) for layer in layers]
    if len(set(names)) != len(names):
        raise BadInput("layers: expected a name for each of them; got one twice")
    sources = _sources(model, layers, names)
    fed = _fed(held, names, given) if model["class_name"] != "Sequential" else dict.fromkeys(names[:1], given)
    counted: Counter[str] = Counter()
    nodes = []
    for name, layer in zip(names, layers, strict=True):
        kind = str(layer["class_name"])
        snake = snake_case(kind)
        key = f"{place}{snake}_{counted[snake]}" if counted[snake] else f"{place}{snake}"
        counted[snake] += 1
        feeding = fed.get(name, ()) + tuple(f"{prefix}{source}" for source in sources[name])
        nodes.append(Node(f"{prefix}{name}", key, kind, layer["config"], layer, feeding))
    return nodes


def _sources(model: Config, layers: Sequence[Config], names: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """For each layer those of the same model that it is called with."""
    if model["class_name"] == "Sequential":
        return {name: names[max(i - 1, 0) : i] for i, name in enumerate(names)}
    known = set(names)
    return {
        name: list(_named(layer["inbound_nodes"], known)) for name, layer in zip(names, layers, strict=True)
    }


def _named(node: Any, known: set[str]) -> Iterator[str]:
    """The layers that are named in the calls of a layer: in Keras 3 as histories, in 2 as lists."""
    if isinstance(node, dict):
        for key, child in node.items():
            if key == "keras_history":
                yield child[0]
            else:
                yield from _named(child, known)
    elif isinstance(node, list):
        if len(node) in (3, 4) and isinstance(node[0], str) and node[0] in known:
            yield node[0]
        for child in node:
            yield from _named(child, known)


def _fed(config: Config, names: Sequence[str], given: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """What each input of a functional model is: one of what the model is called with, or all of it."""
    inputs = list(_named([config.get("input_layers", [])], set(names)))
    if len(inputs) == len(given):
        return {name: (source,) for name, source in zip(inputs, given, strict=True)}
    return dict.fromkeys(inputs, given)


def _last(model: Config) -> list[str]:
    """The layers whose outputs are those of a model."""
    held = model["config"]
    layers = held["layers"] if isinstance(held, dict) else held
    names = [str(layer["config"]["name"]) for layer in layers]
    if model["class_name"] == "Sequential":
        return names[-1:]
    return list(_named([held.get("output_layers", [])], set(names)))


def snake_case(name: str) -> str:
    """`SimpleRNN` as Keras writes it in paths: simple_rnn."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()

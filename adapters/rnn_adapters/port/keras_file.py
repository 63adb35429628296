"""Keras's files: `.keras`, the older `.h5` of a model, and weights alone with a configuration beside."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping

from rnn_adapters.keras.routes import default_conventions
from rnn_adapters.native import canonical_weights, native_arrays
from rnn_adapters.port.contents import FLOATS, LARGEST, Contents, reading, shown
from rnn_adapters.port.found import Found, Options, activations_of
from rnn_adapters.port.hdf5 import read_hdf5, write_hdf5
from rnn_adapters.port.keras_config import Recurrent, read_model, written_model
from rnn_adapters.port.keras_layers import snake_case
from rnn_reference.activations import Activation
from rnn_reference.errors import BadInput
from rnn_reference.network import Array, Cell, Layer, Network

WEIGHTS = default_conventions("numpy").weights
"""The same on every backend."""
CONFIG, WEIGHTS_FILE, METADATA = "config.json", "model.weights.h5", "metadata.json"
"""What is in a `.keras` file."""
FOLDERS = ("layers", "_layer_checkpoint_dependencies")
"""Where layers are in a file of weights: of Keras 3, and of 2.13."""
DIRECTIONS = ("forward_layer", "backward_layer")
OLDER = (".h5", ".hdf5")
"""The files of a whole model before Keras 3, which it still reads and writes."""
WRITTEN_AS = "3.0.0"
"""The version of Keras that files say."""

Names = dict[str, str]


def read_keras(data: bytes, suffix: str, options: Options) -> Found:
    """The recurrent layers of a model, or of its weights and the configuration that the options give.

    Raises:
        BadInput: it is no such file, or see `read_model`.
    """
    config, contents = _opened(data, suffix, options)
    model = read_model(config, options, contents.metadata.get("@keras_version", "").startswith("2."))
    places = [_places(layer, contents) for layer in model.layers]
    said = [list(layer.activations) for layer in model.layers]
    activations = activations_of(options, said, list(map(len, places)))
    network = Network(
        Layer(*(_cell(contents, names, phi) for names, phi in zip(cells, phis, strict=True)))
        for cells, phis in zip(places, activations, strict=True)
    )
    every = tuple(names for cells in places for names in cells)
    return Found(network, every, tuple(layer.name for layer in model.layers), model.left_out)


def config_of(data: bytes, suffix: str, options: Options) -> str:
    """The configuration of a model, as JSON.

    Raises:
        BadInput: as `read_keras`.
    """
    return _opened(data, suffix, options)[0]


def _opened(data: bytes, suffix: str, options: Options) -> tuple[str, Contents]:
    """Configuration and weights."""
    config, contents = _archive(data) if suffix == ".keras" else (options.config, read_hdf5(data))
    config = config or contents.metadata.get("@model_config", "")
    if not config:
        raise BadInput(
            "configuration: a file of weights does not have it; expected it to be given"
            " (--config FILE, which `Model.to_json` wrote)"
        )
    return config, contents


def _cell(contents: Contents, names: Names, activation: Activation) -> Cell:
    for name in names.values():
        if contents.arrays[name].dtype not in FLOATS.values():
            raise BadInput(f"{shown(name)}: expected {', '.join(FLOATS)}; got {contents.said(name)}")
    (weights,) = canonical_weights(WEIGHTS, {own: contents.arrays[name] for own, name in names.items()})
    return Cell(**weights, activation=activation)


def _archive(data: bytes) -> tuple[str, Contents]:
    """Configuration and weights of a `.keras` file; a member is measured before it is unpacked."""
    with reading("a .keras file"), zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.getinfo(name) for name in (CONFIG, WEIGHTS_FILE)}
        if sum(member.file_size for member in members.values()) > LARGEST:
            raise BadInput(f"expected at most {LARGEST} bytes when unpacked; got more")
        config, weights = (_unpacked(archive, member) for member in members.values())
        return config.decode("utf-8"), read_hdf5(weights)


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as file:
        return file.read(member.file_size)


def _places(layer: Recurrent, contents: Contents) -> list[Names]:
    """For each cell of a layer its arrays in the file."""
    if any(name.partition("/")[0] in FOLDERS for name in contents.arrays):
        return [_by_number(layer, index, contents) for index in range(len(layer.cells))]
    return _by_name(layer, contents)


def _by_number(layer: Recurrent, direction: int, contents: Contents) -> Names:
    """Keras 3: variables are numbered in the order in which the conventions declare them."""
    own = [weight.name for weight in WEIGHTS if weight.role != "b" or _biased(layer, direction)]
    inner = f"{DIRECTIONS[direction]}/" if len(layer.cells) == 2 else ""
    for folder in FOLDERS:
        place = f"{folder}/{layer.key.replace('/layers/', f'/{folder}/')}/{inner}cell/vars"
        names = {name: f"{place}/{index}" for index, name in enumerate(own)}
        if all(name in contents.arrays for name in names.values()):
            if f"{place}/{len(own)}" in contents.arrays:
                raise BadInput(f"{shown(place)}: expected {len(own)} arrays; got more")
            return names
    raise BadInput(f"layer {shown(layer.name)}: expected its arrays in {place}; got none there")


def _by_name(layer: Recurrent, contents: Contents) -> list[Names]:
    """Before Keras 3: a group for each layer of the model, which lists its weights, forward before backward.

    Of a model within it there is one group, with the weights of all of its layers.
    """
    outermost, *inner = layer.name.split("/")
    for group in (f"model_weights/{outermost}", outermost):
        listed = contents.metadata.get(f"{group}@weight_names")
        if listed is not None:
            names = _of_inner(inner, listed.split("\n")) if inner else listed.split("\n")
            return list(_listed(layer, group, names, contents))
    raise BadInput(f"layer {shown(layer.name)}: expected a group of its weights; got none")


def _of_inner(layer: list[str], listed: list[str]) -> list[str]:
    """The weights of one layer among those of the model that it is in, by the end of its name."""
    for first in range(len(layer)):
        own = f"/{'/'.join(layer[first:])}/"
        found = [name for name in listed if own in f"/{name}"]
        if found:
            return found
    return []


def _listed(layer: Recurrent, group: str, listed: list[str], contents: Contents) -> Iterator[Names]:
    declared = [weight.name for weight in WEIGHTS]
    variables = {name: name.rpartition("/")[2].partition(":")[0] for name in listed}
    left = iter([(name, own) for name, own in variables.items() if own in declared])
    for direction in range(len(layer.cells)):
        names = {}
        for _ in range(3 if _biased(layer, direction) else 2):
            name, own = next(left, ("", ""))
            names[own] = f"{group}/{name}"
        if len(names) < 2 or not all(name in contents.arrays for name in names.values()):
            raise BadInput(f"layer {shown(layer.name)}: expected its weights in {group}; got {shown(listed)}")
        yield names


def _biased(layer: Recurrent, direction: int) -> bool:
    return bool(layer.cells[direction].get("use_bias", True))


def write_keras(network: Network, suffix: str) -> bytes:
    """A `Sequential` model of the network, or its weights alone; the same bytes every time.

    Raises:
        BadInput: an activation that Keras does not have.
    """
    if suffix in OLDER:
        return _older(network)
    config = written_model(network)
    arrays, texts = dict[str, Array](), dict[str, str]()
    counted: dict[str, int] = {}
    for layer, made in zip(network.layers, config["config"]["layers"][1:], strict=True):
        snake = snake_case(made["class_name"])
        number = counted[snake] = counted.get(snake, -1) + 1
        key = f"layers/{snake}_{number}" if number else f"layers/{snake}"
        for direction, cell in enumerate(layer.cells):
            inner = f"{DIRECTIONS[direction]}/" if layer.directions == 2 else ""
            for index, array in enumerate(native_arrays(WEIGHTS, [cell]).values()):
                arrays[f"{key}/{inner}cell/vars/{index}"] = array
        texts[f"{key}/vars@name"] = made["config"]["name"]
    weights = write_hdf5(arrays, texts)
    if suffix == ".weights.h5":
        return weights
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, held in (
            (
                METADATA,
                json.dumps({"keras_version": WRITTEN_AS, "date_saved": "", "written_by": "rnn-conformance"}),
            ),
            (CONFIG, json.dumps(config)),
            (WEIGHTS_FILE, weights),
        ):
            archive.writestr(zipfile.ZipInfo(name), held)  # of no date
    return file.getvalue()


def _older(network: Network) -> bytes:
    """The older file of a model: a group for each layer, which lists its weights."""
    config = written_model(network)
    arrays, made = dict[str, Array](), config["config"]["layers"]
    texts: dict[str, str | list[str]] = {"@keras_version": WRITTEN_AS, "@backend": "numpy"}
    texts["@model_config"] = json.dumps(config)
    texts["model_weights@layer_names"] = [each["config"]["name"] for each in made]
    texts |= {f"model_weights/{each['config']['name']}@weight_names": [] for each in made}
    for index, (layer, each) in enumerate(zip(network.layers, made[1:], strict=True)):
        group, listed = f"model_weights/{each['config']['name']}", list[str]()
        for direction, cell in enumerate(layer.cells):
            inner = f"{DIRECTIONS[direction]}/" if layer.directions == 2 else ""
            for own, array in native_arrays(WEIGHTS, [cell]).items():
                listed.append(f"rnn_{index}/{inner}{own}")
                arrays[f"{group}/{listed[-1]}"] = array
        texts[f"{group}@weight_names"] = listed
    return write_hdf5(arrays, texts)


def is_plain(config: Mapping[str, object] | list[object] | object) -> bool:
    """Whether Keras makes nothing of a configuration but its own objects: no code, no module of anybody's."""
    if isinstance(config, dict):
        module, kind = config.get("module"), config.get("class_name")
        own = module is None or str(module).split(".")[0] == "keras"
        harmless = kind not in ("Lambda", "__lambda__", "function", "TFSMLayer", "TorchModuleWrapper")
        return own and harmless and all(map(is_plain, config.values()))
    return all(map(is_plain, config)) if isinstance(config, list) else True

"""What is found in a file, and what is asked of the search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rnn_adapters.port.contents import shown
from rnn_reference.activations import Activation
from rnn_reference.errors import BadInput
from rnn_reference.network import Network
from rnn_reference.parameters import network_parameters


@dataclass(frozen=True)
class Options:
    """What a file may not say.

    Args:
        activations: one for all layers, or one for each; () where the file says it.
        directions: of each layer, where names do not tell.
        only: layers whose name begins so; "" takes all that there are.
        config: the configuration of a Keras model (`Model.to_json`), for a file of weights alone.
        folder: that of the file, in which an ONNX model may have its weights; None where there is none.
    """

    activations: tuple[Activation, ...] = ()
    directions: Literal[1, 2] | None = None
    only: str = ""
    config: str = ""
    folder: Path | None = None


@dataclass(frozen=True, eq=False)
class Found:
    """The recurrent layers of a file.

    Args:
        network: in canonical form.
        places: for each cell where its arrays are: the names in the file by those of the conventions.
        layers: what the file calls each layer.
        left_out: what else is in the file, in words.
    """

    network: Network
    places: tuple[Mapping[str, str], ...]
    layers: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    @property
    def network_in_words(self) -> str:
        """Layers, sizes, activations, type and parameters of the network."""
        network = self.network
        sizes = [network.input_size, *(layer.output_size for layer in network.layers)]
        phis = dict.fromkeys(str(cell.activation) for cell in network.cells)
        two = sum(layer.directions == 2 for layer in network.layers)
        return (
            f"{network.num_layers} layers, {two} of them bidirectional,"
            f" {' → '.join(map(str, sizes))} features, {', '.join(phis)}, {network.dtype},"
            f" {network_parameters(network)} parameters"
        )


def activations_of(
    options: Options, said: list[list[Activation]] | None, cells: list[int]
) -> list[list[Activation]]:
    """The activation of each cell of each layer: what the file says, or what the options do.

    Args:
        said: by the file; None where it says nothing.
        cells: how many there are in each layer.

    Raises:
        BadInput: neither says it, they contradict each other, or there are not as many as layers.
    """
    given = options.activations
    if said is not None and list(map(len, said)) != cells:
        raise BadInput(
            f"activations: expected those of layers of {cells} directions; got {list(map(len, said))}"
        )
    if not given:
        if said is None:
            raise BadInput(
                "activation: the file does not say it; expected it to be given (--activation tanh)"
            )
        return said
    if len(given) not in (1, len(cells)):
        raise BadInput(f"activation: expected one, or one for each of {len(cells)} layers; got {len(given)}")
    each = given if len(given) == len(cells) else given * len(cells)
    asked = [[activation] * count for activation, count in zip(each, cells, strict=True)]
    if said is not None and said != asked:
        words = [" and ".join(dict.fromkeys(map(str, layer))) for layer in said]
        raise BadInput(
            f"activation: expected what the file says, {', '.join(words)}; got {', '.join(map(str, given))}"
        )
    return asked


def in_one_stack(below: Mapping[str, str | None]) -> list[str]:
    """The layers from the bottom to the top, each of which is fed by the one below and by nothing else.

    Args:
        below: for each layer the one that feeds it; None where that is something else.

    Raises:
        BadInput: they are no stack, or several.
    """
    above: dict[str | None, list[str]] = {}
    for name, feeding in below.items():
        above.setdefault(feeding, []).append(name)
    stack: list[str] = []
    while len(following := above.pop(stack[-1] if stack else None, [])) == 1:
        stack += following
    if following or above:
        raise BadInput(
            "layers: expected one stack, each layer fed by the sequence output of the one below;"
            f" got {', '.join(map(shown, list(below)[:8]))} beside each other, or with other layers between"
            " them; choose layers by the beginning of their names (--only)"
        )
    return stack

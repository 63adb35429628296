"""How layers of Keras 2 become a network as in Keras 3 they cannot: time first, ragged, by TFLite."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from rnn_adapters.adapter import Call
from rnn_adapters.keras.assembly import CellByHand, Exported, Parts, Stack, StackOfCells
from rnn_adapters.keras.layers import Options
from rnn_adapters.tf_keras.files import Runner, runner
from rnn_reference.network import Array, Layer


class CellOfKeras2(CellByHand):
    """`SimpleRNNCell(H)`, called for each step."""

    def _first_state(self, x: Any) -> list[Any]:
        return [self._cell.get_initial_state(batch_size=x.shape[0], dtype=self._cell.compute_dtype)]


class TimeMajor(Stack):
    """`SimpleRNN(time_major=True)`: input, mask and sequences have time first, states do not."""

    def call(self, first: list[Any], states: list[list[Any]] | None, training: bool) -> list[Any]:
        found = super().call(list(map(turned, first)), states, training)
        if not self.plan.options.return_sequences:
            return found
        return [*map(turned, found[: self.outputs]), *found[self.outputs :]]

    def shapes(self, call: Call, outputs: list[Array]) -> dict[str, tuple[int, ...]]:
        return {
            name: (shape[1], shape[0], *shape[2:]) for name, shape in super().shapes(call, outputs).items()
        }


def turned(array: Any) -> Any:
    """Batch and time, or time and batch, in the other order."""
    import tensorflow as tf

    return tf.transpose(array, [1, 0, *range(2, len(array.shape))])


@dataclass(frozen=True)
class TimeMajorParts(Parts):
    """Parts whose layers are built for input with time first."""

    def shape(self, layer: Layer, options: Options) -> tuple[int | None, ...]:
        return (None, options.stateful_batch, layer.input_size)


class Ragged(Stack):
    """`tf.RaggedTensor`: rows of their own lengths, from the first layer to the last."""

    def first_inputs(self, call: Call) -> list[Array]:
        return [call.x] if call.lengths is None else [call.x, call.lengths]

    def call(self, first: list[Any], states: list[list[Any]] | None, training: bool) -> list[Any]:
        """What comes out ragged is padded with zeros."""
        import tensorflow as tf

        x, *lengths = first
        given = tf.RaggedTensor.from_tensor(x, *lengths) if lengths else x
        found = super().call([given], states, training)
        return [_padded(output, x.shape[1]) for output in found]


def _padded(output: Any, time: int) -> Any:
    """A sequence output of this many steps; others have none."""
    if not hasattr(output, "to_tensor"):
        return output
    return output.to_tensor(shape=(None, time, None))


class ReversedOrder(StackOfCells):
    """`StackedRNNCells(cells, reverse_state_order=True)`, whose states stand top first."""

    more = MappingProxyType({"reverse_state_order": True})

    def call(self, first: list[Any], states: list[list[Any]] | None, training: bool) -> list[Any]:
        output, *finals = super().call(first, None if states is None else states[::-1], training)
        return [output, *finals[::-1]]


class Lite(Exported):
    """A functional model, converted for a batch size by `tf.lite.TFLiteConverter`, and interpreted."""

    fixed = 1

    def exported(self, inputs: list[Any]) -> Runner:
        return runner(self.model, len(inputs[0]))

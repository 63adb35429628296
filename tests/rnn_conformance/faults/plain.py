"""A plain float implementation of the layer, step by step, in small methods.

It is correct, and written independently of the reference. Each fault of the catalogue replaces one of its
methods. It has a route of every kind, so that a fault can be on one of them alone.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, get_args

import numpy as np

from rnn_adapters.adapter import Adapter, Call, Output
from rnn_adapters.declarations import ROLES, DropoutPlace, Role, RouteKind, Supports
from rnn_adapters.framework import Framework, Route
from rnn_adapters.reference import (
    ReferenceAdapter,
    computed_in,
    in_type,
    marked_by_value,
    shapes_by_role,
    shapes_of,
    steps_of_call,
    with_frozen,
)
from rnn_adapters.surface import IntegerType, Shapes, Trained, Training, UnknownAxis
from rnn_reference.activations import ACTIVATIONS, DEFAULTS, Activation
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import (
    Array,
    Cell,
    Layer,
    MergeMode,
    Network,
    States,
    checked_call,
    checked_steps,
)
from rnn_reference.quantised import Quantised

WEIGHT_INTERVALS, INPUT_INTERVALS = 127.5, 127.0
"""Of the grids of the quantised route: eight bits, and seven."""

QUANTISED_ROUTES = {
    "quantised": Quantised(WEIGHT_INTERVALS, INPUT_INTERVALS),
    "float16 weights": Quantised(weight_dtype="float16"),
}
"""What factors are rounded to, by route."""

LARGEST_FLOAT16 = 65504

QUANTISED = Supports(
    activations=ACTIVATIONS,
    parameters=tuple(DEFAULTS),
    dtypes=("float32",),
    bidirectional=True,
    stacked=True,
    mixed_layers=True,
    mixed_directions=True,
    no_bias=True,
    initial_states=True,
    sequence=True,
    last_output=True,
    final_states=True,
    go_backwards=True,
    merge_modes=("concat", "sum", "mul", "ave", "none"),
    stateful=True,
)
"""What the quantised routes support."""

TRUNCATED = 0.8796256610342398
"""The standard deviation of normal numbers that are cut off at ±2."""


class PlainNumpy(Adapter[Network]):
    """Steps in the type of the weights; two bias vectors, as torch and ONNX have them.

    Args:
        route: one of `ROUTES`; "" for the default one.
    """

    name = "plain"
    conventions = replace(
        ReferenceAdapter.conventions,
        layer="rnn_conformance.faults.plain.PlainNumpy",
        bias_vectors=2,
        initialisation={"W_x": "glorot uniform", "W_h": "orthogonal", "b": "zeros", "b_h": "uniform 1/√H"},
    )
    supports = Supports(
        bidirectional=True,
        stacked=True,
        mixed_layers=True,
        no_bias=True,
        initial_states=True,
        sequence=True,
        last_output=True,
        final_states=True,
        read_weights=True,
        native_weights=True,
        count_parameters=True,
        assign_weights=True,
        restored=True,
        lengths=True,
        masks=True,
        lengths_and_masks=True,
        go_backwards=True,
        merge_modes=("concat", "sum", "mul", "ave", "none"),
        stateful=True,
        dropout=("input", "state", "between layers"),
        freshly_initialised=True,
        gradients=True,
        tangents=True,
        second_gradients=True,
        activations=ACTIVATIONS,
        parameters=tuple(DEFAULTS),
        mixed_directions=True,
        dtypes=("float32", "float64", "float16", "bfloat16"),
        compute_dtypes=("float16", "bfloat16"),
        inferred_shapes=True,
        unknown_axes=("batch", "time"),
        handed_masks=True,
        mask_dtypes=("uint8", "int32", "int64", "float32"),
        input_dtypes=get_args(IntegerType),
        kept_options=True,
        wrong_layers=True,
        default_states=True,
        count_trainable=True,
        trained=True,
    )

    def __init__(self, route: str = "") -> None:
        self.route = route
        self._kept: tuple[Network, States] | None = None
        self._random = np.random.default_rng(0)
        self.computing: str | None = None  # mixed precision of the call that is running
        self.dropping: tuple[DropoutPlace | None, float] = (None, 0.0)  # of the call that is running
        self.masks: list[tuple[Any, Any]] = []  # what each direction multiplied input and state with
        self.left_between: list[Array] = []  # what the outputs of each layer but the top one were
        self.left: tuple[Any, Any] = (1, 1)  # the masks of the direction that is differentiated
        if route == "time major":
            axes = {"x": ("time", "batch", "input"), "sequence": ("time", "batch", "directions*hidden")}
            self.conventions = replace(self.conventions, axes=dict(self.conventions.axes) | axes)
        if route == "batch axes":
            self.supports = replace(self.supports, leading_axes=True)
        if route in QUANTISED_ROUTES:
            self.conventions = replace(self.conventions, quantised=QUANTISED_ROUTES[route])
            self.supports = QUANTISED

    def versions(self) -> dict[str, str]:
        return {"numpy": np.__version__}

    # Loading

    def load(self, network: Network) -> Network:
        for activation in self.named(network):
            if activation.name not in ACTIVATIONS:
                raise ValueError(f"no such activation: {activation.name!r}")
        if self.route == "saved":
            network = self.written_and_read(network)
        return Network(Layer(*(self.stored(cell) for cell in layer.cells)) for layer in network.layers)

    def named(self, network: Network) -> list[Activation]:
        """The activations whose names have to be known."""
        return [cell.activation for cell in network.cells]

    def stored(self, cell: Cell) -> Cell:
        """The weights as they are kept: a biased cell has two vectors, the second zero if one was given."""
        if cell.b is None or cell.b_h is not None:
            return cell.mapped(np.copy)
        return replace(cell, b_h=np.zeros_like(cell.b)).mapped(np.copy)

    def assign_weights(self, model: Network, network: Network) -> None:
        for held, given in zip(model.cells, map(self.stored, network.cells), strict=True):
            for role in ROLES:
                if (array := getattr(held, role)) is not None:
                    self.assign(role, array, getattr(given, role))

    def assign(self, role: Role, held: Array, given: Array) -> None:
        """Change one array in place."""
        held[...] = given

    def restored(self, model: Network) -> Network:
        return self.written_and_read(model)

    def written_and_read(self, network: Network) -> Network:
        """The network with its weights through a file."""

        def through_a_file(cell: Cell) -> Cell:
            weights = {
                role: w for role in ("W_x", "W_h", "b", "b_h") if (w := getattr(cell, role)) is not None
            }
            file = io.BytesIO()
            np.savez(file, **weights)
            file.seek(0)
            read = np.load(file, allow_pickle=False)  # of bfloat16 as bytes: the format does not know it
            return Cell(**{role: read[role].view(cell.dtype) for role in read}, activation=cell.activation)

        return Network(Layer(*(through_a_file(cell) for cell in layer.cells)) for layer in network.layers)

    # Running

    def run(self, model: Network, call: Call) -> Output:
        """The call, by the route of this adapter."""
        if call.x.dtype.kind in "iu":
            call = replace(call, x=self.of_integers(call, model.dtype))
        if self.supports.leading_axes and call.x.ndim > 1:
            return self.run_in_one_batch_axis(model, call)
        return self.run_by_route(model, call)

    def of_integers(self, call: Call, dtype: Any) -> Array:
        """Input of integers, as numbers of the type of the weights."""
        return call.x.astype(dtype)

    def run_in_one_batch_axis(self, model: Network, call: Call) -> Output:
        """All batch axes as one; what comes of it has them again."""
        batch = call.x.shape[:-2]
        output = self.run_by_route(model, self.in_one_batch_axis(call))
        return Output(
            None if output.sequence is None else self.unflat(output.sequence, batch),
            None if output.last is None else self.unflat(output.last, batch),
            tuple(self.unflat(state, batch, 1) for state in output.final_states or ()),
            output.native_shapes if len(batch) == 1 else {},
        )

    def in_one_batch_axis(self, call: Call) -> Call:
        """The call with all batch axes as one."""
        batch, states = call.x.shape[:-2], call.initial_states
        return replace(
            call,
            x=self.flat(call.x, batch),
            initial_states=None if states is None else tuple(self.flat(s, batch, 1) for s in states),
            lengths=None if call.lengths is None else self.flat(call.lengths, batch),
            mask=None if call.mask is None else self.flat(call.mask, batch),
        )

    def gradients_in_one_batch_axis(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States
    ) -> Gradients:
        """Gradients of all batch axes as one; those of input and states have them again."""
        batch = call.x.shape[:-2]
        d_states = tuple(self.flat(state, batch, 1) for state in d_final_states)
        found = self.gradients(model, self.in_one_batch_axis(call), self.flat(d_sequence, batch), d_states)
        return found._replace(
            x=self.unflat(found.x, batch),
            initial_states=tuple(self.unflat(state, batch, 1) for state in found.initial_states),
        )

    def flat(self, array: Array, batch: tuple[int, ...], before: int = 0) -> Array:
        """An array whose batch axes, after some others, are one."""
        after = before + len(batch)
        if array.shape[before:after] != batch:
            raise ValueError(f"expected batch axes {batch}; got {array.shape[before:after]}")
        return array.reshape((*array.shape[:before], math.prod(batch), *array.shape[after:]))

    def unflat(self, array: Array, batch: tuple[int, ...], before: int = 0) -> Array:
        """An array whose batch axis, after some others, are these."""
        return array.reshape((*array.shape[:before], *batch, *array.shape[before + 1 :]))

    def run_by_route(self, model: Network, call: Call) -> Output:
        """A call of one batch axis, by the route of this adapter."""
        match self.route:
            case "configured":
                model = self.made_anew(model)
            case "other arguments":
                call = self.said_otherwise(call)
            case "time major":
                return self.run_time_major(model, call)
            case "predict" if call.x.ndim == 3 and call.x.shape[0] > 2 and not call.stateful:
                return self.run_in_parts(model, call)
            case "mask by value" if call.mask is not None and call.mask.shape == call.x.shape[:2]:
                return self.run_masked_by_value(model, call)
        return self.run_usual(model, call)

    def made_anew(self, model: Network) -> Network:
        """The network as it is made from its configuration and given the weights."""
        return model

    def said_otherwise(self, call: Call) -> Call:
        """The call as it arrives when its arguments are said in another form."""
        return call

    def run_time_major(self, model: Network, call: Call) -> Output:
        """Takes time first and gives time first."""
        if call.x.ndim != 3:
            return self.run_usual(model, call)
        given = np.moveaxis(call.x, 1, 0)
        output = self.run_usual(model, replace(call, x=self.batch_major(given)))
        shapes = {name: output.native_shapes[name] for name in ("x", "sequence", "final_states")}
        for name in ("x", "sequence"):
            batch, time, *features = shapes[name]
            shapes[name] = (time, batch, *features)
        return replace(output, native_shapes=shapes)

    def batch_major(self, x: Array) -> Array:
        """Input that came time first, batch first."""
        return np.moveaxis(x, 0, 1)

    def run_in_parts(self, model: Network, call: Call) -> Output:
        """Two rows at a time, put together again."""
        parts = [self.run_usual(model, part) for part in self.parts(call)]

        def joined(arrays: list[Array | None], axis: int) -> Array | None:
            known = [array for array in arrays if array is not None]
            return np.concatenate(known, axis=axis) if known else None

        states = zip(*(part.final_states or () for part in parts), strict=True)
        return Output(
            joined([part.sequence for part in parts], 0),
            joined([part.last for part in parts], 0),
            tuple(np.concatenate(list(layer), axis=1) for layer in states),
            {"x": call.x.shape},
        )

    def parts(self, call: Call) -> list[Call]:
        """The call, two rows at a time."""
        checked_steps(call.x, self.steps(call))
        for state in call.initial_states or ():
            if state.shape[1:2] != call.x.shape[:1]:  # rows beyond the last part would go unnoticed
                raise ValueError(f"initial states: expected {len(call.x)} rows; got shape {state.shape}")

        def part(rows: slice) -> Call:
            states = call.initial_states
            return replace(
                call,
                x=call.x[rows],
                initial_states=None if states is None else tuple(state[:, rows] for state in states),
                lengths=None if call.lengths is None else call.lengths[rows],
                mask=None if call.mask is None else call.mask[rows],
            )

        return [part(slice(first, first + 2)) for first in range(0, call.x.shape[0], 2)]

    def run_masked_by_value(self, model: Network, call: Call) -> Output:
        """The masked time steps are told by their input."""
        assert call.mask is not None
        x, value = marked_by_value(call.x, call.mask.astype(bool))
        return self.run_usual(model, replace(call, x=x, mask=self.differs(x, value)))

    def differs(self, x: Array, value: Any) -> Array:
        """The valid time steps: those with any feature of another value."""
        different: Array = (x != value).any(axis=-1)
        return different

    def run_usual(self, model: Network, call: Call) -> Output:
        """The call itself."""
        self.computing, of_weights, loaded = call.compute_dtype, model.dtype, model
        if call.stateful and call.initial_states is None:
            call = replace(call, initial_states=self.kept_states(loaded))
        if call.compute_dtype is not None:
            model, call = self.cast(model, call, call.compute_dtype)
        self.dropping, self.masks, self.left_between = self.dropout_of(call), [], []
        x, states = checked_call(model, call.x, call.initial_states)
        steps = self.steps(call)
        if call.go_backwards:
            x, steps = self.backwards(x), None if steps is None else self.turned(steps)
        with np.errstate(invalid="ignore", over="ignore"):
            value, final_states = self.run_stack(model, x, list(states), steps)
        if steps is not None:
            value = self.padded(value, steps)
        if call.stateful:
            self.keep(loaded, final_states)
        if call.go_backwards:
            value, final_states = self.after_backwards(self.ordered(value, steps), final_states)
        sequence = self.merged(call.merge_mode, value) if call.return_sequences else None
        last = None
        if not call.return_sequences:
            last = self.merged(call.merge_mode, self.last(model, value, final_states))
        if self.conventions.state_dtype == "weights":
            final_states = [self.shown(state, of_weights) for state in final_states]
        shapes = {"x": self.seen(x).shape, "sequence": value.shape, "final_states": final_states[0].shape}
        return Output(sequence, last, tuple(final_states), shapes)

    def cast(self, model: Network, call: Call, dtype: str) -> tuple[Network, Call]:
        """Weights, input and initial states in the type to be computed in."""
        return in_type(dtype, model, call)

    # Keeping states

    def kept_states(self, model: Network) -> States | None:
        """The states that the stateful call before left, if there was one."""
        return self._kept[1] if self._kept is not None and self._kept[0] is model else None

    def keep(self, model: Network, final_states: list[Array]) -> None:
        """Keep the states for the next stateful call."""
        self._kept = (model, tuple(state.copy() for state in final_states))

    def reset_states(self, model: Network) -> None:
        self._kept = None

    # Directions and steps

    def backwards(self, x: Array) -> Array:
        """The input in the order in which a layer that goes backwards reads it."""
        return x[:, ::-1]

    def ordered(self, sequence: Array, steps: Array | None) -> Array:
        """The outputs of going backwards from processing order to the declared one."""
        match self.conventions.go_backwards_order:
            case "input":
                return sequence[:, ::-1]
            case "padding last" if steps is not None:
                return np.stack(
                    [np.concatenate([h[taken], h[~taken]]) for h, taken in zip(sequence, steps, strict=True)]
                )
        return sequence

    def as_processed(self, shown: Array, steps: Array | None) -> Array:
        """Cotangents of outputs of going backwards, from the declared order to processing order."""
        match self.conventions.go_backwards_order:
            case "input":
                return shown[:, ::-1]
            case "padding last" if steps is not None:
                places = np.argsort(~steps, axis=1, kind="stable")
                processed = np.empty_like(shown)
                np.put_along_axis(processed, places[:, :, None], shown, axis=1)
                return processed
        return shown

    def shown(self, state: Array, dtype: Any) -> Array:
        """A final state, computed in another type, in that of the weights."""
        return state.astype(dtype)

    def after_backwards(self, sequence: Array, final_states: list[Array]) -> tuple[Array, list[Array]]:
        """What a layer that goes backwards returns."""
        return sequence, final_states

    def merged(self, mode: MergeMode, both: Array) -> Array:
        """Outputs of two directions, side by side, as one."""
        if mode in ("concat", "none"):
            return both
        forward, backward = np.split(both, 2, axis=-1)
        combined: Array = forward * backward if mode == "mul" else forward + backward
        return combined / combined.dtype.type(2) if mode == "ave" else combined

    def seen(self, x: Array) -> Array:
        """The input as the layer takes it."""
        return x

    def steps(self, call: Call) -> Array | None:
        """The steps that each row takes; None for all."""
        return steps_of_call(call)

    def padded(self, sequence: Array, steps: Array) -> Array:
        """The sequence output as it is shown at masked time steps: zero."""
        return np.where(steps[:, :, None], sequence, sequence.dtype.type(0))

    def run_stack(
        self, network: Network, x: Array, states: list[Array], steps: Array | None
    ) -> tuple[Array, list[Array]]:
        final_states: list[Array] = []
        for index, (layer, h0) in enumerate(zip(network.layers, states, strict=True)):
            x, final = self.run_layer(layer, x if not index else self.between_layers(x), h0, steps)
            final_states.append(final)
        return x, final_states

    def run_layer(self, layer: Layer, x: Array, h0: Array, steps: Array | None) -> tuple[Array, Array]:
        sequence, final = self.run_direction(layer.forward, x, h0[0], steps)
        if layer.backward is None:
            return sequence, final[None]
        turned = None if steps is None else self.turned(steps)
        backward, final_backward = self.run_direction(layer.backward, x[:, ::-1], h0[1], turned)
        joined = self.join(sequence, self.aligned(backward))
        return joined, np.stack([final, final_backward])

    def turned(self, steps: Array) -> Array:
        """The steps of a direction that goes backwards, in the order in which it takes them."""
        return steps[:, ::-1]

    def run_direction(self, cell: Cell, x: Array, h: Array, steps: Array | None) -> tuple[Array, Array]:
        outputs = [np.empty((x.shape[0], 0, cell.hidden_size), x.dtype)]
        x_mask, h_mask = self.dropout_masks(x, h)
        self.masks.append((x_mask, h_mask))
        h = h if x.shape[1] else h.copy()  # without steps, the final state is no view of what was given
        for t in range(x.shape[1]):
            after = self.step(cell, self.input_at(x, t) * x_mask, h * h_mask)
            h = after if steps is None else self.masked(after, h, steps[:, t, None])
            outputs.append(h[:, None])
        return np.concatenate(outputs, axis=1), h

    def masked(self, after: Array, before: Array, taken: Array) -> Array:
        """The state of each row: after the step if it takes it, before it if not."""
        return np.where(taken, after, before)

    def input_at(self, x: Array, t: int) -> Array:
        return x[:, t]

    def step(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return self.activate(cell.activation, self.pre_activation(cell, x_t, h))

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        z = self.product(x_t, cell.W_x) + self.product(h, cell.W_h)
        for bias in cell.biases:
            z = z + bias
        return z

    def product(self, a: Array, W: Array) -> Array:
        """W a for every row. In a type narrower than float32 the products are summed in float32."""
        if self.route == "quantised":
            a, W = self.on_input_grid(a), self.on_weight_grid(W)
        if self.route == "float16 weights":
            W = self.in_float16(W)
        if a.dtype.itemsize >= 4:
            return a @ W.T
        wide: Array = a.astype(np.float32) @ W.T.astype(np.float32)
        return wide.astype(a.dtype)

    def in_float16(self, W: Array) -> Array:
        """Weights rounded to float16; one beyond its largest number becomes that."""
        return W.clip(-LARGEST_FLOAT16, LARGEST_FLOAT16).astype(np.float16).astype(W.dtype)

    def on_weight_grid(self, W: Array) -> Array:
        """The weights of a matrix in eight bits."""
        return self.on_grid(W, self.weight_spacing(W))

    def weight_spacing(self, W: Array) -> float:
        """The spacing of the grid of a matrix."""
        return float(np.abs(W).max()) / WEIGHT_INTERVALS

    def on_input_grid(self, a: Array) -> Array:
        """The inputs, or states, of a time step in seven bits; what is out of range is cut off."""
        low, high = self.range_of(a)
        return self.on_grid(a.clip(low, high), (high - low) / INPUT_INTERVALS)

    def range_of(self, a: Array) -> tuple[float, float]:
        """The smallest and the largest of the numbers of a time step, 0 among them."""
        return float(a.min(initial=0)), float(a.max(initial=0))

    def on_grid(self, numbers: Array, spacing: float) -> Array:
        """Numbers rounded to the nearest multiple of the spacing."""
        if not spacing:
            return numbers
        multiples: Array = np.rint(numbers / spacing) * numbers.dtype.type(spacing)
        return multiples

    def activate(self, activation: Activation, z: Array) -> Array:
        """φ(z). In a type narrower than float32 it is computed in float32 and rounded once."""
        if z.dtype.itemsize < 4:
            return self.activate(activation, z.astype(np.float32)).astype(z.dtype)
        h = z
        alpha, beta = self.parameters(activation, z.dtype)
        match activation.name:
            case "tanh":
                h = np.tanh(z)
            case "relu":
                h = np.maximum(z, z.dtype.type(0))
            case "sigmoid":
                h = 1 / (1 + np.exp(-z))
            case "softsign":
                h = z / (1 + np.abs(z))
            case "softplus":
                h = np.logaddexp(z, z.dtype.type(0))
            case "elu":
                h = np.where(z > 0, z, alpha * np.expm1(np.minimum(z, z.dtype.type(0))))
            case "leaky_relu":
                h = np.where(z < 0, alpha * z, z)
            case "hard_sigmoid":
                h = np.minimum(np.maximum(alpha * z + beta, z.dtype.type(0)), z.dtype.type(1))
            case "affine":
                h = alpha * z + beta
            case "scaled_tanh":
                h = alpha * np.tanh(beta * z)
        return h

    def parameters(self, activation: Activation, dtype: Any) -> tuple[Any, Any]:
        """α and β in the type computed in; 0 for one that there is not."""
        kind = np.dtype(dtype).type
        return kind(activation.alpha or 0), kind(activation.beta or 0)

    # Dropout

    def dropout_of(self, call: Call) -> tuple[DropoutPlace | None, float]:
        """Where the call drops numbers, and what share of them."""
        return (call.dropout, call.rate) if call.training and call.rate else (None, 0.0)

    def left_of(self, array: Array, rate: float) -> Array:
        """For each number of an array what it is multiplied with: 0, or 1 over the share that is kept."""
        kept = self._random.random(array.shape) >= rate
        return np.asarray(kept / (1 - rate), array.dtype)

    def dropout_masks(self, x: Array, h: Array) -> tuple[Any, Any]:
        """What the input and the state are multiplied with, at all steps alike."""
        place, rate = self.dropping
        return (
            self.left_of(x[:, 0], rate) if place == "input" and x.shape[1] else x.dtype.type(1),
            self.left_of(h, rate) if place == "state" else x.dtype.type(1),
        )

    def between_layers(self, x: Array) -> Array:
        """What a layer gives to the one above it."""
        place, rate = self.dropping
        if place != "between layers":
            return x
        self.left_between.append(self.left_of(x, rate))
        return x * self.left_between[-1]

    # Gradients

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        """Of narrow types they are computed in float32, from the outputs as they are."""
        if self.supports.leading_axes and call.x.ndim > 1 and call.x.ndim != 3:
            return self.gradients_in_one_batch_axis(model, call, d_sequence, d_final_states)
        dtype, self.computing = model.dtype, call.compute_dtype
        if call.compute_dtype is not None:
            model, call = self.cast(model, call, call.compute_dtype)
        self.dropping = self.dropout_of(call)
        x, states = checked_call(model, call.x, call.initial_states)
        steps = self.steps(call)
        x = x if steps is None else self.without_padding(x, steps)
        if call.go_backwards:
            x, steps = x[:, ::-1], None if steps is None else steps[:, ::-1]
            d_sequence = self.as_processed(d_sequence, steps)
        inputs, outputs = list[Array](), [x]
        self.masks, self.left_between = [], []
        for layer, h0 in zip(model.layers, states, strict=True):
            inputs.append(self.between_layers(outputs[-1]) if inputs else x)
            outputs.append(self.run_layer(layer, inputs[-1], h0, steps)[0])
        masks = list(self.masks)
        if model.dtype.itemsize < 4:
            model = model.astype(np.float32)
            inputs, outputs = ([array.astype(np.float32) for array in each] for each in (inputs, outputs))
            states, d_final_states = (
                tuple(state.astype(np.float32) for state in each) for each in (states, d_final_states)
            )
        g, cells, d_states = d_sequence.astype(model.dtype), list[CellGradients](), list[Array]()
        if call.merge_mode != "concat":
            g = self.parted(call.merge_mode, g, *np.split(outputs[-1], 2, axis=-1))
        for index in reversed(range(model.num_layers)):
            layer, h0, sequence = model.layers[index], states[index], outputs[index + 1]
            H, parts = layer.hidden_size, []
            of_layer, masks = masks[-layer.directions :], masks[: -layer.directions]
            for direction, cell in enumerate(layer.cells):
                self.left = of_layer[direction]
                turned = np.s_[:, ::-1] if direction else np.s_[:, :]
                own = np.s_[..., direction * H : (direction + 1) * H]
                parts.append(
                    self.pull_back(
                        cell,
                        inputs[index][turned],
                        np.concatenate([h0[direction][:, None], sequence[own][turned]], axis=1),
                        self.aligned_gradient(g[own]) if direction else g[own],
                        d_final_states[index][direction],
                        None if steps is None else steps[turned],
                    )
                )
            cells = [weights for weights, _, _ in parts] + cells
            d_states.insert(0, np.stack([dh0 for _, _, dh0 in parts]))
            g = parts[0][1] if len(parts) == 1 else parts[0][1] + parts[1][1][:, ::-1]
            g = g * self.left_between[index - 1] if index and self.left_between else g
        g = g[:, ::-1] if call.go_backwards else g
        found = Gradients(g, tuple(d_states), tuple(cells))
        return found.mapped(lambda array: self.returned_as(array, dtype))

    def without_padding(self, x: Array, steps: Array) -> Array:
        """The input of which masked time steps are zero: 0 · NaN would be NaN."""
        return np.where(steps[:, :, None], x, x.dtype.type(0))

    def returned_as(self, gradient: Array, dtype: Any) -> Array:
        """A gradient in the type of the weights."""
        return gradient.astype(dtype)

    def parted(self, mode: MergeMode, g: Array, forward: Array, backward: Array) -> Array:
        """The cotangents of two directions, side by side, from that of their merged output."""
        if mode == "none":
            return g
        if mode == "mul":
            return np.concatenate([g * backward, g * forward], axis=-1)
        both: Array = np.concatenate([g, g], axis=-1) / g.dtype.type(2 if mode == "ave" else 1)
        return both

    def aligned_gradient(self, g: Array) -> Array:
        """The cotangents of backward outputs, from input order to processing order."""
        return g[:, ::-1]

    def pull_back(
        self, cell: Cell, x: Array, known: Array, g: Array, g_final: Array, steps: Array | None
    ) -> tuple[CellGradients, Array, Array]:
        """One direction: gradients of its weights, of x and of the initial state (the first of `known`)."""
        dW_x, dW_h, db = np.zeros_like(cell.W_x), np.zeros_like(cell.W_h), np.zeros_like(cell.bias)
        dx, s = np.zeros_like(x), g_final
        of_x, of_h = self.left
        for t in range(x.shape[1] - 1, -1, -1):
            s = s + g[:, t]
            a = self.slope(cell.activation, known[:, t + 1]) * s
            if steps is not None:
                a = a * self.taking_part(steps[:, t, None])
            dW_x, dW_h = dW_x + a.T @ (x[:, t] * of_x), dW_h + a.T @ (known[:, t] * of_h)
            db = db + a.sum(axis=0)
            dx[:, t] = a @ cell.W_x * of_x
            s = self.to_step_before(a @ cell.W_h * of_h, s, None if steps is None else steps[:, t, None], t)
        return self.of_weights(cell, dW_x, dW_h, db), dx, self.to_initial_state(s)

    def slope(self, activation: Activation, h: Array) -> Array:
        """φ'(z), from h."""
        slope = np.ones_like(h)
        alpha, beta = self.parameters(activation, h.dtype)
        match activation.name:
            case "tanh":
                slope = 1 - h * h
            case "relu":
                slope = (h > 0).astype(h.dtype)
            case "sigmoid":
                slope = h * (1 - h)
            case "softsign":
                slope = np.square(1 - np.abs(h))
            case "softplus":
                slope = 1 - np.exp(-h)
            case "elu":
                slope = np.where(h > 0, slope, h + alpha)
            case "leaky_relu":
                slope = np.where(h > 0, slope, alpha)
            case "hard_sigmoid":
                slope = np.where((h > 0) & (h < 1), alpha, h.dtype.type(0))
            case "affine":
                slope = slope * alpha
            case "scaled_tanh":
                slope = alpha * beta * (1 - np.square(h / alpha))
        return slope

    def taking_part(self, taken: Array) -> Array:
        """The rows of a step whose gradients count."""
        return taken

    def to_step_before(self, through: Array, s: Array, taken: Array | None, t: int) -> Array:
        """The gradient of the state before step t."""
        return through if taken is None else np.where(taken, through, s)

    def to_initial_state(self, s: Array) -> Array:
        """The gradient of the initial state."""
        return s

    def of_weights(self, cell: Cell, dW_x: Array, dW_h: Array, db: Array) -> CellGradients:
        """The gradients of a cell's weights; each of two biases has that of their sum."""
        return CellGradients(
            dW_x, dW_h, None if cell.b is None else db, None if cell.b_h is None else db.copy()
        )

    # JVP and double backward

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        goes_backwards = call.go_backwards
        model, call, direction = self.as_differentiated(model, call, direction)
        rates = self.rates(model, call, direction)
        outputs, changes, _ = rates[-1]
        changes = self.ordered(changes, self.steps(call)) if goes_backwards else changes
        if call.merge_mode != "concat":
            changes = self.merged_rates(
                call.merge_mode, np.split(outputs, 2, axis=-1), np.split(changes, 2, axis=-1)
            )
        return Output(changes, final_states=tuple(np.stack(final) for _, _, final in rates))

    def as_differentiated(
        self, model: Network, call: Call, direction: Gradients
    ) -> tuple[Network, Call, Gradients]:
        """The call in the type that it computes in, in processing order, with padding of zeros."""
        narrow = call.compute_dtype
        if narrow is not None:
            model, call = self.cast(model, call, narrow)
            direction = direction.mapped(lambda array: array.astype(narrow))
        x, steps = call.x, self.steps(call)
        x = x if steps is None else self.without_padding(x, steps)
        if call.go_backwards:
            x, steps = x[:, ::-1], None if steps is None else steps[:, ::-1]
            direction = direction._replace(x=direction.x[:, ::-1])
        return model, replace(call, x=x, lengths=None, mask=steps, go_backwards=False), direction

    def merged_rates(self, mode: MergeMode, outputs: list[Array], rates: list[Array]) -> Array:
        """How fast the merged output of two directions changes."""
        if mode == "mul":
            product: Array = rates[0] * outputs[1] + outputs[0] * rates[1]
            return product
        return self.merged(mode, np.concatenate(rates, axis=-1))

    def rates(
        self, model: Network, call: Call, direction: Gradients
    ) -> list[tuple[Array, Array, list[Array]]]:
        """For each layer its outputs, their rates of change, and those of its final states."""
        x, states = checked_call(model, call.x, call.initial_states)
        dx, steps, cells = direction.x, self.steps(call), iter(direction.cells)
        found = []
        for layer, h0, dh0 in zip(model.layers, states, direction.initial_states, strict=True):
            outputs, outputs_rates, finals = [], [], []
            for d, cell in enumerate(layer.cells):
                towards, h, dh = next(cells), h0[d], dh0[d]
                shape = (*x.shape[:2], cell.hidden_size)
                sequence, rates = np.zeros(shape, x.dtype), np.zeros(shape, x.dtype)
                for t in range(x.shape[1])[:: -1 if d else 1]:
                    after = self.step(cell, x[:, t], h)
                    dz = self.rate_of_z(cell, towards, x[:, t], dx[:, t], h, dh)
                    changed = (self.slope(cell.activation, after) * dz).astype(x.dtype)
                    if steps is not None:
                        taken = steps[:, t, None]
                        after, changed = np.where(taken, after, h), np.where(taken, changed, dh)
                    h, dh = after, changed
                    sequence[:, t], rates[:, t] = h, dh
                outputs.append(sequence)
                outputs_rates.append(rates)
                finals.append(dh)
            x, dx = np.concatenate(outputs, axis=-1), np.concatenate(outputs_rates, axis=-1)
            found.append((x, dx, finals))
        return found

    def rate_of_z(
        self, cell: Cell, towards: CellGradients, x_t: Array, dx_t: Array, h: Array, dh: Array
    ) -> Array:
        """How fast the pre-activation changes."""
        dz: Array = dx_t @ cell.W_x.T + x_t @ towards.W_x.T + dh @ cell.W_h.T + h @ towards.W_h.T
        for bias in (towards.b, towards.b_h):
            dz = dz if bias is None else dz + bias
        return dz

    def bend(self, activation: Activation, h: Array) -> Array:
        """φ''(z), from h."""
        bend = np.zeros_like(h)
        alpha, beta = self.parameters(activation, h.dtype)
        match activation.name:
            case "tanh":
                bend = -2 * h * (1 - h * h)
            case "sigmoid":
                bend = h * (1 - h) * (1 - 2 * h)
            case "softsign":
                bend = -2 * np.sign(h) * (1 - np.abs(h)) ** 3
            case "softplus":
                bend = np.exp(-h) - np.exp(-2 * h)
            case "elu":
                bend = np.where(h > 0, bend, h + alpha)
            case "scaled_tanh":
                bend = -2 * beta * beta * h * (1 - np.square(h / alpha))
        return bend

    def second_gradients(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        dtype, goes_backwards = model.dtype, call.go_backwards
        turned = np.s_[:, :: -1 if goes_backwards else 1]
        model, call, direction = self.as_differentiated(model, call, direction)
        x, states = checked_call(model, call.x, call.initial_states)
        steps = self.steps(call)
        d_sequence = self.as_processed(d_sequence, steps) if goes_backwards else d_sequence
        taken = np.ones(x.shape[:2], bool) if steps is None else steps
        layers = self.rates(model, call, direction)
        below = [(x, direction.x), *((h, dh) for h, dh, _ in layers)]
        cells, of_states = list[CellGradients](), list[Array]()
        g, dg = self.moving_cotangents(call.merge_mode, d_sequence.astype(model.dtype), *layers[-1][:2])
        d_final_states = tuple(state.astype(model.dtype) for state in d_final_states)
        count = len(model.cells)
        for index in reversed(range(model.num_layers)):
            layer, (u, du), (h, dh, _) = model.layers[index], below[index], layers[index]
            count -= layer.directions
            gu, dgu = np.zeros_like(u), np.zeros_like(u)
            of_cells, of_h0 = list[CellGradients](), list[Array]()
            for d, cell in enumerate(layer.cells):
                own = np.s_[..., d * cell.hidden_size : (d + 1) * cell.hidden_size]
                V, order = direction.cells[count + d], range(x.shape[1])[:: -1 if d else 1]
                s, ds = d_final_states[index][d], np.zeros_like(d_final_states[index][d])
                rW_x, rW_h, rb = np.zeros_like(cell.W_x), np.zeros_like(cell.W_h), np.zeros_like(cell.bias)
                for t in order[::-1]:
                    first, before = t == order[0], t + (1 if d else -1)
                    p = states[index][d] if first else h[own][:, before]
                    dp = direction.initial_states[index][d] if first else dh[own][:, before]
                    s, ds = s + g[own][:, t], ds + dg[own][:, t]
                    slope = self.slope(cell.activation, h[own][:, t]) * taken[:, t, None]
                    bend = self.bend(cell.activation, h[own][:, t]) * taken[:, t, None]
                    dz = self.rate_of_z(cell, V, u[:, t], du[:, t], p, dp)
                    a, da = slope * s, bend * dz * s + slope * ds
                    rW_x += da.T @ u[:, t] + a.T @ du[:, t]
                    rW_h += da.T @ p + a.T @ dp
                    rb += da.sum(axis=0)
                    gu[:, t] += a @ cell.W_x
                    dgu[:, t] += da @ cell.W_x + self.through_changed_weights(a, V.W_x)
                    s, ds = (
                        np.where(taken[:, t, None], a @ cell.W_h, s),
                        np.where(taken[:, t, None], da @ cell.W_h + a @ V.W_h, ds),
                    )
                of_cells.append(self.of_weights(cell, rW_x, rW_h, rb))
                of_h0.append(ds)
            cells, g, dg = of_cells + cells, gu, dgu
            of_states.insert(0, np.stack(of_h0))
        found = Gradients(dg[turned], tuple(of_states), tuple(cells))
        return found.mapped(lambda array: self.returned_as(array, dtype))

    def moving_cotangents(
        self, mode: MergeMode, g: Array, outputs: Array, rates: Array
    ) -> tuple[Array, Array]:
        """The cotangents of both directions, and how fast they change."""
        if mode == "concat":
            return g, np.zeros_like(g)
        parts = self.parted(mode, g, *np.split(outputs, 2, axis=-1))
        changes = np.zeros_like(parts)
        return parts, self.parted(mode, g, *np.split(rates, 2, axis=-1)) if mode == "mul" else changes

    def through_changed_weights(self, a: Array, V: Array) -> Array:
        """What the gradient of x gains because the weights change."""
        through: Array = a @ V
        return through

    # Freshly initialised layers

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        random = np.random.default_rng(seed)
        return Network(
            Layer(*(self.fresh_cell(random, cell) for cell in layer.cells)) for layer in like.layers
        )

    def fresh_cell(self, random: np.random.Generator, like: Cell) -> Cell:
        """One cell of a network, drawn."""
        shapes = {"W_x": like.W_x.shape, "W_h": like.W_h.shape}
        if like.biases:
            shapes |= {"b": (like.hidden_size,), "b_h": (like.hidden_size,)}
        rules = self.conventions.initialisation
        drawn = {role: self.drawn(random, rules[role], shape) for role, shape in shapes.items()}
        return Cell(**drawn, activation=like.activation).astype(like.dtype)

    def drawn(self, random: np.random.Generator, rule: str, shape: tuple[int, ...]) -> Array:
        """One weight by a rule; the last axis is the one that it comes from."""
        match rule:
            case "zeros":
                return np.zeros(shape)
            case "orthogonal":
                Q, R = np.linalg.qr(random.standard_normal(shape))
                signs: Array = np.sign(np.diag(R))
                return Q * signs
            case "glorot uniform":
                limit = np.sqrt(6 / sum(shape))
                return random.uniform(-limit, limit, shape)
            case "lecun normal":
                return np.asarray(self.truncated_normal(random, shape) / (TRUNCATED * np.sqrt(shape[-1])))
            case "uniform 1/√H":
                return np.asarray(random.uniform(-1, 1, shape) / np.sqrt(shape[0]))
        return np.clip(random.standard_cauchy(shape), -999, 999)  # nothing is declared

    def truncated_normal(self, random: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Normal numbers, those beyond ±2 drawn again."""
        z = random.standard_normal(shape)
        while (beyond := np.abs(z) > 2).any():
            z[beyond] = random.standard_normal(int(beyond.sum()))
        return z

    # The surface: shapes, masks and options without numbers

    def inferred_shapes(
        self, model: Network, call: Call, unknown: tuple[UnknownAxis, ...]
    ) -> Mapping[str, Shapes]:
        return {"inference": self.inferred(model, call, unknown)}

    def inferred(self, model: Network, call: Call, unknown: tuple[UnknownAxis, ...]) -> Shapes:
        """The shapes of outputs that are not computed."""
        shapes = shapes_of(model, call, unknown)
        return shapes if self.supports.final_states else replace(shapes, final_states=None)

    def handed_masks(self, model: Network, call: Call) -> Mapping[str, Array | None]:
        steps = self.steps(call)
        return {"next layer": None if steps is None else self.handed(call, steps)}

    def handed(self, call: Call, steps: Array) -> Array | None:
        """The mask that goes with the outputs."""
        if not call.return_sequences:
            return None
        return self.turned(steps) if call.go_backwards else steps

    def kept_options(self, model: Network, call: Call) -> Mapping[str, tuple[str, str]]:
        given = {"units": "3", "activation": "relu", "use_bias": "false", "seed": "7"}
        kept, documented = self.configured(given), {"use_bias": "true", "return_sequences": "false"}
        found = {name: (value, kept.get(name, "")) for name, value in given.items()}
        left_alone = self.not_given(documented)
        return found | {f"default of {name}": (documented[name], left_alone[name]) for name in documented}

    def not_given(self, documented: Mapping[str, str]) -> Mapping[str, str]:
        """What options are that are not given."""
        return documented

    def configured(self, options: Mapping[str, str]) -> Mapping[str, str]:
        """The options of a layer that is made from the configuration of one with these."""
        return dict(options)

    def wrong_layers(self, model: Network, call: Call) -> Mapping[str, str]:
        units = {f"{number} units": "expected 1 or more" for number in (0, -1)}
        return units | {"an unknown way to merge": "expected a known one"}

    def default_states(self, model: Network, call: Call) -> States:
        *batch, _, _ = call.x.shape
        shapes = ((layer.directions, *batch, layer.hidden_size) for layer in model.layers)
        return tuple(np.zeros(shape, computed_in(model, call)) for shape in shapes)

    # Training

    def count_trainable(self, model: Network, frozen: tuple[int, ...]) -> Mapping[str, int]:
        layers = [layer for index, layer in enumerate(model.layers) if index not in frozen]
        return {"count": sum(self.count_parameters(Network([layer])) for layer in layers)}

    def trained(self, model: Network, call: Call, training: Training) -> Trained:
        networks, losses = list[Network](), [self.loss(model, call, training)]
        zeros = tuple(np.zeros(shape, model.dtype) for shape in model.state_shapes(len(call.x)))
        for step in range(training.steps):
            cells = self.gradients(model, call, training.d_sequence, zeros).cells
            after = iter(
                self.after_step(cell, of_cell, training.rate, step)
                for cell, of_cell in zip(model.cells, cells, strict=True)
            )
            changed = Network(Layer(*(next(after) for _ in layer.cells)) for layer in model.layers)
            model = self.left_alone(model, changed, training.frozen)
            networks.append(model)
            losses.append(self.loss(model, call, training))
        return Trained(tuple(networks), tuple(losses))

    def loss(self, model: Network, call: Call, training: Training) -> float:
        """Σ d_sequence · sequence."""
        sequence = self.run(model, call).sequence
        assert sequence is not None
        return float((training.d_sequence * sequence).sum())

    def after_step(self, cell: Cell, gradients: CellGradients, rate: float, step: int) -> Cell:
        """A cell after a step of training."""
        weights = {
            role: self.descended(role, weight, getattr(gradients, role), rate)
            for role in ("W_x", "W_h", "b", "b_h")
            if (weight := getattr(cell, role)) is not None
        }
        return Cell(**weights, activation=cell.activation)

    def descended(self, role: str, weight: Array, gradient: Array, rate: float) -> Array:
        """W − η ∂ℓ/∂W."""
        after: Array = weight - weight.dtype.type(rate) * gradient
        return after

    def left_alone(self, before: Network, after: Network, frozen: tuple[int, ...]) -> Network:
        """The layers after a step, those that are not trained as before it."""
        return with_frozen(before, after, frozen)

    # Putting together

    def aligned(self, backward: Array) -> Array:
        """Backward outputs from processing order to input order."""
        return backward[:, ::-1]

    def join(self, forward: Array, backward: Array) -> Array:
        return np.concatenate([forward, backward], axis=-1)

    def last(self, network: Network, sequence: Array, final_states: list[Array]) -> Array:
        return np.concatenate(list(final_states[-1]), axis=-1)

    # Reading back

    def read_weights(self, model: Network) -> Network:
        return model

    def native_weights(self, model: Network) -> list[dict[str, tuple[int, ...]]]:
        return shapes_by_role(model)

    def count_parameters(self, model: Network) -> int:
        arrays: list[Any] = [array for cell in model.cells for array in (cell.W_x, cell.W_h, *cell.biases)]
        return sum(array.size for array in arrays)


ROUTES: dict[str, tuple[RouteKind, str]] = {
    "unrolled": ("unrolled", "a list of steps instead of a loop"),
    "time major": ("axes", "time before batch"),
    "cell": ("cell", "the step, called by a loop outside"),
    "compiled": ("compiled", "translated once, called often"),
    "saved": ("saved", "weights through a file"),
    "predict": ("model", "a few rows at a time"),
    "mask by value": ("padding", "time steps of one number in every feature are masked"),
    "configured": ("configuration", "made anew from its configuration"),
    "other arguments": ("arguments", "states by place"),
    "batch axes": ("axes", "any number of batch axes, taken as one"),
    "device": ("device", "another device than the CPU"),
    "quantised": ("quantised", "weights of eight bits, inputs and states of seven"),
    "float16 weights": ("quantised", "weights rounded to float16"),
}
"""A route of almost every kind, by name."""

SELDOM: tuple[RouteKind, ...] = ("configuration", "arguments", "device", "quantised")
"""Kinds that only the clauses about them need to draw."""


def framework_of_plain(name: str, make: Callable[[str], PlainNumpy]) -> Framework:
    """The implementation, or a faulty one made of it, with all its routes.

    Args:
        make: from the name of a route to what takes it.
    """
    routes = {
        route: Route(kind, what, partial(make, route), expensive=kind in SELDOM)
        for route, (kind, what) in ROUTES.items()
    }
    return Framework(name, partial(make, ""), routes)


def plain() -> Framework:
    """The correct implementation."""
    return framework_of_plain(PlainNumpy.name, PlainNumpy)

"""The reference as an adapter: what passes every clause by construction, if the suite is right."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Adapter, Call, Output
from rnn_adapters.declarations import ROLES, Conventions, NativeWeight, Supports
from rnn_adapters.framework import Framework
from rnn_adapters.reference_code import code
from rnn_adapters.surface import Shape, Shapes, Trained, Training, UnknownAxis
from rnn_adapters.written_documents import decoded, encoded
from rnn_adapters.written_networks import NetworkData, read_network, write_network
from rnn_reference.activations import ACTIVATIONS, DEFAULTS
from rnn_reference.bounds import Bounded, BoundedResult, bound_network
from rnn_reference.errors import BadInput
from rnn_reference.forward import merge_directions, run_network, run_stack
from rnn_reference.gradients import CellGradients, Gradients, backpropagate, parted_gradient
from rnn_reference.network import Array, Cell, Network, States, checked_call, checked_steps, steps_of_lengths
from rnn_reference.parameters import network_parameters
from rnn_reference.second_gradients import Moving, moving_parts, second_gradients
from rnn_reference.tangents import bound_merged_tangent, bound_tangents
from rnn_reference.training import with_weights


class ReferenceAdapter(Adapter[Network]):
    """`rnn_reference`, computed in float64 and rounded to the network's type."""

    name = "reference"
    conventions = Conventions(
        layer="rnn_reference.Network",
        weights=(
            NativeWeight("W_x", "W_x", ("hidden", "input")),
            NativeWeight("W_h", "W_h", ("hidden", "state")),
            NativeWeight("b", "b", ("hidden",)),
            NativeWeight("b_h", "b_h", ("hidden",)),
        ),
        bias_vectors=None,
        axes={
            "x": ("batch", "time", "input"),
            "sequence": ("batch", "time", "directions*hidden"),
            "final_states": ("directions", "batch", "hidden"),
        },
        last_output="final states of the top layer, forward then backward",
        final_state_order="one array per layer, bottom first; forward before backward",
        padded_output="zero",
        padded_output_bidirectional="zero",
        go_backwards_order="processing",
    )
    supports = Supports(
        activations=ACTIVATIONS,
        parameters=tuple(DEFAULTS),
        mixed_directions=True,
        dtypes=("float32", "float64", "float16", "bfloat16"),
        compute_dtypes=("float16", "bfloat16"),
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
        gradients=True,
        tangents=True,
        second_gradients=True,
        lengths=True,
        masks=True,
        lengths_and_masks=True,
        go_backwards=True,
        merge_modes=("concat", "sum", "mul", "ave", "none"),
        inferred_shapes=True,
        unknown_axes=("batch", "time"),
        handed_masks=True,
        mask_dtypes=("uint8", "int32", "int64", "float32"),
        default_states=True,
        count_trainable=True,
        trained=True,
    )

    def versions(self) -> dict[str, str]:
        return {"numpy": np.__version__, "python": platform.python_version()}

    def load(self, network: Network) -> Network:
        return network.astype(network.dtype)  # checked anew

    def run(self, model: Network, call: Call) -> Output:
        if call.compute_dtype is not None:
            model, call = in_type(call.compute_dtype, model, call)
        x, states = checked_call(model, call.x, call.initial_states)
        steps = steps_of_call(call)
        if call.go_backwards:
            x, steps = x[:, ::-1], None if steps is None else steps[:, ::-1]
        wide_states = tuple(state.astype(np.float64) for state in states)
        with np.errstate(invalid="ignore", over="ignore"):
            wide = run_stack(model.astype(np.float64), x.astype(np.float64), wide_states, steps)
            final_states = tuple(state.astype(model.dtype) for state in wide.final_states)
            sequence = wide.sequence.astype(model.dtype)
            last = wide.last.astype(model.dtype)
        if steps is not None:
            sequence[~steps] = 0
        if call.merge_mode != "concat":
            H = model.layers[-1].hidden_size
            sequence = merge_directions(call.merge_mode, sequence[..., :H], sequence[..., H:])
            last = merge_directions(call.merge_mode, last[..., :H], last[..., H:])
        return Output(
            sequence=sequence if call.return_sequences else None,
            last=None if call.return_sequences else last,
            final_states=final_states,
            native_shapes={
                "x": x.shape,
                "sequence": wide.sequence.shape,
                "final_states": final_states[0].shape,
            },
        )

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        dtype = model.dtype
        if call.compute_dtype is not None:
            model, call = in_type(call.compute_dtype, model, call)
        x, steps, order = call.x, steps_of_call(call), np.s_[:, :: -1 if call.go_backwards else 1]
        if call.merge_mode != "concat":
            outputs = run_network(model, x, call.initial_states, steps).sequence
            d_sequence = parted_gradient(call.merge_mode, d_sequence, *np.split(outputs, 2, axis=-1))
        found = backpropagate(
            model,
            x[order],
            call.initial_states,
            d_sequence.astype(model.dtype),
            tuple(state.astype(model.dtype) for state in d_final_states),
            None if steps is None else steps[order],
        )
        return found._replace(x=found.x[order]).mapped(lambda array: array.astype(dtype))

    def tangents(self, model: Network, call: Call, direction: Gradients) -> Output:
        model, call, direction, outputs, rates = changing(model, call, direction)
        found = rates.sequence
        if call.merge_mode != "concat":
            found = bound_merged_tangent(call.merge_mode, outputs, found, model.dtype)
        finals = tuple(final.value.astype(model.dtype) for final in rates.final_states)
        return Output(found.value.astype(model.dtype), final_states=finals)

    def second_gradients(
        self, model: Network, call: Call, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        dtype, turned = model.dtype, np.s_[:, :: -1 if call.go_backwards else 1]
        model, call, direction, outputs, rates = changing(model, call, direction)
        wide, both = d_sequence.astype(outputs.value.dtype), Moving(outputs, rates.sequence)
        found = second_gradients(
            model,
            call.x,
            call.initial_states,
            moving_parts(call.merge_mode, wide, both, model.dtype),
            tuple(state.astype(model.dtype) for state in d_final_states),
            direction,
            steps_of_call(call),
        )
        return found._replace(x=found.x[turned]).mapped(lambda array: array.astype(dtype))

    def inferred_shapes(
        self, model: Network, call: Call, unknown: tuple[UnknownAxis, ...]
    ) -> Mapping[str, Shapes]:
        return {"by the spec": shapes_of(model, call, unknown)}

    def handed_masks(self, model: Network, call: Call) -> Mapping[str, Array | None]:
        steps = steps_of_call(call)
        if steps is not None and call.go_backwards:
            steps = steps[:, ::-1]
        return {"by the spec": steps if call.return_sequences else None}

    def default_states(self, model: Network, call: Call) -> States:
        *batch, _, _ = call.x.shape
        shapes = ((layer.directions, *batch, layer.hidden_size) for layer in model.layers)
        return tuple(np.zeros(shape, computed_in(model, call)) for shape in shapes)

    def count_trainable(self, model: Network, frozen: tuple[int, ...]) -> Mapping[str, int]:
        trained = [Network([layer]) for index, layer in enumerate(model.layers) if index not in frozen]
        return {"by the spec": sum(map(network_parameters, trained))}

    def trained(self, model: Network, call: Call, training: Training) -> Trained:
        networks, losses = list[Network](), [self._loss(model, call, training)]
        nothing = tuple(np.zeros(shape, model.dtype) for shape in model.state_shapes(len(call.x)))
        for _ in range(training.steps):
            gradients = self.gradients(model, call, training.d_sequence, nothing).cells
            after = [_descended(*both, training.rate) for both in zip(model.cells, gradients, strict=True)]
            model = with_frozen(model, with_weights(model, tuple(after)), training.frozen)
            networks.append(model)
            losses.append(self._loss(model, call, training))
        return Trained(tuple(networks), tuple(losses))

    def _loss(self, model: Network, call: Call, training: Training) -> float:
        sequence = self.run(model, replace(call, return_sequences=True)).sequence
        assert sequence is not None
        return float((training.d_sequence * sequence.astype(np.float64)).sum())

    def read_weights(self, model: Network) -> Network:
        return model

    def assign_weights(self, model: Network, network: Network) -> None:
        for held, given in zip(model.cells, network.cells, strict=True):
            for role in ROLES:
                if (array := getattr(held, role)) is not None:
                    array[...] = getattr(given, role)

    def restored(self, model: Network) -> Network:
        return read_network(decoded(encoded(write_network(model)), NetworkData))

    def native_weights(self, model: Network) -> list[dict[str, tuple[int, ...]]]:
        return shapes_by_role(model)

    def count_parameters(self, model: Network) -> int:
        return network_parameters(model)


def _descended(cell: Cell, gradients: CellGradients, rate: float) -> dict[str, Array]:
    """The weights of a cell after a step, computed in float64."""
    weights = {role: getattr(cell, role) for role in ROLES if getattr(cell, role) is not None}
    wide = {role: getattr(gradients, role).astype(np.float64) for role in weights}
    return {role: (weight - rate * wide[role]).astype(weight.dtype) for role, weight in weights.items()}


def in_type(dtype: str, model: Network, call: Call) -> tuple[Network, Call]:
    """Mixed precision: weights, input and initial states rounded to the type that is computed in.

    Raises:
        BadInput: input or an initial state is complex, and would lose its imaginary part.
    """
    states = call.initial_states
    for name, array in [("x", call.x), *(("initial_states", state) for state in states or ())]:
        if array.dtype.kind == "c":
            raise BadInput(f"{name}: expected real numbers; got {array.dtype}")
    with np.errstate(invalid="ignore"):  # of a signalling NaN
        if states is not None:
            states = tuple(state.astype(dtype) for state in states)
        return model.astype(dtype), replace(call, x=call.x.astype(dtype), initial_states=states)


def changing(
    model: Network, call: Call, direction: Gradients
) -> tuple[Network, Call, Gradients, Bounded, BoundedResult]:
    """A call going forward, in the type that is computed in, and what changes its arrays.

    Returns:
        Network, call and direction; the outputs of both directions side by side; the rates of all outputs.
    """
    if call.compute_dtype is not None:
        dtype = call.compute_dtype
        model, call = in_type(dtype, model, call)
        direction = direction.mapped(lambda array: array.astype(dtype))
    steps = steps_of_call(call)
    if call.go_backwards:
        steps = None if steps is None else steps[:, ::-1]
        call = replace(call, x=call.x[:, ::-1], lengths=None, mask=steps, go_backwards=False)
        direction = direction._replace(x=direction.x[:, ::-1])
    given = model, call.x, call.initial_states
    outputs, rates = bound_network(*given, steps).sequence, bound_tangents(*given, direction, steps)
    return model, call, direction, outputs, rates


def computed_in(model: Network, call: Call) -> np.dtype[Any]:
    """The type of outputs and states."""
    return model.dtype if call.compute_dtype is None else model.astype(call.compute_dtype).dtype


def shapes_of(model: Network, call: Call, unknown: tuple[UnknownAxis, ...]) -> Shapes:
    """The shapes of what a call gives."""
    batch: int | None = None if "batch" in unknown else call.x.shape[0]
    time: int | None = None if "time" in unknown else call.x.shape[1]
    size = model.output_size if call.merge_mode in ("concat", "none") else model.layers[-1].hidden_size
    states: tuple[Shape, ...] = tuple((batch, cell.hidden_size) for cell in model.cells)
    return Shapes(
        sequence=(batch, time, size) if call.return_sequences else None,
        last=None if call.return_sequences else (batch, size),
        final_states=states,
        dtype=str(computed_in(model, call)),
    )


def with_frozen(before: Network, after: Network, frozen: tuple[int, ...]) -> Network:
    """The weights after a step of training, but before it of layers that are not trained."""
    both = enumerate(zip(before.layers, after.layers, strict=True))
    return Network(old if index in frozen else new for index, (old, new) in both)


def steps_of_call(call: Call) -> Array | None:
    """The steps that a call asks for, (batch, time); None for all.

    Raises:
        BadInput: the lengths or the mask do not fit the input.
    """
    masked = checked_steps(call.x, None if call.mask is None else call.mask.astype(bool))
    if call.lengths is None:
        return masked
    within = checked_steps(call.x, steps_of_lengths(call.lengths, call.x.shape[1]))
    return within if masked is None or within is None else within & masked


def marked_by_value(x: Array, mask: Array) -> tuple[Array, float]:
    """Input whose masked time steps hold one number in every feature, and that number.

    Where it can be, it is a number of the input itself: a step that holds it in one feature only is taken.

    Args:
        mask: (batch, time), booleans or numbers.
    """
    mask = mask.astype(bool)
    taken = x[mask]
    finite = taken[np.isfinite(taken[:, 0])] if taken.size else taken
    candidates = [*finite[:, 0].tolist(), *range(len(taken) + 1)] if finite.size else [0.0]
    value = next(v for v in candidates if not (taken == v).all(axis=-1).any())
    return np.where(mask[:, :, None], x, x.dtype.type(value)), value


def shapes_by_role(network: Network) -> list[dict[str, tuple[int, ...]]]:
    """For each cell the shapes of the weights that it has, as `Adapter.native_weights` gives them."""
    return [
        {
            role: array.shape
            for role in ("W_x", "W_h", "b", "b_h")
            if (array := getattr(cell, role)) is not None
        }
        for cell in network.cells
    ]


FRAMEWORKS = (
    Framework(
        "reference",
        ReferenceAdapter,
        conventions=ReferenceAdapter.conventions,
        title="`rnn_reference.Network`",
        reproduction=code,
    ),
)

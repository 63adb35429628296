"""Gradients through Keras layers, by the means of each backend."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from rnn_adapters.adapter import Call, NotOffered
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, States

if TYPE_CHECKING:
    from rnn_adapters.keras import KerasAdapter, KerasModel


def gradients(
    adapter: KerasAdapter, model: KerasModel, call: Call, d_sequence: Array, d_final_states: States
) -> Gradients:
    """See `Adapter.gradients`."""
    assert call.initial_states is not None
    means = {"tensorflow": _by_tape, "torch": _by_autograd, "jax": _by_vjp}
    if adapter.backend not in means:
        raise NotOffered(f"Keras on {adapter.backend} has no gradients")
    layers = [built for built, _ in model.layers()]
    states = [list(state) for state in call.initial_states]
    incoming = [d_sequence, *(direction for state in d_final_states for direction in state)]
    outgoing = means[adapter.backend](layers, call.x, states, call.mask, incoming)
    arrays = iter([adapter.numpy(array) for array in outgoing])
    dx = next(arrays)
    d_states = tuple(
        adapter.keras.ops.convert_to_numpy(adapter.keras.ops.stack([next(arrays) for _ in state]))
        for state in states
    )
    cells = [
        CellGradients(*_oriented([next(arrays) for _ in cell.trainable_variables]))
        for built in layers
        for cell in adapter.cells(built)
    ]
    return Gradients(dx, d_states, tuple(cells))


def _oriented(kernels: list[Array]) -> list[Array]:
    """kernel, recurrent_kernel and bias, as the equation has them."""
    return [kernels[0].T, kernels[1].T, *kernels[2:]]


def _run(layers: list[Any], call_layer: Callable[..., Any], x: Any, states: Any, mask: Any) -> list[Any]:
    """Sequence output and final states, direction by direction, of all layers."""
    value, finals = x, []
    for index, built in enumerate(layers):
        options = {} if mask is None else {"mask": mask}
        value, *final = call_layer(index, built, value, initial_state=list(states[index]), **options)
        finals += final
    return [value, *finals]


def _eagerly(index: int, built: Any, value: Any, **options: Any) -> Any:
    return built(value, **options)


def _by_tape(layers: list[Any], x: Array, states: Any, mask: Any, incoming: list[Array]) -> list[Any]:
    import tensorflow as tf

    given = tf.constant(x)
    start = [[tf.constant(h) for h in state] for state in states]
    weights = [variable.value for built in layers for variable in built.trainable_variables]
    sources = [given, *(h for state in start for h in state)]
    with tf.GradientTape() as tape:
        tape.watch(sources)
        outputs = _run(layers, _eagerly, given, start, mask)
    found: list[Any] = tape.gradient(
        outputs,
        [*sources, *weights],
        output_gradients=[tf.constant(g) for g in incoming],
        unconnected_gradients="zero",
    )
    return found


def _by_autograd(layers: list[Any], x: Array, states: Any, mask: Any, incoming: list[Array]) -> list[Any]:
    import torch

    given = torch.tensor(x, requires_grad=True)
    start = [[torch.tensor(h, requires_grad=True) for h in state] for state in states]
    weights = [variable.value for built in layers for variable in built.trainable_variables]
    outputs = _run(layers, _eagerly, given, start, mask)
    sources = [given, *(h for state in start for h in state), *weights]
    return list(
        torch.autograd.grad(
            outputs, sources, [torch.tensor(g) for g in incoming], allow_unused=True, materialize_grads=True
        )
    )


def _by_vjp(layers: list[Any], x: Array, states: Any, mask: Any, incoming: list[Array]) -> list[Any]:
    weights = [[variable.value for variable in built.trainable_variables] for built in layers]
    others = [[variable.value for variable in built.non_trainable_variables] for built in layers]
    of_weights, dx, d_states = _pulled_back(tuple(layers))(weights, others, x, states, mask, incoming)
    return [
        dx,
        *(h for state in d_states for h in state),
        *(gradient for layer in of_weights for gradient in layer),
    ]


@cache
def _pulled_back(layers: tuple[Any, ...]) -> Callable[..., Any]:
    """Compiled once for these layers and every shape."""
    import jax

    def outputs(others: Any, mask: Any, weights: Any, x: Any, states: Any) -> list[Any]:
        def stateless(index: int, built: Any, value: Any, **options: Any) -> Any:
            returned, _ = built.stateless_call(weights[index], others[index], value, **options)
            return returned

        return _run(list(layers), stateless, x, states, mask)

    def pulled_back(weights: Any, others: Any, x: Any, states: Any, mask: Any, incoming: Any) -> Any:
        _, pull_back = jax.vjp(partial(outputs, others, mask), weights, x, states)
        return pull_back(incoming)

    compiled: Callable[..., Any] = jax.jit(pulled_back)
    return compiled

"""How a core is unrolled (`Parts.network`), and what was transformed called (`Parts.call`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import haiku as hk
import jax
import jax.numpy as jnp

from rnn_adapters.haiku.layers import HaikuLayers
from rnn_adapters.jax_adapter import Returned, Tree

Pair = tuple[Any, Any]


def state_for(layers: HaikuLayers, core: Any, x: Any, states: Any) -> Any:
    """The state that an unroll starts from; of x without batch one without, too."""
    batch = None if x.ndim == 2 else x.shape[0 if layers.parts.batch_first else 1]
    return core.initial_state(batch) if states is None else states


def unrolled(layers: HaikuLayers, x: Any, states: Any, **options: Any) -> Pair:
    """`dynamic_unroll`, with what is asked for besides."""
    core = layers.core()
    backwards = {"reverse": True} if layers.plan.go_backwards else {}
    found: Pair = hk.dynamic_unroll(core, x, state_for(layers, core, x, states), **backwards, **options)
    return found


def static(layers: HaikuLayers, x: Any, states: Any) -> Pair:
    """`static_unroll`."""
    core = layers.core()
    found: Pair = hk.static_unroll(core, x, state_for(layers, core, x, states))
    return found


def all_states(layers: HaikuLayers, x: Any, states: Any) -> Pair:
    """The states of all steps, in the order of the input; the last one is that which was made last."""
    outputs, made = unrolled(layers, x, states, return_all_states=True)
    last = 0 if layers.plan.go_backwards else -1
    return outputs, jax.tree.map(lambda each: each[last], made)


def one_after_the_other(layers: HaikuLayers, x: Any, states: Any) -> Pair:
    """An unroll for each core."""
    finals, backwards = [], {"reverse": True} if layers.plan.go_backwards else {}
    given = [states] if states is not None and not layers.is_deep else states
    for index, core in enumerate(layers.cores()):
        state = state_for(layers, core, x, None if given is None else given[index])
        x, final = hk.dynamic_unroll(core, x, state, **backwards)
        finals.append(final)
    return x, tuple(finals) if layers.is_deep else finals[0]


def reset(layers: HaikuLayers, x: Any, states: Any) -> Pair:
    """`ResetCore`, which is told at no step to reset."""
    core = hk.ResetCore(layers.core())
    never = jnp.zeros(x.shape[:2], bool)
    backwards = {"reverse": True} if layers.plan.go_backwards else {}
    found: Pair = hk.dynamic_unroll(core, (x, never), state_for(layers, core, x, states), **backwards)
    return found


def remat(layers: HaikuLayers, x: Any, states: Any) -> Pair:
    """A core that computes its outputs anew for gradients."""
    core = layers.core()
    backwards = {"reverse": True} if layers.plan.go_backwards else {}
    found: Pair = hk.dynamic_unroll(hk.remat(core), x, state_for(layers, core, x, states), **backwards)
    return found


def by_steps(layers: HaikuLayers, x: Any, states: Any) -> Pair:
    """The caller's own loop."""
    core, outputs = layers.core(), list[Any]()
    state = state_for(layers, core, x, states)
    for x_t in x:
        output, state = core(x_t, state)
        outputs.append(output)
    return jnp.stack(outputs), state


def one_step(layers: HaikuLayers, x_t: Any, state: Any) -> Pair:
    """What a loop outside is of."""
    found: Pair = layers.core()(x_t, state)
    return found


# Calls


def applied(layers: HaikuLayers, tree: Tree, x: Any, states: Any) -> Pair:
    """`apply`, as it is written."""
    found: Pair = layers.apply(tree, x, states)
    return found


def by_rows(layers: HaikuLayers, tree: Tree, x: Any, states: Any) -> Pair:
    """`apply` of each row, as (time, input), under `jax.vmap`; here the batch is first."""
    if states is None:
        found: Pair = jax.vmap(lambda row: layers.apply(tree, row, None))(x)
    else:
        found = jax.vmap(lambda row, state: layers.apply(tree, row, state))(x, states)
    return found


def by_scan(layers: HaikuLayers, tree: Tree, x: Any, states: Any) -> Pair:
    """`jax.lax.scan` over `apply` of one step."""
    if states is None:
        states = tuple(layers.default_states(x.shape[1:2]))
        states = states if layers.is_deep else states[0]

    def step(state: Any, x_t: Any) -> Pair:
        output, state = layers.apply(tree, x_t, state)
        return state, output

    final, outputs = jax.lax.scan(step, states, x)
    return outputs, final


def with_state(layers: HaikuLayers, tree: Tree, x: Any, states: Any) -> Pair:
    """`apply` of what `transform_with_state` made: cores have no state of that kind."""
    network: Callable[..., Any] = layers.network
    found, _ = hk.without_apply_rng(hk.transform_with_state(network)).apply(tree, {}, x, states)
    pair: Pair = found
    return pair


def jitted(layers: HaikuLayers, held: Tree, x: Any, states: Any, lengths: Any) -> Returned:
    """The call, compiled."""
    compiled = layers.compiled.setdefault("call", jax.jit(layers.pure))
    found: Returned = compiled(held, x, states, lengths)
    return found

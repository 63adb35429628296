"""Derivatives by JAX, of a function of one tree of arrays; what is returned can be compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Tree: TypeAlias = Any
"""Arrays in lists, tuples and dictionaries."""
Function: TypeAlias = Callable[[Tree], Tree]


def gradients(function: Function, sources: Tree, cotangents: Tree) -> Tree:
    """Gradients of Σ cotangents · outputs by `vjp`, in the form of the sources.

    Cotangents are cast to the types of their outputs, which in mixed precision are others.
    """
    import jax

    outputs, pull_back = jax.vjp(function, sources)
    cast = jax.tree.map(lambda output, given: jax.numpy.asarray(given, output.dtype), outputs, cotangents)
    return pull_back(cast)[0]


def tangents(function: Function, sources: Tree, direction: Tree) -> Tree:
    """How the outputs change when the sources go in a direction, by `jvp`."""
    import jax

    return jax.jvp(function, (sources,), (direction,))[1]


def second_gradients(function: Function, sources: Tree, cotangents: Tree, direction: Tree) -> Tree:
    """Gradients of Σ direction · gradients."""
    return gradients(lambda sources: gradients(function, sources, cotangents), sources, direction)

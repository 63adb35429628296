"""MOD: the declared conventions hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from rnn_adapters.native import native_shape
from rnn_conformance.checks.support.expect import asked_for
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.strategies import ANY_DTYPE, POOL, Cases
from rnn_conformance.engine.subject import Subject

FEW = 0.5  # a shape or a count is right or wrong as a whole

STACKS = Cases(layers=(1, 2, 3), directions=(1, 2), dtypes=ANY_DTYPE, exact=True, covering=True)


@check("MOD-1", STACKS, needs=("native_weights",), share=FEW)
def test_weights_are_stored_as_declared(subject: Subject, case: Case) -> None:
    native = subject.native_weights(case.network)
    cells = case.network.cells
    directions = [layer.directions for layer in case.network.layers for _ in layer.cells]
    subject.require(len(native) == len(cells), f"weights of {len(cells)} cells expected; got {len(native)}")
    for index, (cell, shapes) in enumerate(zip(cells, native, strict=True)):
        sizes = {"input": cell.input_size, "hidden": cell.hidden_size, "state": cell.hidden_size}
        sizes["directions"] = directions[index]
        for weight in subject.conventions.weights:
            if weight.role not in shapes:
                subject.require(
                    weight.role in ("b", "b_h"), f"cell {index}: {weight.name} ({weight.role}) is missing"
                )
                continue
            declared = native_shape(weight, sizes)
            subject.require(
                shapes[weight.role] == declared,
                f"cell {index}: {weight.name} is declared as {weight.axes} = {declared};"
                f" its shape is {shapes[weight.role]}",
            )


CALLS = replace(POOL, layers=(1, 1, 2), merge_modes=("concat",), exact=True)


@check("MOD-2", CALLS, needs=("outputs", "declared_axes"), share=FEW)
def test_arrays_have_the_declared_axes(subject: Subject, case: Case) -> None:
    """Whatever else is asked of the call, except that directions are merged."""
    if not subject.conventions.has_axis("x", "batch"):  # a list of sequences, each as long as it is
        case = case.replace(lengths=None, mask=None)
    for return_sequences in asked_for(subject, case):
        native = subject.run(case, return_sequences=return_sequences).native_shapes
        subject.require("x" in native, "native_shapes: the axes of x are declared; its shape is not shown")
        expect_declared_axes(subject, case, native)


def expect_declared_axes(subject: Subject, case: Case, native: Mapping[str, tuple[int, ...]]) -> None:
    """The framework's own arrays are those of this case, in the axes that are declared."""
    bottom = case.network.layers[0]
    sizes = {
        "batch": case.x.shape[0],
        "time": case.x.shape[1],
        "input": case.network.input_size,
        "hidden": bottom.hidden_size,
        "directions": bottom.directions,
        "layers": case.network.num_layers,
    }
    for name, shape in native.items():
        layer = case.network.layers[-1] if name == "sequence" else bottom
        sizes |= {"hidden": layer.hidden_size, "directions": layer.directions}
        axes = subject.conventions.axes[name]
        declared = tuple(math.prod(sizes.get(f) or int(f) for f in axis.split("*")) for axis in axes)
        subject.require(
            tuple(shape) == declared, f"{name}: declared as {axes} = {declared}; its shape is {tuple(shape)}"
        )

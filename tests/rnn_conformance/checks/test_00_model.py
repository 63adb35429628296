"""MOD: the declared conventions hold."""

from __future__ import annotations

import math

from rnn_adapters.native import native_shape
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.strategies import Cases
from rnn_conformance.engine.subject import Subject

FEW = 0.5  # a shape or a count is right or wrong as a whole

STACKS = Cases(layers=(1, 2), directions=(1, 2), exact=True, covering=True)


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


@check("MOD-2", STACKS, needs=("outputs", "declared_axes"))
def test_arrays_have_the_declared_axes(subject: Subject, case: Case) -> None:
    native = subject.run(case, return_sequences=subject.supports.sequence).native_shapes
    subject.require("x" in native, "native_shapes: the axes of x are declared; its shape is not shown")
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

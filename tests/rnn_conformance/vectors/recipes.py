"""Vectors as they are meant, before anything is computed: recipes, and plans of which several are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import cycle
from typing import Any

import numpy as np

from rnn_adapters.adapter import Call
from rnn_adapters.declarations import DType
from rnn_conformance.vectors.expected import EVIDENCE, Claim, Step
from rnn_conformance.vectors.form import TYPES
from rnn_conformance.vectors.numbers import Grain, Numbers
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, Network, States, steps_of_lengths

GAIN = 4
"""Weights reach as far as the largest power of two that is no more than this, divided by the fan-in."""


@dataclass(frozen=True, eq=False)
class Recipe:
    """One vector without its id and what is expected of it.

    Args:
        name: permanent: its id belongs to this name.
        network, steps: of float64.
        dtype: the type that a verifier takes where it is not told another.
        types: those that it may have bounds for.
        evidence: the share of elements whose bound must say something, or a type is left out; 0 where a bound
            that is wide beside the numbers still tells them from zero.
        may_refuse: as of `VectorData`.
    """

    name: str
    clause: str
    flags: tuple[str, ...]
    comment: str
    network: Network
    steps: list[Step]
    dtype: DType = "float32"
    types: tuple[DType, ...] = TYPES
    evidence: float = EVIDENCE
    may_refuse: bool = False


Change = Callable[["Made"], None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Several recipes of one structure, which differ in their numbers.

    Args:
        slug: with the clause and a number, the name of each recipe.
        flags, comment: as of `Recipe`.
        count: how many.
        activation: of all cells, or of one after the other.
        hidden: units of all layers, or of one after the other.
        biases: none, one or two vectors, of all cells or of one after the other.
        grain: how many digits the numbers have.
        gain: weights are this many times as large as they are as a rule.
        reach: the size of the input, a power of two.
        states: whether initial states are given.
        options: of the call, other than its arrays.
        lengths, mask: of the first rows; the others have all steps.
        gradients: whether the call is differentiated after it was made.
        change: makes of what was drawn what the vector needs.
        claim: where the bounds come from.
        steps: what is done; none named: the call, and then its gradients if they are asked for.
        dtype, types, evidence, may_refuse: as of `Recipe`.
    """

    clause: str
    slug: str
    flags: tuple[str, ...]
    comment: str
    count: int = 2
    layers: int = 1
    directions: int | tuple[int, ...] = 1
    activation: str | tuple[str, ...] = "tanh"
    hidden: int | tuple[int, ...] = 3
    inputs: int = 2
    biases: int | tuple[int, ...] = 1
    batch: int = 2
    time: int = 3
    grain: Grain = "coarse"
    gain: float = 1.0
    reach: float = 1.0
    states: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    lengths: tuple[int, ...] = ()
    mask: tuple[str, ...] = ()
    gradients: bool = False
    change: Change | None = None
    claim: Claim = "derived"
    steps: Callable[[Made], list[Step]] | None = None
    dtype: DType = "float32"
    types: tuple[DType, ...] = TYPES
    evidence: float = EVIDENCE
    may_refuse: bool = False

    def recipes(self) -> Iterator[Recipe]:
        """One after the other."""
        for number in range(1, self.count + 1):
            name = f"{self.clause}/{self.slug}/{number}"
            made = Made.of(self, name)
            if self.change is not None:
                self.change(made)
            steps = self.steps(made) if self.steps is not None else made.usual_steps()
            about = name, self.clause, self.flags, self.comment
            yield Recipe(*about, made.network, steps, self.dtype, self.types, self.evidence, self.may_refuse)


@dataclass(eq=False)
class Made:
    """What was drawn for one recipe, free to be changed; and how more is drawn."""

    plan: Plan
    numbers: Numbers
    network: Network
    call: Call

    @staticmethod
    def of(plan: Plan, name: str) -> Made:
        numbers = Numbers(name)
        made = Made(plan, numbers, _network(plan, numbers), Call(np.zeros((0, 0, 0))))
        made.call = made.another_call()
        return made

    @property
    def cell(self) -> Cell:
        return self.network.cells[0]

    def another_network(self) -> Network:
        """Another network of the plan."""
        return _network(self.plan, self.numbers)

    def another_call(self, batch: int | None = None, time: int | None = None, **options: Any) -> Call:
        """Another call of the plan."""
        plan = self.plan
        B, T = plan.batch if batch is None else batch, plan.time if time is None else time
        x = self.array((B, T, plan.inputs), plan.reach)
        states = self.states(B) if plan.states else None
        lengths = np.array([*plan.lengths, *[T] * B][:B], np.int64) if plan.lengths else None
        mask = None
        if plan.mask:
            rows = [*plan.mask, *["1" * T] * B][:B]
            mask = np.array([[step == "1" for step in row] for row in rows], bool)
        return Call(x, states, lengths=lengths, mask=mask, **(plan.options | options))

    def array(self, shape: tuple[int, ...], reach: float = 1.0) -> Array:
        """Numbers of the plan's grain."""
        return self.numbers.array(shape, self.plan.grain, reach)

    def states(self, batch: int) -> States:
        """Initial states."""
        return tuple(self.array(shape) for shape in self.network.state_shapes(batch))

    def cotangents(self, call: Call) -> tuple[Array, States]:
        """Of the outputs of a call, zero at masked time steps."""
        top = self.network.layers[-1]
        features = top.output_size if call.merge_mode in ("concat", "none") else top.hidden_size
        # What is computed in a narrow type is given cotangents that it holds.
        grain: Grain = "coarse" if call.compute_dtype else self.plan.grain
        d_sequence = self.numbers.array((*call.x.shape[:2], features), grain)
        d_final_states = tuple(
            self.numbers.array(shape, grain) for shape in self.network.state_shapes(len(call.x))
        )
        steps = call.mask
        if call.lengths is not None:
            within = steps_of_lengths(call.lengths, call.x.shape[1])
            steps = within if steps is None else within & steps
        if steps is not None:
            steps = steps[:, ::-1] if call.go_backwards else steps
            d_sequence[~steps] = 0
        return d_sequence, d_final_states

    def direction(self, call: Call) -> Gradients:
        """Rates of change of everything."""

        def like(array: Array) -> Array:
            return self.array(array.shape)

        cells = tuple(CellGradients(cell.W_x, cell.W_h, cell.b, cell.b_h) for cell in self.network.cells)
        return Gradients(call.x, self.given(call).initial_states or (), cells).mapped(like)

    def given(self, call: Call) -> Call:
        """The call with initial states: zeros where it has none."""
        if call.initial_states is not None:
            return call
        zeros = tuple(np.zeros(shape) for shape in self.network.state_shapes(len(call.x)))
        return replace(call, initial_states=zeros)

    def differentiated(self, call: Call | None = None) -> Step:
        """The step that takes the gradients of a call."""
        call = self.given(self.call if call is None else call)
        d_sequence, d_final_states = self.cotangents(call)
        return Step("gradients", call, d_sequence, d_final_states, claim=self.plan.claim)

    def usual_steps(self) -> list[Step]:
        """The call, and its gradients where the plan has them."""
        made = [Step("call", self.call, claim=self.plan.claim)]
        return [*made, self.differentiated()] if self.plan.gradients else made


def _network(plan: Plan, numbers: Numbers) -> Network:
    activations, biases = (_cycled(each) for each in (plan.activation, plan.biases))
    directions, hidden = (_cycled(each) for each in (plan.directions, plan.hidden))
    layers, inputs = list[Layer](), plan.inputs
    for _ in range(plan.layers):
        H = next(hidden)
        cells = [
            _cell(plan, numbers, (inputs, H), next(activations), next(biases))
            for _ in range(next(directions))
        ]
        layers.append(Layer(*cells))
        inputs = layers[-1].output_size
    return Network(layers)


def _cycled(values: Any) -> Any:
    return cycle(values if isinstance(values, tuple) else (values,))


def _cell(plan: Plan, numbers: Numbers, sizes: tuple[int, int], activation: str, biases: int) -> Cell:
    inputs, hidden = sizes

    def array(*shape: int) -> Array:
        if plan.grain == "integer":
            return numbers.array(shape, plan.grain)
        reach = 2.0 ** int(np.log2(GAIN / max(shape[-1], 1))) / 2 * plan.gain if len(shape) == 2 else 0.5
        return numbers.array(shape, plan.grain, min(reach, plan.gain))

    W_x, W_h = array(hidden, inputs), array(hidden, hidden)
    b, b_h = (array(hidden) if index < biases else None for index in range(2))
    return Cell(W_x, W_h, b, b_h, activation)

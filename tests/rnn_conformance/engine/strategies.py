"""What Hypothesis draws: the structure of a case in one go, and then its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, repeat
from typing import Any, Literal, get_args

import numpy as np
from hypothesis import strategies as st

from rnn_adapters.declarations import DropoutPlace, NarrowType, Supports
from rnn_conformance.engine.case import HUGE_PADDING, OPTIONS, Case
from rnn_conformance.engine.drawing import STRUCTURE, Structures
from rnn_conformance.engine.handing import LAYOUTS, PLAIN, SHARED_ROWS
from rnn_conformance.engine.numbers import (
    BLOCK,
    GAINS,
    GRAINS,
    SPREAD,
    Regime,
    fill_from_bytes,
    fill_from_seed,
    fill_integers,
)
from rnn_conformance.engine.structures import MANY, Pools, route_choices, rows_of_routes, structures
from rnn_reference.activations import ACTIVATIONS, Activation, ActivationName
from rnn_reference.network import Array, Cell, Layer, MergeMode, Network, steps_of_lengths

# The first of each is what a case shrinks to; what stands often is drawn often.
BATCH = (1, 2, 2, 3, 3, 4)
TIME = (1, 2, 3, 3, 4, 5, 6, 8, 12)
INPUT = (1, 2, 3, 3, 4, 5, 7)
HIDDEN = (1, 2, 2, 3, 4, 5, 6, 8)
FEW_BATCH, FEW_TIME, FEW_INPUT, FEW_HIDDEN = (1, 3), (1, 3, 5), (1, 2, 3), (1, 2, 4)
"""What is left of them where others would be expensive (`Supports.expensive`)."""
BATCH_OR_MANY, TIME_OR_MANY = (*BATCH, 18, 33), (1, 2, 3, 4, 5, 6, 17, 27)
INPUT_OR_MANY, HIDDEN_OR_MANY = (*INPUT, 19), (*HIDDEN, 21)
"""And more than blocks of 16 or 32 rows, chunks of 16 or 25 steps and vectors of 16 numbers hold (`MANY`)."""

FEW_STEPS = 17
"""The most steps of sizes that are given together, where steps are expensive."""

Sizes = tuple[int, int, int, int]
SHARED_SIZES: tuple[Sizes, ...] = ((1, 1, 1, 1), (3, 3, 2, 4), (3, 5, 3, 2), (1, 3, 2, 4), (3, 1, 3, 2))
"""Batch, time, input and hidden size together: what is drawn where each shape is compiled, so that clauses
share what was compiled."""

SEEDS, BLOCKS = st.integers(0, 2**32 - 1), st.binary(min_size=BLOCK, max_size=BLOCK)
STRUCTURES = st.binary(min_size=STRUCTURE, max_size=STRUCTURE)
"""A byte for each choice of a case's structure: as many draws would cost Hypothesis a millisecond."""

Padding = Literal[
    "none",
    "lengths",
    "lengths from 0",
    "lengths, one of 0",
    "lengths of every step",
    "prefix",
    "prefix from 0",
    "prefix, one of no step",
    "prefix of every step",
    "mask",
    "mask of no step",
    "mask of no step in any row",
    "mask of one row",
    "mask of every step",
    "mask of every step but the first",
    "mask of every step but the last",
    "mask of no step but at both ends",
    "lengths and mask",
]
BOTH: Padding = "lengths and mask"
PREFIXES: dict[Padding, Padding] = {
    "lengths": "prefix",
    "lengths from 0": "prefix from 0",
    "lengths, one of 0": "prefix, one of no step",
    "lengths of every step": "prefix of every step",
}
"""The mask that says the same, where there are no lengths."""
MASKED_TIME = 16  # steps of a row before bytes of the next are taken
PADDINGS = st.binary(min_size=4 * MASKED_TIME, max_size=4 * MASKED_TIME)
"""A byte for the length of each row, or for each step of a mask; zero stands for what is not padded. Where
there are more of them, bytes are taken again."""

FORMS: Mapping[ActivationName, tuple[Activation, ...]] = {
    "elu": (Activation("elu"), *(Activation("elu", alpha) for alpha in (0.375, 0.18359375, 1.4375))),
    "leaky_relu": (
        Activation("leaky_relu"),
        *(Activation("leaky_relu", alpha) for alpha in (0.375, 0.18359375, 0.8125)),
    ),
    "hard_sigmoid": (
        Activation("hard_sigmoid"),
        *(
            Activation("hard_sigmoid", *both)
            for both in ((0.375, 0.5), (0.18359375, 0.3125), (1.4375, 0.6875), (1 / 6, 0.5))
        ),
    ),
    "affine": (
        Activation("affine"),
        *(Activation("affine", *both) for both in ((0.375, 0.0), (1.0, 0.18359375), (1.4375, -0.5625))),
    ),
    "scaled_tanh": (
        Activation("scaled_tanh"),
        *(Activation("scaled_tanh", *both) for both in ((0.375, 1.0), (1.0, 0.5625), (0.18359375, 1.4375))),
    ),
}
"""What activations with parameters are drawn with: the default first, then others that every type holds
exactly, but no two decimals, and some no six, and the hard sigmoid that some have under this name. The α of
leaky_relu stays below 1 but in ACT-8, as some libraries compute max(z, α z), the same function only there."""

TANH_OR_RELU: tuple[ActivationName, ...] = ("tanh", "relu")
"""What most frameworks have; one that has neither is asked with those that it has."""

ANY_ACTIVATION: tuple[ActivationName, ...] = (
    *("tanh", "relu", "tanh", "relu", "tanh", "relu"),
    *(name for name in ACTIVATIONS if name not in ("tanh", "relu")),
)

FLOAT32 = ("float32",)
"""What most frameworks have; one without is asked in float64."""

ANY_DTYPE = ("float32", "float32", "float32", "float64", "float16", "bfloat16")

Poison = Literal["numbers", "huge", "inf", "-inf", "nan"]
POISONS: Mapping[Poison, float] = {
    "huge": HUGE_PADDING,
    "inf": np.inf,
    "-inf": -np.inf,
    "nan": np.nan,
}
"""What can stand in the input at masked time steps instead of numbers like the others."""


@dataclass(frozen=True, kw_only=True)
class Cases:
    """What to draw cases from, within what each route into an implementation supports.

    Args:
        layers, directions, biases, activations, regimes, initial_states, batch, time, inputs, hidden: what to
            draw from, as of the next ones; the first is what a case shrinks to.
        dtypes, variants, go_backwards, merge_modes, stateful, dropout, rates, compute_dtypes: the same. Only
            layers of one direction go backwards and only those of two merge; both of a stack of one layer.
            An activation that is named is drawn with parameters of all kinds where these can be chosen.
        mixed_directions: whether the backward cell of a layer chooses its activation and bias for itself.
        training: whether calls are of training. In training nothing is dropped: the rate is then 0.
        padding: how variable-length sequences are said: "mask" for any pattern of steps ("mask of no step":
            none in the first row), "lengths" for right-padded rows, which become a mask where lengths are
            unsupported, "lengths and mask" for both in one call. Others have what kernels take ways of their
            own for: rows of no step, no step at all, every step.
        regime_of_many: the regime where there are many steps, features or units, in place of the drawn one.
        scatter: only full mantissas: numbers from seeds, none from bytes, none rounded.
        exact: what is asked is exact (a shape, a count, an error): it can be asked in any type.
        layouts: how the arrays of the call lie in memory.
        poisons: what the input holds at masked time steps.
        sizes: batch, time, input and hidden size together, in place of those four.
        return_sequences: whether sequences are asked for; the first, unless a case asks for one output
            (`Supports.one_output_a_case`).
        covering: draw toward pairs and triples of option values that did not occur yet.
    """

    layers: tuple[int, ...] = (1,)
    directions: tuple[int, ...] = (1, 2)
    mixed_directions: tuple[bool, ...] = (False, True)
    biases: tuple[int, ...] = (1, 2, 0)
    activations: tuple[Activation | ActivationName, ...] = TANH_OR_RELU
    regimes: tuple[Regime, ...] = ("moderate", "moderate", "moderate", "contractive", "saturating", "exact")
    initial_states: tuple[bool, ...] = (False, True, True)
    batch: tuple[int, ...] = BATCH
    time: tuple[int, ...] = TIME
    inputs: tuple[int, ...] = INPUT
    hidden: tuple[int, ...] = HIDDEN
    dtypes: tuple[str, ...] = FLOAT32
    variants: tuple[str, ...] = ("",)
    padding: tuple[Padding, ...] = ("none",)
    go_backwards: tuple[bool, ...] = (False,)
    merge_modes: tuple[MergeMode, ...] = ("concat",)
    stateful: tuple[bool, ...] = (False,)
    dropout: tuple[DropoutPlace | None, ...] = (None,)
    rates: tuple[float, ...] = (0.0,)
    compute_dtypes: tuple[NarrowType | None, ...] = (None,)
    training: tuple[bool, ...] = (False,)
    layouts: tuple[str, ...] = (PLAIN,)
    poisons: tuple[Poison, ...] = ("numbers",)
    sizes: tuple[Sizes, ...] = ()
    return_sequences: tuple[bool, ...] = (True,)
    regime_of_many: Regime | None = None
    scatter: bool = False
    exact: bool = False
    covering: bool = False

    def __call__(self, routes: Mapping[str, Supports]) -> st.SearchStrategy[Case]:
        """The strategy for cases that take one of the routes, the first being the default one."""
        return _case([self.pools(route, supports) for route, supports in routes.items()])

    def structures(self, routes: Mapping[str, Supports]) -> Structures | None:
        """The structures of the cases that are drawn first; None where all are drawn at random."""
        if not self.covering:
            return None
        pools = [self.pools(route, supports) for route, supports in routes.items()]
        return lambda seed_text: structures(pools, seed_text)

    def rows_of_routes(self, routes: Mapping[str, Supports]) -> int:
        """So many cases hold every option value of each route; 0 where it is left to chance."""
        if not self.covering:
            return 0
        return 1 + rows_of_routes([self.pools(route, supports) for route, supports in routes.items()])

    def lacking(self, supports: Supports) -> tuple[str, ...]:
        """What no case can do without, and is unsupported."""
        needed = {
            "stacked": min(self.layers) > 1,
            "bidirectional": 1 not in self.directions,
            "no_bias": not any(self.biases),
            "initial_states": all(self.initial_states),
            "go_backwards": all(self.go_backwards),
            "stateful": all(self.stateful),
        }
        lacking = [name for name, is_needed in needed.items() if is_needed and not supports.has(name)]
        pools = self.pools("", supports)
        ways = set(self.padding)
        padding = "masks" if all("mask" in way for way in ways) else "variable_lengths"
        for name, words in (
            ("activation", _any_of(self.activations)),
            ("dtype", "float32 or float64" if self.dtypes == FLOAT32 else " or ".join(self.dtypes)),
            ("padding", "lengths_and_masks" if ways == {BOTH} else padding),
            ("merge_mode", "merges"),
            ("dropout", "dropout"),
            ("compute_dtype", "compute_dtypes"),
        ):
            if not pools[name]:
                lacking.append(words)
        return tuple(lacking)

    def pools(self, route: str, supports: Supports) -> Pools:
        """What is left to choose from on a route, for each choice that a case makes."""

        def few(pool: tuple[int, ...], kept: tuple[int, ...], *where: str) -> tuple[int, ...]:
            left = tuple(size for size in pool if size in kept or supports.expensive not in where)
            return left or pool

        def few_steps(pool: tuple[int, ...]) -> tuple[int, ...]:
            left = few(pool, FEW_TIME, "steps", "shapes")
            return (min(left),) if supports.expensive == "steps" and min(left) > max(FEW_TIME) else left

        def said(way: Padding) -> Padding:
            return way if supports.lengths else PREFIXES.get(way, way)

        def sayable(way: Padding) -> bool:
            if way == BOTH:
                return supports.lengths_and_masks
            return way == "none" or supports.masks or (supports.lengths and way.startswith("lengths"))

        def named(pool: tuple[Any, ...], supported: tuple[Any, ...]) -> list[Any]:
            return [value for value in pool if value is None or value in supported]

        def forms(given: Activation | ActivationName) -> Sequence[Activation]:
            """What an activation can be drawn as: with one set of parameters or with several."""
            every = (given,) if isinstance(given, Activation) else FORMS.get(given, (Activation(given),))
            name = every[0].name
            default = [form for form in every if form == Activation(name)]
            chosen = every if name in supports.parameters else default
            return chosen if name in supports.activations else ()

        variable = supports.masks or supports.lengths
        activations = [found for given in self.activations if (found := forms(given))]
        if self.activations == TANH_OR_RELU:
            activations = activations or [forms(name) for name in supports.activations]
        dtypes = named(self.dtypes, supports.dtypes)
        if self.dtypes == FLOAT32:
            dtypes = (
                dtypes or [*supports.dtypes] if self.exact else dtypes or named(("float64",), supports.dtypes)
            )
        sizes = self._fewer_steps(supports) or self._shared_sizes(supports)
        kinds = self.return_sequences if supports.one_output_a_case else self.return_sequences[:1]
        asked = {} if kinds == (True,) else {"return_sequences": kinds}
        return {
            "route": (route,),
            "layers": self.layers if supports.stacked else (1,),
            "mixed": (False, True) if supports.mixed_layers and max(self.layers) > 1 else (False,),
            "directions": self.directions if supports.bidirectional else (1,),
            "activation": activations,
            "biases": [number for number in self.biases if number or supports.no_bias] or (1,),
            "initial": self.initial_states if supports.initial_states else (False,),
            "sizes": sizes or (None,),
            "batch": (None,) if sizes else few(self.batch, FEW_BATCH, "shapes"),
            "time": (None,) if sizes else few_steps(self.time),
            "input": (None,) if sizes else few(self.inputs, FEW_INPUT, "sizes", "steps", "shapes"),
            "hidden": few(self.hidden, FEW_HIDDEN, "sizes", "steps", "shapes"),
            "dtype": dtypes,
            "variant": self.variants,
            "padding": [said(way) for way in self.padding if sayable(way)],
            "go_backwards": self.go_backwards if supports.go_backwards else (False,),
            "merge_mode": named(self.merge_modes, supports.merge_modes),
            "stateful": self.stateful if supports.stateful else (False,),
            "dropout": named(self.dropout, supports.dropout),
            "rate": self.rates,
            "training": self.training,
            "layout": self.layouts,
            "poison": self.poisons if variable else ("numbers",),
            "compute_dtype": named(self.compute_dtypes, supports.compute_dtypes),
            "regime": self.regimes,
            "regime_of_many": (self.regime_of_many,),
            "grain": GRAINS[-1:] if self.scatter else GRAINS,
            "mixed_directions": self.mixed_directions if supports.mixed_directions else (False,),
            **asked,
        }

    def _fewer_steps(self, supports: Supports) -> tuple[Sizes, ...]:
        """Of the sizes that are given together those of few steps, where steps are expensive."""
        few = tuple(sizes for sizes in self.sizes if sizes[1] <= FEW_STEPS)
        return (few if supports.expensive == "steps" else self.sizes) or self.sizes

    def _shared_sizes(self, supports: Supports) -> tuple[Sizes, ...]:
        """Of the shared sizes those that the clause allows, where shapes are expensive."""
        pools = (self.batch, self.time, self.inputs, self.hidden)
        return tuple(
            sizes
            for sizes in SHARED_SIZES
            if supports.expensive == "shapes"
            and all(size in pool for size, pool in zip(sizes, pools, strict=True))
        )


HALF_OF_THEM = (False, True)
EITHER_OUTPUT = (True, False)
"""Sequences or the last output, for clauses that judge whatever is asked for."""

POOL = Cases(
    layers=(1, 1, 1, 1, 2, 2, 3),
    directions=(1, 2, 2),
    activations=ANY_ACTIVATION,
    regimes=("contractive", "moderate"),
    regime_of_many="damped",
    batch=BATCH_OR_MANY,
    time=TIME_OR_MANY,
    inputs=INPUT_OR_MANY,
    hidden=HIDDEN_OR_MANY,
    dtypes=ANY_DTYPE,
    compute_dtypes=(None, None, None, None, "float16", "bfloat16"),
    padding=("none", "lengths", "mask", "lengths and mask"),
    poisons=("numbers", "numbers", *POISONS),
    go_backwards=(False, True),
    merge_modes=("concat", "sum", "mul", "ave", "none"),
    stateful=(False, False, True),
    dropout=(None, None, "input", "state", "between layers"),
    rates=(0.5, 0.25, 0.9),
    training=(False, True),
    layouts=(*[PLAIN] * len(LAYOUTS), *LAYOUTS),
    return_sequences=EITHER_OUTPUT,
    covering=True,
)
"""All options of a call beside each other, as far as the values are known: what is dropped is not, and a long
product of errors says nothing. A clause takes `replace(POOL, …)` and narrows what it is about."""


def _any_of(activations: tuple[object, ...]) -> str:
    shown = [str(activation) for activation in activations[:3]]
    return " or ".join(shown + ["another"] * (len(activations) > 3))


@cache
def power_of_two(factor: float) -> float:
    """The nearest one: it keeps the numbers drawn from bytes dyadic."""
    return float(2.0 ** round(np.log2(factor)))


@st.composite
def _case(draw: Callable[[st.SearchStrategy[Any]], Any], routes: list[Pools]) -> Case:
    """A case, of one choice from each pool; layers of a mixed stack choose for themselves.

    Half of the cases take the default route.
    """
    structure = chain(draw(STRUCTURES), repeat(0))  # beyond its bytes, upper layers take the first of all

    def one_of(pool: Sequence[Any], source: Iterator[int] = structure) -> Any:
        # Monotone, so that a smaller byte is an earlier choice; without possibilities no byte is spent.
        return pool[next(source) * len(pool) // 256] if len(pool) > 1 else pool[0]

    pools = one_of(route_choices(routes))

    def choose(name: str, source: Iterator[int] = structure) -> Any:
        # An activation is a choice of its own among several sets of parameters.
        pool = pools[name]
        if name == "activation" and is_narrow:  # of others the bound of a few steps says little there
            pool = [forms for forms in pool if forms[0].name in TANH_OR_RELU] or pool
        found = one_of(pool, source)
        return one_of(found, source) if name == "activation" else found

    def another(activation: Activation, source: Iterator[int] = structure) -> Any:
        """That of another cell: of the same name with other parameters as often as any other."""
        alike = [
            form
            for forms in pools["activation"]
            for form in forms
            if form.name == activation.name and form != activation
        ]
        if alike and one_of(HALF_OF_THEM, source):
            return one_of(alike, source)
        return choose("activation", source)

    is_narrow = False
    chosen = {name: choose(name) for name in pools}
    if chosen["sizes"] is not None:
        chosen |= dict(zip(("batch", "time", "input", "hidden"), chosen["sizes"], strict=True))
    if chosen["training"]:
        chosen["rate"] = 0.0
    if chosen["dtype"] != "float32":
        chosen["compute_dtype"] = None
    is_narrow = chosen["dtype"] in get_args(NarrowType) or chosen["compute_dtype"] is not None
    if is_narrow and chosen["activation"].name not in TANH_OR_RELU:
        chosen["activation"] = choose("activation")
    alone = chosen["layers"] == 1
    chosen["go_backwards"] &= alone and chosen["directions"] == 1
    if not (alone and chosen["directions"] == 2):
        chosen["merge_mode"] = "concat"
    activation, biases = chosen["activation"], chosen["biases"]
    regime, grain = chosen["regime"], chosen["grain"]
    if max(chosen["time"], chosen["input"], chosen["hidden"]) > MANY:
        regime = chosen["regime_of_many"] or regime
    if grain == "bytes":
        fill = fill_from_bytes(draw(BLOCKS))
    elif regime == "exact":
        fill = fill_integers(draw(SEEDS))
    else:
        fill = fill_from_seed(draw(SEEDS), grain)

    gain_x, gain_h, scale = GAINS[regime]

    def array(shape: tuple[int, ...], factor: float) -> Array:
        return (fill(shape) * power_of_two(factor)).astype(chosen["dtype"])

    def spread(fan_in: int) -> float:
        return float(max(fan_in, 1) ** SPREAD.get(regime, -0.5))

    def cell(I: int, H: int, activation: Activation, biases: int) -> Cell:  # noqa: E741 (the spec's symbol)
        W_x, W_h = array((H, I), gain_x * spread(I)), array((H, H), gain_h * spread(H))
        b, b_h = (array((H,), scale) if count < biases else None for count in range(2))
        return Cell(W_x, W_h, b, b_h, activation)

    network_layers: list[Layer] = []
    size = chosen["input"]
    for index in range(chosen["layers"]):
        directions, hidden = chosen["directions"], chosen["hidden"]
        if chosen["mixed"] and index:
            directions, hidden = choose("directions"), choose("hidden")
            activation, biases = another(activation), choose("biases")
        both = [(activation, biases)] * directions
        if chosen["mixed_directions"] and directions == 2:
            of_backward = iter(draw(STRUCTURES))
            both[1] = (another(activation, of_backward), choose("biases", of_backward))
        layer = Layer(*(cell(size, hidden, *each) for each in both))
        network_layers.append(layer)
        size = layer.output_size
    network = Network(network_layers)
    x = array((chosen["batch"], chosen["time"], chosen["input"]), scale)
    states = None
    if chosen["initial"]:
        states = tuple(array(shape, scale) for shape in network.state_shapes(chosen["batch"]))
    if chosen["layout"] == SHARED_ROWS:
        x = np.repeat(x[:1], len(x), axis=0)
    lengths, mask = padding_of(chosen["padding"], x.shape[:2], draw)
    asked = ("return_sequences",) if "return_sequences" in chosen else ()
    options = {name: chosen[name] for name in (*OPTIONS, *asked, "route", "variant", "layout")}
    case = Case.of(network, x, states, lengths=lengths, mask=mask, **options)
    return _poisoned(case, chosen["poison"])


def _poisoned(case: Case, poison: Poison) -> Case:
    """The case with something else as input at masked time steps; there is one, if there are two steps."""
    if poison == "numbers" or case.steps is None or 0 in case.x.shape:
        return case
    if case.steps.all() and case.x.shape[1] > 1:
        for ended in (case.call.lengths, case.call.mask):
            if ended is not None:
                ended[-1:] = 1 if ended.ndim == 1 else np.arange(case.x.shape[1]) < 1
    case.x[~case.steps] = POISONS[poison]
    return case


def padding_of(
    padding: Padding, shape: tuple[int, ...], draw: Callable[[st.SearchStrategy[Any]], Any]
) -> tuple[Array | None, Array | None]:
    """Lengths, or a mask, of rows that shrink to full length."""
    if padding == "none":
        return None, None
    if padding == BOTH:
        return padding_of("lengths", shape, draw)[0], padding_of("mask", shape, draw)[1]
    batch, time = shape
    numbers = np.frombuffer(draw(PADDINGS), np.uint8)
    if padding.startswith("mask"):
        # A byte for each place, which stays with it while batch and time shrink; no two parts are alike.
        steps = np.arange(time)
        places = MASKED_TIME * np.arange(batch)[:, None] + steps + 3 * (steps // len(numbers))
        mask = (numbers < 160)[places % len(numbers)]
        return None, _patterned(padding, mask)
    shortest = 0 if "0" in padding or "no step" in padding else 1
    lengths = time - np.resize(numbers, batch).astype(np.int64) * (time + 1 - shortest) // 256
    if "every step" in padding:
        lengths[:] = time
    if "one of" in padding and batch:
        lengths[numbers[-1] % batch] = 0
    if padding.startswith("lengths"):
        return lengths, None
    return None, steps_of_lengths(lengths, time)


def _patterned(padding: Padding, mask: Array) -> Array:
    """A mask as it was drawn, or what is said of it instead."""
    time = mask.shape[1]
    match padding:
        case "mask of no step":
            mask[:1] = False
        case "mask of no step in any row":
            mask[:] = False
        case "mask of one row":
            mask[:-1] = False
        case "mask of every step":
            mask[:] = True
        case "mask of every step but the first":
            mask[:] = np.arange(time) > 0
        case "mask of every step but the last":
            mask[:] = np.arange(time) < time - 1
        case "mask of no step but at both ends":
            mask[:] = np.arange(time) % max(time - 1, 1) == 0
    return mask

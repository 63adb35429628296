"""INT: the weights of freshly initialised layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Any, NamedTuple, TypeAlias
from zlib import crc32

import numpy as np
from hypothesis import strategies as st

from rnn_adapters.declarations import RANDOM, Supports
from rnn_conformance.checks.support.chance import (
    TRUNCATED_DEVIATION,
    distance,
    largest_deviation_of_a_share,
    largest_deviation_of_any_share,
    share_of_the_limit_reached,
    truncated_normal,
    uniform,
)
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import check
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.subject import Subject
from rnn_reference.activations import Activation, ActivationName
from rnn_reference.bounds import gamma
from rnn_reference.network import Array, Cell, Layer, Network
from rnn_reference.precision import precision_of, summed_in

SOME, HALF = 0.25, 0.5
FEW = 0.1  # large layers, and a distribution that does not change from draw to draw

BIASES = ("b", "b_h")
ROLES = ("W_x", "W_h", *BIASES)


class OfRoute(NamedTuple):
    """What a route can be asked for."""

    route: str
    activation: ActivationName
    dtype: str
    layers: int
    directions: int
    biased: bool


@dataclass(frozen=True)
class LayersOf:
    """Networks of these sizes; their weights do not matter, the variant is the seed.

    Args:
        input_sizes, hidden_sizes: the input and the hidden size are one of these.
        layers: of each network, on routes that have so many.
        directions: of each layer, on routes that have so many.
        usual: their weights are of float32; otherwise of one of the other types of the route.

    Half of them have tanh and relu, or what a route has in their place, and the others any activation; some
    have no bias.
    """

    input_sizes: tuple[int, ...]
    hidden_sizes: tuple[int, ...]
    layers: int = 1
    directions: int = 1
    usual: bool = True

    def __call__(self, routes: Mapping[str, Supports]) -> st.SearchStrategy[Case]:
        of_routes = [
            OfRoute(
                name,
                activation,
                dtype,
                self.layers if supports.stacked else 1,
                self.directions if supports.bidirectional else 1,
                biased,
            )
            for name, supports in routes.items()
            for activation in self.activations(supports)
            for dtype in self.types(supports)
            for biased in ((True, True, False) if supports.no_bias else (True,))
        ]
        seeds = st.integers(0, 2**31 - 1)
        sizes = st.sampled_from(self.input_sizes), st.sampled_from(self.hidden_sizes)
        return st.builds(self.build, st.sampled_from(of_routes), *sizes, seeds)

    def activations(self, supports: Supports) -> list[ActivationName]:
        """The first two as often as all others together."""
        first, others = supports.activations[:2], supports.activations[2:]
        return [*first * max(1, len(others) // 2), *others]

    def types(self, supports: Supports) -> list[str]:
        """Those of the weights."""
        return [dtype for dtype in supports.dtypes if (dtype == "float32") is self.usual]

    def lacking(self, supports: Supports) -> tuple[str, ...]:
        """What such networks need, and is unsupported."""
        return () if self.types(supports) else ("float32" if self.usual else "a type other than float32",)

    def build(self, of_route: OfRoute, input_size: int, hidden: int, seed: int) -> Case:
        """The case of one seed and of these sizes."""
        network, size = [], input_size
        for _ in range(of_route.layers):
            W_x, W_h = np.zeros((hidden, size), np.float32), np.zeros((hidden, hidden), np.float32)
            b = np.zeros(hidden, np.float32) if of_route.biased else None
            cell = Cell(W_x, W_h, b, activation=Activation(of_route.activation))
            network.append(Layer(*(cell,) * of_route.directions))
            size = of_route.directions * hidden
        x = np.zeros((1, 1, input_size), np.float32)
        of_type = Network(network).astype(of_route.dtype)
        return Case.of(of_type, x.astype(of_type.dtype), variant=str(seed), route=of_route.route)


ROUNDINGS = {"lecun normal": 6}
"""How often a rule rounds: the variance, its root, the constant, their quotient, the draw and the product."""
USUAL_ROUNDINGS = 4  # of the limit, of the draw, of their product


def limit_of(rule: str, role: str, cell: Cell) -> float:
    """The largest absolute value that a rule gives."""
    fan_in = cell.input_size if role == "W_x" else cell.hidden_size
    match rule:
        case "zeros":
            return 0.0
        case "uniform 1/√H":
            return 1 / math.sqrt(cell.hidden_size)
        case "glorot uniform":
            return math.sqrt(6 / (fan_in + cell.hidden_size))
        case "lecun normal":
            return 2 / (TRUNCATED_DEVIATION * math.sqrt(fan_in))
    return 1.0  # an element of an orthogonal matrix


DISTRIBUTIONS: Mapping[str, Callable[[float], Callable[[Array], Array]]] = {
    "uniform 1/√H": uniform,
    "glorot uniform": uniform,
    "lecun normal": truncated_normal,
}
"""The distribution function of a rule, from the largest value that it gives."""


Weight: TypeAlias = tuple[str, str, Cell, Array]
"""Role, declared rule, cell and array."""


def fresh(subject: Subject, like: Network, seed: int) -> Network:
    """A fresh network, which has every array of the layers that were asked for, in their sizes and type."""
    made, vectors = subject.freshly_initialised(like, seed), subject.conventions.bias_vectors
    given, got = ([layer.directions for layer in each.layers] for each in (like, made))
    subject.require(got == given, f"expected layers of {given} directions; got {got}")
    for index, (cell, asked) in enumerate(zip(made.cells, like.cells, strict=True)):
        given_vectors = len(asked.biases)
        expected = given_vectors if vectors is None or not given_vectors else vectors
        subject.require(
            len(cell.biases) == expected,
            f"cell {index}: expected {expected} bias vectors (PAR-1, PAR-2); got {len(cell.biases)}",
        )
        for role in ROLES:
            if (array := getattr(cell, role)) is None:
                continue
            shape = (asked.hidden_size,) if role in BIASES else getattr(asked, role).shape
            subject.has_shape(f"{role} of cell {index}", array, shape, like.dtype)
    return made


def weights_of(subject: Subject, case: Case) -> list[Weight]:
    """Every fresh weight of which something is declared."""
    return declared_weights(subject, fresh(subject, case.network, int(case.variant)))


def declared_weights(subject: Subject, made: Network) -> list[Weight]:
    """Every weight of a fresh network of which something is declared."""
    rules = subject.conventions.initialisation
    return [
        (role, rule, cell, array)
        for cell in made.cells
        for role in ROLES
        if (array := getattr(cell, role)) is not None and (rule := rules.get(role, "none")) != "none"
    ]


@check(
    "INT-1",
    LayersOf((24, 60, 1, 300), (40, 40, 1, 131)),
    needs=("freshly_initialised", "declared_initialisation"),
    share=SOME,
)
def test_fresh_weights_are_in_range(subject: Subject, case: Case) -> None:
    """Whatever the activation; of uniform ones some are near the limit, and none has a gain of its own."""
    for name in subject.supports.activations:
        layers = case.network.layers
        of_name = (
            Layer(*(replace(cell, activation=Activation(name)) for cell in layer.cells)) for layer in layers
        )
        weights = weights_of(subject, case.replace(network=Network(of_name)))
        expect_in_range(subject, weights)
        expect_orthogonal(subject, weights)
        for role, rule, cell, array in weights:
            expect_limit_reached(f"{role} ({rule}), {name}", rule, limit_of(rule, role, cell), array)


def expect_in_range(subject: Subject, weights: Sequence[Weight]) -> None:
    """The weights of a fresh layer are no larger than the declared rules give."""
    for role, rule, cell, array in weights:
        limit, largest = limit_of(rule, role, cell), float(np.abs(array).max())
        u = precision_of(array.dtype).unit_roundoff
        subject.require(
            largest <= limit * (1 + ROUNDINGS.get(rule, USUAL_ROUNDINGS) * u),
            f"{role} ({rule}): expected no more than {limit:.6g}; the largest is {largest:.6g}",
        )


@check(
    "INT-2",
    LayersOf((24, 1), (131,), layers=2, directions=2),
    needs=("freshly_initialised", "declared_orthogonal"),
    share=FEW,
)
def test_orthogonal_weights_are_orthogonal(subject: Subject, case: Case) -> None:
    expect_orthogonal(subject, weights_of(subject, case))


def orthogonality_bound(H: int, dtype: np.dtype[Any]) -> float:
    """How large an element of Q Qᵀ − 1 may be: of a narrow type one that is made in float32, and rounded.

    Rounding moves a product of two rows, whose lengths are 1, by 2 u + u², and by what small numbers lose.
    """
    precision, wide = precision_of(dtype), precision_of(summed_in(dtype))
    made = 2 * math.sqrt(H) * gamma(8 * H * H, wide.unit_roundoff)
    if dtype.itemsize >= 4:
        return made
    u, lost = precision.unit_roundoff, math.sqrt(H) * precision.underflow
    return made + (1 + made) * (2 * u + u * u) + 2 * lost * (1 + lost)


def expect_orthogonal(subject: Subject, weights: Sequence[Weight]) -> None:
    """The rows of matrices that are declared to be orthogonal, within the roundings of their type."""
    for role, rule, cell, Q in weights:
        if rule != "orthogonal":
            continue
        bound = orthogonality_bound(cell.hidden_size, Q.dtype)
        wide = Q.astype(float)
        error = float(np.abs(wide @ wide.T - np.eye(len(Q))).max())
        subject.require(
            error <= bound, f"{role}: Q Qᵀ − 1 has an element of {error:.3g}; expected below {bound:.3g}"
        )
        subject.require(
            int(np.count_nonzero(Q)) > 0.99 * Q.size,
            f"{role}: {np.count_nonzero(Q == 0)} of {Q.size} numbers are zero: blocks of smaller matrices",
        )


@check("INT-3", LayersOf((321,), (262,)), needs=("freshly_initialised", "declared_distribution"), share=FEW)
def test_random_weights_are_distributed_as_declared(subject: Subject, case: Case) -> None:
    """Of matrices of more than 2¹⁶ numbers, beyond which a generator may begin again; of square ones, too."""
    for role, rule, cell, array in (*weights_of(subject, case), *weights_of(subject, squared(case))):
        if rule not in DISTRIBUTIONS:
            continue
        expect_distinct(role, [array])
        found = distance(array, DISTRIBUTIONS[rule](limit_of(rule, role, cell)))
        allowed = largest_deviation_of_a_share(array.size)
        if found > allowed:
            raise NonConforming(
                f"{role} ({rule}): {array.size} weights are {found:.3f} from the declared distribution;"
                f" expected below {allowed:.3f}"
            )
        subject.tally.count()


def squared(case: Case) -> Case:
    """The case with as many features as units, whose input weights have the shape of recurrent ones."""
    layers = ([replace(cell, W_x=cell.W_h) for cell in layer.cells] for layer in case.network.layers)
    network = Network(Layer(*cells) for cells in layers)
    return case.replace(network=network, x=np.zeros((1, 1, network.input_size), network.dtype))


STEPS_OF_SEEDS = (1, 10, 100, 1000, 2**8, 2**10, 2**16, 2**20, 2**24, 2**31)
"""From one seed to others: no few of its bits tell them apart, and layers may have theirs as far apart."""
OTHER_STEPS = (*(10**power for power in range(4, 10)), *(2**power for power in range(1, 31)))
"""Others, of which each case takes a few."""
FEW_STEPS = 4


@check(
    "INT-4",
    LayersOf((12,), (6,), layers=4, directions=2),  # whose matrices are of the same shapes in all layers
    needs=("freshly_initialised", "declared_random_matrix", "stacked", "bidirectional"),
    share=FEW,
)
def test_every_layer_direction_and_seed_draws_its_own(subject: Subject, case: Case) -> None:
    expect_own_weights(subject, case)


def expect_own_weights(subject: Subject, case: Case) -> None:
    """The same seed gives the same weights; every cell and every other seed gives others."""
    declared = subject.conventions.initialisation
    random = [role for role in ROLES if declared.get(role) in RANDOM]

    def arrays(seed: int) -> dict[str, list[Array]]:
        cells = fresh(subject, case.network, seed).cells
        return {role: [w for cell in cells if (w := getattr(cell, role)) is not None] for role in random}

    seed = int(case.variant)
    first, again = arrays(seed), arrays(seed)
    chosen = random_of(case).choice(OTHER_STEPS, FEW_STEPS, replace=False).tolist()
    mirrored = {2**32 - 1 - seed, 2**32 - max(seed, 1)}  # in 32 bits, the complement and the negative
    others = [arrays(other) for other in {seed + step for step in (*STEPS_OF_SEEDS, *chosen)} | mirrored]
    for role in random:
        subject.require(
            all(map(np.array_equal, first[role], again[role])), f"{role}: the same seed gave other weights"
        )
        drawn = [array.tobytes() for each in (first, *others) for array in each[role]]
        subject.require(
            len(set(drawn)) == len(drawn),
            f"{role}: {len(drawn)} cells of {1 + len(others)} seeds share weights:"
            f" {len(set(drawn))} are distinct",
        )


def random_of(case: Case) -> np.random.Generator:
    """What is the same for the same case."""
    return np.random.default_rng(crc32(case.fingerprint))


DEEP = LayersOf((42, 158), (62,), layers=3, directions=2)
"""Even numbers, for halves and pairs, and none that blocks of four or more divide."""
SEEDS_OF_ONE_CASE = 4
DEEP_NEEDS = ("freshly_initialised", "stacked", "bidirectional")


def drawn_often(subject: Subject, case: Case) -> list[Network]:
    """The weights of several seeds, which are drawn independently."""
    first = int(case.variant) // 2
    return [fresh(subject, case.network, seed) for seed in range(first, first + SEEDS_OF_ONE_CASE)]


def rules_of(subject: Subject, *kinds: str) -> dict[str, str]:
    """The declared rule of each role that has one of these."""
    declared = subject.conventions.initialisation
    return {role: rule for role in ROLES if (rule := declared.get(role, "none")) in kinds}


def expect_half(what: str, subject: Subject, events: Array) -> None:
    """Independent events of probability 1/2 (Hoeffding, as in DRP-6)."""
    allowed, share = largest_deviation_of_a_share(events.size), float(events.mean())
    if abs(share - 0.5) > allowed:
        raise NonConforming(f"{what}: expected a share of 0.5 ± {allowed:.3f}; got {share:.3f}")
    subject.tally.count()


@check("INT-5", DEEP, needs=(*DEEP_NEEDS, "declared_initialisation"), share=SOME)
def test_every_layer_and_direction_is_filled_as_declared(subject: Subject, case: Case) -> None:
    """Range and distribution of each matrix, and of the biases of several seeds together."""
    expect_filled(subject, case)
    if subject.supports.mixed_layers:
        weights = weights_of(subject, with_layers_of_other_sizes(case))
        expect_in_range(subject, weights)
        expect_orthogonal(subject, weights)
        for role, rule, cell, array in weights:
            what = f"{role} ({rule}) of layers that differ"
            expect_rule(subject, what, rule, limit_of(rule, role, cell), array)


def with_layers_of_other_sizes(case: Case) -> Case:
    """The case with layers of three times as many units and of half as many, by turns."""
    size, layers = case.network.input_size, list[Layer]()
    for number, layer in enumerate(case.network.layers):
        hidden = layer.hidden_size // 2 if number % 2 else 3 * layer.hidden_size
        zeros = partial(np.zeros, dtype=case.network.dtype)
        cells = [
            replace(
                cell,
                W_x=zeros((hidden, size)),
                W_h=zeros((hidden, hidden)),
                b=None if cell.b is None else zeros(hidden),
            )
            for cell in layer.cells
        ]
        layers.append(Layer(*cells))
        size = layer.directions * hidden
    return case.replace(network=Network(layers))


def expect_filled(subject: Subject, case: Case) -> None:
    """Every cell of several seeds by the rules of the roles that it has."""
    networks = drawn_often(subject, case)
    expect_orthogonal(subject, declared_weights(subject, networks[0]))
    for role, rule in rules_of(subject, "zeros", *DISTRIBUTIONS).items():
        by_cell = [
            (f"{role} of cell {index}", [getattr(network.cells[index], role) for network in networks])
            for index in range(len(case.network.cells))
        ]
        if any(array is None for _, arrays in by_cell for array in arrays):
            continue  # a bias that some networks of the implementation have, and this one has not
        if role in BIASES:  # of so few numbers those of all cells together, which have as many units
            for (what, arrays), like in zip(by_cell, case.network.cells, strict=True):
                expect_limit_reached(f"{what} ({rule})", rule, limit_of(rule, role, like), np.stack(arrays))
            by_cell = [(role, [array for _, arrays in by_cell for array in arrays])]
        for (what, arrays), like in zip(by_cell, case.network.cells, strict=False):
            expect_rule(subject, f"{what} ({rule})", rule, limit_of(rule, role, like), np.stack(arrays))


def expect_rule(subject: Subject, what: str, rule: str, limit: float, numbers: Array) -> None:
    """Numbers in the range of a rule, and distributed as it says."""
    largest, u = float(np.abs(numbers).max()), precision_of(numbers.dtype).unit_roundoff
    subject.require(
        largest <= limit * (1 + ROUNDINGS.get(rule, USUAL_ROUNDINGS) * u),
        f"{what}: expected no more than {limit:.6g}; the largest is {largest:.6g}",
    )
    expect_limit_reached(what, rule, limit, numbers)
    if rule in DISTRIBUTIONS:
        found = distance(numbers.astype(float), DISTRIBUTIONS[rule](limit))
        allowed = largest_deviation_of_a_share(numbers.size) + coarseness(numbers)
        subject.require(
            found <= allowed,
            f"{what}: {found:.3f} from the declared distribution; expected below {allowed:.3f}",
        )


def coarseness(numbers: Array) -> float:
    """How far narrow numbers move a distribution function: drawn from multiples of 2 u, and rounded."""
    return 4 * precision_of(numbers.dtype).unit_roundoff if numbers.dtype.itemsize < 4 else 0.0


def expect_limit_reached(what: str, rule: str, limit: float, numbers: Array) -> None:
    """Of many uniform numbers some are near the limit: that of a slightly larger layer shows."""
    if DISTRIBUTIONS.get(rule) is uniform:
        least = limit * share_of_the_limit_reached(numbers.size) * (1 - coarseness(numbers))
        largest = float(np.abs(numbers).max())
        if largest < least:
            raise NonConforming(
                f"{what}: expected one of {numbers.size} above {least:.6g}; the largest is {largest:.6g}"
            )


@check("INT-6", DEEP, needs=(*DEEP_NEEDS, "declared_orthogonal"), share=FEW)
def test_orthogonal_weights_prefer_no_sign(subject: Subject, case: Case) -> None:
    networks = drawn_often(subject, case)
    for role in rules_of(subject, "orthogonal"):
        Q = np.stack([getattr(cell, role) for network in networks for cell in network.cells])
        for what, signs in (
            ("diagonal", np.diagonal(Q, axis1=1, axis2=2)),
            ("first column", Q[:, :, 0]),
            ("last row", Q[:, -1]),
        ):
            expect_half(f"{role}: positive numbers of the {what}", subject, signs > 0)
        off = Q[:, ~np.eye(Q.shape[-1], dtype=bool)]
        subject.require(
            bool((np.count_nonzero(off, axis=1) > off.shape[1] // 2).all()),
            f"{role}: most numbers are zero: a permutation or a part of the identity",
        )
        for like in (case, *(of_few_units(case, few) for few in FEW_UNITS)):
            determinants = [np.linalg.slogdet(W.astype(float))[0] for W in drawn_alone(subject, like, role)]
            subject.require(
                len(set(determinants)) == 2,
                f"{role} of {like.network.layers[0].hidden_size} units:"
                f" the determinants of {len(determinants)} matrices are all {determinants[0]:+.0f}",
            )


FEW_UNITS = (1, 2, 3)
"""So few have determinants of their own: of three units a decomposition may give nothing but rotations."""


def of_few_units(case: Case, units: int) -> Case:
    """The case of one feature and of layers of so few units."""
    dtype, layers, size = case.network.dtype, list[Layer](), 1
    for layer in case.network.layers:
        cells = [
            replace(
                cell,
                W_x=np.zeros((units, size), dtype),
                W_h=np.zeros((units, units), dtype),
                b=None if cell.b is None else cell.b[:units],
            )
            for cell in layer.cells
        ]
        layers.append(Layer(*cells))
        size = layer.directions * units
    return case.replace(network=Network(layers), x=case.x[..., :1])


MATRICES = 48
"""So many have determinants of one sign once in 10¹⁴ cases."""


def drawn_alone(subject: Subject, case: Case, role: str) -> list[Array]:
    """Matrices of as many seeds as it takes, of which each is drawn independently."""
    cells, first = case.network.cells, int(case.variant) // 2
    drawn = [
        fresh(subject, case.network, first + number).cells for number in range(-(-MATRICES // len(cells)))
    ]
    return [getattr(cell, role) for each in drawn for cell in each]


@check("INT-7", DEEP, needs=(*DEEP_NEEDS, "declared_random_matrix"), share=FEW)
def test_weights_are_drawn_independently(subject: Subject, case: Case) -> None:
    """Two independent numbers of symmetric distributions have the same sign half of the time."""
    expect_drawn_independently(subject, case)


def expect_drawn_independently(subject: Subject, case: Case) -> None:
    """Within matrices, between roles, directions, layers and seeds; of bidirectional stacks."""
    one, *others = drawn_often(subject, case)
    forward = one.cells[0]
    for role in rules_of(subject, *DISTRIBUTIONS):
        if role in BIASES:
            continue
        W = getattr(forward, role)
        pairs = {
            "neighbouring rows": (W[::2], W[1::2]),
            "neighbouring columns": (W[:, ::2], W[:, 1::2]),
            "rows half a matrix apart": np.split(W, 2),
        }
        if role == "W_h":
            above = np.triu_indices(len(W), 1)
            pairs["both sides of the diagonal"] = (W[above], W.T[above])
        for what, (a, b) in pairs.items():
            expect_half(f"{role}, {what}: equal signs", subject, (a > 0) == (b > 0))
    expect_biases_independent(subject, [cell for network in (one, *others) for cell in network.cells])
    expect_streams_independent(subject, (one, *others))
    for role in rules_of(subject, *RANDOM) if case.network.dtype.itemsize >= 4 else ():
        drawn = [getattr(cell, role) for network in (one, *others) for cell in network.cells]
        if all(array is not None for array in drawn):
            expect_distinct(role, drawn)
    for role in rules_of(subject, "orthogonal"):
        diagonals = [
            [np.diagonal(getattr(cell, role)) for cell in network.cells] for network in (one, *others)
        ]
        D = np.array(diagonals) > 0  # seed, cell, unit
        expect_half(f"{role}, two directions: equal signs", subject, D[:, 0] == D[:, 1])
        expect_half(f"{role}, two layers: equal signs", subject, D[:, 0] == D[:, 2])
        expect_half(f"{role}, two seeds: equal signs", subject, D[::2] == D[1::2])


def expect_streams_independent(subject: Subject, networks: Sequence[Network]) -> None:
    """Of any two random weights, whatever their roles, cells and seeds, none is a copy of the other.

    In the order of their rows and of their columns, in one of which a generator has filled them.
    """
    streams, owners, biases = list[Array](), list[tuple[int, int, str]](), list[bool]()
    for seed, network in enumerate(networks):
        for index, cell in enumerate(network.cells):
            for role in rules_of(subject, *DISTRIBUTIONS):
                if (array := getattr(cell, role)) is not None:
                    orders = (array, array.T)[: array.ndim]
                    streams += [np.sign(order.reshape(-1).astype(np.float32)) for order in orders]
                    owners += [(seed, index, role)] * len(orders)
                    biases += [array.ndim == 1] * len(orders)
    is_bias = np.array(biases, bool)
    other = np.array([[one != another for another in owners] for one in owners], bool)
    for what, asked in (
        ("matrices", ~is_bias[:, None] & ~is_bias & other),
        ("a bias and another weight", (is_bias[:, None] | is_bias) & other),
    ):
        expect_all_halves(what, subject, streams, owners, np.triu(asked))


def expect_all_halves(
    what: str, subject: Subject, streams: Sequence[Array], owners: Sequence[Any], asked: Array
) -> None:
    """As `expect_half`, of the equal signs of all pairs of streams that are asked for."""
    if not asked.any():
        return
    used = np.flatnonzero(asked.any(axis=0) | asked.any(axis=1))
    size = min(streams[index].size for index in used.tolist())
    signs = np.stack([np.resize(stream, size) for stream in streams])
    shares = np.where(asked, (1 + signs @ signs.T / size) / 2, 0.5)
    allowed = largest_deviation_of_any_share(size, int(asked.sum()))
    one, other = map(int, np.unravel_index(np.abs(shares - 0.5).argmax(), shares.shape))
    if abs(shares[one, other] - 0.5) > allowed:
        raise NonConforming(
            f"{what}: expected a share of equal signs of 0.5 ± {allowed:.3f}; got {shares[one, other]:.3f}"
            f" for {owners[one]} and {owners[other]} (seed, cell, role)"
        )
    subject.tally.count()


REPEATED = 0.1
"""Of up to 100 000 numbers of at least 22 bits one in forty equals another by chance; one in ten never."""


def expect_biases_independent(subject: Subject, cells: Sequence[Cell]) -> None:
    """Random biases, of many cells together, beside a column of each random matrix, and beside each other."""
    rules = rules_of(subject, *DISTRIBUTIONS)

    def numbers(role: str) -> Array | None:
        arrays = [getattr(cell, role) for cell in cells]
        if any(array is None for array in arrays):
            return None
        return np.stack([array[:, 0] if array.ndim == 2 else array for array in arrays])

    known = {role: found for role in rules if (found := numbers(role)) is not None}
    for role, other in combinations(known, 2):
        if {role, other} != {"W_x", "W_h"}:
            expect_half(f"{role} and {other}: equal signs", subject, (known[role] > 0) == (known[other] > 0))
    for role in [role for role in known if role in BIASES]:
        signs = known[role] > 0
        expect_half(f"{role} of two cells: equal signs", subject, signs[::2] == signs[1::2])


def expect_distinct(role: str, drawn: Sequence[Array | None]) -> None:
    """Of all that is drawn for a role, in one matrix or in several, next to nothing is repeated."""
    numbers = np.concatenate([array.ravel() for array in drawn if array is not None])
    repeated = 1 - np.unique(np.abs(numbers)).size / numbers.size
    if repeated > REPEATED:
        raise NonConforming(
            f"{role}: {repeated:.0%} of {numbers.size} numbers that are drawn independently repeat others"
        )


@check(
    "INT-8",
    LayersOf((42,), (62,), layers=2, directions=2, usual=False),
    needs=("freshly_initialised", "declared_initialisation"),
    share=HALF,
)
def test_a_layer_of_any_type_has_fresh_weights(subject: Subject, case: Case) -> None:
    """As INT-4 to INT-7 say of usual ones: filled as declared, independently."""
    weights = weights_of(subject, case)
    expect_in_range(subject, weights)
    expect_orthogonal(subject, weights)
    for role in rules_of(subject, "orthogonal"):
        Q = np.stack(drawn_alone(subject, case, role)).astype(float)
        for what, numbers in (("diagonal", np.diagonal(Q, axis1=1, axis2=2)), ("first column", Q[:, :, 0])):
            expect_half(f"{role}: positive numbers of the {what}", subject, numbers > 0)
    if case.network.layers[0].hidden_size < 2:
        return
    expect_filled(subject, case)
    if rules_of(subject, *RANDOM):
        expect_own_weights(subject, case)
    if len(case.network.cells) == 4 and not set(rules_of(subject, *RANDOM)).isdisjoint(("W_x", "W_h")):
        expect_drawn_independently(subject, case)

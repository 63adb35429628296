"""Structures of cases that together hold every pair of option values, and then every triple.

A structure is the bytes from which a case takes its choices, one after the other; it shrinks as if it had
been drawn at random.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from rnn_conformance.engine.covering import Levels, Row, covering_rows
from rnn_conformance.engine.drawing import STRUCTURE
from rnn_conformance.engine.handing import PLAIN

Pools = dict[str, Sequence[Any]]
"""What can be chosen on a route, for each choice that a case makes, in the order in which it makes them."""


MANY = 16
"""Beyond so many rows, steps, features or units there are many, which kernels take apart into blocks."""


def _one_or_several(size: int | None) -> str:
    return "-" if size is None else "1" if size == 1 else "several"


def _how_many(size: int | None) -> str:
    return "many" if size is not None and size > MANY else _one_or_several(size)


def _few_or_many(size: int | None) -> str:
    return "many" if size is not None and size > MANY else "few"


def _name(forms: Sequence[Any]) -> str:
    name: str = forms[0].name
    return name


def _activation(forms: Sequence[Any]) -> str:
    name = _name(forms)
    return name if name in ("tanh", "relu") else "another"


def _sizes(sizes: Sequence[int] | None) -> str:
    return "-" if sizes is None else f"batch {_how_many(sizes[0])}, time {_how_many(sizes[1])}"


LEVELS: Mapping[str, Callable[[Any], str]] = {
    "layers": _one_or_several,
    "mixed": str,
    "directions": str,
    "mixed_directions": str,
    "activation": _activation,
    "biases": str,
    "initial": str,
    "sizes": _sizes,
    "batch": _how_many,
    "time": _how_many,
    "input": _few_or_many,
    "hidden": _few_or_many,
    "dtype": str,
    "compute_dtype": str,
    "padding": str,
    "poison": lambda poison: "inf" if poison == "-inf" else str(poison),
    "go_backwards": str,
    "merge_mode": str,
    "stateful": str,
    "dropout": str,
    "training": str,
    "layout": lambda layout: layout if layout == PLAIN else "another",
    "return_sequences": str,
}
"""The choices of which pairs and triples are to occur, and which of their values count as one."""

DRAWN: Mapping[str, Callable[[Any], str]] = {**LEVELS, "variant": str}
"""Those of a case as it is drawn: what the clause varies beside its options is one of them."""

MERGED = ("sum", "mul", "ave", "none")
NARROW = ("float16", "bfloat16")
POISON = ("huge", "inf", "nan")

EXCLUDE_EACH_OTHER: tuple[Mapping[str, str], ...] = (
    {"go_backwards": "True", "directions": "2"},
    {"go_backwards": "True", "layers": "several"},
    *({"merge_mode": mode, "directions": "1"} for mode in MERGED),
    *({"merge_mode": mode, "layers": "several"} for mode in MERGED),
    *(
        {"compute_dtype": narrow, "dtype": other}
        for narrow in NARROW
        for other in ("float64", "float16", "bfloat16")
    ),
    *({"activation": "another", "dtype": narrow} for narrow in NARROW),
    *({"activation": "another", "compute_dtype": narrow} for narrow in NARROW),
    *({"padding": "none", "poison": poison} for poison in POISON),
    *({"time": "1", "poison": poison} for poison in POISON),
    *({"sizes": _sizes((batch, 1)), "poison": poison} for batch in (1, 2, MANY + 1) for poison in POISON),
    {"mixed_directions": "True", "directions": "1"},
    {"mixed": "True", "layers": "1"},
)
"""What no call combines: merging takes one layer of two directions, going backwards one layer of one; what is
of another type than float32 is not computed in a third; of other activations than tanh and relu the bound of
a few steps says little in a narrow type (see ACT-17); where no step is masked, nothing stands there, and of a
single step no length masks one; what there is one of does not differ."""


def route_choices(routes: Sequence[Pools]) -> list[Pools]:
    """The pools of all routes, those of the default one so often that half of the cases take it."""
    default = list(routes[:1]) * (len(routes) - 1) if routes[0]["route"] == ("",) else []
    return [*default, *routes]


def levels_of(pools: Pools, options: Iterable[str]) -> Levels:
    """The values that each of these options can take on a route; one that is no choice there has one, "-".

    Sizes that are given together are two options, as elsewhere, where each of batch and time goes with each.
    """
    of_options = {
        name: list(dict.fromkeys(map(DRAWN[name], pools[name]))) if name in pools else ["-"]
        for name in options
    }
    if of_options.get("sizes", ["-"]) != ["-"]:
        apart = {name: list(dict.fromkeys(_batch_and_time(pools)[name])) for name in ("batch", "time")}
        if len(of_options["sizes"]) == len(apart["batch"]) * len(apart["time"]):
            of_options |= {"sizes": ["-"], **apart}
    return {"route": [str(pools["route"][0])], **of_options}


def _batch_and_time(pools: Pools) -> dict[str, list[str]]:
    """What batch and time are in each of the sizes that are given together."""
    return {
        name: [_how_many(sizes[place]) for sizes in pools["sizes"]]
        for place, name in enumerate(("batch", "time"))
    }


def levels_of_routes(routes: Sequence[Pools]) -> list[Levels]:
    """The same of several routes, of the options that are a choice on some."""
    options = [option for option in DRAWN if any(option in pools for pools in routes)]
    return [levels_of(pools, options) for pools in routes]


def structures(routes: Sequence[Pools], seed_text: str) -> Iterator[bytes]:
    """Structures that hold the rows of `covering_rows`, and are random where these say nothing."""
    decide = random.Random(f"{seed_text}/structures")
    for row in covering_rows(levels_of_routes(routes), EXCLUDE_EACH_OTHER, seed_text):
        yield _structure(route_choices(routes), row, decide)


def structures_of_each_activation(routes: Sequence[Pools], seed_text: str) -> Iterator[bytes]:
    """As `structures`, the first with an activation each, on a route that has it."""
    decide = random.Random(f"{seed_text}/activations")
    able: dict[str, set[str]] = {}
    for pools in routes:
        for forms in pools["activation"]:
            able.setdefault(_name(forms), set()).add(str(pools["route"][0]))
    levels = [
        {option: values for option, values in of_route.items() if option != "activation"}
        for of_route in levels_of_routes(routes)
    ]
    waiting = decide.sample(list(able), len(able))
    for row in covering_rows(levels, EXCLUDE_EACH_OTHER, seed_text):
        fitting = [activation for activation in waiting if row["route"] in able[activation]]
        if fitting:
            waiting.remove(fitting[0])
            row["activation"] = fitting[0]
        elif waiting:
            continue
        yield _structure(route_choices(routes), row, decide, {**DRAWN, "activation": _name})


@cache
def _rows_of_routes(levels: tuple[tuple[tuple[str, tuple[str, ...]], ...], ...]) -> int:
    """As `rows_of_routes`, of what can be hashed."""
    routes = list(map(dict, levels))
    missing = {
        (route["route"], option, level) for route in routes for option in route for level in route[option]
    }
    for count, row in enumerate(covering_rows(routes, EXCLUDE_EACH_OTHER, "routes")):
        if not missing:
            return count
        missing -= {((row["route"],), option, level) for option, level in row.items()}
    return count + 1


SPARE = 2
"""Rows beside one for each route, as what it takes differs by a few from seed to seed."""


def rows_of_routes(routes: Sequence[Pools]) -> int:
    """How many rows it takes until each route has had every value of every option, and some to spare."""
    levels = tuple(
        tuple((option, tuple(values)) for option, values in levels.items())
        for levels in levels_of_routes(routes)
    )
    return _rows_of_routes(levels) + len(routes) + SPARE


def _structure(
    choices: Sequence[Pools],
    row: Row,
    decide: random.Random,
    levels: Mapping[str, Callable[[Any], str]] = DRAWN,
) -> bytes:
    """Bytes for the choices in the order in which a case makes them; one of a single value takes none."""
    found = bytearray()

    def choose(pool: Sequence[Any], fitting: Sequence[int]) -> Any:
        index = decide.choice(fitting)
        if len(pool) > 1:
            first, after = (-(-256 * each // len(pool)) for each in (index, index + 1))
            found.append(decide.randrange(first, after))
        return pool[index]

    pools = choose(choices, [i for i, pools in enumerate(choices) if str(pools["route"][0]) == row["route"]])
    for option, pool in pools.items():
        fitting = _fitting(option, pools, row, levels)
        value = choose(pool, fitting)
        if option == "activation":
            choose(value, range(len(value)))
    return bytes(found) + decide.randbytes(STRUCTURE - len(found))


def _fitting(
    option: str, pools: Pools, row: Row, levels: Mapping[str, Callable[[Any], str]]
) -> Sequence[int]:
    """The places in the pool of an option of what a row asks for."""
    every = range(len(pools[option]))
    if len(every) == 1 or option not in row:
        return every
    if option == "sizes" and row["sizes"] == "-":
        both = zip(*_batch_and_time(pools).values(), strict=True)
        return [index for index, found in enumerate(both) if found == (row["batch"], row["time"])]
    return [index for index in every if levels[option](pools[option][index]) == row[option]]

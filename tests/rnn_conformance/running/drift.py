"""What an implementation computes on a fixed set of cases, kept to the bit: versions can be compared by it.

The cases are the same for every adapter, version and profile; of them, those are run that an adapter's
default route supports. Beside the numbers stands how near they are to the truth, as a share of the bound.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
import numpy as np

from rnn_adapters.adapter import CannotExpress
from rnn_adapters.declarations import DType, Supports
from rnn_adapters.framework import DEFAULT
from rnn_adapters.written import ArrayData, decoded, documents_schema, encoded, write_array
from rnn_adapters.written_arrays import DTYPES, NAMES
from rnn_conformance.checks.support.derivatives import cotangents
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.clauses import spec_version
from rnn_conformance.engine.compare import LARGEST_RATIO, NonConforming, require_array
from rnn_conformance.engine.deviations import within
from rnn_conformance.engine.drawing import draw_cases
from rnn_conformance.engine.environment import Environment, this_environment
from rnn_conformance.engine.results import Digest, Positive, write_whole
from rnn_conformance.engine.strategies import Cases, Padding
from rnn_conformance.engine.subject import Subject
from rnn_reference.activations import ACTIVATIONS, ActivationName
from rnn_reference.bounds import Bounded
from rnn_reference.errors import BadInput
from rnn_reference.gradient_bounds import bound_gradients
from rnn_reference.network import Array

SCHEMA: Literal["rnn-conformance/drift/1"] = "rnn-conformance/drift/1"

FLOATS: tuple[DType, ...] = get_args(DType)

SEED = "drift/1"
"""Of the cases. Another one makes every drift file that there is incomparable."""

ALL = Supports(
    activations=tuple(ACTIVATIONS),
    dtypes=FLOATS,
    sequence=True,
    final_states=True,
    initial_states=True,
    bidirectional=True,
    stacked=True,
    lengths=True,
    masks=True,
)
"""What the cases make use of: they are drawn as for an implementation that supports this."""


class Kept(msgspec.Struct, kw_only=True):
    """One array that came back, exactly.

    Args:
        values: its written form, of an array of the type `dtype`.
        worst: the largest error ÷ bound of its elements, 0 where there is no claim.
        mean: the mean error ÷ bound.
    """

    dtype: DType
    values: ArrayData
    worst: Positive
    mean: Positive


class DriftCase(msgspec.Struct, kw_only=True):
    """What came of one case.

    Args:
        kind: what cases are counted together.
        digest: of the case, which must be the same where two are compared.
        outputs, gradients: arrays by name.
        problem: what went wrong, if anything did: there are no arrays then, or no gradients.
    """

    kind: str
    digest: Digest
    outputs: dict[str, Kept] = {}
    gradients: dict[str, Kept] = {}
    problem: str = ""


class Drift(msgspec.Struct, kw_only=True):
    """What one version of an implementation computes, as it is kept in a file."""

    schema: Literal["rnn-conformance/drift/1"] = SCHEMA
    adapter: Annotated[str, msgspec.Meta(min_length=1)]
    versions: dict[str, str]
    suite_version: str
    spec_version: str
    environment: Environment
    cases: dict[str, DriftCase] = {}


@dataclass(frozen=True)
class Kind:
    """Cases that are counted together, of all numbers of layers and directions that are named."""

    name: str
    cases: Cases
    layers: tuple[int, ...] = (1, 2)
    directions: tuple[int, ...] = (1, 2)
    each: int = 2

    def drawn(self) -> Iterator[tuple[str, Case]]:
        """Every case with its name."""
        for layers in self.layers:
            for directions in self.directions:
                single = replace(self.cases, layers=(layers,), directions=(directions,))
                drawn = list[Case]()
                name = f"{self.name}, layers {layers}, directions {directions}"
                draw_cases(single({DEFAULT: ALL}), self.each, f"{SEED}/{name}", drawn.append)
                yield from ((f"{name}, {number}", case) for number, case in enumerate(drawn, 1))


def _cases(
    dtype: str = "float32",
    activation: ActivationName = "tanh",
    padding: Padding = "none",
    sizes: tuple[int, int, int, int] = (2, 7, 5, 8),
) -> Cases:
    """Cases of one structure: only their numbers are drawn, with full mantissas."""
    batch, time, inputs, hidden = sizes
    return Cases(
        mixed_directions=(False,),
        biases=(1,),
        activations=(activation,),
        regimes=("contractive",),
        initial_states=(True,),
        batch=(batch,),
        time=(time,),
        inputs=(inputs,),
        hidden=(hidden,),
        dtypes=(dtype,),
        padding=(padding,),
        scatter=True,
    )


def _kinds() -> Iterator[Kind]:
    for dtype in ALL.dtypes:
        for activation in ("tanh", "relu"):
            yield Kind(f"{dtype} {activation}", _cases(dtype, activation))
    for padding in ("lengths", "mask"):
        yield Kind(f"float32 tanh with {padding}", _cases(padding=padding), layers=(1,))
    for name in ACTIVATIONS:
        if name not in ("tanh", "relu"):
            yield Kind(f"float32 {name}", _cases(activation=name), layers=(1,), directions=(1,))
    yield Kind("float32 tanh, 40 steps of 32 units", _cases(sizes=(2, 40, 16, 32)), layers=(1,), each=1)


@cache
def drift_cases() -> Mapping[str, tuple[str, Case]]:
    """For each name of a case its kind, and the case; the same whatever is installed."""
    return {name: (kind.name, case) for kind in _kinds() for name, case in kind.drawn()}


def drift_of(subject: Subject, versions: Mapping[str, str]) -> Drift:
    """What an implementation computes by its default route on the cases that it supports."""
    subject.take(DEFAULT)
    kept = Drift(
        adapter=subject.name,
        versions=dict(versions),
        suite_version=version("rnn-conformance"),
        spec_version=spec_version(),
        environment=this_environment(),
    )
    for name, (kind, whole) in drift_cases().items():
        case = whole if subject.supports.initial_states else whole.replace(initial_states=None)
        if within(subject.supports, case):
            kept.cases[name] = _examined(subject, kind, case)
    return kept


def _examined(subject: Subject, kind: str, case: Case) -> DriftCase:
    digest = hashlib.blake2b(case.fingerprint, digest_size=16).hexdigest()
    examined = DriftCase(kind=kind, digest=digest)
    try:
        examined.outputs = _outputs(subject, case)
        if subject.supports.gradients and subject.supports.sequence and case.initial_states is not None:
            examined.gradients = _gradients(subject, case)
    except (NonConforming, CannotExpress) as error:
        examined.problem = str(error).partition("\n")[0]
    return examined


def _outputs(subject: Subject, case: Case) -> dict[str, Kept]:
    expected = subject.bounds_of(case)
    output = subject.run(case, return_sequences=subject.supports.sequence)
    found: dict[str, tuple[Array | None, Bounded]] = {}
    if subject.supports.sequence:
        sequence = expected.sequence
        if case.steps is not None:  # what stands at masked time steps is a convention
            bound = np.where(case.steps[:, :, None], sequence.bound, np.inf)
            sequence = Bounded(sequence.value, bound)
        found["sequence output"] = output.sequence, sequence
    else:
        found["last output"] = output.last, expected.last
    if subject.supports.final_states:
        for index, (state, bounded) in enumerate(
            zip(output.final_states or (), expected.final_states, strict=True)
        ):
            found[f"final states of layer {index}"] = state, bounded
    return {name: _kept(name, *both) for name, both in found.items()}


def _gradients(subject: Subject, case: Case) -> dict[str, Kept]:
    given = cotangents(case)
    expected = bound_gradients(case.network, case.x, case.initial_states, *given, case.steps)
    gradients = subject.gradients(case, *given)
    found: dict[str, tuple[Array | None, Bounded]] = {"x": (gradients.x, expected.x)}
    for index, (state, bounded) in enumerate(
        zip(gradients.initial_states, expected.initial_states, strict=True)
    ):
        found[f"initial states of layer {index}"] = state, bounded
    for index, (cell, bounds) in enumerate(zip(gradients.cells, expected.cells, strict=True)):
        for role in ("W_x", "W_h", "b"):
            found[f"{role} of cell {index}"] = getattr(cell, role), getattr(bounds, role)
    return {name: _kept(f"gradient of {name}", *both) for name, both in found.items()}


def _kept(what: str, actual: Array | None, expected: Bounded) -> Kept:
    """An array and how near it is.

    Raises:
        NonConforming: it is none, or of another shape than expected.
    """
    name = NAMES.get(actual.dtype, "") if isinstance(actual, np.ndarray) else ""
    dtype = next((each for each in FLOATS if each == name), FLOATS[0])
    array = require_array(what, actual, expected.value.shape, DTYPES[dtype])
    ratio = share_of_bound(array, expected)
    return Kept(
        dtype=dtype,
        values=write_array(array, array.dtype, what),
        worst=float(ratio.max(initial=0.0)),
        mean=float(ratio.mean()) if ratio.size else 0.0,
    )


def share_of_bound(actual: Array, expected: Bounded) -> Array:
    """Error ÷ bound of every element of which there is a claim, in one row."""
    claimed = np.isfinite(expected.bound)
    value, bound = expected.value[claimed], expected.bound[claimed]
    with np.errstate(all="ignore"):
        error = np.abs(actual[claimed].astype(value.dtype) - value)
        ratio = np.where(error == 0, 0, error / bound)
    shares: Array = np.minimum(np.nan_to_num(ratio, nan=np.inf), LARGEST_RATIO).astype(np.float64)
    return shares


def write_drift(path: Path, drift: Drift) -> None:
    """Write a drift file.

    Raises:
        BadInput: it cannot be written there, or would be no drift file.
    """
    content = encoded(drift)
    decoded(content, Drift, f"drift {path}")
    write_whole(path, content + b"\n")


def read_drift(path: Path) -> Drift:
    """Read a drift file.

    Raises:
        BadInput: it is missing, or is none of this schema.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"drift file {path}: {error.strerror}") from None
    return decoded(content, Drift, f"drift file {path}")


def drift_schema() -> dict[str, Any]:
    """The JSON schema of a drift file."""
    return documents_schema("Drift of rnn-conformance", [Drift])

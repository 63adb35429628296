"""One case: a network, the call made of it, and how both are written down."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from rnn_adapters import written
from rnn_adapters.adapter import Call
from rnn_adapters.declarations import ROLES, one_of
from rnn_adapters.histories import OF_A_CALL, Action, Doing, History
from rnn_adapters.written import CaseData
from rnn_conformance.engine.handing import LAYOUTS, PLAIN
from rnn_conformance.engine.results import Kind
from rnn_reference.errors import BadInput
from rnn_reference.network import (
    Array,
    Network,
    States,
    steps_of_lengths,
)

SHOWN_ELEMENTS = 48
"""Arrays with more elements than this are described, not printed."""


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """What one example of a check runs. The facts of a case are those of its call.

    Args:
        network: the weights.
        call: the call that is made of it.
        route: the route into the framework, by name; "" for the default one.
        variant: which of several forms of the check this is; each check says what its variants are.
        layout: how the arrays of the call lie in memory when they are handed over, by name.
        history: what is done with the loaded network before the call.
    """

    network: Network
    call: Call
    route: str = ""
    variant: str = ""
    layout: str = PLAIN
    history: History = ()

    @staticmethod
    def of(
        network: Network,
        x: Array,
        initial_states: States | None = None,
        *,
        route: str = "",
        variant: str = "",
        layout: str = PLAIN,
        **options: Any,
    ) -> Case:
        """The case of a call with these options (see `Call`)."""
        return Case(network, Call(x, initial_states, **options), route, variant, layout)

    @property
    def x(self) -> Array:
        return self.call.x

    @property
    def initial_states(self) -> States | None:
        return self.call.initial_states

    def asking(self, *, return_sequences: bool) -> Call:
        """The call, for sequences or for the last output only."""
        return dataclasses.replace(self.call, return_sequences=return_sequences)

    @property
    def fingerprint(self) -> bytes:
        """Bytes that are the same for the same case only."""
        parts = [repr((self.route, self.variant, self.layout, [each.do for each in self.history])).encode()]
        for action in (Action("assign", network=self.network), *self.actions):
            parts += _identity(action)
        return b"|".join(parts)

    @property
    def actions(self) -> History:
        """The history, and then the call."""
        return (*self.history, Action("call", self.call))

    @property
    def moments(self) -> tuple[Case, ...]:
        """For each call of the history the case that ends with it; the last is this one."""
        return (
            *(
                self.replace(call=action.call, history=self.history[:place])
                for place, action in enumerate(self.history)
                if action.call is not None
            ),
            self,
        )

    @property
    def steps(self) -> Array | None:
        """Which time steps of each sequence are valid (batch, time); None for all."""
        lengths, mask = self.call.lengths, self.call.mask
        if lengths is None:
            return mask
        within = steps_of_lengths(lengths, self.x.shape[1])
        return within if mask is None else within & mask

    def replace(self, **changes: Any) -> Case:
        """The case with some of its fields, or of its call's, changed."""
        own = {name: changes.pop(name) for name in OWN_FIELDS if name in changes}
        if changes:
            own["call"] = dataclasses.replace(own.get("call", self.call), **changes)
        return dataclasses.replace(self, **own)

    def mapped(self, change: Callable[[Array], Array]) -> Case:
        """The case with all its weights, input and initial states changed."""
        states = self.initial_states
        return self.replace(
            network=self.network.mapped(change),
            x=change(self.x),
            initial_states=None if states is None else tuple(map(change, states)),
        )

    def reordered(self, rows: Array) -> Case:
        """The case with its rows in another order."""
        return self.replace(
            x=self.x[rows],
            initial_states=None
            if self.initial_states is None
            else tuple(s[:, rows] for s in self.initial_states),
            lengths=None if self.call.lengths is None else self.call.lengths[rows],
            mask=None if self.call.mask is None else self.call.mask[rows],
        )

    @property
    def facts(self) -> dict[str, str | int | bool]:
        """What conditions of deviations may ask about a case (`FACTS`)."""
        return {name: fact(self) for name, (fact, _) in FACTS.items()}

    def __repr__(self) -> str:
        """The case in words and numbers: shapes first, then every array that is short enough to read."""
        hidden = "+".join(str(layer.hidden_size) for layer in self.network.layers)
        sizes = f"input {self.network.input_size}, hidden {hidden}"
        if self.x.ndim == 3:
            sizes = f"batch {self.x.shape[0]}, time {self.x.shape[1]}, {sizes}"
        lines = [f"{self.network.dtype}, {sizes}"]
        lines[0] += f", variant {self.variant!r}" if self.variant else ""
        lines[0] += f", route {self.route!r}" if self.route else ""
        lines[0] += f", arrays in memory: {self.layout}" if self.layout != PLAIN else ""
        for index, layer in enumerate(self.network.layers):
            for name, cell in zip(("forward", "backward"), layer.cells, strict=False):
                lines.append(f"layer {index} {name}, {cell.activation}:")
                lines += [
                    f"  {role} = {_shown(getattr(cell, role))}"
                    for role in ("W_x", "W_h", "b", "b_h")
                    if getattr(cell, role) is not None
                ]
        if not self.history:
            return "\n".join([*lines, *_call_lines(self.call)])
        before = self.network
        for number, action in enumerate(self.actions, 1):
            lines.append(f"{number}. {WORDS[action.do]}" + ":" * (action.do in WITH_MORE))
            lines += [f"   {line}" for line in _action_lines(action, before)]
            before = action.network or before
        return "\n".join(lines)


def _identity(action: Action) -> list[bytes]:
    """Bytes that are the same for the same action only."""
    words, arrays = list[Any](), list[Array | None]()
    if action.call is not None:
        call, states = action.call, action.call.initial_states or ()
        words += [*(getattr(call, name) for name in (*OPTIONS, "return_sequences")), len(states)]
        arrays += [call.x, *states, call.lengths, call.mask]
    if action.network is not None:
        cells = action.network.cells
        words += [*(str(cell.activation) for cell in cells)]
        words += [layer.directions for layer in action.network.layers]
        arrays += [w for cell in cells for w in (cell.W_x, cell.W_h, cell.b, cell.b_h)]
    parts = [repr(words).encode()]
    for array in arrays:
        if array is None:
            parts.append(b"-")
        else:
            parts += [array.dtype.char.encode(), repr(array.shape).encode(), array.tobytes()]
    return parts


WORDS: dict[Doing, str] = {
    "call": "call",
    "gradients": "take the gradients of a call",
    "tangents": "take the JVP of a call",
    "second_gradients": "take the gradients of the gradients of a call",
    "ask": "ask what is told of a call",
    "mistake": "make a call of a feature too many, as this one otherwise",
    "read": "read weights, shapes and number",
    "assign": "assign weights",
    "reset": "reset the states",
    "restore": "save, load, and go on with what was loaded",
}
"""What is done, as an action of a history is shown."""

WITH_MORE = (*OF_A_CALL, "assign")
"""What is shown with its arrays."""


def _action_lines(action: Action, before: Network) -> list[str]:
    """A call, or what of the weights is assigned that is other than before."""
    if action.call is not None:
        return [f"batch {len(action.call.x)}, time {action.call.x.shape[1]}", *_call_lines(action.call)]
    if action.network is None:
        return []
    return [
        f"{role} of cell {index} = {_shown(getattr(cell, role))}"
        for index, (cell, old) in enumerate(zip(action.network.cells, before.cells, strict=True))
        for role in ROLES
        if not np.array_equal(getattr(cell, role), getattr(old, role))
    ]


def _call_lines(call: Call) -> list[str]:
    """A call in words and numbers."""
    lines = [f"x = {_shown(call.x)}"]
    for index, state in enumerate(call.initial_states or ()):
        lines.append(f"initial state of layer {index} = {_shown(state)}")
    if call.initial_states is None:
        lines.append("no initial state given")
    lines += [
        f"{name} = {value.tolist()}"
        for name, value in (("lengths", call.lengths), ("mask", call.mask))
        if value is not None
    ]
    lines += ["go_backwards"] * call.go_backwards
    lines += [f"merge_mode = {call.merge_mode}"] * (call.merge_mode != "concat")
    lines += ["stateful"] * call.stateful
    lines += [f"dropout of {call.dropout}, rate {call.rate}"] * (call.dropout is not None)
    lines += ["training"] * call.training
    lines += [f"computed in {call.compute_dtype}"] * (call.compute_dtype is not None)
    return lines


OPTIONS = ("go_backwards", "merge_mode", "stateful", "training", "dropout", "rate", "compute_dtype")
"""The options of a call that are no arrays."""

OWN_FIELDS = tuple(each.name for each in dataclasses.fields(Case))

Fact = str | int | bool


def _alike(values: Iterable[Fact]) -> Fact:
    """The value that all share, or "different"."""
    distinct = dict.fromkeys(values)
    return next(iter(distinct)) if len(distinct) == 1 else "different"


def _padding(case: Case) -> str:
    said = [name for name in ("lengths", "mask") if getattr(case.call, name) is not None]
    return " and ".join(said) or "none"


def _fully_masked_row(case: Case) -> bool:
    valid, lengths = case.call.mask, case.call.lengths
    if lengths is not None and valid is not None and valid.shape == case.x.shape[:2]:
        valid = valid & (np.arange(case.x.shape[1]) < lengths.reshape(-1, 1))
    elif lengths is not None:
        valid = np.atleast_1d(lengths > 0)  # impossible lengths, too, are cases
    return valid is not None and not valid.any(axis=tuple(range(1, valid.ndim))).all()


def _last_step_masked(case: Case) -> bool:
    mask = case.call.mask
    if mask is None or mask.ndim != 2 or not mask.size:
        return False
    return not mask[:, 0 if case.call.go_backwards else -1].all()


def _some_step_masked(case: Case) -> bool:
    if _padding(case) == "none" or case.x.ndim != 3 or not _fits(case):
        return False
    steps = case.steps
    return steps is not None and not steps.all()


def _beyond_float32(case: Case) -> bool:
    given = [each for each in (case.x, *(case.initial_states or ())) if each.dtype == np.float64]
    with np.errstate(over="ignore", under="ignore"):
        return any(not np.array_equal(each.astype(np.float32), each, equal_nan=True) for each in given)


def _done_before(*doings: Doing) -> Callable[[Case], Fact]:
    """Whether one of these was done in the history."""
    return lambda case: any(action.do in doings for action in case.history)


def _padded_with(case: Case) -> str:
    steps = case.steps if _padding(case) != "none" and case.x.ndim == 3 and _fits(case) else None
    masked = np.zeros(0) if steps is None else case.x[~steps].astype(float)
    if not masked.size:
        return "numbers"
    if np.isnan(masked).any():
        return "nan"
    return "inf" if np.isinf(masked).any() else "huge" if np.abs(masked).max() >= HUGE_PADDING else "numbers"


HUGE_PADDING = 2.0**13
"""From here on padding is called huge: float16 holds it, but not twice its square."""


def _fits(case: Case) -> bool:
    """Whether lengths and mask have the shapes that they must have; cases of bad input may not."""
    lengths, mask = case.call.lengths, case.call.mask
    return (lengths is None or lengths.shape == case.x.shape[:1]) and (
        mask is None or mask.shape == case.x.shape[:2]
    )


def _magnitude(case: Case) -> str:
    arrays = [case.x, *(case.initial_states or ()), *(w for c in case.network.cells for w in (c.W_x, c.W_h))]
    largest = max(float(np.abs(a[np.isfinite(a)]).astype(float).max(initial=0)) for a in arrays)
    for name, limit in (("zero", 0.0), ("tiny", 2.0**-20), ("moderate", 2.0**6), ("large", 2.0**16)):
        if largest <= limit:
            return name
    return "huge"


FACTS: dict[str, tuple[Callable[[Case], Fact], str]] = {
    "dtype": (lambda case: str(case.network.dtype), "the type of the weights"),
    "activation": (
        lambda case: _alike(str(cell.activation) for cell in case.network.cells),
        'that of all cells, or "different"',
    ),
    "layers": (lambda case: case.network.num_layers, "how many"),
    "directions": (
        lambda case: max(layer.directions for layer in case.network.layers),
        "2 where any layer is bidirectional",
    ),
    "bottom_directions": (
        lambda case: case.network.layers[0].directions,
        "2 where the bottom layer is bidirectional",
    ),
    "bias_vectors": (lambda case: max(len(cell.biases) for cell in case.network.cells), "0, 1 or 2, at most"),
    "some_cell_without_bias": (
        lambda case: any(not cell.biases for cell in case.network.cells),
        "whether some cell has no bias",
    ),
    "zero_weight": (
        lambda case: any((W == 0).any() for cell in case.network.cells for W in (cell.W_x, cell.W_h)),
        "whether some W_x or W_h holds a 0",
    ),
    "batch": (lambda case: case.x.shape[0], "sequences side by side"),
    "time": (lambda case: case.x.shape[1], "steps"),
    "input_size": (lambda case: case.network.input_size, "features"),
    "hidden_size": (lambda case: case.network.layers[0].hidden_size, "units of the bottom layer"),
    "layers_differ": (
        lambda case: _alike(layer.hidden_size for layer in case.network.layers) == "different",
        "whether layers differ in their units",
    ),
    "beyond_float32": (
        _beyond_float32,
        "whether input or initial states hold a number that float32 does not",
    ),
    "magnitude": (_magnitude, "of the largest number: zero, tiny, moderate, large or huge"),
    "initial_states": (lambda case: case.initial_states is not None, "whether they are given"),
    "padding": (_padding, 'how it is said: "none", "lengths", "mask" or "lengths and mask"'),
    "padded_with": (_padded_with, "what the input holds at masked time steps: numbers, huge, inf or nan"),
    "some_step_masked": (_some_step_masked, "whether any sequence of the batch has a masked time step"),
    "fully_masked_row": (_fully_masked_row, "whether a sequence of the batch has no valid time step"),
    "last_step_masked": (
        _last_step_masked,
        "whether a sequence masks the step that would be its last (going backwards, the first)",
    ),
    "return_sequences": (lambda case: case.call.return_sequences, "whether sequences are asked for"),
    "go_backwards": (lambda case: case.call.go_backwards, "whether the layer reads from the end"),
    "merge_mode": (lambda case: case.call.merge_mode, "how directions are merged"),
    "stateful": (lambda case: case.call.stateful, "whether the layers keep their states"),
    "training": (lambda case: case.call.training, "whether the call is one of training"),
    "dropout": (lambda case: case.call.dropout or "none", 'where it acts, or "none"'),
    "compute_dtype": (lambda case: case.call.compute_dtype or "none", 'mixed precision, or "none"'),
    "layout": (lambda case: case.layout, "how the arrays of the call lie in memory"),
    "route": (lambda case: case.route or "default", 'by name, or "default"'),
    "variant": (lambda case: case.variant, "the form of the check"),
    "called": (_done_before("call"), "whether other calls were made before, in a history"),
    "mistaken": (_done_before("mistake"), "whether a call of a feature too many was made before it"),
    "assigned": (_done_before("assign"), "whether weights were assigned before the call"),
    "differentiated": (
        _done_before("gradients", "tangents", "second_gradients"),
        "whether a derivative was taken before it",
    ),
    "jvp_taken": (_done_before("tangents"), "whether this was a JVP"),
    "second_gradients_taken": (
        _done_before("second_gradients"),
        "whether this was the double backward",
    ),
    "reset": (_done_before("reset"), "whether states were reset before it"),
    "restored": (_done_before("restore"), "whether it was saved and loaded before"),
}
"""The facts of a case by name: how each is told, and what it is."""

OF_ANY_CELL: dict[str, tuple[Callable[[Case], set[str]], str]] = {
    "activations": (
        lambda case: {str(cell.activation) for cell in case.network.cells},
        'those of all cells: a condition asks for one that fits, as "elu*" does any elu',
    ),
}
"""What a case has several of, by name. They are for conditions of records alone."""


def meets(case: Case, name: str, wanted: Sequence[Fact]) -> bool:
    """Whether one of these values is the fact of this name, or fits one of what a case has several of."""
    if name in FACTS:
        return FACTS[name][0](case) in wanted
    return any(fnmatchcase(value, str(pattern)) for value in OF_ANY_CELL[name][0](case) for pattern in wanted)


def _shown(array: Array) -> str:
    if array.size > SHOWN_ELEMENTS:
        return f"{array.size} values, shape {array.shape}"
    return repr(array.tolist())


class SavedCase(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A case in a file of its own, with the clause it is a case of; and where a run left it, what was found.

    Args:
        adapter, versions: what failed.
        kind, message, facts, likely_cause: those of the finding.
    """

    clause: str
    case: CaseData
    adapter: str = ""
    versions: dict[str, str] = {}
    kind: Kind | None = None
    message: str = ""
    facts: dict[str, Fact] = {}
    likely_cause: str = ""


def to_data(case: Case) -> CaseData:
    """The written form of a case."""
    return written.write_case(case.network, case.call, case.route, case.variant, case.layout, case.history)


def from_data(data: CaseData, place: str = "", *, checked: bool = False) -> Case:
    """The case that was written.

    Args:
        place: what errors call it.
        checked: whether the call must fit the network. Cases of bad input do not.

    Raises:
        BadInput: something in it cannot be a network or a call.
    """
    network = written.read_network(data, place)
    call = written.read_call(data, network.dtype, place)
    history = written.read_history(data, network.dtype, place)
    case = Case(network, call, data.route, data.variant, data.layout, history)
    if checked:
        for moment in case.moments:
            written.check_fit(moment.network, moment.call)
    one_of(f"{place}: layout" if place else "layout", data.layout, LAYOUTS)
    return case


def read_saved(path: Path) -> SavedCase:
    """All that a case file says.

    Raises:
        BadInput: the file is missing, or is no case.
    """
    try:
        return written.decoded(path.read_bytes(), SavedCase, f"case file {path}")
    except OSError as error:
        raise BadInput(f"case file {path}: {error.strerror}") from None


def read_case(path: Path) -> tuple[str, Case]:
    """The clause and the case in a file.

    Raises:
        BadInput: the file is missing, is no case, or holds a network or call that cannot be.
    """
    try:
        saved = read_saved(path)
        return saved.clause, from_data(saved.case)
    except BadInput as error:
        said = str(error)
        raise BadInput(said if said.startswith("case file") else f"case file {path}: {said}") from None


def write_case(path: Path, saved: SavedCase) -> None:
    """Write a case so that `read_case` gives it back, bit for bit.

    Raises:
        BadInput: it cannot be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(written.encoded(saved), indent=1) + b"\n")
    except OSError as error:
        raise BadInput(f"case file {path}: {error.strerror}") from None

"""A harness tried step by step: what it has to do to be asked, and what is wrong with it in plain words."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rnn_adapters.adapter import Adapter, CannotExpress, ImplementationLost
from rnn_adapters.framework import DEFAULT
from rnn_adapters.stdio.client import Harness
from rnn_adapters.stdio.connection import Connection, Refused, exit_words
from rnn_adapters.stdio.messages import CLOSING_SECONDS, UNKNOWN_REQUEST, Answer, Bye, Trouble
from rnn_adapters.surface import Shape, Training
from rnn_adapters.written import decoded, encoded, write_network
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.subject import LAST_AXES, STATE_AXES, Subject
from rnn_reference.activations import ActivationName
from rnn_reference.errors import BadInput
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Array, Cell, Layer, Network


@dataclass(frozen=True)
class Step:
    """What came of a step.

    Args:
        name: what was tried.
        wrong: what is wrong, in words; "" if nothing is.
        said: a word about what was seen.
        fatal: nothing else can be tried.
    """

    name: str
    wrong: str = ""
    said: str = ""
    fatal: bool = False


class Wrong(Exception):
    """A step found something."""


class NotDeclared(Exception):
    """A step has nothing to try."""


class Peer:
    """The harness, started anew where it was lost."""

    def __init__(self, command: Sequence[str], deadline: float) -> None:
        self._command, self._deadline = command, deadline
        self._connection: Connection | None = Connection(command, deadline)
        self._harness: Harness | None = None
        self._subject: Subject | None = None

    @property
    def connection(self) -> Connection:
        if self._connection is None:
            self._connection = Connection(self._command, self._deadline)
        return self._connection

    @property
    def harness(self) -> Harness:
        if self._harness is None:
            self._harness = Harness(self.connection)
        return self._harness

    @property
    def subject(self) -> Subject:
        """The routes of the harness as checks see them."""
        if self._subject is None:
            self._subject = Subject(self.harness.framework())
        return self._subject

    @property
    def adapter(self) -> Adapter[Any]:
        return self.subject.adapter

    def give_up(self) -> None:
        """Stop this process; the next step has another."""
        if self._connection is not None:
            self._connection.end()
        self._connection = self._harness = self._subject = None

    def says(self, **request: Any) -> Answer:
        """The answer to a request that is written as it stands here."""
        line = self.connection.exchange_line(json.dumps(request).encode(), str(request["request"]))
        try:
            said = decoded(line, Answer, "line")
        except BadInput as error:
            raise Wrong(str(error)) from None
        if said.id != request["id"]:
            raise Wrong(f"expected id {request['id']}; got {said.id}")
        return said


def steps(command: Sequence[str], deadline: float) -> Iterator[Step]:
    """Every step of a harness, in order, until one is fatal.

    Args:
        command: the program and its arguments.
        deadline: seconds that an answer may take, where the harness declares no other.

    Raises:
        BadInput: it cannot be started.
    """
    peer = Peer(command, deadline)
    try:
        for name, trial in STEPS.items():
            step = _step(name, trial, peer)
            if step is not None:
                yield step
                if step.fatal:
                    return
    finally:
        peer.give_up()


def _step(name: str, trial: Callable[[Peer], str], peer: Peer) -> Step | None:
    try:
        return Step(name, said=trial(peer))
    except NotDeclared:
        return None
    except ImplementationLost as lost:
        peer.give_up()
        return Step(name, f"the process {lost.how}", fatal=trial is hello)
    except (Wrong, NonConforming, Refused, CannotExpress, MemoryError, BadInput) as error:
        kind = {Refused: "refused: ", CannotExpress: "cannot express: ", MemoryError: "out of memory: "}
        return Step(name, kind.get(type(error), "") + str(error), fatal=trial is hello)


def small(adapter: Adapter[Any]) -> Case:
    """A case of the first activation and type that are declared."""
    supports = adapter.supports
    activation: ActivationName = supports.activations[0]
    dtype = np.dtype(supports.dtypes[0])
    W_x, W_h = np.array([[0.5, -0.25, 1.0], [0.75, 0.125, -0.5]]), np.array([[0.5, 0.25], [-0.25, 0.375]])
    cell = Cell(W_x, W_h, np.array([0.25, -0.5]), activation=activation).astype(dtype)
    x = np.linspace(-1, 1, 24).reshape(2, 4, 3).astype(dtype)
    states = (np.array([[[0.5, -0.5], [0.25, 1.0]]]).astype(dtype),) if supports.initial_states else None
    return Case.of(Network([Layer(cell)]), x, states)


def agreeing(subject: Subject, case: Case) -> str:
    """Run a case and compare whatever is returned with the reference."""
    expected = subject.bounds_of(case)
    supports, dtype = subject.supports, case.network.dtype
    seen = []
    output = subject.run(case, return_sequences=supports.sequence)
    if supports.sequence:
        subject.agree("sequence", output.sequence, expected.sequence, dtype)
        seen.append("sequence")
    if supports.final_states:
        (states,) = output.final_states or (None,)
        subject.agree("final_states[0]", states, expected.final_states[0], dtype, STATE_AXES)
        seen.append("final states")
    if supports.last_output:
        output = subject.run(case, return_sequences=False)
        subject.agree("last", output.last, expected.last, dtype, LAST_AXES)
        seen.append("last output")
    return f"{', '.join(seen)} as in the reference"


def hello(peer: Peer) -> str:
    """It says what it is, in declarations that do not contradict each other."""
    adapter = peer.adapter
    versions = ", ".join(f"{package} {number}" for package, number in adapter.versions().items())
    return f"{peer.harness.hello.name}, {versions}"


def unknown_field(peer: Peer) -> str:
    """A field of a later version is ignored."""
    network = json.loads(encoded(write_network(small(peer.adapter).network)))
    said = peer.says(request="load", id=1001, network=network, a_field_of_a_later_version=1)
    if isinstance(said.error, Trouble):
        raise Wrong(f"expected a field that is not known to be ignored; got {said.error.message!r}")
    return "a field that is not known is ignored"


def load_and_run(peer: Peer) -> str:
    """The smallest ordinary call."""
    return agreeing(peer.subject, small(peer.adapter))


def exact_numbers(peer: Peer) -> str:
    """Numbers that need all their digits come back to the bit."""
    if not peer.adapter.supports.read_weights:
        raise NotDeclared
    case = small(peer.adapter)
    limits = np.finfo(np.float32 if case.network.dtype != np.float64 else np.float64)
    hard = np.array([1 / 3, -0.0, float(limits.tiny), -float(limits.max), 0.1, float(limits.eps)])
    if case.network.dtype.itemsize < 4:
        hard = np.array([1 / 3, -0.0, 2.0**-14, -(2.0**15), 0.1, 2.0**-10])
    cell = case.network.layers[0].forward
    W_x = hard.reshape(2, 3).astype(case.network.dtype)
    network = Network([Layer(Cell(W_x, cell.W_h, cell.b, activation=cell.activation))])
    found = peer.subject.read_weights(network).layers[0].forward.W_x
    if found.tobytes() != W_x.tobytes():
        raise Wrong(f"W_x: expected {W_x.tolist()} to the bit; got {found.tolist()}")
    return "weights come back to the bit"


def not_finite(peer: Peer) -> str:
    """NaN and infinity are no JSON numbers."""
    case = small(peer.adapter)
    x = case.x.copy()
    x[0, 0, 0], x[1, 1, 0] = np.nan, np.inf
    call = replace(case.asking(return_sequences=peer.adapter.supports.sequence), x=x)
    output = peer.subject.answer_to(replace(case, call=call))
    return "refused" if output is None else "answered"


def no_rows(peer: Peer) -> str:
    """An array without elements has its shape."""
    case = small(peer.adapter)
    states = case.initial_states
    empty = case.replace(x=case.x[:0], initial_states=None if states is None else (states[0][:, :0],))
    try:
        output = peer.subject.answer_to(empty)
    except CannotExpress as error:
        return f"it has no words for that: {error}"
    if output is None:
        return "refused"
    for name, array, shape in (("sequence", output.sequence, (0, 4, 2)), ("last", output.last, (0, 2))):
        if array is not None and array.shape != shape:
            raise Wrong(
                f'{name}: expected {{"shape": {list(shape)}}}; got an array of shape {list(array.shape)}'
            )
    return "answered"


def bad_input(peer: Peer) -> str:
    """What is wrong is refused by an error, and the harness goes on."""
    case = small(peer.adapter)
    wide = replace(case.call, x=np.concatenate([case.x, case.x[..., :1]], axis=-1))
    error = peer.subject.error_of(case.network, wide)
    if error is None:
        raise Wrong('expected an error of kind "refused" for one feature too many; got an answer')
    agreeing(peer.subject, case)
    return f"refused ({error}), and the next call is answered"


def unknown_request(peer: Peer) -> str:
    """A request of a later version is answered by an error, and the harness goes on."""
    said = peer.says(request="a request of a later version", id=1002)
    if not isinstance(said.error, Trouble) or said.error.kind != UNKNOWN_REQUEST:
        got = said.error.kind if isinstance(said.error, Trouble) else "an answer"
        raise Wrong(f"expected an error of kind {UNKNOWN_REQUEST!r}; got {got}")
    agreeing(peer.subject, small(peer.adapter))
    return "an error, and the next call is answered"


def _differentiated(name: str) -> Callable[[Peer], str]:
    """A step of a derivative: it is asked once, and must have the shapes of what it belongs to."""

    def trial(peer: Peer) -> str:
        if not peer.adapter.supports.has(name):
            raise NotDeclared
        case, subject = small(peer.adapter), peer.subject
        if case.initial_states is None:
            raise Wrong(f"expected initial_states beside {name}; got {name} without")
        cell = case.network.layers[0].forward
        direction = Gradients(case.x, case.initial_states, (CellGradients(cell.W_x, cell.W_h, cell.b),))
        d_sequence = np.ones((*case.x.shape[:2], case.network.output_size), case.network.dtype)
        cotangents = (d_sequence, case.initial_states)
        if name == "tangents":
            rates = subject.tangents(case, direction).sequence
            _shaped("sequence", rates, d_sequence.shape)
            return "asked"
        given = (*cotangents, direction) if name == "second_gradients" else cotangents
        found = getattr(subject, name)(case, *given)
        _shaped("x", found.x, case.x.shape)
        _shaped("initial_states[0]", found.initial_states[0], case.initial_states[0].shape)
        _shaped("cells[0].W_x", found.cells[0].W_x, (2, 3))
        _shaped("cells[0].b", found.cells[0].b, (2,))
        return "asked"

    return trial


def _shaped(what: str, array: Array | None, shape: tuple[int, ...]) -> None:
    if array is None or array.shape != shape:
        got = "none" if array is None else str(list(array.shape))
        raise Wrong(f"{what}: expected an array of shape {list(shape)}; got {got}")


def _shape(what: str, found: Shape | None, shape: Shape) -> None:
    if found != shape:
        raise Wrong(
            f"{what}: expected the shape {list(shape)}; got {'none' if found is None else list(found)}"
        )


def native_weights(peer: Peer) -> str:
    """The shapes of the framework's own arrays."""
    if not peer.adapter.supports.native_weights:
        raise NotDeclared
    return str(peer.subject.native_weights(small(peer.adapter).network))


def count_parameters(peer: Peer) -> str:
    """The framework's own count."""
    if not peer.adapter.supports.count_parameters:
        raise NotDeclared
    return str(peer.subject.count_parameters(small(peer.adapter).network))


def reset_states(peer: Peer) -> str:
    """A stateful layer forgets."""
    if not peer.adapter.supports.stateful:
        raise NotDeclared
    case = small(peer.adapter).replace(stateful=True)
    peer.subject.run(case, return_sequences=peer.adapter.supports.sequence)
    peer.subject.reset_states(case.network)
    return "asked"


def freshly_initialised(peer: Peer) -> str:
    """A layer as the framework makes it."""
    if not peer.adapter.supports.freshly_initialised:
        raise NotDeclared
    made = peer.subject.freshly_initialised(small(peer.adapter).network, 0)
    _shaped("layers[0].forward.W_x", made.layers[0].forward.W_x, (2, 3))
    return "asked"


def assign_weights(peer: Peer) -> str:
    """Weights are changed in place."""
    if not peer.adapter.supports.assign_weights:
        raise NotDeclared
    case = small(peer.adapter)
    peer.subject.load_anew(case.network)
    cell = case.network.layers[0].forward
    other = Network([Layer(Cell(cell.W_x[::-1], cell.W_h, cell.b, activation=cell.activation))])
    peer.subject.assign_weights(case.network, other)
    if not peer.adapter.supports.read_weights:
        return "asked"
    found = peer.subject.read_weights(other).layers[0].forward.W_x
    if found.tobytes() != other.layers[0].forward.W_x.tobytes():
        raise Wrong(f"W_x: expected what was assigned, {cell.W_x[::-1].tolist()}; got {found.tolist()}")
    return "weights are those that were assigned"


def restored(peer: Peer) -> str:
    """What was saved and loaded again computes the same."""
    if not peer.adapter.supports.restored:
        raise NotDeclared
    case = small(peer.adapter)
    peer.subject.load_anew(case.network)
    peer.subject.restore(case.network)
    return agreeing(peer.subject, case)


def inferred_shapes(peer: Peer) -> str:
    """Shapes before numbers."""
    if not peer.adapter.supports.inferred_shapes:
        raise NotDeclared
    case = small(peer.adapter).replace(return_sequences=peer.adapter.supports.sequence)
    for way, shapes in peer.subject.inferred_shapes(case, ()).items():
        found = shapes.sequence if peer.adapter.supports.sequence else shapes.last
        _shape(way, found, (2, 4, 2) if peer.adapter.supports.sequence else (2, 2))
    return "asked"


def handed_masks(peer: Peer) -> str:
    """The mask after the layer."""
    if not peer.adapter.supports.handed_masks:
        raise NotDeclared
    case = small(peer.adapter).replace(mask=np.array([[True, True, False, True]] * 2))
    for way, mask in peer.subject.handed_masks(case).items():
        _shape(way, None if mask is None else mask.shape, (2, 4))
    return "asked"


def default_states(peer: Peer) -> str:
    """The states that a call starts from."""
    if not peer.adapter.supports.default_states:
        raise NotDeclared
    states = peer.subject.default_states(small(peer.adapter))
    _shaped("states[0]", states[0] if states else None, (1, 2, 2))
    return "asked"


def kept_options(peer: Peer) -> str:
    """Options and what is left of them."""
    if not peer.adapter.supports.kept_options:
        raise NotDeclared
    return f"{len(peer.subject.kept_options(small(peer.adapter)))} options"


def wrong_layers(peer: Peer) -> str:
    """Descriptions that make no layer."""
    if not peer.adapter.supports.wrong_layers:
        raise NotDeclared
    return f"{len(peer.subject.wrong_layers(small(peer.adapter)))} descriptions"


def count_trainable(peer: Peer) -> str:
    """What would be trained."""
    if not peer.adapter.supports.count_trainable:
        raise NotDeclared
    return str(peer.subject.count_trainable(small(peer.adapter), ()))


def trained(peer: Peer) -> str:
    """Two steps of training, the loss before each and after both, and a network that stays loaded."""
    if not peer.adapter.supports.trained:
        raise NotDeclared
    case = small(peer.adapter)
    d_sequence = np.ones((2, 4, 2), case.network.dtype)
    found = peer.subject.trained(case, Training(d_sequence, rate=0.125, steps=2), going_on=True)
    if (len(found.networks), len(found.losses)) != (2, 3):
        got = f"{len(found.networks)} networks and {len(found.losses)} losses"
        raise Wrong(f"expected a network after each of 2 steps, and 3 losses; got {got}")
    peer.subject.run(case)
    return "asked"


def between_chapters(peer: Peer) -> str:
    """What is asked between calls: settings, and to forget what was built."""
    settings = peer.adapter.global_state()
    peer.subject.drop_caches()
    agreeing(peer.subject, small(peer.adapter))
    return f"{len(settings)} settings; a network is loaded again after drop_caches"


def routes(peer: Peer) -> str:
    """Every other route is taken once."""
    names = list(peer.harness.hello.routes)
    if not names:
        raise NotDeclared
    for name in names:
        try:
            peer.subject.take(name)
            agreeing(peer.subject, small(peer.adapter))
        except (BadInput, NonConforming) as error:
            raise Wrong(f"route {name!r}: {error}") from None
    peer.subject.take(DEFAULT)
    return ", ".join(names)


def bye(peer: Peer) -> str:
    """It answers, and ends."""
    connection = peer.harness.connection
    connection.ask(Bye())
    try:
        status = connection.process.wait(CLOSING_SECONDS)
    except subprocess.TimeoutExpired:
        raise Wrong(f"expected it to end within {CLOSING_SECONDS:g} s; it did not") from None
    finally:
        peer.give_up()
    if status:
        raise Wrong(f"expected it to end with exit status 0; it ended {exit_words(status)}")
    return "it answers and ends"


def end_of_input(peer: Peer) -> str:
    """It ends when its input does: nobody is there any more."""
    connection = peer.harness.connection
    try:
        connection.no_more()
        connection.process.wait(CLOSING_SECONDS)
    except subprocess.TimeoutExpired:
        raise Wrong(f"expected it to end within {CLOSING_SECONDS:g} s of its input; it did not") from None
    finally:
        peer.give_up()
    return "it ends"


STEPS: Mapping[str, Callable[[Peer], str]] = {
    "hello": hello,
    "unknown field": unknown_field,
    "load and run": load_and_run,
    "exact numbers": exact_numbers,
    "NaN and infinity": not_finite,
    "no rows": no_rows,
    "bad input": bad_input,
    "unknown request": unknown_request,
    **{name: _differentiated(name) for name in ("gradients", "tangents", "second_gradients")},
    "native_weights": native_weights,
    "count_parameters": count_parameters,
    "reset_states": reset_states,
    "freshly_initialised": freshly_initialised,
    "assign_weights": assign_weights,
    "restored": restored,
    "inferred_shapes": inferred_shapes,
    "handed_masks": handed_masks,
    "kept_options": kept_options,
    "wrong_layers": wrong_layers,
    "default_states": default_states,
    "count_trainable": count_trainable,
    "trained": trained,
    "global_state, drop_caches": between_chapters,
    "routes": routes,
    "bye": bye,
    "end of input": end_of_input,
}
"""What is tried, in order; each step is one sentence of the chapter on the protocol."""

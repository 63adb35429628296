"""The implementation under test, as a check sees it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any, TypeVar, cast

import numpy as np

from rnn_adapters.adapter import Adapter, Call, CannotExpress, Output
from rnn_adapters.declarations import Conventions, Supports
from rnn_adapters.framework import DEFAULT, Framework, framework_of
from rnn_adapters.registry import made_adapter
from rnn_adapters.surface import Shapes, Trained, Training, UnknownAxis
from rnn_conformance.engine import door
from rnn_conformance.engine.budget import Purse
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.compare import NonConforming, Tally, compare, require, require_array
from rnn_conformance.engine.expected import bounds_of, bounds_of_layers
from rnn_conformance.engine.handing import (
    LAYOUTS,
    PLAIN,
    altered,
    can_be_refilled,
    handed_call,
    named_arrays,
    overwrite,
    refill,
    twin,
)
from rnn_conformance.engine.results import Kind
from rnn_conformance.engine.words import brief, place_of
from rnn_reference.bounds import Bounded, BoundedResult
from rnn_reference.errors import BadInput
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Network, States

SEQUENCE_AXES = ("batch", "time", "unit")
STATE_AXES = ("direction", "batch", "unit")
LAST_AXES = ("batch", "unit")

R = TypeVar("R")


class Subject:
    """A framework, with every call timed and every comparison counted.

    All calls take the route that was chosen last (`take`), the default one at first. What is handed over is a
    copy, what comes back is checked and copied. What the framework raises on a case that it should answer
    becomes `NonConforming`.

    Args:
        framework: what is checked; an adapter by itself is a framework of one route.

    `absent` are the routes that are not taken, and what this machine lacks for each: none until somebody asks
    (`Framework.absent_routes`). `alone` is the one route by which all is asked, if any.
    """

    def __init__(self, framework: Framework | Adapter[Any]) -> None:
        self.framework = framework_of(framework) if isinstance(framework, Adapter) else framework
        self.absent: dict[str, str] = {}
        self.alone = ""
        self.route = DEFAULT
        self.layout = PLAIN  # how what calls and derivatives are given lies in memory
        self.tally = Tally()
        self.purse = Purse()
        self.last_run: Case | None = None  # what the last call was made with
        self.journal: Callable[[Case], None] | None = None  # told of every call before it is made
        self._adapters: dict[str, Adapter[Any] | BadInput] = {}
        self._loaded: tuple[Network, Any] | None = None
        self._assigned: Network | None = None

    def take(self, route: str) -> None:
        """Take another route from now on; "" is the default one.

        Raises:
            BadInput: there is no such route, it is broken, or this machine lacks what it needs.
        """
        if route in self.absent:
            raise BadInput(f"route: {route!r} cannot be taken: this machine lacks {self.absent[route]}")
        self.adapter_of(route)
        if route != self.route:
            self.route, self._loaded = route, None

    def adapter_of(self, route: str) -> Adapter[Any]:
        """The adapter that takes this route; made once.

        Raises:
            BadInput: there is no such route, or it is broken.
        """
        if route not in self._adapters:
            try:
                self._adapters[route] = made_adapter(self.framework, route)
            except BadInput as error:
                self._adapters[route] = error
        found = self._adapters[route]
        if isinstance(found, BadInput):
            raise found
        return found

    @property
    def adapter(self) -> Adapter[Any]:
        """The implementation, by the route that is taken."""
        return self.adapter_of(self.route)

    @property
    def name(self) -> str:
        return self.framework.name

    @property
    def supports(self) -> Supports:
        return self.adapter.supports

    @property
    def conventions(self) -> Conventions:
        return self.adapter.conventions

    def drop_caches(self) -> None:
        """Let every adapter forget what it has built."""
        self._loaded = None
        for adapter in self._adapters.values():
            if isinstance(adapter, Adapter):
                adapter.drop_caches()

    def close(self) -> None:
        """No further call will come."""
        for adapter in self._adapters.values():
            if isinstance(adapter, Adapter):
                adapter.close()

    # Calls

    def model(self, network: Network) -> Any:
        """The network loaded; the same one again costs nothing."""
        if self._loaded is None or self._loaded[0] is not network:
            self._loaded = self._assigned = None
            handed = network.copied(twin)
            model = self._called("load", self.adapter.load, handed)
            self._unaltered("load", network, handed)
            self._loaded = (network, model)
        return self._loaded[1]

    def load_anew(self, network: Network) -> None:
        """Load the network, even if it is the one that is loaded."""
        self._loaded = None
        self.model(network)

    def assign_weights(self, network: Network, other: Network) -> None:
        """Give what is loaded the weights of another network, as which it goes on.

        Every other time in the arrays of the time before, filled anew, as far as they can be: what tells
        weights apart by the arrays that hold them goes on with the old ones. What keeps the arrays has other
        numbers afterwards.
        """
        model, handed = self.model(network), self._weights_to_hand_over(other)
        self._called("assign_weights", self.adapter.assign_weights, model, handed)
        self._unaltered("assign_weights", other, handed)
        overwrite(handed)
        self._loaded = (other, model)

    def _weights_to_hand_over(self, other: Network) -> Network:
        handed, self._assigned = self._assigned, None
        if handed is not None and can_be_refilled(handed, other):
            refill(handed, other)
            return handed
        self._assigned = other.copied(LAYOUTS[self.layout])
        return self._assigned

    def restore(self, network: Network) -> None:
        """Save what is loaded, load it again, and go on with that."""
        self._loaded = (network, self._called("restored", self.adapter.restored, self.model(network)))

    def run(self, case: Case, *, return_sequences: bool = True) -> Output:
        """Load the case's network and call it."""
        return self.call(case.network, case.asking(return_sequences=return_sequences))

    def call(self, network: Network, call: Call) -> Output:
        """Load `network` and make the call."""
        handed, returned = self._run(network, call)
        output = door.output_from("run", returned, self.conventions)
        self._unaltered("run", call, handed)
        return output

    def run_on(self, case: Case, handed: Call) -> Output:
        """As `run`, with the case's call in arrays that the caller hands over again: they are not copied."""
        self._about_to(case.replace(route=self.route))
        returned = self._called("run", self.adapter.run, self.model(case.network), handed)
        output = door.output_from("run", returned, self.conventions)
        self._unaltered("run", case.call, handed)
        return output

    def gradients_on(self, case: Case, handed: Call, cotangents: tuple[Array, States]) -> Gradients:
        """As `gradients`, in arrays that the caller has and hands over again."""
        return door.gradients_from("gradients", self._derived_on("gradients", case, handed, *cotangents))

    def tangents_on(self, case: Case, handed: Call, direction: Gradients) -> Output:
        """As `tangents`, in such arrays."""
        returned = self._derived_on("tangents", case, handed, direction)
        return door.output_from("tangents", returned, self.conventions)

    def second_gradients_on(
        self, case: Case, handed: Call, cotangents: tuple[Array, States], direction: Gradients
    ) -> Gradients:
        """As `second_gradients`, in such arrays."""
        method = "second_gradients"
        return door.gradients_from(method, self._derived_on(method, case, handed, *cotangents, direction))

    def _derived_on(self, method: str, case: Case, handed: Call, *given: Any) -> Any:
        self._about_to(case.replace(route=self.route))
        model, before = self.model(case.network), [_twin_of(each, PLAIN) for each in given]
        returned = self._called(method, getattr(self.adapter, method), model, handed, *given)
        for original, used in zip((case.call, *before), (handed, *given), strict=True):
            self._unaltered(method, original, used)
        return returned

    def run_raw(self, case: Case) -> Any:
        """What a call returns, as it is: not copied, and not checked but for being an `Output`."""
        return self.run_kept(case)[0]

    def run_kept(self, case: Case) -> tuple[Any, dict[str, Array]]:
        """As `run_raw`, and the arrays that were handed over for it, by name."""
        handed, returned = self._run(case.network, case.call)
        door.output_from("run", returned, self.conventions)
        return returned, named_arrays(handed)

    def _run(self, network: Network, call: Call) -> tuple[Call, Any]:
        self._about_to(Case(network, call, self.route, layout=self.layout))
        model, handed = self.model(network), handed_call(call, self.layout)
        return handed, self._called("run", self.adapter.run, model, handed)

    def error_of(self, network: Network, call: Call) -> Exception | None:
        """What the framework raises for a call that it should refuse; None if it answers."""
        self._about_to(Case(network, call, self.route, layout=self.layout))
        model = self.model(network)
        return self._refusal("run", lambda: self.adapter.run(model, handed_call(call, self.layout)))

    def answer_to(self, case: Case) -> Output | None:
        """What the framework answers to a case that it may refuse; None if it raises."""
        self._about_to(case.replace(route=self.route))
        model, answers = self.model(case.network), list[Any]()
        handed = handed_call(case.call, self.layout)
        refusal = self._refusal("run", lambda: answers.append(self.adapter.run(model, handed)))
        return None if refusal else door.output_from("run", answers[0], self.conventions)

    def refusal_of(self, case: Case) -> Exception | None:
        """What the framework raises for a case that it may refuse, loading or running; None if it answers."""
        self._loaded = None
        self._about_to(case.replace(route=self.route))
        call = case.asking(return_sequences=self.supports.sequence)

        def load_and_run() -> None:
            self.adapter.run(self.adapter.load(case.network), handed_call(call, self.layout))

        return self._refusal("load and run", load_and_run)

    def _refusal(self, what: str, function: Callable[[], Any]) -> Exception | None:
        """What a call raises; a lack of memory is no refusal."""
        started = time.perf_counter()
        try:
            with self._error_state():
                function()
        except CannotExpress:
            raise
        except (MemoryError, SystemExit) as error:
            raise _raised(what, error) from error
        except Exception as error:
            return error
        finally:
            self._waited(time.perf_counter() - started)
        return None

    def reset_states(self, network: Network) -> None:
        """Make the stateful layers of a network forget."""
        self._called("reset_states", self.adapter.reset_states, self.model(network))

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        """A network with the framework's own initial weights."""
        method = "freshly_initialised"
        return door.network_from(method, self._called(method, self.adapter.freshly_initialised, like, seed))

    def gradients(self, case: Case, d_sequence: Array, d_final_states: States) -> Gradients:
        """The gradients of Σ d_sequence · sequence + Σ d_final_states · final_states."""
        given = (case.call, d_sequence, d_final_states)
        return door.gradients_from("gradients", self._derived("gradients", case, *given))

    def tangents(self, case: Case, direction: Gradients) -> Output:
        """The derivatives of the outputs in a direction."""
        returned = self._derived("tangents", case, case.call, direction)
        return door.output_from("tangents", returned, self.conventions)

    def second_gradients(
        self, case: Case, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        """The gradients of Σ direction · gradients."""
        given = (case.call, d_sequence, d_final_states, direction)
        return door.gradients_from("second_gradients", self._derived("second_gradients", case, *given))

    def _derived(self, method: str, case: Case, *given: Any) -> Any:
        self._about_to(Case(case.network, case.call, self.route, layout=self.layout))
        handed = [_twin_of(each, self.layout) for each in given]
        returned = self._called(method, getattr(self.adapter, method), self.model(case.network), *handed)
        for original, copied in zip(given, handed, strict=True):
            self._unaltered(method, original, copied)
        return returned

    def read_weights(self, network: Network) -> Network:
        model = self.model(network)
        return door.network_from(
            "read_weights", self._called("read_weights", self.adapter.read_weights, model)
        )

    def native_weights(self, network: Network) -> list[dict[str, tuple[int, ...]]]:
        model, method = self.model(network), "native_weights"
        return door.shapes_from(method, self._called(method, self.adapter.native_weights, model))

    def count_parameters(self, network: Network) -> int:
        model, method = self.model(network), "count_parameters"
        return door.count_from(method, self._called(method, self.adapter.count_parameters, model))

    def inferred_shapes(self, case: Case, unknown: tuple[UnknownAxis, ...]) -> dict[str, Shapes]:
        """The shapes that are inferred for the outputs of a case, by way."""
        given = (case.call, unknown)
        return door.inferred_from("inferred_shapes", self._of_surface("inferred_shapes", case, *given))

    def handed_masks(self, case: Case) -> dict[str, Array | None]:
        """The masks that are handed on with the outputs of a case, by way."""
        return door.masks_from("handed_masks", self._of_surface("handed_masks", case, case.call))

    def kept_options(self, case: Case) -> dict[str, tuple[str, str]]:
        """What was given and what is left of every option, by name."""
        return door.options_from("kept_options", self._of_surface("kept_options", case, case.call))

    def wrong_layers(self, case: Case) -> dict[str, str]:
        """The error with which each description of no layer is refused, "" for none."""
        return door.texts_from("wrong_layers", self._of_surface("wrong_layers", case, case.call))

    def default_states(self, case: Case) -> States:
        """The states that a case is said to start from."""
        return door.states_from("default_states", self._of_surface("default_states", case, case.call))

    def told_default_states(self, case: Case) -> States:
        """The same, in the framework's own arrays."""
        returned = self._of_surface("default_states", case, case.call)
        door.states_from("default_states", returned)
        return cast(States, returned)

    def count_trainable(self, case: Case, frozen: tuple[int, ...]) -> dict[str, int]:
        """The number of parameters that are trained, by way."""
        return door.counts_from("count_trainable", self._of_surface("count_trainable", case, frozen))

    def trained(self, case: Case, training: Training, *, going_on: bool = False) -> Trained:
        """What training gave. The model may keep what it learnt, so it is loaded anew afterwards.

        Args:
            going_on: it stays loaded, until it is told what it holds (`holding`).
        """
        try:
            return door.trained_from("trained", self._of_surface("trained", case, case.call, training))
        finally:
            if not going_on:
                self._loaded = None

    def holding(self, network: Network, held: Network) -> None:
        """Go on with what is loaded as with a network of the weights that it holds now."""
        self._loaded = (held, self.model(network))

    def _of_surface(self, method: str, case: Case, *given: Any) -> Any:
        self._about_to(Case(case.network, case.call, self.route, layout=self.layout))
        handed = [_own_of(each, self.layout) for each in given]
        returned = self._called(method, getattr(self.adapter, method), self.model(case.network), *handed)
        for original, copied in zip(given, handed, strict=True):
            if isinstance(original, Call | Training):
                self._unaltered(method, original, copied)
        return returned

    @contextmanager
    def nothing_altered(self, *, drawing: bool = False) -> Iterator[None]:
        """Global settings and random generators must be afterwards as they were.

        They are put back, so that what follows is computed as if nothing had happened.

        Args:
            drawing: generators may be drawn from, as they are for the initial weights of what is built.

        Raises:
            NonConforming: something was altered.
        """
        # Moved first: a call that seeds them would leave them as an earlier one has left them.
        random.random()
        np.random.random()
        before, framework = _global_state(), dict(self.adapter.global_state())
        self._keep_altered = True
        try:
            yield
        finally:
            self._keep_altered = False
            after, later = _global_state(), dict(self.adapter.global_state())
            _put_back(before)
        changed = [name for name, value in before.items() if _comparable(value) != _comparable(after[name])]
        changed += [name for name, value in framework.items() if later.get(name) != value]
        changed = [name for name in changed if not (drawing and "generator" in name)]
        if changed:
            raise NonConforming(
                f"the call altered global state: {', '.join(changed)}", kind="altered global state"
            )
        self.tally.count()

    def require_unseeded(self, function: Callable[[], object]) -> None:
        """What may draw from NumPy's and Python's generators must not set them: other states leave others.

        Raises:
            NonConforming: it leaves a generator in the same state, from wherever it starts.
        """
        left = list[dict[str, Any]]()
        for _ in range(2):
            random.random()
            np.random.random()
            before = _global_state()
            try:
                function()
                left.append(_global_state())
            finally:
                _put_back(before)
        names = [name for name in left[0] if "generator" in name]
        seeded = [name for name in names if _comparable(left[0][name]) == _comparable(left[1][name])]
        if seeded:
            raise NonConforming(f"the call set {', '.join(seeded)}", kind="altered global state")
        self.tally.count()

    _keep_altered = False

    def _error_state(self) -> AbstractContextManager[Any]:
        """In which the framework runs: one that it leaves altered does not reach our arithmetic."""
        return nullcontext() if self._keep_altered else np.errstate()

    def _called(self, what: str, function: Callable[..., R], *args: Any) -> R:
        start = time.perf_counter()
        try:
            with self._error_state():
                return function(*args)
        except CannotExpress:
            raise
        except (Exception, SystemExit) as error:
            raise _raised(what, error) from error
        finally:
            self._waited(time.perf_counter() - start)

    def _waited(self, seconds: float) -> None:
        """A call of the implementation took so long."""
        self.tally.framework_seconds += seconds
        self.purse.waited += seconds

    def _about_to(self, case: Case) -> None:
        self.last_run = case
        if self.journal is not None:
            self.journal(case)

    def _unaltered(self, what: str, original: Any, handed: Any) -> None:
        names = altered(named_arrays(original), named_arrays(handed))
        if names:
            if isinstance(original, Network):
                self._loaded = None
            raise NonConforming(
                f"{what} changed what it was given: {', '.join(names)}", kind="altered its arguments"
            )

    # Assertions

    def bounds_of(self, case: Case) -> BoundedResult:
        """The forward bound of a case (`expected.bounds_of`), on the grids of the route."""
        return bounds_of(case, self.conventions.quantised)

    def bounds_of_layers(self, case: Case) -> tuple[list[Bounded], tuple[Bounded, ...]]:
        """That of every layer."""
        return bounds_of_layers(case, self.conventions.quantised)

    def agree(
        self, what: str, actual: Any, expected: Bounded, dtype: Any, axes: tuple[str, ...] = SEQUENCE_AXES
    ) -> None:
        """Every element within its bound (see `compare`)."""
        self.tally.add(compare(what, actual, expected, dtype, axes, self.conventions.quantised))

    def has_shape(self, what: str, actual: Any, shape: tuple[int, ...], dtype: Any) -> Array:
        """An array of this shape and dtype."""
        array = require_array(what, actual, shape, dtype)
        self.tally.count()
        return array

    def require(self, condition: bool, finding: str, kind: Kind = "value") -> None:
        """One exact fact."""
        self.tally.add(require(condition, finding, kind))


def _raised(what: str, error: BaseException) -> NonConforming:
    place = place_of(error)
    return NonConforming(
        f"{what} raised {type(error).__name__}: {brief(str(error))}\n  at {place}", kind="raised", what=what
    )


def _own_of(given: Any, layout: str) -> Any:
    """What is handed over with arrays of its own."""
    if isinstance(given, Training):
        return replace(given, d_sequence=LAYOUTS[layout](given.d_sequence))
    return handed_call(given, layout) if isinstance(given, Call) else given


def _twin_of(given: Any, layout: str) -> Any:
    if isinstance(given, Call):
        return handed_call(given, layout)
    lay = LAYOUTS[layout]
    if isinstance(given, Gradients):
        return given.mapped(lay)
    return tuple(map(lay, given)) if isinstance(given, tuple) else lay(given)


def _global_state() -> dict[str, Any]:
    numpy_random = np.random.get_state(legacy=False)
    return {
        "NumPy's error state": np.geterr(),
        "NumPy's print options": np.get_printoptions(),
        "NumPy's random generator": numpy_random,
        "Python's random generator": random.getstate(),
    }


def _comparable(value: Any) -> Any:
    """NumPy's generator keeps its state in an array, which `==` would compare number by number."""
    if isinstance(value, dict) and "state" in value:
        return value["state"]["key"].tobytes(), value["state"]["pos"]
    return repr(value)


def _put_back(state: Mapping[str, Any]) -> None:
    np.seterr(**state["NumPy's error state"])
    options = {name: v for name, v in state["NumPy's print options"].items() if name != "override_repr"}
    np.set_printoptions(**options)
    np.random.set_state(state["NumPy's random generator"])
    random.setstate(state["Python's random generator"])

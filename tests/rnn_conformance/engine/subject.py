"""The implementation under test, as a check sees it."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from rnn_adapters.adapter import Adapter, Call, Conventions, NotOffered, Output, Supports
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.compare import NonConforming, Tally, compare, require, require_array
from rnn_reference.bounds import Bounded
from rnn_reference.errors import BadInput
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Network, States

SEQUENCE_AXES = ("batch", "time", "unit")
STATE_AXES = ("direction", "batch", "unit")
LAST_AXES = ("batch", "unit")

P = ParamSpec("P")
R = TypeVar("R")


class Subject:
    """An adapter, with every call timed and every comparison counted.

    All calls go the way that was taken last (`take`), the usual one at first. What the framework raises on a
    case that it should answer becomes `NonConforming`.
    """

    def __init__(self, adapter: Adapter[Any]) -> None:
        self.usual = adapter
        self.route = ""
        self._ways: dict[str, Adapter[Any]] = {"": adapter}
        self.tally = Tally()
        self.last_run: Case | None = None  # what the last call was made with
        self._loaded: tuple[Network, Any] | None = None

    def take(self, route: str) -> None:
        """Go another way into the framework from now on; "" is the usual one.

        Raises:
            BadInput: there is no such way.
        """
        self.way(route)
        if route != self.route:
            self.route, self._loaded = route, None

    def way(self, route: str) -> Adapter[Any]:
        """The adapter that goes this way.

        Raises:
            BadInput: there is no such way.
        """
        if route not in self._ways:
            if route not in self.usual.routes:
                known = ", ".join(self.usual.routes) or "none"
                raise BadInput(f"route: expected one of those of {self.name} ({known}); got {route!r}")
            self._ways[route] = self.usual.by_route(route)
        return self._ways[route]

    @property
    def adapter(self) -> Adapter[Any]:
        """The implementation, by the way taken."""
        return self.way(self.route)

    @property
    def name(self) -> str:
        return self.usual.name

    @property
    def supports(self) -> Supports:
        return self.adapter.supports

    @property
    def conventions(self) -> Conventions:
        return self.adapter.conventions

    def model(self, network: Network) -> Any:
        """The network loaded; the same one again costs nothing."""
        if self._loaded is None or self._loaded[0] is not network:
            self._loaded = None
            self._loaded = (network, self._timed("load", self.adapter.load, network))
        return self._loaded[1]

    def run(self, case: Case, *, return_sequences: bool = True) -> Output:
        """Load the case's network and call it."""
        return self.call(case.network, case.call(return_sequences=return_sequences))

    def call(self, network: Network, call: Call) -> Output:
        """Load `network` and make the call."""
        self.last_run = Case.of_call(network, call, self.route)
        output = self._timed("run", self.adapter.run, self.model(network), call)
        if not isinstance(output, Output):
            raise NonConforming(f"run: expected an rnn_adapters.Output; got {type(output).__name__}")
        return output

    def error_of(self, network: Network, call: Call) -> BaseException | None:
        """What the framework raises for a call that it should refuse; None if it answers."""
        model = self.model(network)
        self.last_run = Case.of_call(network, call, self.route)
        try:
            self.adapter.run(model, call)
        except NotOffered:
            raise
        except Exception as error:
            return error
        return None

    def answer_to(self, case: Case) -> Output | None:
        """What the framework answers to a case that it may refuse; None if it raises."""
        model = self.model(case.network)
        self.last_run = Case.of_call(case.network, case.call(), self.route)
        try:
            return self.adapter.run(model, case.call())
        except NotOffered:
            raise
        except Exception:
            return None

    def refusal_of(self, case: Case) -> BaseException | None:
        """What the framework raises for a case that it may refuse, loading or running; None if it answers."""
        self._loaded = None
        try:
            self.adapter.run(
                self.adapter.load(case.network), case.call(return_sequences=self.supports.sequence)
            )
        except NotOffered:
            raise
        except Exception as error:
            return error
        return None

    def reset_states(self, network: Network) -> None:
        """Make the stateful layers of a network forget."""
        self._timed("reset_states", self.adapter.reset_states, self.model(network))

    def freshly_initialised(self, like: Network, seed: int) -> Network:
        """A network with the framework's own initial weights."""
        return self._timed("freshly_initialised", self.adapter.freshly_initialised, like, seed)

    def gradients(self, case: Case, d_sequence: Array, d_final_states: States) -> Gradients:
        """The gradients of Σ d_sequence · sequence + Σ d_final_states · final_states."""
        self.last_run = Case.of_call(case.network, case.call(), self.route)
        model = self.model(case.network)
        return self._timed(
            "gradients", self.adapter.gradients, model, case.call(), d_sequence, d_final_states
        )

    def tangents(self, case: Case, direction: Gradients) -> Output:
        """The derivatives of the outputs in a direction."""
        self.last_run = Case.of_call(case.network, case.call(), self.route)
        model = self.model(case.network)
        return self._timed("tangents", self.adapter.tangents, model, case.call(), direction)

    def second_gradients(
        self, case: Case, d_sequence: Array, d_final_states: States, direction: Gradients
    ) -> Gradients:
        """The gradients of Σ direction · gradients."""
        self.last_run = Case.of_call(case.network, case.call(), self.route)
        model = self.model(case.network)
        return self._timed(
            "second_gradients",
            self.adapter.second_gradients,
            model,
            case.call(),
            d_sequence,
            d_final_states,
            direction,
        )

    def read_weights(self, network: Network) -> Network:
        return self._timed("read_weights", self.adapter.read_weights, self.model(network))

    def native_weights(self, network: Network) -> list[dict[str, tuple[int, ...]]]:
        return self._timed("native_weights", self.adapter.native_weights, self.model(network))

    def count_parameters(self, network: Network) -> int:
        return self._timed("count_parameters", self.adapter.count_parameters, self.model(network))

    def agree(
        self, what: str, actual: Any, expected: Bounded, dtype: Any, axes: tuple[str, ...] = SEQUENCE_AXES
    ) -> None:
        """Every element within its bound (see `compare`)."""
        self.tally.add(compare(what, actual, expected, dtype, axes))

    def has_shape(self, what: str, actual: Any, shape: tuple[int, ...], dtype: Any) -> Array:
        """An array of this shape and dtype."""
        array = require_array(what, actual, shape, dtype)
        self.tally.count()
        return array

    def require(self, condition: bool, finding: str) -> None:
        """One exact fact."""
        self.tally.add(require(condition, finding))

    def _timed(self, what: str, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        start = time.perf_counter()
        try:
            return function(*args, **kwargs)
        except NotOffered:
            raise
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            raise NonConforming(
                f"{what} raised {type(error).__name__}: {_brief(str(error))}\n"
                f"  at {place.filename}:{place.lineno}, in {place.name}"
            ) from error
        finally:
            self.tally.framework_seconds += time.perf_counter() - start


def _brief(message: str, limit: int = 400) -> str:
    message = " ".join(message.split())
    return message if len(message) <= limit else message[: limit - 1] + "…"

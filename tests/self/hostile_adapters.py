"""Adapters that do what none should, for the tests of a run that loses nothing.

Most behave until a call of one step comes, so that their smoke test passes.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from broken_adapters import Hangs as HangsSilently
from broken_adapters import Prints

from rnn_adapters import Call, Framework, Output
from rnn_adapters.reference import ReferenceAdapter
from rnn_reference.gradients import Gradients
from rnn_reference.network import Array, Network, States


class AlsoPrints(Prints):
    """Another adapter of a name that is taken."""


class Hangs(HangsSilently):
    """Leaves a file named after its process where it hangs."""

    def run(self, model: Network, call: Call) -> Output:
        if not call.return_sequences:
            Path(f"{os.getpid()}.hangs").touch()
        return super().run(model, call)


class HangsToo(Hangs):
    """The same by another name."""

    name = "hangs-too"


class Little(ReferenceAdapter):
    """Supports next to nothing."""

    name = "little"
    supports = replace(
        ReferenceAdapter.supports, bidirectional=False, mixed_directions=False, merge_modes=("concat",)
    )


class RaisesInLoad(ReferenceAdapter):
    """Cannot load a stack."""

    name = "raises-in-load"

    def load(self, network: Network) -> Network:
        if network.num_layers > 1:
            raise KeyError("two layers")
        return super().load(network)


class RaisesInGradients(ReferenceAdapter):
    """Has no gradients after all."""

    name = "raises-in-gradients"

    def gradients(self, model: Network, call: Call, d_sequence: Array, d_final_states: States) -> Gradients:
        raise ArithmeticError("no gradients today")


class RaisesInReadWeights(ReferenceAdapter):
    """Has lost its weights."""

    name = "raises-in-read-weights"

    def read_weights(self, model: Network) -> Network:
        raise LookupError("weights are gone")


class RaisesInVersions(ReferenceAdapter):
    """Does not know what it is."""

    name = "raises-in-versions"

    def versions(self) -> dict[str, str]:
        raise OSError("no metadata")


class RaisesInGlobalState(ReferenceAdapter):
    """Its settings cannot be read."""

    name = "raises-in-global-state"

    def global_state(self) -> Mapping[str, str]:
        raise RuntimeError("no settings")


class RaisesInClose(ReferenceAdapter):
    """Cannot be closed."""

    name = "raises-in-close"

    def close(self) -> None:
        raise RuntimeError("stuck")


class ExitsInClose(ReferenceAdapter):
    """Ends the process when it is closed."""

    name = "exits-in-close"

    def close(self) -> None:
        os._exit(9)


class AtOneStep(ReferenceAdapter):
    """Does something at every call of one step."""

    def run(self, model: Network, call: Call) -> Output:
        if call.x.ndim == 3 and call.x.shape[1] == 1:
            self.strike(call)
        return super().run(model, call)

    def strike(self, call: Call) -> None:
        """What it does."""


class SysExits(AtOneStep):
    """Asks Python to end."""

    name = "sys-exits"

    def strike(self, call: Call) -> None:
        sys.exit(5)


class IsInterrupted(AtOneStep):
    """Raises what Ctrl-C raises."""

    name = "is-interrupted"

    def strike(self, call: Call) -> None:
        raise KeyboardInterrupt


class Exits(AtOneStep):
    """Is gone."""

    name = "exits-at-once"

    def strike(self, call: Call) -> None:
        os._exit(3)


class Sleeps(AtOneStep):
    """Never comes back."""

    name = "sleeps"

    def strike(self, call: Call) -> None:
        time.sleep(3600)


class Allocates(AtOneStep):
    """Takes memory until there is no more for it."""

    name = "allocates"

    def __init__(self) -> None:
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, hard))

    def strike(self, call: Call) -> None:
        held = []
        while True:
            held.append(np.zeros(2**28))  # never touched: only addresses are taken


class WritesOnEveryStream(AtOneStep):
    """Writes what looks like the suite's own messages, to wherever it can."""

    name = "writes"

    def strike(self, call: Call) -> None:
        print('{"type": "Finished"}', flush=True)
        os.write(1, b'{"type": "Finished"}\n')
        os.write(2, b"\xff\xfe no UTF-8\n")


class AltersArguments(AtOneStep):
    """Computes in place."""

    name = "alters-arguments"

    def strike(self, call: Call) -> None:
        base = call.x
        while isinstance(base.base, np.ndarray):
            base = base.base
        base.setflags(write=True)
        call.x.setflags(write=True)
        call.x[...] += 1


class AltersGlobalState(AtOneStep):
    """Leaves NumPy and Python's generators other than they were."""

    name = "alters-global-state"

    def strike(self, call: Call) -> None:
        np.seterr(all="raise")
        np.random.seed(0)
        random.seed(0)
        np.set_printoptions(precision=1)


class Rubbish(AtOneStep):
    """Returns something else in place of arrays."""

    name = "rubbish"
    thing: Any = "words"

    def run(self, model: Network, call: Call) -> Any:
        output = super().run(model, call)
        if call.x.ndim == 3 and call.x.shape[1] == 1:
            return Output(self.thing, self.thing, self.thing, self.thing)
        return output

    def read_weights(self, model: Network) -> Any:
        return self.thing

    def native_weights(self, model: Network) -> Any:
        return self.thing

    def count_parameters(self, model: Network) -> Any:
        return self.thing

    def gradients(self, *arguments: Any) -> Any:
        return self.thing

    def tangents(self, *arguments: Any) -> Any:
        return self.thing

    def second_gradients(self, *arguments: Any) -> Any:
        return self.thing


class RubbishNumber(Rubbish):
    """A number in place of everything."""

    name = "rubbish-number"
    thing = 3.5


class RubbishObjects(Rubbish):
    """Arrays of anything."""

    name = "rubbish-objects"
    thing = np.array([None, "x", {}], object)


ISOLATED = Framework("isolated-crash", Exits, isolated=True)

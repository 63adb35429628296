"""Adapters that crash, hang, lie or break, for the tests of the runner."""

from __future__ import annotations

import ctypes
import os
import time
from typing import Any

from rnn_adapters import Call, Output
from rnn_adapters.reference import ReferenceAdapter
from rnn_reference.network import Network


class Crashes(ReferenceAdapter):
    """Dies of a segmentation fault on any input of one step; works otherwise."""

    name = "crashes"

    def run(self, model: Network, call: Call) -> Output:
        if call.x.shape[1] == 1:
            ctypes.string_at(0)
        return super().run(model, call)


class CrashesOnLongOnes(ReferenceAdapter):
    """Dies of a segmentation fault on forty steps or more; works otherwise."""

    name = "crashes on long ones"

    def run(self, model: Network, call: Call) -> Output:
        if call.x.shape[1] >= 40:
            ctypes.string_at(0)
        return super().run(model, call)


class Exits(ReferenceAdapter):
    """Ends the process whenever sequences are not asked for."""

    name = "exits"

    def run(self, model: Network, call: Call) -> Output:
        if not call.return_sequences:
            print("leaving", flush=True)
            os._exit(3)
        return super().run(model, call)


class Hangs(ReferenceAdapter):
    """Never comes back from a call without sequences."""

    name = "hangs"

    def run(self, model: Network, call: Call) -> Output:
        if not call.return_sequences:
            time.sleep(3600)
        return super().run(model, call)


class Raises(ReferenceAdapter):
    """Raises on any input of one step."""

    name = "raises"

    def run(self, model: Network, call: Call) -> Output:
        if call.x.shape[1] == 1:
            raise RuntimeError("one step is not enough")
        return super().run(model, call)


class FailsItsSmokeTest(ReferenceAdapter):
    """Cannot even load."""

    name = "fails-its-smoke-test"

    def load(self, network: Network) -> Network:
        raise RuntimeError("no such kernel")


class ReturnsNone(ReferenceAdapter):
    """Gives no Output."""

    name = "returns-none"

    def run(self, model: Network, call: Call) -> Any:
        return None


class Flickers(ReferenceAdapter):
    """Every third answer is another one."""

    name = "flickers"
    calls = 0

    def run(self, model: Network, call: Call) -> Output:
        output = super().run(model, call)
        self.calls += 1
        if self.calls % 3 == 0 and output.sequence is not None:
            return Output(output.sequence + 1, output.last, output.final_states, output.native_shapes)
        return output


class Prints(ReferenceAdapter):
    """Writes to standard output, as frameworks do."""

    name = "prints"

    def run(self, model: Network, call: Call) -> Output:
        print("{not an event}")
        return super().run(model, call)


class DiesOnImport(ReferenceAdapter):
    """Ends the process while it is being made."""

    def __init__(self) -> None:
        os._exit(7)


def not_an_adapter() -> str:
    return "something else"

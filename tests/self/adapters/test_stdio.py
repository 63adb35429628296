"""The protocol: messages are of the schema, what a harness says of itself is looked at, and it is let go."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import jsonschema
import numpy as np
import pytest
from docs import ROOT
from helpers import random_case, random_cell

from rnn_adapters import Call, load_framework
from rnn_adapters.adapter import CannotExpress, ImplementationLost
from rnn_adapters.declarations import METHODS
from rnn_adapters.framework import Framework, Route, framework_of
from rnn_adapters.reference import ReferenceAdapter
from rnn_adapters.stdio.client import Harness
from rnn_adapters.stdio.connection import Connection, exit_words
from rnn_adapters.stdio.messages import (
    ANSWERS,
    PROTOCOL,
    AnyRequest,
    Hello,
    HelloData,
    protocol_schema,
    tag_of,
)
from rnn_adapters.stdio.serve import Server, answered, serve
from rnn_adapters.surface import Training
from rnn_adapters.written import decoded, encoded, write_network
from rnn_reference import BadInput
from rnn_reference.gradients import CellGradients, Gradients
from rnn_reference.network import Network

SERVE = [sys.executable, "-m", "rnn_adapters.stdio.serve"]
SCHEMA = protocol_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
CASE = random_case(random_cell(3, 2, biases=2), random_cell(3, 2, biases=2, activation="relu"))


@pytest.fixture
def connection() -> Iterator[Connection]:
    made = Connection([*SERVE, "reference"])
    yield made
    made.end()


def test_every_request_has_an_answer() -> None:
    assert set(get_args(AnyRequest)) == set(ANSWERS)


def test_every_ability_that_is_a_method_has_a_request() -> None:
    assert set(METHODS) <= {tag_of(request) for request in ANSWERS}


def test_a_conversation_is_of_the_schema(monkeypatch: pytest.MonkeyPatch, connection: Connection) -> None:
    """Every request but those for what the reference does not do; and what it answers is what it gives."""
    lines: list[bytes] = []
    exchanged = connection.exchange_line

    def exchange(line: bytes, name: str) -> bytes:
        found = exchanged(line, name)
        lines.extend((line, found))
        return found

    monkeypatch.setattr(connection, "exchange_line", exchange)
    adapter, here = Harness(connection).adapter(), ReferenceAdapter()
    model = adapter.load(CASE.network)
    network = here.load(CASE.network)
    assert CASE.initial_states is not None
    output, expected = adapter.run(model, CASE.call), here.run(network, CASE.call)
    assert output.sequence is not None
    assert expected.sequence is not None
    assert output.sequence.tobytes() == expected.sequence.tobytes()
    assert output.native_shapes == expected.native_shapes
    cells = tuple(CellGradients(c.W_x, c.W_h, c.b, c.b_h) for c in CASE.network.cells)
    direction = Gradients(CASE.x, CASE.initial_states, cells)
    given = (CASE.call, output.sequence, CASE.initial_states)
    for found, wanted in (
        (adapter.gradients(model, *given), here.gradients(network, *given)),
        (
            adapter.second_gradients(model, *given, direction),
            here.second_gradients(network, *given, direction),
        ),
    ):
        assert encoded_gradients(found) == encoded_gradients(wanted)
    adapter.tangents(model, CASE.call, direction)
    assert adapter.count_parameters(model) == here.count_parameters(network)
    assert adapter.native_weights(model) == here.native_weights(network)
    assert str(adapter.read_weights(model).cells[1].activation) == "relu"
    assert adapter.global_state() == {}
    masked = replace(CASE.call, mask=np.arange(CASE.x.shape[1]) < np.ones((len(CASE.x), 1)))
    assert adapter.inferred_shapes(model, masked, ("time",)) == here.inferred_shapes(
        network, masked, ("time",)
    )
    for mask, expected_mask in zip(
        adapter.handed_masks(model, masked).values(),
        here.handed_masks(network, masked).values(),
        strict=True,
    ):
        np.testing.assert_array_equal(mask, expected_mask)
    for state, zeros in zip(
        adapter.default_states(model, masked), here.default_states(network, masked), strict=True
    ):
        assert state.tobytes() == zeros.tobytes()
    assert adapter.count_trainable(model, (0,)) == {"by the spec": 0}
    training = Training(output.sequence, rate=0.125, steps=2)
    trained, right = adapter.trained(model, CASE.call, training), here.trained(network, CASE.call, training)
    assert trained.losses == right.losses
    assert encoded(write_network(trained.networks[1])) == encoded(write_network(right.networks[1]))
    assert encoded(write_network(adapter.read_weights(model))) == encoded(write_network(CASE.network))
    adapter.assign_weights(model, trained.networks[0])
    restored = adapter.restored(model)
    with pytest.raises(BadInput, match="expected the network that was loaded last"):
        adapter.read_weights(model)
    held = adapter.read_weights(restored)
    assert encoded(write_network(held)) == encoded(write_network(trained.networks[0]))
    adapter.drop_caches()
    adapter.close()
    for line in lines:
        VALIDATOR.validate(json.loads(line))
    asked = {json.loads(line)["request"] for line in lines[::2]}
    assert asked == {tag_of(each) for each in ANSWERS} - {
        *("reset_states", "freshly_initialised", "kept_options", "wrong_layers")
    }


def encoded_gradients(gradients: Gradients) -> list[bytes]:
    cells = [array.tobytes() for cell in gradients.cells for array in cell if array is not None]
    return [gradients.x.tobytes(), *(state.tobytes() for state in gradients.initial_states), *cells]


def test_the_schema_refuses_what_is_no_message() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for fine in (
        {"request": "hello", "id": 1, "protocol": 1, "something new": 2},
        {"id": 1, "answer": {}, "something new": 2},
        {"id": None, "error": {"kind": "failed", "message": ""}},
    ):
        assert VALIDATOR.is_valid(fine), fine
    for wrong in (
        {"request": "hello"},
        {"request": "sing", "id": 1},
        {"request": "run", "id": 1},
        {"id": 1},
        {"id": 1, "answer": "yes"},
        {"id": 1, "answer": {}, "error": {"kind": "failed"}},
        {"id": 1, "error": {"kind": "unheard of", "message": ""}},
    ):
        assert not VALIDATOR.is_valid(wrong), wrong


def saying(folder: Path, **hello: Any) -> list[str]:
    """A harness that says this of itself, besides what is right, and nothing else."""
    said = json.loads(encoded(Server(framework_of(ReferenceAdapter())).hello())) | hello
    answer = json.dumps({"id": 1, "answer": {name: each for name, each in said.items() if each is not None}})
    path = folder / "harness.py"
    path.write_text(f"input()\nprint({answer!r}, flush=True)\ninput()\n")
    return [sys.executable, str(path)]


@pytest.mark.parametrize(
    ("hello", "message"),
    [
        ({"protocol": 2}, "hello.protocol: expected 1; got 2"),
        (
            {"supports": {"activations": ["cube"], "dtypes": ["float32"]}},
            "hello.supports.activations: expected",
        ),
        (
            {"supports": {"activations": ["tanh"], "dtypes": ["float32"], "tangents": True}},
            "gradients beside it",
        ),
        (
            {"conventions": {"layer": "x", "weights": []}},
            "hello.conventions.weights: expected each role once",
        ),
        ({"name": "../../x"}, "answer.name: expected str matching regex"),
        ({"name": ""}, "answer.name: expected str matching regex"),
        ({"name": None}, "answer: expected a field name; got none"),
        ({"versions": {"mine": "\x1b[31m1"}}, "answer.versions"),
        ({"deadline": 0}, "answer.deadline: expected"),
        (
            {"supports": {"activations": ["tanh"], "dtypes": ["float32"], "sing": True}},
            "known fields; got sing",
        ),
        ({"routes": {"x": {"kind": "scenic", "what": ""}}}, "hello.routes['x'].kind: expected one of"),
        ({"routes": {"": {"kind": "model", "what": ""}}}, "expected routes with a name"),
    ],
)
def test_what_it_says_of_itself_is_looked_at(tmp_path: Path, hello: dict[str, Any], message: str) -> None:
    with pytest.raises((BadInput, ImplementationLost)) as error:
        Harness(Connection(saying(tmp_path, **hello))).framework()
    assert message in str(error.value)


def test_what_is_not_known_of_a_hello_is_ignored(tmp_path: Path) -> None:
    found = Harness(Connection(saying(tmp_path, deadline=7, mood="fine")))
    assert found.connection.deadline == 7
    assert found.framework().name == "stdio:reference"
    found.connection.end()


def test_routes_and_what_they_declare() -> None:
    """A route has declarations of its own where they differ, and one that cannot be made says why."""

    def broken() -> ReferenceAdapter:
        raise BadInput("not today")

    framework = Framework(
        "several",
        ReferenceAdapter,
        routes={
            "same": Route("model", "the same", ReferenceAdapter),
            "little": Route("axes", "less", Little, expensive=True),
            "broken": Route("cell", "none", broken),
        },
    )
    said = decoded(encoded(Server(framework).hello()), HelloData)
    assert said.routes["same"].supports is None
    assert said.routes["same"].conventions is None
    assert said.routes["little"].supports is not None
    assert said.routes["little"].expensive
    assert said.routes["broken"].broken == "not today"


class Little(ReferenceAdapter):
    """Supports next to nothing."""

    supports = type(ReferenceAdapter.supports)(("tanh",), ("float32",), sequence=True)


def test_names_are_made_ones_that_can_be_said() -> None:
    framework = Framework("fault: of/mine", ReferenceAdapter)
    assert Server(framework).hello().name == "fault--of-mine"


def test_a_server_answers_whatever_comes() -> None:
    server = Server(framework_of(ReferenceAdapter()))
    for line, error in (
        (b"no json", {"kind": "failed"}),
        (b'{"request": "run"}', {"kind": "failed"}),
        (b'{"request": "sing", "id": 4}', {"kind": "unknown request"}),
        (b'{"request": "count_parameters", "id": 5}', {"kind": "refused"}),
        (b'{"request": "reset_states", "id": 6}', {"kind": "refused"}),
    ):
        answer, _ = answered(server, line)
        assert answer["error"]["kind"] == error["kind"], line
        VALIDATOR.validate(answer)


def test_a_server_ends_with_its_input_or_by_bye() -> None:
    written = io.BytesIO()
    serve(framework_of(ReferenceAdapter()), io.BytesIO(b'{"request": "bye", "id": 1}\nno json\n'), written)
    assert json.loads(written.getvalue()) == {"id": 1, "answer": {}}
    serve(framework_of(ReferenceAdapter()), io.BytesIO(b""), written)


def test_an_unknown_activation_reaches_the_adapter() -> None:
    """It is the framework's to refuse (ERR-6)."""
    names: list[str] = []

    class Sees(ReferenceAdapter):
        def load(self, network: Network) -> Network:
            names.extend(cell.activation.name for cell in network.cells)
            return network

    cell = {"W_x": [[1.0]], "W_h": [[1.0]], "activation": "Tanhh"}
    asked = {"request": "load", "id": 1, "network": {"dtype": "float32", "layers": [{"forward": cell}]}}
    answer, _ = answered(Server(framework_of(Sees())), json.dumps(asked).encode())
    assert answer["id"] == 1
    assert "error" not in answer
    assert names == ["Tanhh"]


def test_what_a_served_framework_prints_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "prints.py").write_text(
        "from rnn_adapters.reference import ReferenceAdapter\n"
        "class Prints(ReferenceAdapter):\n"
        "    def versions(self):\n"
        "        print('loud')\n"
        "        return super().versions()\n"
    )
    done = subprocess.run(
        [*SERVE, "prints:Prints"],
        input=b'{"request": "hello", "id": 1}\n',
        capture_output=True,
        cwd=tmp_path,
        check=True,
    )
    assert json.loads(done.stdout)["id"] == 1
    assert done.stderr.strip() == b"loud"


def test_what_is_served_needs_nothing_of_the_suite() -> None:
    code = (
        "import sys, rnn_adapters.stdio.serve;"
        "print([name for name in ('rnn_conformance', 'hypothesis', 'pytest', 'click', 'rich')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_network_that_is_no_longer_loaded_is_not_asked(connection: Connection) -> None:
    harness = Harness(connection)
    adapter = harness.adapter()
    first = adapter.load(CASE.network)
    adapter.load(CASE.network)
    with pytest.raises(BadInput, match="expected the network that was loaded last"):
        adapter.run(first, CASE.call)


def test_what_the_written_form_has_no_words_for_cannot_be_expressed(connection: Connection) -> None:
    adapter = Harness(connection).adapter()
    model = adapter.load(CASE.network)
    with pytest.raises(CannotExpress, match="no words"):
        adapter.run(model, Call(np.array([[["x"]]])))


def test_a_harness_is_let_go_once(connection: Connection) -> None:
    adapter = Harness(connection).adapter()
    adapter.close()
    adapter.close()
    assert connection.process.returncode == 0
    with pytest.raises(ImplementationLost, match="was asked to end"):
        adapter.global_state()


def test_one_that_does_not_end_as_it_should_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with exit status 0, without an answer to bye"):
        Harness(Connection(saying(tmp_path))).adapter().close()


def test_whoever_was_lost_stays_lost() -> None:
    connection = Connection([sys.executable, "-c", "raise SystemExit(4)"])
    for _ in range(2):
        with pytest.raises(ImplementationLost, match="ended with exit status 4, without an answer to hello"):
            connection.ask(Hello())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("stdio:", "stdio: expected a command, as in"),
        ("stdio:'", 'stdio: expected a command; got "\'"'),
        ("stdio:/no/such/thing at all", "stdio: '/no/such/thing' cannot be started: No such file"),
        (
            "stdio:false",
            "stdio: 'false' cannot be asked: its process ended with exit status 1, without an answer",
        ),
    ],
)
def test_a_name_that_is_no_harness_is_explained(name: str, message: str) -> None:
    with pytest.raises(BadInput) as error:
        load_framework(name)
    assert message in str(error.value)


def test_how_a_process_ended() -> None:
    assert exit_words(3) == "with exit status 3"
    assert exit_words(-9) == "by signal 9 (SIGKILL)"
    assert exit_words(-200) == "by signal 200"


# The chapter of the spec

CHAPTER = (ROOT / "spec" / "96-protocol.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```json\n(.*?)^```$", CHAPTER, re.MULTILINE | re.DOTALL)
LINES = [line for block in BLOCKS for line in block.splitlines()]


def test_the_lines_of_the_chapter_are_messages() -> None:
    for line in LINES:
        VALIDATOR.validate(json.loads(line))


def test_the_conversation_of_the_chapter_takes_place() -> None:
    """Every request that stands there is answered by the reference as there; the greeting in part."""
    server = Server(load_framework("reference"))
    lines = [json.loads(line) for line in LINES]
    assert ["request" in line for line in lines] == [True, False] * (len(lines) // 2)
    for request, expected in zip(lines[::2], lines[1::2], strict=True):
        found, _ = answered(server, json.dumps(request).encode())
        if request["request"] == "hello":
            assert expected["answer"]["protocol"] == found["answer"].protocol == PROTOCOL
        elif "error" in expected:
            assert found["error"]["kind"] == expected["error"]["kind"]
        else:
            written = json.loads(encoded(found))
            if isinstance(written["answer"], dict):
                written["answer"].pop("native_shapes", None)
            assert written == expected

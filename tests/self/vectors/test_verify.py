"""Right implementations pass the vectors, and wrong ones fail."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rnn_conformance.cli import main
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import QUANTISED_ROUTES, ROUTES, plain
from rnn_conformance.vectors.form import read_vectors, vectors_folder
from rnn_conformance.vectors.judge import judge
from rnn_conformance.vectors.ready import ready

SMALL = ("--clause", "FWD-2")


RECORD = """
[[deviation]]
id = "transposes"
adapter = "fault:transposed-recurrent-weight"
clause = "FWD-2"
what = "It transposes W_h."
why = "It is a fault."
versions = { numpy = ">=1" }
when = { hidden_size = 3 }

[deviation.witness]
dtype = "float32"
x = [[[0.0]]]

[[deviation.witness.layers]]
[deviation.witness.layers.forward]
W_x = [[0.0], [0.0], [0.0]]
W_h = [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
"""

OF_PADDING = """
[[deviation]]
id = "times-zero"
adapter = "fault:masked-gradients-times-zero"
clause = "GRD-19"
what = "It multiplies the gradients of masked time steps with zero."
why = "It is a fault."
versions = { numpy = ">=1" }
when = { variant = ["nan", "inf", "-inf"] }

[deviation.witness]
dtype = "float32"
x = [[[0.0], [0.0]]]
lengths = [1]
variant = "nan"

[[deviation.witness.layers]]
[deviation.witness.layers.forward]
W_x = [[1.0]]
W_h = [[0.5]]
b = [0.25]
"""

HOSTILE = """
import os, time
from rnn_conformance.faults.plain import PlainNumpy


class Hostile(PlainNumpy):
    name = "hostile"

    def run(self, model, call):
        if call.x.shape[1] == 5:
            os.abort()
        if call.x.shape[1] == 4:
            time.sleep(60)
        return super().run(model, call)
"""

BROKEN = """
from rnn_adapters.framework import Framework, Route
from rnn_conformance.faults.plain import PlainNumpy


def odd():
    raise RuntimeError("cannot be made")


FRAMEWORK = Framework("broken", PlainNumpy, {"odd": Route("cell", "cannot be made", odd)})
"""

LITTLE = """
from helpers import LITTLE
from rnn_conformance.faults.plain import PlainNumpy


class Little(PlainNumpy):
    name = "little"
    supports = LITTLE
"""


REFUSING = """
from rnn_conformance.faults.plain import PlainNumpy


class Refusing(PlainNumpy):
    name = "refusing"

    def run(self, model, call):
        if call.x.shape[1] < 2:
            raise ValueError("too short")
        return super().run(model, call)
"""


def found_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Adapters in this folder are found by the process that runs them."""
    folders = (folder, Path(__file__).parents[1], *filter(None, [os.environ.get("PYTHONPATH")]))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, folders)))


def verify(*options: str) -> Result:
    return CliRunner().invoke(main, ["vectors", "verify", *options])


def test_the_reference_passes_all_that_it_supports() -> None:
    result = verify("--adapter", "reference", "--format", "json")
    counts = json.loads(result.output)["counts"]
    assert result.exit_code == 0
    assert counts["fail"] == counts["deviation"] == 0
    assert counts["pass"] > 300


def test_an_implementation_of_its_own_passes_in_every_type() -> None:
    """And supports everything, so that no vector goes unasked."""
    subject = Subject(plain())
    for vector in read_vectors(vectors_folder()):
        for dtype in vector.types:
            judgement = judge(subject, ready(vector, dtype))
            assert judgement.came == "pass", judgement


@pytest.mark.parametrize("route", ROUTES)
def test_and_on_every_route(route: str) -> None:
    subject = Subject(plain())
    subject.take(route)
    for vector in list(read_vectors(vectors_folder()))[::7]:
        judgement = judge(subject, ready(vector, vector.network.dtype))
        assert judgement.came == ("unsupported" if route in QUANTISED_ROUTES else "pass"), judgement


def test_a_fault_fails_and_the_message_says_where() -> None:
    result = verify("--adapter", "fault:transposed-recurrent-weight", *SMALL)
    assert result.exit_code == 1
    assert "(FWD-2) in float32: fail\n  sequence output: " in result.output
    assert "values are out of bound" in result.output
    assert result.output.endswith("fail\n")


def test_a_fault_in_a_history_tells_the_step() -> None:
    result = verify("--adapter", "fault:weights-of-the-first-call", "--clause", "HIS-3")
    assert result.exit_code == 1
    assert "at step 3 of 3, call: " in result.output


def test_a_fault_of_another_route_fails_there_alone() -> None:
    options = "--adapter", "fault:cell-without-bias", "--clause", "FWD-4"
    assert verify(*options).exit_code == 0
    result = verify(*options, "--route", "default", "--route", "cell")
    assert result.exit_code == 1
    assert ", route cell: fail" in result.output
    assert verify(*options, "--route", "all").exit_code == 1


def test_what_is_recorded_is_a_deviation(tmp_path: Path) -> None:
    records = tmp_path / "deviations.toml"
    records.write_text(RECORD, encoding="utf-8")
    options = "--adapter", "fault:transposed-recurrent-weight", *SMALL, "--deviations", str(records)
    result = verify(*options)
    assert result.exit_code == 0, result.output
    assert "in float32: deviation (transposes)" in result.output
    assert verify(*options[:-2]).exit_code == 1


def test_a_record_excuses_what_it_claims_alone(tmp_path: Path) -> None:
    """Another clause is excused where the record says that it is found elsewhere, too; no other route is."""
    records, options = (
        tmp_path / "deviations.toml",
        ("--adapter", "fault:transposed-recurrent-weight", *SMALL),
    )
    changes = {
        'clause = "FWD-1"': 1,
        'clause = "FWD-1"\nelsewhere = true': 0,
        'clause = "FWD-2"': 0,
        'clause = "FWD-2"#': 1,
    }
    for change, status in changes.items():
        text = RECORD.replace('clause = "FWD-2"', change.rstrip("#"))
        if change.endswith("#"):
            text = text.replace("hidden_size = 3 }", 'hidden_size = 3, route = "cell" }')
            text = text.replace("x = [[[0.0]]]", 'x = [[[0.0]]]\nroute = "cell"')
        records.write_text(text, encoding="utf-8")
        result = verify(*options, "--deviations", str(records))
        assert result.exit_code == status, (change, result.output)


def test_a_record_of_what_stands_at_masked_time_steps_is_known_by_it(tmp_path: Path) -> None:
    """Checks have a variant for it, and vectors the numbers themselves."""
    records = tmp_path / "deviations.toml"
    records.write_text(OF_PADDING, encoding="utf-8")
    options = "--adapter", "fault:masked-gradients-times-zero", "--clause", "GRD-19"
    assert verify(*options).exit_code == 1
    result = verify(*options, "--deviations", str(records))
    assert result.exit_code == 0, result.output
    assert "deviation (times-zero)" in result.output


def test_what_is_not_supported_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "little.py").write_text(LITTLE, encoding="utf-8")
    found_in(tmp_path, monkeypatch)
    nothing = verify("--adapter", "little:Little", "--clause", "BID", "--every")
    assert nothing.exit_code == 1
    assert "what the call makes use of is not supported" in nothing.output
    some = verify("--adapter", "little:Little", "--clause", "BID", "--clause", "FWD")
    assert some.exit_code == 0, some.output
    assert " pass, " in some.output
    assert some.output.endswith(" unsupported\n")


def test_what_may_be_refused_passes_if_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sequence of no time steps may be refused, and one of a single step may not."""
    (tmp_path / "refusing.py").write_text(REFUSING, encoding="utf-8")
    found_in(tmp_path, monkeypatch)
    result = verify("--adapter", "refusing:Refusing", "--clause", "EDG-2", "--every")
    assert result.exit_code == 0, result.output
    assert "refused, as it may be" in result.output
    assert verify("--adapter", "refusing:Refusing", "--clause", "STA-2").exit_code == 1


def test_one_that_crashes_or_hangs_fails_those_vectors_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hostile.py").write_text(HOSTILE, encoding="utf-8")
    found_in(tmp_path, monkeypatch)
    calls = [(vector, vector.steps[0].call) for vector in read_vectors(vectors_folder())]
    lengths = {v.id: len(c.x[0]) for v, c in calls if c and isinstance(c.x, list) and len(v.steps) == 1}
    chosen = [next(id for id, length in lengths.items() if length == wanted) for wanted in (5, 4, 3)]
    options = [word for id in chosen for word in ("--id", str(id))]
    result = verify("--adapter", "hostile:Hostile", *options, "--timeout", "5", "--every", "--format", "json")
    assert result.exit_code == 1, result.output
    came = {each["id"]: each for each in json.loads(result.output)["vectors"]}
    crashed, hung, other = (came[id] for id in chosen)
    assert (crashed["came"], hung["came"], other["came"]) == ("fail", "fail", "pass")
    assert "the process ended by signal" in crashed["message"]
    assert "gave no sign for 5 s and was stopped" in hung["message"]


def test_what_the_suite_itself_raises_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here a route that cannot be made."""
    (tmp_path / "broken.py").write_text(BROKEN, encoding="utf-8")
    found_in(tmp_path, monkeypatch)
    result = verify("--adapter", "broken:FRAMEWORK", "--clause", "FWD-2", "--route", "all")
    assert result.exit_code == 2, result.output
    assert ", route odd: error\n" in result.output


def test_a_route_that_this_machine_lacks_is_named_and_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    found_in(Path(__file__).parents[1], monkeypatch)
    options = ("--adapter", "elsewhere:FRAMEWORK", *SMALL)
    result = verify(*options, "--route", "all")
    assert result.exit_code == 0, result.output
    assert "route gpu is not taken: this machine lacks a GPU\n" in result.output
    assert json.loads(verify(*options, "--format", "json").output)["absent_routes"] == {"gpu": "a GPU"}
    named = verify(*options, "--route", "gpu")
    assert named.exit_code == 2
    assert "--route: 'gpu' cannot be taken here: a GPU is missing" in named.output


def test_every_vector_is_shown_if_asked_for() -> None:
    result = verify("--adapter", "reference", *SMALL, "--every", "--type", "all")
    lines = result.output.splitlines()
    assert all(line.endswith(": pass") for line in lines[:-1])
    assert {line.split(" in ")[1] for line in lines[:-1]} == {
        f"{dtype}: pass" for dtype in ("float64", "float32", "float16", "bfloat16")
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--adapter", "nobody"), "adapter 'nobody' is not known"),
        (("--adapter", "reference", "--clause", "XYZ"), "--clause: expected a clause such as"),
        (("--adapter", "reference", "--id", "999999"), "--id: expected ids of vectors; got 999999"),
        (("--adapter", "reference", "--type", "int8"), "--type: expected one of first, all, float64"),
        (("--adapter", "reference", "--route", "nowhere"), "--route: expected one of default"),
        (("--adapter", "reference", "--clause", "ERR"), "expected some vectors to verify"),
        (("--adapter", "reference", "--folder", "/nowhere"), "index.json: No such file or directory"),
    ],
)
def test_bad_input_is_one_paragraph(options: tuple[str, ...], said: str) -> None:
    result = verify(*options)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_file_that_was_changed_is_refused(folder: Path) -> None:
    path = folder / "01-recurrence.json"
    path.write_text(path.read_text(encoding="utf-8").replace("0.125", "0.25", 1), encoding="utf-8")
    result = verify("--adapter", "reference", "--folder", str(folder))
    assert result.exit_code == 2
    assert "01-recurrence.json: expected the checksum that index.json says; got another" in result.stderr

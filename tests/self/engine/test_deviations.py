from __future__ import annotations

import dataclasses
from pathlib import Path

import msgspec
import numpy as np
import pytest
from docs import ROOT
from helpers import random_case, random_cell

from rnn_adapters import load_framework
from rnn_conformance.checks import all_checks
from rnn_conformance.engine.case import Case
from rnn_conformance.engine.check import Check
from rnn_conformance.engine.clauses import all_clauses
from rnn_conformance.engine.compare import NonConforming
from rnn_conformance.engine.deviations import Deviation, known_deviations, parse_deviations, read_deviations
from rnn_conformance.engine.perform import perform
from rnn_conformance.engine.profiles import PROFILES
from rnn_conformance.engine.subject import Subject
from rnn_conformance.faults.plain import PlainNumpy, framework_of_plain, plain
from rnn_conformance.faults.registry import fault_framework
from rnn_reference import BadInput
from rnn_reference.activations import Activation
from rnn_reference.network import Array, Cell

VERSIONS = {"keras": "3.15.1", "jax": "0.10.2", "torch": "2.13.0", "tensorflow": "2.21.0", "numpy": "2.4.6"}
VERSIONS |= {"openvino": "2026.4.1", "narrow-by-default": "1"}

RECORD = """
[[deviation]]
id = "relu-is-tanh"
adapter = "fault:tanh-for-relu"
versions = { numpy = ">=1" }
clause = "FWD-1"
what = "Computes tanh for relu."
why = "A fault of the catalogue."
when = { activation = "relu" }
[deviation.witness]
dtype = "float32"
layers = [{ forward = { W_x = [[1.0]], W_h = [[0.5]], b = [0.25], activation = "relu" } }]
x = [[[1.0]]]
"""


def record(text: str = RECORD) -> Deviation:
    return parse_deviations(text)[0]


def test_what_a_record_covers() -> None:
    case = random_case(random_cell(2, 3, activation="relu"))
    assert record().covers(case)
    assert not record().covers(random_case(random_cell(2, 3)))
    several = record(RECORD.replace('activation = "relu" }\n[', 'activation = ["relu", "tanh"] }\n['))
    assert several.covers(random_case(random_cell(2, 3)))


@pytest.mark.parametrize(
    ("wanted", "covered"),
    [
        ("relu", ["relu"]),
        (["relu", "elu*"], ["relu", "elu", "elu(alpha=0.5)"]),
        ("elu(*", ["elu(alpha=0.5)"]),
        ("el", []),
    ],
)
def test_a_record_of_an_activation_covers_stacks_that_have_it(
    wanted: str | list[str | int], covered: list[str]
) -> None:
    asked = msgspec.structs.replace(record(), when={"activations": wanted})
    for activation in ("tanh", "relu", "elu", "elu(alpha=0.5)"):
        case = random_case(random_cell(2, 3), random_cell(3, 3, activation=activation), stacked=True)
        assert asked.covers(case) == (activation in covered)


def test_to_whom_a_record_applies() -> None:
    assert record().applies_to("fault:tanh-for-relu", {"numpy": "2.0"})
    assert not record().applies_to("torch", {"numpy": "2.0"})
    assert not record(RECORD.replace(">=1", "<2")).applies_to("fault:tanh-for-relu", {"numpy": "2.0"})
    assert not record().applies_to("fault:tanh-for-relu", {})


def test_a_covered_clause_deviates_and_its_other_cases_are_still_checked() -> None:
    subject = Subject(fault_framework("tanh-for-relu"))
    outcome = perform(all_checks()["FWD-1"], subject, PROFILES["quick"], [record()])
    assert outcome.verdict == "deviation"
    assert 0 < outcome.deviating_cases < outcome.cases
    assert outcome.elements > 0


ELSEWHERE = RECORD.replace("when =", "elsewhere = true\nwhen =")


def test_what_is_found_elsewhere_is_excused_only_by_a_record_that_says_so() -> None:
    """FWD-6 is not among the clauses of the record, and draws relu, too."""
    fails, excused = (
        perform(all_checks()["FWD-6"], Subject(fault_framework("tanh-for-relu")), PROFILES["quick"], [each])
        for each in (record(), record(ELSEWHERE))
    )
    assert fails.verdict == "fail"
    assert excused.verdict == "deviation"
    assert excused.deviations == ["relu-is-tanh"]
    assert 0 < excused.deviating_cases < excused.cases


def test_a_case_that_passes_elsewhere_is_evidence() -> None:
    """The witness is asked of the clauses that the record names alone."""
    outcome = perform(all_checks()["FWD-6"], Subject(plain()), PROFILES["quick"], [record(ELSEWHERE)])
    assert outcome.verdict == "pass"
    assert outcome.deviating_cases == 0
    assert outcome.deviations == []


INEXACT = """
[[deviation]]
id = "coarse-tanh"
adapter = "coarse"
versions = { numpy = ">=1" }
clause = "NUM-1"
kind = "value"
elsewhere = true
what = "tanh is off by 1e-5 from 0.5 on."
why = "An adapter of this test."
when = { dtype = "float32", activation = "tanh" }
inexact = { tanh = { units = 200, beyond = 0.5 } }
[deviation.witness]
dtype = "float32"
layers = [{ forward = { W_x = [[1.0]], W_h = [[0.0]], b = [0.0] } }]
x = [[[1.0]]]
"""


class Coarse(PlainNumpy):
    """Computes tanh that is off by 1e-5 from 0.5 on."""

    def activate(self, activation: Activation, z: Array) -> Array:
        h = super().activate(activation, z)
        coarse = (activation.name == "tanh") & (np.abs(h) >= 0.5) & (h.dtype == np.float32)
        return np.where(coarse, h * np.float32(1 - 1e-5), h)


class CoarseAndTransposed(Coarse):
    """And multiplies by W_h transposed."""

    def pre_activation(self, cell: Cell, x_t: Array, h: Array) -> Array:
        return super().pre_activation(dataclasses.replace(cell, W_h=cell.W_h.T), x_t, h)


class CoarseNearZero(Coarse):
    """And is off by as much below 0.5."""

    def activate(self, activation: Activation, z: Array) -> Array:
        h = super().activate(activation, z)
        return h + np.float32(1e-5) * (np.abs(h) < 0.4) if activation.name == "tanh" else h


@pytest.mark.parametrize("clause", ["NUM-1", "FWD-2", "GRD-4"])
@pytest.mark.parametrize("made", [Coarse, CoarseAndTransposed, CoarseNearZero])
def test_an_inexact_activation_excuses_what_follows_from_it_and_no_more(
    made: type[PlainNumpy], clause: str
) -> None:
    subject = Subject(framework_of_plain("coarse", lambda route: made(route)))
    outcome = perform(all_checks()[clause], subject, PROFILES["quick"], [record(INEXACT)])
    alone = made is Coarse or (made is CoarseAndTransposed and clause == "NUM-1")
    assert outcome.verdict == ("deviation" if alone else "fail"), outcome.reason


def test_where_an_inexact_activation_is_as_exact_as_the_spec_asks_a_case_is_evidence() -> None:
    """Infinite from some size on, it conforms below; there the record hides nothing."""

    class Infinite(PlainNumpy):
        def activate(self, activation: Activation, z: Array) -> Array:
            h = super().activate(activation, z)
            return np.where((activation.name == "softplus") & (h >= 90), h.dtype.type(np.inf), h)

    text = INEXACT.replace("tanh = { units = 200, beyond = 0.5 }", "softplus = { units = inf, beyond = 89 }")
    text = text.replace("b = [0.0]", 'b = [95.0], activation = "softplus"').replace('"tanh"', '"softplus"')
    text = text.replace('when = { dtype = "float32", ', "when = { ")
    bounded = record(text.replace("NUM-1", "ACT-4"))
    wide = msgspec.structs.replace(bounded, inexact={})
    subject = Subject(framework_of_plain("infinite", lambda route: Infinite(route)))
    little, all_of_it = (
        perform(all_checks()["ACT-4"], subject, PROFILES["quick"], [known]) for known in (bounded, wide)
    )
    assert (little.verdict, all_of_it.verdict) == ("deviation", "deviation")
    assert 0 < little.deviating_cases < all_of_it.deviating_cases == all_of_it.cases
    assert little.elements > 0 == all_of_it.elements


IN_FLOAT32 = """
[[deviation]]
id = "float64-in-float32"
adapter = "coarse"
versions = { numpy = ">=1" }
clause = ["NUM-5", "NUM-10"]
kind = "value"
elsewhere = true
what = "A float64 layer multiplies in float32."
why = "An adapter of this test."
when = { dtype = "float64" }
computed_in = "float32"
[deviation.witness]
dtype = "float64"
layers = [{ forward = { W_x = [[0.1]], W_h = [[0.0]], b = [0.0] } }]
x = [[[1.0]]]
initial_states = [[[[0.5]]]]
"""


class MultipliesInFloat32(PlainNumpy):
    """Multiplies in float32, whatever the type is."""

    def product(self, a: Array, W: Array) -> Array:
        return super().product(a.astype(np.float32), W.astype(np.float32)).astype(a.dtype)


class MultipliesInFloat32Wrongly(MultipliesInFloat32):
    """And leaves out a thousandth, in float64 alone."""

    def product(self, a: Array, W: Array) -> Array:
        wrong: Array = super().product(a, W) * a.dtype.type(0.999 if a.dtype == np.float64 else 1)
        return wrong


@pytest.mark.parametrize("made", [MultipliesInFloat32, MultipliesInFloat32Wrongly])
@pytest.mark.parametrize("clause", ["NUM-5", "NUM-10", "OPT-1"])
def test_float64_that_is_computed_in_float32_excuses_what_follows_from_it_and_no_more(
    made: type[PlainNumpy], clause: str
) -> None:
    """Where a weight is too large for float32 and the input too small, the product is NaN: another record."""
    subject = Subject(framework_of_plain("coarse", lambda route: made(route)))
    known, variants = record(IN_FLOAT32), ["large weights", "small weights"]
    when = {"dtype": "float64", "variant": variants}
    of_weights = msgspec.structs.replace(known, id="of-weights", clause="NUM-5", computed_in="", when=when)
    outcome = perform(all_checks()[clause], subject, PROFILES["quick"], [known, of_weights])
    assert outcome.verdict == ("deviation" if made is MultipliesInFloat32 else "fail"), outcome.reason


def test_what_is_found_beyond_an_inexact_activation_may_be_another_deviation() -> None:
    transposed = msgspec.structs.replace(record(INEXACT), id="transposed", inexact={}, when={"layers": 1})
    subject = Subject(framework_of_plain("coarse", lambda route: CoarseAndTransposed(route)))
    both = [record(INEXACT), transposed]
    assert perform(all_checks()["FWD-2"], subject, PROFILES["quick"], both).verdict == "deviation"


def test_a_fault_outside_the_condition_still_fails() -> None:
    subject = Subject(fault_framework("transposed-recurrent-weight"))
    outcome = perform(all_checks()["FWD-1"], subject, PROFILES["quick"], [record()])
    assert outcome.verdict == "fail"


def test_a_case_that_ends_the_process_is_not_tried_to_make_another_small(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[Case] = []
    fails_on = Check.fails_on

    def seen(check: Check, subject: Subject, case: Case) -> NonConforming | None:
        tried.append(case)
        return fails_on(check, subject, case)

    monkeypatch.setattr(Check, "fails_on", seen)
    fatal = record(
        RECORD.replace('when = { activation = "relu" }', "ends_process = true\nwhen = { time = 1 }")
    )
    subject = Subject(fault_framework("transposed-recurrent-weight"))
    outcome = perform(all_checks()["FWD-1"], subject, PROFILES["quick"], [fatal], confirmed=[fatal.id])
    assert outcome.findings
    assert 1 not in {case.facts["time"] for case in tried}


def test_a_record_whose_witness_conforms_fails_the_run() -> None:
    outcome = perform(all_checks()["FWD-1"], Subject(plain()), PROFILES["quick"], [record()])
    assert outcome.verdict == "fixed"
    assert "fixed: remove the record 'relu-is-tanh'" in outcome.reason


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[deviation]", "Expected"),
        ("[[deviation]]\nid = 3\n", "Expected `str`, got `int` - at `$.deviation[0].id`"),
        (RECORD.replace("why =", "reason ="), "Object contains unknown field `reason`"),
        (RECORD + RECORD, "this id stands twice"),
        (RECORD.replace('">=1"', '"one"'), "Invalid specifier: 'one'"),
        (RECORD.replace("{ activation =", "{ colour ="), "when: expected facts of dtype, activation"),
        (
            RECORD.replace('{ activation = "relu" }', "{ batch = 2 }"),
            "witness does not meet its own condition",
        ),
        (
            RECORD.replace("why =", "inexact = { than = { units = 20 } }\nwhy ="),
            "inexact: expected names of tanh",
        ),
        (
            RECORD.replace("why =", "inexact = { tanh = { units = 12 } }\nwhy ="),
            "inexact: expected units above 12",
        ),
        (
            RECORD.replace("why =", 'computed_in = "float32"\nwhy ='),
            "computed_in: expected with when.dtype = 'float64'; got None",
        ),
        (RECORD.replace("[[0.5]]", "[[0.5, 1.0]]"), "layers[0].forward.W_h: expected shape (1, 1)"),
    ],
)
def test_bad_records_are_explained(text: str, message: str) -> None:
    with pytest.raises(BadInput) as error:
        parse_deviations(text)
    assert message in str(error.value)


def test_the_records_that_ship_are_valid_and_name_clauses() -> None:
    adapters = ("keras-tensorflow", "keras-torch", "keras-jax", "keras-numpy", "keras-openvino")
    records = [r for name in adapters for r in known_deviations(load_framework(name), VERSIONS)]
    assert records
    assert {clause for r in records for clause in r.clauses} <= set(all_clauses())
    assert all(r.what.strip() and r.why.strip() for r in records)


def test_a_script_for_several_backends_runs_on_the_one_in_force() -> None:
    records = read_deviations(str(ROOT / "adapters" / "rnn_adapters" / "keras" / "deviations.toml"))
    of_several = [r for r in records if not isinstance(r.adapter, str) and "KERAS_BACKEND" in r.script]
    assert len(of_several) > 5
    fixed = [r.id for r in of_several if 'os.environ["KERAS_BACKEND"]' in r.script]
    assert not fixed, "each of their environments has one backend: os.environ.setdefault"


def test_records_of_an_extra_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(RECORD)
    found = known_deviations(fault_framework("tanh-for-relu"), {"numpy": "2.0"}, str(path))
    assert [r.id for r in found] == ["relu-is-tanh"]
    with pytest.raises(BadInput, match="No such file"):
        known_deviations(fault_framework("tanh-for-relu"), {}, str(tmp_path / "none.toml"))

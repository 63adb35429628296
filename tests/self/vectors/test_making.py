"""Vectors are the same wherever they are made, say what the suite says, and keep their ids."""

from __future__ import annotations

import numpy as np
import pytest

from rnn_adapters.written import read_array
from rnn_conformance.vectors.chapters import all_recipes
from rnn_conformance.vectors.expected import fits
from rnn_conformance.vectors.form import FLAGS, VectorData, line_of, read_index, read_vectors, vectors_folder
from rnn_conformance.vectors.given import given_by
from rnn_conformance.vectors.making import PROMOTED, Ids, contents, known_flags, stale, vector_of
from rnn_conformance.vectors.numbers import Numbers
from rnn_conformance.vectors.promote import COUNTEREXAMPLE
from rnn_conformance.vectors.ready import ready
from rnn_conformance.vectors.recipes import Plan, Recipe
from rnn_reference import BadInput, bound_gradients, bound_network

VECTORS = {vector.id: vector for vector in read_vectors(vectors_folder())}


def test_made_again_they_are_the_same_to_the_byte() -> None:
    changed = stale(vectors_folder())
    assert not changed, f"run `rnn-conformance vectors make`: {changed}"


def test_numbers_are_those_of_every_python() -> None:
    assert Numbers("a").array((3,), "coarse").tolist() == [-0.4609375, -0.8671875, 0.1953125]
    fine = Numbers("a").array((2,), "fine")
    assert np.array_equal(fine.astype(np.float32), fine)
    assert Numbers("b").array((4,), "integer").dtype == np.float64


@pytest.mark.parametrize("vector", list(VECTORS.values())[::9], ids=lambda vector: str(vector.id))
def test_the_suite_expects_the_same(vector: VectorData) -> None:
    """Of calls without options: the suite's values are within a vector's bound, and its bounds are near."""
    plain = [step for step in ready(vector, vector.network.dtype).steps if step.case is not None]
    for step in plain:
        case = step.case
        assert case is not None
        options = case.call.go_backwards, case.call.merge_mode != "concat", case.call.compute_dtype
        if any(options) or case.call.stateful or step.do not in ("call", "gradients"):
            continue
        given = case.network, case.x, case.initial_states
        if step.do == "call":
            expected = {
                f"final_states[{i}]": b for i, b in enumerate(bound_network(*given, case.steps).final_states)
            }
        else:
            assert step.d_sequence is not None
            found = bound_gradients(*given, step.d_sequence, step.d_final_states, case.steps)
            expected = {"x": found.x, "cells[0].W_h": found.cells[0].W_h}
        for name, suite in expected.items():
            mine = step.expected[name]
            value, bound = suite.value.astype(float), suite.bound.astype(float)
            claimed = np.isfinite(mine.bound) & np.isfinite(value)
            assert (np.abs(value - mine.value)[claimed] <= np.maximum(mine.bound, 1e-15)[claimed]).all()
            # Rounded up to three digits; in float64 the rounding of what is stored is counted as well.
            assert (mine.bound[claimed] <= 1.5 * bound[claimed] + 1e-300).all()


def test_a_type_is_named_only_if_it_holds_every_number() -> None:
    for vector in list(VECTORS.values())[::5]:
        for dtype in vector.types:
            assert fits(*given_by(vector), dtype)


def test_ids_are_never_given_twice() -> None:
    before = Ids({"a": 1, "b": 2, "c": 5}, {"old": 7})
    after = before.of(["a", "new", "c", "old", "newer"])
    assert after.taken == {"a": 1, "new": 8, "c": 5, "newer": 9}
    assert after.retired == {"old": 7, "b": 2}
    again = after.of(["a", "c", "b"])
    assert "b" not in again.taken
    assert again.of(["last"]).taken == {"last": 10}
    assert before.without([2]).retired == {"old": 7, "b": 2}
    with pytest.raises(BadInput, match="recipe a: expected a name of its own"):
        before.of(["a", "a"])


def test_every_flag_is_explained_and_used() -> None:
    used = {flag for recipe in all_recipes() for flag in recipe.flags}
    assert used | {COUNTEREXAMPLE} == set(known_flags())
    plan = Plan(clause="FWD-1", slug="x", flags=("nothing",), comment="c", count=1)
    with pytest.raises(BadInput, match=r"flags: expected those of flags\.toml"):
        contents(plan.recipes(), Ids({}, {}))


def test_the_index_knows_every_id() -> None:
    index = read_index(vectors_folder())
    assert sorted(index.ids.values()) == sorted(VECTORS)
    assert not set(index.ids.values()) & set(index.retired.values())
    recipes = {recipe.name for recipe in all_recipes()}
    assert {name for name in index.ids if not name.startswith(PROMOTED)} <= recipes
    assert index.files[FLAGS].vectors == 0


def test_a_vector_is_made_of_a_plan() -> None:
    plan = Plan(
        clause="FWD-1", slug="x", flags=("bias",), comment="c", count=2, hidden=1, inputs=1, batch=1, time=1
    )
    one, other = plan.recipes()
    assert isinstance(one, Recipe)
    assert line_of(vector_of(one, 1)) == line_of(vector_of(one, 1))
    assert line_of(vector_of(one, 1)) != line_of(vector_of(other, 1))
    vector = vector_of(one, 1)
    assert vector.types == ["float64", "float32", "float16", "bfloat16"]
    expected = vector.steps[0].expected
    assert expected is not None
    assert expected.sequence is not None
    (cell,) = one.network.cells
    call = one.steps[0].call
    assert call is not None
    z = float(cell.W_x[0, 0] * call.x[0, 0, 0] + cell.bias[0])
    value = read_array(expected.sequence, np.dtype(float)).item()
    assert abs(value - np.tanh(z)) <= 2 * np.spacing(abs(value))


def test_a_recipe_of_which_nothing_can_be_said_is_refused() -> None:
    plan = Plan(clause="FWD-1", slug="x", flags=("bias",), comment="c", count=1, types=())
    (recipe,) = plan.recipes()
    with pytest.raises(BadInput, match="recipe FWD-1/x/1: expected bounds that say something"):
        vector_of(recipe, 1)

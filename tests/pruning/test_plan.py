# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest

from skrln.pruning._angles import angles_between
from skrln.pruning._plan import (
    COMPLEMENTARY,
    SIMILAR,
    Layer,
    Rule,
    close_pairs,
    make_plan,
    random_pairs,
)

RULE = Rule(15, 165, "fold", "pair")


def layer_of(values, angles=None, middle=0.0):
    around = values - values.mean(axis=0)
    if angles is None:
        angles = angles_between(around)
    return Layer(angles, values.mean(axis=0), around.T @ around / len(values), middle)


def symmetric(n, entries, fill=90.0):
    angles = np.full((n, n), fill)
    np.fill_diagonal(angles, 0)
    for (i, j), value in entries.items():
        angles[i, j] = angles[j, i] = value
    return angles


@pytest.fixture
def values(global_random_seed):
    return np.random.default_rng(global_random_seed).normal(size=(40, 6))


def test_pairs_come_in_the_order_of_their_distance_then_of_the_units():
    angles = symmetric(5, {(0, 1): 10, (2, 3): 178, (0, 4): 2, (1, 2): 2, (3, 4): 15})
    expected = [
        [0, 4, SIMILAR],
        [1, 2, SIMILAR],
        [2, 3, COMPLEMENTARY],
        [0, 1, SIMILAR],
    ]
    np.testing.assert_array_equal(close_pairs(angles, RULE), expected)


def test_wider_thresholds_have_all_pairs_of_narrower_ones(values):
    angles = angles_between(values)
    known = set()
    for similar in (0, 30, 60, 80, 89):
        rule = RULE._replace(similar_angle=similar, complementary_angle=180 - similar)
        pairs = set(map(tuple, close_pairs(angles, rule)))
        assert known <= pairs
        known = pairs
    assert known
    assert not len(
        close_pairs(angles, RULE._replace(similar_angle=0, complementary_angle=180))
    )


def test_chains_end_with_one_unit_that_stands_for_all(values):
    first = values[:, :1]
    twins = first * [1, 2, 3, 4]  # 0 ~ 1 ~ 2 ~ 3
    layer = layer_of(twins, symmetric(4, {(0, 1): 9, (1, 2): 3, (2, 3): 6}))
    plan = make_plan(layer, close_pairs(layer.angles, RULE), RULE)
    # 1 takes 2 over, which leaves 3 alone; then 0 takes 1 over, and 2 with it.
    np.testing.assert_array_equal(plan.kept, [True, False, False, True])
    np.testing.assert_allclose(
        twins[:, plan.kept] @ plan.merge, twins @ np.diag([1, 1, 1, 1]), atol=1e-9
    )


@pytest.mark.parametrize("compensate", ["pair", "regression"])
def test_merge_and_shift_rebuild_what_is_affinely_related(values, compensate):
    layer_values = np.c_[
        values[:, 0], 1 - values[:, 0], 3 * values[:, 0] + 2, values[:, 1]
    ]
    layer = layer_of(layer_values)
    rule = RULE._replace(compensate=compensate)
    plan = make_plan(layer, close_pairs(layer.angles, rule), rule)
    np.testing.assert_array_equal(plan.kept, [True, False, False, True])
    rebuilt = layer_values[:, plan.kept] @ plan.merge + plan.shift
    np.testing.assert_allclose(rebuilt, layer_values, atol=1e-9)


def test_regression_is_that_of_least_squares(values):
    values[:, 5] = values[:, 4]  # units that stay may be the same
    layer = layer_of(values, symmetric(6, {(0, 1): 3, (2, 3): 178}))
    rule = RULE._replace(compensate="regression")
    plan = make_plan(layer, close_pairs(layer.angles, rule), rule)
    np.testing.assert_array_equal(plan.kept, [1, 0, 1, 0, 1, 1])
    design = np.c_[values[:, plan.kept], np.ones(len(values))]
    fitted = design @ np.linalg.lstsq(design, values)[0]
    rebuilt = values[:, plan.kept] @ plan.merge + plan.shift
    np.testing.assert_allclose(rebuilt, fitted, atol=1e-9)
    both = rule._replace(complement="remove")
    plan = make_plan(layer, close_pairs(layer.angles, both), both)
    np.testing.assert_array_equal(plan.kept, [1, 0, 0, 0, 1, 1])
    np.testing.assert_array_equal(plan.merge[:, [2, 3]], 0)
    assert plan.shift[3] == 0 != plan.shift[1]


def test_removing_complements_takes_both_and_compensates_nothing(values):
    layer = layer_of(values, symmetric(6, {(1, 2): 179, (2, 3): 3}))
    rule = RULE._replace(complement="remove")
    plan = make_plan(layer, close_pairs(layer.angles, rule), rule)
    np.testing.assert_array_equal(plan.kept, [1, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(plan.merge, np.eye(6)[plan.kept])
    np.testing.assert_array_equal(plan.shift, 0)


def test_adding_outgoing_weights_as_they_are(values):
    layer = layer_of(values, symmetric(6, {(0, 1): 3, (2, 3): 178}), middle=0.5)
    rule = RULE._replace(compensate="add")
    plan = make_plan(layer, close_pairs(layer.angles, rule), rule)
    expected = np.eye(6)[[0, 2, 4, 5]]
    expected[0, 1], expected[1, 3] = 1, -1
    np.testing.assert_array_equal(plan.merge, expected)
    np.testing.assert_array_equal(plan.shift, [0, 0, 0, 1, 0, 0])


def test_constant_units_go_into_the_intercept(values):
    values[:, :2] = 0.0, 7.0
    layer = layer_of(values, symmetric(6, {(0, 1): 0}))
    for compensate in ("pair", "regression"):
        rule = RULE._replace(compensate=compensate)
        plan = make_plan(layer, close_pairs(layer.angles, rule), rule)
        np.testing.assert_array_equal(plan.kept, [1, 0, 1, 1, 1, 1])
        rebuilt = values[:, plan.kept] @ plan.merge + plan.shift
        np.testing.assert_allclose(rebuilt, values, atol=1e-9)


@pytest.mark.parametrize("complement", ["fold", "remove"])
def test_one_unit_always_stays(values, complement):
    rule = RULE._replace(complement=complement)
    for angle in (0.0, 180.0):
        angles = symmetric(6, {}, fill=angle)
        layer = layer_of(values, angles)
        kept = make_plan(layer, close_pairs(angles, rule), rule).kept
        # Pairs that go together leave two: the last pair would take all.
        two_at_once = complement == "remove" and angle == 180
        assert kept.sum() == (2 if two_at_once else 1)


@pytest.mark.parametrize(("count", "n_left"), [(0, 6), (3, 3), (5, 1), (9, 1)])
def test_number_of_units_whatever_their_angles(values, count, n_left):
    rule = RULE._replace(any_angle=True)
    layer = layer_of(values)
    plan = make_plan(layer, close_pairs(layer.angles, rule), rule, count)
    assert plan.kept.sum() == n_left
    assert make_plan(layer, close_pairs(layer.angles, RULE), RULE, 6).kept.all()


def test_random_pairs_remove_as_many_as_they_should(values, global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    layer = layer_of(values)
    for n_removed in range(6):
        pairs = random_pairs(6, n_removed, rng)
        kept = make_plan(layer, pairs, RULE).kept
        assert kept.sum() == 6 - n_removed

# SPDX-License-Identifier: BSD-3-Clause
"""Evidence of rows by hand, and its test."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from skrln.feature_selection import _conditional_association
from skrln.feature_selection._conditional_association import (
    LEAST_PROBABILITY,
    MORE_DRAWS,
    N_DRAWS,
    evidence_test,
    row_evidence,
)

TABLE = np.array([[1.0, 5.0], [2.0, 6.0], [4.0, 7.0]])
PLACES = np.array([0, 2])
HALF = N_DRAWS // 2


class FixedDraws:
    """Draws the first row in the first half of all draws, and the second in the other."""

    def __init__(self):
        self.n_drawn = {}

    def rows(self, columns, places, n_draws, rng):
        key = tuple(columns)
        first = self.n_drawn.get(key, 0)
        self.n_drawn[key] = first + n_draws
        drawn = np.arange(first, first + n_draws) // HALF % 2
        return dict.fromkeys(columns, drawn[:, None] * np.ones(len(places), int))


@pytest.fixture(autouse=True)
def one_stage(monkeypatch):
    """No further draws of promising columns."""
    monkeypatch.setattr(_conditional_association, "PROMISING", np.inf)


def evidence(predict, truth, groups=(([0], [0]),)):
    return row_evidence(predict, TABLE, truth, PLACES, list(groups), FixedDraws(), None)


def test_numbers_by_hand():
    """The prediction is the first column: 1 and 4; without it 1 in one half, 2 in the other."""
    truth = np.array([[3.0], [5.0]])
    found = evidence(lambda rows: rows[:, :1], truth)
    expected = [((3 - 1) * (1 - 2) + (3 - 2) * (1 - 1)) / 2]
    expected += [((5 - 1) * (4 - 2) + (5 - 2) * (4 - 1)) / 2]
    np.testing.assert_allclose(found[:, 0], expected)


def test_classes_by_hand():
    def predict(rows):
        second = np.where(rows[:, 0] > 3, 1.0, rows[:, 0] / 10)
        return np.column_stack([1 - second, second])

    truth = np.array([[1.0, 0.0], [0.0, 1.0]])
    found = evidence(predict, truth)
    full = np.array([[0.9, 0.1], [LEAST_PROBABILITY, 1.0]])
    halves = np.array([0.9, 0.1]), np.array([0.8, 0.2])
    for row in range(2):
        expected = [
            (truth[row] - one) @ np.log(full[row] / other) / 2
            for one, other in (halves, halves[::-1])
        ]
        assert found[row, 0] == pytest.approx(sum(expected))


def test_evidence_of_classes_has_mean_zero_where_the_draws_are_right():
    """Both rows have one class, which the model rates too low, whatever the column says."""

    def predict(rows):
        second = np.where(rows[:, 0] > 3, 0.5, 0.01)
        return np.column_stack([1 - second, second])

    truth = np.array([[0.0, 1.0], [0.0, 1.0]])
    full = predict(TABLE[PLACES])
    # Each half of the draws is the whole distribution: both values, for both rows.
    without = np.tile(full[:, None], (2, 2, 1))
    found = _conditional_association._compare(truth, full, without)
    assert found.sum() == pytest.approx(0, abs=1e-12)
    assert np.all(np.abs(found) > 0.1)


def test_columns_that_change_no_prediction_are_looked_at_once():
    calls = []

    def predict(rows):
        calls.append(len(rows))
        return rows[:, :1]

    found = evidence(predict, np.ones((2, 1)), [([1], [1]), ([0, 1], [0, 1])])
    np.testing.assert_array_equal(found[:, 0], 0)
    assert np.any(found[:, 1] != 0)
    assert calls == [2, 2, 2, 2 * (N_DRAWS - 1)]


def test_promising_columns_get_more_draws(monkeypatch):
    monkeypatch.setattr(_conditional_association, "PROMISING", 0.5)
    calls = []

    def predict(rows):
        calls.append(len(rows))
        return rows[:, :1]

    for truth, last in (([[9.0], [-9.0]], N_DRAWS - 1), ([[0.0], [9.0]], MORE_DRAWS)):
        evidence(predict, np.array(truth))
        assert calls[-1] == 2 * last


def test_the_test_is_that_of_student():
    values = np.random.default_rng(0).normal(0.2, size=(50, 3))
    values[:, 2] = 0
    scores, pvalues = evidence_test(values)
    expected = ttest_1samp(values[:, :2], 0, alternative="greater")
    np.testing.assert_allclose(scores[:2], expected.statistic)
    np.testing.assert_allclose(pvalues[:2], expected.pvalue)
    assert scores[2] == 0
    assert pvalues[2] == 1


def test_rows_of_a_cluster_count_as_one():
    values = np.random.default_rng(0).normal(0.2, size=(50, 2))
    copies = np.repeat(values, 4, axis=0)
    clusters = np.repeat(np.arange(50), 4)
    for found, expected in zip(
        evidence_test(copies, clusters), evidence_test(values), strict=True
    ):
        np.testing.assert_allclose(found, expected)

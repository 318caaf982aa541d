# SPDX-License-Identifier: BSD-3-Clause
"""Values drawn given all other columns, against distributions that are known."""

import numpy as np
import pytest
from scipy.stats import ks_2samp, norm
from sklearn.covariance import ledoit_wolf
from sklearn.linear_model import Ridge
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from skrln.feature_selection._conditional_draws import (
    LEAST_VARIANCE,
    MAX_CATEGORIES,
    ConditionalDraws,
)

N = 2000
NONE = np.zeros((N, 0), int)


def normal_pair(correlation=0.8):
    rng = np.random.default_rng(0)
    first, noise = rng.standard_normal((2, N))
    second = correlation * first + np.sqrt(1 - correlation**2) * noise
    return np.column_stack([second, first])


def draw(numbers, categories, columns, n_draws=3):
    rng = np.random.default_rng(1)
    draws = ConditionalDraws(numbers, categories, rng)
    return draws.rows(columns, np.arange(len(numbers)), n_draws, rng)


def test_numbers_keep_their_correlation_and_forget_their_own_value():
    table = normal_pair()
    rows = draw(table, NONE, [0])[0]
    assert rows.shape == (3, N)
    for own in table[rows, 0]:
        assert np.corrcoef(own, table[:, 1])[0, 1] == pytest.approx(0.8, abs=0.03)
        noises = [values - 0.8 * table[:, 1] for values in (own, table[:, 0])]
        assert abs(np.corrcoef(*noises)[0, 1]) < 0.07


def test_shapes_of_distributions_do_not_matter():
    """A copula sees ranks only."""
    table = normal_pair()
    monotone = np.column_stack([np.exp(3 * table[:, 0]), table[:, 1] ** 3])
    np.testing.assert_array_equal(
        draw(table, NONE, [0])[0], draw(monotone, NONE, [0])[0]
    )
    assert ks_2samp(table[draw(table, NONE, [0])[0][0], 0], table[:, 0]).pvalue > 0.01


def test_equal_values_follow_the_other_columns():
    """A threshold of a normal score: its probability given the other column is known."""
    table = normal_pair()
    binary = (table[:, 0] > 0.5).astype(float)
    numbers = np.column_stack([binary, table[:, 1]])
    drawn = binary[draw(numbers, NONE, [0], n_draws=20)[0]].mean(axis=0)
    expected = norm.sf((0.5 - 0.8 * table[:, 1]) / 0.6)
    for low in np.arange(0, 1, 0.2):
        inside = (expected >= low) & (expected < low + 0.2)
        assert drawn[inside].mean() == pytest.approx(expected[inside].mean(), abs=0.04)


def test_missing_numbers_are_drawn_as_often_as_they_occur():
    table = normal_pair()
    table[table[:, 0] < -1, 0] = np.nan
    drawn = table[draw(table, NONE, [0])[0], 0]
    assert np.isnan(drawn).mean() == pytest.approx(norm.cdf(-1), abs=0.02)
    # They are the lowest: rows with a low second column have most of them.
    assert np.isnan(drawn[:, table[:, 1] < -1]).mean() > 0.4
    assert np.isnan(drawn[:, table[:, 1] > 0]).mean() < 0.03


def test_categories_follow_the_other_columns():
    rng = np.random.default_rng(0)
    number = rng.standard_normal(N)
    scores = np.column_stack([np.zeros(N), 2 * number, -1 + 0 * number])
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    codes = (rng.uniform(size=(N, 1)) > shares.cumsum(axis=1)).sum(axis=1)
    drawn = codes[draw(number[:, None], codes[:, None], [1], n_draws=20)[1]]
    for level in range(3):
        own = (drawn == level).mean(axis=0)
        for inside in (number < -0.5, number > 0.5):
            expected = shares[inside, level].mean()
            assert own[inside].mean() == pytest.approx(expected, abs=0.03)


def test_numbers_follow_categories():
    codes = np.random.default_rng(0).integers(3, size=N)
    number = codes + 0.1 * np.random.default_rng(1).standard_normal(N)
    drawn = number[draw(number[:, None], codes[:, None], [0])[0]]
    assert np.corrcoef(drawn[0], codes)[0, 1] > 0.9


@pytest.mark.parametrize("drawn", [[3], [3, 7, 9]])
def test_a_row_has_no_part_in_its_own_mean(drawn):
    """Ridge regressions, each without one row, leave the same residuals."""
    rng = np.random.default_rng(0)
    n_rows, n_columns = 60, 40
    mixed = np.eye(n_columns) + 0.3 * rng.standard_normal((n_columns, n_columns))
    table = rng.standard_normal((n_rows, n_columns)) @ mixed
    draws = ConditionalDraws(table, np.zeros((n_rows, 0), int), rng)
    is_drawn = np.isin(np.arange(n_columns), drawn)
    scores = draws._scores - draws._scores.mean(axis=0)
    leverage = draws._leverage(is_drawn)

    _, shrinkage = ledoit_wolf(draws._scores)
    diagonal = shrinkage * scores.var(axis=0).mean() + LEAST_VARIANCE
    ridge = Ridge(n_rows * diagonal / (1 - shrinkage))
    inputs, targets = scores[:, ~is_drawn], scores[:, is_drawn]
    held_out = cross_val_predict(ridge, inputs, targets, cv=LeaveOneOut())
    inside = targets - ridge.fit(inputs, targets).predict(inputs).reshape(n_rows, -1)
    expected = targets - held_out.reshape(n_rows, -1)
    np.testing.assert_allclose(inside / (1 - leverage)[:, None], expected, atol=1e-12)


@pytest.mark.parametrize("kind", ["numbers", "categories"])
def test_draws_of_wide_tables_forget_the_value(kind):
    """Half again as many columns as rows could predict a column of noise within the rows."""
    rng = np.random.default_rng(0)
    # Columns that depend on each other, of which the shrunk covariance keeps most.
    numbers = rng.standard_normal((100, 3)) @ rng.standard_normal((3, 150))
    numbers, own = numbers + rng.standard_normal((100, 150)), rng.standard_normal(100)
    categories = np.zeros((100, 0), int)
    if kind == "numbers":
        numbers, column = np.column_stack([own, numbers]), 0
    else:
        own = (own > 0).astype(int)
        categories, column = own[:, None], 150
    rows = draw(numbers, categories, [column], n_draws=20)[column]
    means = own[rows].mean(axis=0)
    assert np.corrcoef(means, own)[0, 1] < 0.2
    assert own[rows].std() == pytest.approx(own.std(), rel=0.15)


@pytest.mark.parametrize("n_rows", [4, 30])
def test_a_category_of_one_row(n_rows):
    codes = np.r_[np.zeros(n_rows - 1, int), 1][:, None]
    numbers = np.random.default_rng(0).standard_normal((n_rows, 2))
    rows = draw(numbers, codes, [2])[2]
    assert codes[rows, 0].mean() < 0.3


def test_columns_of_a_group_are_drawn_together():
    table = normal_pair()
    table = np.column_stack(
        [table, np.random.default_rng(2).standard_normal(N), table.sum(axis=1)]
    )[:, :3]
    rows = draw(table, NONE, [0, 1])
    drawn = table[rows[0][0], 0], table[rows[1][0], 1]
    assert np.corrcoef(*drawn)[0, 1] == pytest.approx(0.8, abs=0.04)
    assert abs(np.corrcoef(drawn[0], table[:, 0])[0, 1]) < 0.07


def test_a_group_of_all_columns_with_categories():
    codes = np.random.default_rng(0).integers(3, size=(N, 1))
    rows = draw(normal_pair(), codes, [0, 1, 2])
    assert sorted(rows) == [0, 1, 2]
    counts = np.bincount(codes[rows[2][0], 0]) / N
    np.testing.assert_allclose(counts, np.bincount(codes[:, 0]) / N, atol=0.04)


def test_rare_categories_are_one():
    codes = np.r_[np.repeat([0, 1], (N - 40) // 2), np.arange(2, 42)][:, None]
    rows = draw(np.zeros((N, 0)), codes, [0])[0]
    drawn = codes[rows, 0]
    assert np.mean(drawn > MAX_CATEGORIES) > 0
    assert np.mean(drawn > 1) == pytest.approx(0.02, abs=0.01)


def test_a_constant_column_is_drawn_from_itself():
    table = np.column_stack([np.full(N, 3.0), normal_pair()])
    rows = draw(table, NONE, [0])[0]
    assert rows.min() >= 0
    assert rows.max() < N


def test_some_places_only():
    table, rng = normal_pair(), np.random.default_rng(0)
    places = np.array([5, 7])
    rows = ConditionalDraws(table, NONE, rng).rows([1], places, 4, rng)
    assert rows[1].shape == (4, 2)

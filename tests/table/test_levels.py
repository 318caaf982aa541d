# SPDX-License-Identifier: BSD-3-Clause
"""Levels of columns: values and shares by hand, and rows that are drawn from them."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skrln._table import _levels
from skrln._table._levels import FEWEST_LEVELS, MOST_LEVELS, Levels, find_levels

NO_COLUMNS = np.zeros(0, int)


def levels_of(column, weights=None, categorical=NO_COLUMNS):
    """Levels of a single column as a dict; spare levels are left out."""
    table = column if hasattr(column, "iloc") else np.reshape(column, (-1, 1))
    weights = np.ones(len(table)) if weights is None else np.asarray(weights, float)
    levels = find_levels(table, weights, np.asarray(categorical, int))
    is_used = levels.shares[:, 0] > 0
    values = levels.values[is_used, 0].tolist()
    return dict(zip(values, levels.shares[is_used, 0].tolist(), strict=True))


def test_few_values_are_their_own_levels():
    found = levels_of([3.0, 1.0, 3.0, 2.0], [1, 2, 3, 4])
    assert found == pytest.approx({1.0: 0.2, 2.0: 0.4, 3.0: 0.4})


def test_missing_numbers_are_a_level():
    found = levels_of([np.nan, 1.0, 1.0, np.nan], [1, 1, 1, 5])
    assert found.pop(1.0) == pytest.approx(0.25)
    assert list(found.values()) == pytest.approx([0.75])
    assert np.isnan(list(found))


def test_a_column_without_any_number_has_one_level():
    assert list(levels_of([np.nan, np.nan]).values()) == [1.0]


def test_many_values_are_binned(global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    column = np.r_[np.zeros(300), rng.lognormal(size=500), np.nan]
    weights = rng.uniform(0.5, 2, len(column))
    levels = find_levels(column[:, None], weights, NO_COLUMNS)
    values, shares = levels.values[:, 0], levels.shares[:, 0]
    assert len(values) == MOST_LEVELS
    total = weights.sum()
    # A frequent value stays as it is, missing values are a level, and the mean is kept.
    assert shares[values == 0] == pytest.approx(weights[:300].sum() / total)
    assert shares[np.isnan(values)] == pytest.approx(weights[-1] / total)
    mean = np.nansum(values * shares)
    assert mean == pytest.approx(np.nansum(column * weights) / total)
    assert shares.sum() == pytest.approx(1)


def test_weights_are_repeated_rows():
    rng = np.random.default_rng(0)
    column, weights = rng.normal(size=(90, 1)), rng.integers(1, 4, 90)
    weighted = find_levels(column, weights.astype(float), NO_COLUMNS)
    n_repeated = weights.sum()
    repeated = find_levels(
        np.repeat(column, weights, axis=0), np.ones(n_repeated), NO_COLUMNS
    )
    np.testing.assert_allclose(weighted.values, repeated.values)
    np.testing.assert_allclose(weighted.shares, repeated.shares)


def test_categories():
    frame = pd.DataFrame({"kind": pd.Categorical(["b", "a", None, "b"])})
    found = levels_of(frame, [1, 1, 3, 1], categorical=[0])
    assert found.pop("b") == pytest.approx(1 / 3)
    assert found.pop("a") == pytest.approx(1 / 6)
    assert list(found.values()) == [0.5]
    assert np.isnan(list(found))


def test_rare_categories_share_the_last_level():
    names = np.repeat([f"c{k:02}" for k in range(80)], 2)
    frame = pd.DataFrame({"kind": [*names, *["most"] * 100]})
    found = levels_of(frame, categorical=[0])
    assert len(found) == MOST_LEVELS
    shares = list(found.values())
    assert found["most"] == pytest.approx(100 / 260)
    assert shares[-1] == pytest.approx((80 - (MOST_LEVELS - 2)) * 2 / 260)
    assert sum(shares) == pytest.approx(1)


def test_numbers_beside_categories_keep_their_places():
    frame = pd.DataFrame({"kind": ["a", "b"], "size": [5, 7]})
    levels = find_levels(frame, np.ones(2), np.array([0]))
    assert levels.values.tolist() == [["a", 5.0], ["b", 7.0]]
    np.testing.assert_array_equal(levels.shares, np.full((2, 2), 0.5))


def test_sparse_columns_have_zero_and_a_mean():
    table = sparse.csr_matrix([[0, 4.0], [2.0, 0], [0, 2.0], [0, 0]])
    levels = find_levels(table, np.array([1.0, 1, 2, 1]), NO_COLUMNS)
    np.testing.assert_allclose(levels.values, [[0, 0], [2, 8 / 3]])
    np.testing.assert_allclose(levels.shares, [[0.8, 0.4], [0.2, 0.6]])


def test_wide_tables_have_fewer_levels(monkeypatch):
    monkeypatch.setattr(_levels, "MOST_CELLS", 40)
    table = np.random.default_rng(0).normal(size=(30, 4))
    assert len(find_levels(table, np.ones(30), NO_COLUMNS).values) == 10
    wide = np.tile(table, 10)
    assert len(find_levels(wide, np.ones(30), NO_COLUMNS).values) == FEWEST_LEVELS


def test_long_tables_are_read_in_part(monkeypatch):
    monkeypatch.setattr(_levels, "MOST_ROWS", 3)
    assert levels_of(np.arange(9.0)) == pytest.approx(
        dict.fromkeys([0.0, 4.0, 8.0], 1 / 3)
    )


def test_levels_are_drawn_by_their_shares(global_random_seed):
    shares = np.array([[0.25, 0.5, 0], [0.75, 0.25, 1], [0, 0.25, 0]])
    levels = Levels(None, shares, 64)
    drawn = levels.draw(64, np.random.default_rng(global_random_seed))
    counts = [np.bincount(column, minlength=3) for column in drawn.T]
    np.testing.assert_array_equal(np.transpose(counts), 64 * shares)
    # The columns are independent of each other.
    assert 1 < np.count_nonzero((drawn[:, 0] == 0) & (drawn[:, 1] == 0)) < 16


def test_one_value_less_than_rounding_shows():
    levels = find_levels(
        np.arange(65.0)[:, None], np.r_[np.ones(64), 1e-20], NO_COLUMNS
    )
    assert len(levels.shares) == 65
    assert levels.shares.sum() == pytest.approx(1)


def test_whole_categories_beside_floats():
    large = 2**53
    frame = pd.DataFrame(
        {"code": [large, large + 1, large + 2], "size": [0.5, 1.5, 1.5]}
    )
    levels = find_levels(frame, np.ones(3), np.array([0, 1]))
    assert set(levels.values[:, 0]) == {large, large + 1, large + 2}

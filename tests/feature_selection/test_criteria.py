# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest
from scipy.spatial.distance import euclidean
from sklearn.preprocessing import minmax_scale

from skrln.feature_selection._criteria import (
    distance_cut,
    has_classes,
    relevance_minus_redundancy,
)
from skrln.feature_selection._operators import draw_population

from ._problems import make_table

K = 4


@pytest.fixture
def bits(global_random_seed):
    return draw_population(np.random.default_rng(global_random_seed), 6, 10, K)


def test_distance_cut_is_the_double_loop(bits):
    X, _ = make_table()
    columns = minmax_scale(X).T
    for row, fitness in zip(bits, distance_cut(X, K)(bits), strict=True):
        total = sum(
            euclidean(columns[i], columns[j])
            for i in np.flatnonzero(row)
            for j in np.flatnonzero(~row)
        )
        assert fitness == pytest.approx(total / K**2)


def test_relevance_minus_redundancy_is_the_double_loop(bits):
    X, y = make_table()
    found = relevance_minus_redundancy(X, y, K, classes=True)(bits)
    for row, fitness in zip(bits, found, strict=True):
        chosen = np.flatnonzero(row)
        # Of two classes the correlation ratio is the correlation with 0 and 1.
        relevance = [abs(np.corrcoef(X[:, i], y)[0, 1]) for i in chosen]
        redundancy = [
            abs(np.corrcoef(X[:, i], X[:, j])[0, 1])
            for i in chosen
            for j in chosen
            if i != j
        ]
        assert fitness == pytest.approx(np.mean(relevance) - np.mean(redundancy))


def test_correlation_ratio_of_several_classes():
    X, _ = make_table()
    y = np.digitize(X[:, 3], [-0.5, 0.5])
    found = relevance_minus_redundancy(X, y, 1, classes=True).linear
    for column, ratio in zip(X.T, found, strict=True):
        means = np.array([column[y == c].mean() for c in y])
        assert ratio == pytest.approx(np.std(means) / np.std(column))


def test_several_tasks_count_the_same():
    X, y = make_table()
    both = relevance_minus_redundancy(X, np.c_[y, X[:, 5]], K, classes=False).linear
    each = [
        relevance_minus_redundancy(X, t, K, classes=False).linear for t in (y, X[:, 5])
    ]
    np.testing.assert_allclose(both, np.mean(each, axis=0))


def test_constant_columns_have_no_relevance():
    X, y = make_table()
    X[:, 2] = 0.1 + 0.2
    criterion = relevance_minus_redundancy(X, y, K, classes=True)
    assert criterion.linear[2] == 0
    np.testing.assert_array_equal(criterion.matrix[2], 0)


@pytest.mark.parametrize("kind", ["distance_cut", "mrmr"])
def test_gains_are_differences_of_fitness(bits, kind):
    X, y = make_table()
    criterion = (
        distance_cut(X, K)
        if kind == "distance_cut"
        else relevance_minus_redundancy(X, y, K, classes=True)
    )
    row = bits[0]
    inside, outside, gains = criterion.gains(row)
    before = criterion(row[None])[0]
    for a, out in enumerate(inside):
        for b, in_ in enumerate(outside):
            after = row.copy()
            after[[out, in_]] = [False, True]
            expected = criterion(after[None])[0] - before
            assert gains[a, b] == pytest.approx(expected, abs=1e-12)


def test_kinds_of_targets():
    assert has_classes(np.array(["a", "b"]))
    assert has_classes(np.array([0, 1, 2]))
    assert not has_classes(np.array([0.5, 1.5]))
    assert not has_classes(np.array([[0.5, 1.5], [1.0, 2.0]]))

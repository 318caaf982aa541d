# SPDX-License-Identifier: BSD-3-Clause
"""Piecewise linear encoding: its formula, where its edges are, and what it costs."""

import numpy as np
import pytest

from skrln._table._inputs import InputEncoder
from skrln._table._pieces import PiecewiseEncoder, most_pieces


def fitted(table, targets, weights=None):
    weights = np.ones(len(table)) if weights is None else weights
    return PiecewiseEncoder().fit(table, targets, weights)


def test_formula():
    """From -1 below a piece to 1 above it; linear inside, and beyond both ends."""
    encoder = PiecewiseEncoder()
    encoder.edges = [np.array([0.0, 1.0, 3.0])]
    found = encoder.transform(np.array([[-0.5], [0.0], [0.5], [1.0], [2.0], [4.0]]))
    first = [-2, -1, 0, 1, 1, 1]
    second = [-1, -1, -1, -1, 0, 2]
    np.testing.assert_allclose(found, np.column_stack([first, second]))


@pytest.mark.parametrize("jump", [-0.4, 0.7])
def test_an_edge_is_where_the_target_jumps(jump):
    rng = np.random.default_rng(0)
    table = rng.uniform(-1, 1, (500, 2))
    encoder = fitted(table, (table[:, [0]] > jump).astype(float))
    gaps = np.abs(encoder.edges[0] - jump)
    assert gaps.min() < 0.01
    # The other column tells nothing; what a tree finds there is noise, with fewer edges.
    assert encoder.widths[0] <= most_pieces(500) == 24


def test_more_rows_have_more_pieces():
    assert [most_pieces(n) for n in (20, 12_000, 18_000, 10**6)] == [24, 24, 36, 48]
    table = np.random.default_rng(0).uniform(0, 1, (16_000, 1))
    assert fitted(table, np.sin(60 * table)).widths == [32]


def test_a_value_of_few_rows_is_told_apart_in_a_large_table():
    """A hundred rows in 20,000, less than a share of them, with a label of their own."""
    column = np.repeat([0.0, 5.0, 7.0, 9.0], [19_700, 100, 100, 100])
    targets = (column == 7.0).astype(float)
    encoder = fitted(column[:, None], targets[:, None])
    (edges,) = encoder.edges
    assert ((edges > 5) & (edges < 7)).sum() == 1
    assert ((edges > 7) & (edges < 9)).sum() == 1


def test_weights_decide_which_rows_count():
    table = np.linspace(0, 1, 200)[:, None]
    targets = (table > 0.8) + 10.0 * ((table > 0.2) & (table < 0.3))
    weights = np.where((table[:, 0] < 0.4), 0.0, 1.0)
    counted = fitted(table, targets, weights)
    inner = counted.edges[0][1:-1]
    assert len(inner)
    assert (inner > 0.4).all()
    assert (fitted(table, targets).edges[0][1:-1] < 0.4).any()


def test_few_rows_make_few_pieces():
    """A piece has eight rows at least: of 20 rows there are two."""
    table = np.arange(20.0)[:, None]
    assert fitted(table, table**2).widths == [2]


def test_constant_column_has_no_pieces():
    table = np.column_stack([np.zeros(50), np.arange(50.0)])
    encoder = fitted(table, table[:, [1]])
    assert encoder.widths[0] == 0
    assert encoder.transform(table).shape == (50, encoder.widths.sum())


def test_pieces_belong_to_their_column_of_the_table():
    """Behind numbers, marks of missing ones, and categories; missing is the mean."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    X[:, 1] = np.arange(60) % 3
    X[::7, 2] = np.nan
    told = X[:, [0]] > 0.2
    encoder = InputEncoder(np.array([1]), clip=3.0, embedding="piecewise")
    encoder.fit(X, np.ones(60), told.astype(float))
    plain = InputEncoder(np.array([1]), clip=3.0).fit(X, np.ones(60))
    found = encoder.transform(X)
    assert found.shape == (60, len(encoder.groups))
    n_plain = len(plain.groups)
    np.testing.assert_array_equal(found[:, :n_plain], plain.transform(X))
    np.testing.assert_array_equal(encoder.groups[:n_plain], plain.groups)
    assert set(encoder.groups[n_plain:]) <= {0, 2}
    assert np.isfinite(found).all()

# SPDX-License-Identifier: BSD-3-Clause
"""Piecewise linear encoding: its formula, where its edges are, and what it costs."""

import numpy as np
import pytest

from skrln._kernels import expand_pieces
from skrln._table import _pieces
from skrln._table._inputs import InputEncoder
from skrln._table._pieces import (
    find_common_edges,
    find_edges,
    most_pieces,
    pieces_of,
)


def edges_of(table, targets, weights=None):
    weights = np.ones(len(table)) if weights is None else weights
    return find_edges(table, targets, weights)


def encode(numbers, edges):
    pieces = pieces_of(edges)
    return expand_pieces(np.asarray(numbers)[:, pieces.column], pieces)


def test_formula():
    """From -1 below a piece to 1 above it; linear inside.

    Beyond both ends the slope is that of the whole range.
    """
    numbers = np.array([[-0.6], [0.0], [0.5], [1.0], [2.0], [4.5]])
    found = encode(numbers, [np.array([0.0, 1.0, 3.0])])
    first = [-1.4, -1, 0, 1, 1, 1]
    second = [-1, -1, -1, -1, 0, 2]
    np.testing.assert_allclose(found, np.column_stack([first, second]))


def test_tiny_outer_piece():
    """Such as that of a limit of detection, below which nothing was measured."""
    edges = [np.array([0.05, 0.0501, 1.0])]
    found = encode([[0.0], [0.05], [0.0501], [1.0], [2.0]], edges)
    np.testing.assert_allclose(found[0, 0], -1 - 2 * 0.05 / 0.95)
    np.testing.assert_allclose(found[:, 1], [-1, -1, -1, 1, 1 + 2 / 0.95])


@pytest.mark.parametrize("jump", [-0.4, 0.7])
def test_an_edge_is_where_the_target_jumps(jump):
    rng = np.random.default_rng(0)
    table = rng.uniform(-1, 1, (500, 2))
    edges = edges_of(table, (table[:, [0]] > jump).astype(float))
    gaps = np.abs(edges[0] - jump)
    assert gaps.min() < 0.01
    # The other column tells nothing; what a tree finds there is noise, with fewer edges.
    assert len(edges[0]) - 1 <= most_pieces(500, 2) == 24


def test_more_rows_have_more_pieces(monkeypatch):
    assert [most_pieces(n, 9) for n in (20, 12_000, 18_000, 10**6)] == [24, 24, 36, 48]
    table = np.random.default_rng(0).uniform(0, 1, (16_000, 1))
    assert len(edges_of(table, np.sin(60 * table))[0]) == 33
    monkeypatch.setattr(_pieces, "MOST_ROWS", 2000)
    few = edges_of(table, np.sin(60 * table))[0]
    spread = table[np.linspace(0, 15_999, 2000).astype(int)]
    np.testing.assert_array_equal(few, edges_of(spread, np.sin(60 * spread))[0])


def test_many_columns_share_the_pieces_of_32():
    assert [most_pieces(500, n) for n in (1, 32, 64, 96, 10**4)] == [24, 24, 12, 8, 8]
    assert most_pieces(10**6, 64) == 24
    rng = np.random.default_rng(0)
    table = rng.uniform(0, 1, (2_000, 64))
    targets = np.sin(60 * table[:, [0]])
    few, many = edges_of(table, targets), edges_of(table[:, :1], targets)
    assert (len(few[0]), len(many[0])) == (13, 25)
    common = find_common_edges(
        table, targets, np.ones(2_000), [np.arange(1_000), np.arange(1_000, 2_000)]
    )
    assert [len(own[0]) for own in common] == [13, 13]


def test_a_value_of_few_rows_is_told_apart_in_a_large_table():
    """A hundred rows in 20,000, less than a share of them, with a label of their own."""
    column = np.repeat([0.0, 5.0, 7.0, 9.0], [19_700, 100, 100, 100])
    targets = (column == 7.0).astype(float)
    (edges,) = edges_of(column[:, None], targets[:, None])
    assert ((edges > 5) & (edges < 7)).sum() == 1
    assert ((edges > 7) & (edges < 9)).sum() == 1


def test_weights_decide_which_rows_count():
    table = np.linspace(0, 1, 200)[:, None]
    targets = (table > 0.8) + 10.0 * ((table > 0.2) & (table < 0.3))
    weights = np.where((table[:, 0] < 0.4), 0.0, 1.0)
    inner = edges_of(table, targets, weights)[0][1:-1]
    assert len(inner)
    assert (inner > 0.4).all()
    assert (edges_of(table, targets)[0][1:-1] < 0.4).any()


def test_few_rows_make_few_pieces():
    """A piece has eight rows at least: of 20 rows there are two."""
    table = np.arange(20.0)[:, None]
    assert len(edges_of(table, table**2)[0]) == 3


def test_constant_column_has_no_pieces():
    table = np.column_stack([np.zeros(50), np.arange(50.0)])
    edges = edges_of(table, table[:, [1]])
    assert len(edges[0]) == 1
    assert encode(table, edges).shape == (50, len(edges[1]) - 1)


# -- parts of the rows -----------------------------------------------------------------


def test_parts_have_edges_of_their_own_and_as_many():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(120, 3))
    table[:, 1] = np.arange(120) % 3
    table[::9, 2] = np.nan
    targets = np.sin(4 * table[:, [0]]) + rng.normal(size=(120, 1))
    parts = [np.setdiff1d(np.arange(120), np.arange(k, 120, 3)) for k in range(3)]
    found = find_common_edges(table, targets, np.ones(120), parts)
    filled = np.nan_to_num(table)
    for own, rows in zip(found, parts, strict=True):
        alone = edges_of(filled[rows], targets[rows])
        for k in range(3):
            assert len(own[k]) == len(found[0][k]) <= len(alone[k])
            if len(own[k]) == len(alone[k]):
                np.testing.assert_array_equal(own[k], alone[k])
    assert not np.array_equal(found[0][0], found[1][0])


def test_labels_of_other_rows_change_nothing():
    """Held-out labels of a network do not place its edges."""
    rng = np.random.default_rng(0)
    table, targets = rng.normal(size=(90, 1)), rng.normal(size=(90, 1))
    part = [np.arange(60)]
    first = find_common_edges(table, targets, np.ones(90), part)
    targets[60:] = 100 * rng.normal(size=(30, 1))
    second = find_common_edges(table, targets, np.ones(90), part)
    np.testing.assert_array_equal(first[0][0], second[0][0])


def test_column_that_is_constant_in_one_part():
    table = np.arange(40.0)[:, None] * (np.arange(40) < 20)[:, None]
    parts = [np.arange(20), np.arange(20, 40)]
    found = find_common_edges(table, table, np.ones(40), parts)
    assert [len(own[0]) for own in found] == [1, 1]


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

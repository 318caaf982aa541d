# SPDX-License-Identifier: BSD-3-Clause
"""Presence of numbers: which columns get an input, its values, and what it is worth."""

import numpy as np
import pytest

from skrln import RLNRegressor
from skrln._table._inputs import InputEncoder
from skrln._table._presence import find_presence

RNG = np.random.default_rng(0)
#: Counts of 300 rows, half of them zero; their logarithms have one lowest value.
COUNTS = RNG.poisson(20, (300, 5)) * RNG.integers(0, 2, (300, 5))
LOGS = np.log10(COUNTS / 100 + 1e-5)


def presence_of(table, rows):
    encoder = InputEncoder(np.zeros(0, int), embedding="presence")
    encoder.fit(table, np.ones(len(table)))
    n_numbers = len(encoder.table.numeric) + len(encoder.table.marked)
    return encoder, encoder.transform(rows)[:, n_numbers:]


def test_minus_one_at_the_lowest_value_and_one_above():
    encoder, inputs = presence_of(LOGS, LOGS)
    np.testing.assert_array_equal(inputs, np.where(COUNTS > 0, 1.0, -1.0))
    np.testing.assert_array_equal(encoder.groups, [*range(5), *range(5)])


def test_flat_beyond_the_training_values():
    table = np.r_[np.zeros(10), np.arange(5, 15)][:, None].astype(float)
    _, inputs = presence_of(table, np.array([[-1e6], [0], [1], [2.5], [5], [1e6]]))
    np.testing.assert_allclose(inputs.ravel(), [-1, -1, -1, 0, 1, 1], atol=1e-12)


@pytest.mark.parametrize(
    ("n_low", "n_inputs"), [(0, 0), (9, 0), (10, 1), (90, 1), (91, 0), (100, 0)]
)
def test_a_tenth_to_nine_tenths_of_the_rows_are_at_the_lowest_value(n_low, n_inputs):
    column = np.r_[np.zeros(n_low), np.linspace(1, 2, 100 - n_low)]
    (edges,) = find_presence(column[:, None], np.ones(100))
    assert len(edges) - 1 == n_inputs


def test_a_weight_of_two_counts_as_two_rows():
    column = np.r_[np.zeros(6), np.linspace(1, 2, 94)]
    weights = np.where(column == 0, 2.0, 1.0)
    assert len(find_presence(column[:, None], np.ones(100))[0]) == 1
    weighted, repeated = (
        find_presence(rows[:, None], own)
        for rows, own in (
            (column, weights),
            (np.repeat(column, weights.astype(int)), np.ones(106)),
        )
    )
    np.testing.assert_array_equal(weighted, repeated)
    assert len(weighted[0]) == 2


def test_missing_numbers_do_not_count():
    column = np.r_[np.full(80, np.nan), np.zeros(10), np.linspace(1, 2, 10)]
    table = np.column_stack([column, np.full(100, np.nan)])
    edges, empty = find_presence(table, np.ones(100))
    assert edges.tolist() == [0.25, 0.75]
    assert len(empty) == 1


def test_single_precision_keeps_both_sides_apart():
    near = np.r_[np.zeros(20), np.full(20, 1e-4), np.linspace(1, 2, 60)]
    encoder = InputEncoder(np.zeros(0, int), embedding="presence")
    encoder.fit(near[:, None], np.ones(100))
    single = encoder.expand(encoder.compress(near[:, None], np.float32))
    assert (single[:20, 1] == -1).all()
    assert (single[20:, 1] == 1).all()


def test_a_network_predicts_presence_better_with_it():
    """The target depends on presence alone, and few rows make the step hard to learn."""
    rng = np.random.default_rng(1)
    is_present = rng.integers(0, 2, (400, 12))
    counts = rng.negative_binomial(1, 0.02, (400, 12)) * is_present
    y = (counts[:, :6] > 0) @ np.ones(6) + rng.normal(0, 0.3, 400)
    settings = {"n_estimators": 1, "theta": -7, "batch_size": 20, "max_iter": 40}
    scores = [
        RLNRegressor((16,), numeric_embedding=embedding, **settings, random_state=0)
        .fit(counts[:100], y[:100])
        .score(counts[100:], y[100:])
        for embedding in (None, "presence")
    ]
    assert scores[1] > scores[0] + 0.2

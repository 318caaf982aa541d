# SPDX-License-Identifier: BSD-3-Clause
"""Rounds of reweighting, and distances between networks."""

from dataclasses import replace

import numpy as np

from skrln._kernels import Anchors, JointPlan, Layer, pairwise_terms
from skrln._kernels.joint._rounds import layer_rows, pad_joint, pairwise, side_by_side

from ._problems import SETTINGS, fit, joined, make_tables, together

TIGHT = {"rtol": 1e-9, "atol": 1e-11}


def test_pairs_of_adjacent_layers_have_the_sum_of_their_distances():
    rng = np.random.default_rng(0)
    shapes = ((3, 5, 4), (3, 4, 2))
    params = tuple(
        Layer(rng.normal(size=shape), rng.normal(size=(3, shape[2])))
        for shape in shapes
    )
    rows = np.hstack([layer_rows(layer) for layer in params])
    assert rows.shape == (3, 24 + 10)
    expected = ((rows[:, None] - rows) ** 2).sum(axis=2)
    np.testing.assert_allclose(pairwise(rows), expected, atol=1e-12)
    terms = pairwise_terms(params, JointPlan("joint", 1.0, 2))
    np.testing.assert_allclose(terms, expected[None], atol=1e-12)


def test_domains_keep_their_rows_in_a_padded_table():
    data = together(make_tables())
    padded = pad_joint(data, np.dtype("float32"))
    assert padded.inputs.shape == (1024, 5)
    np.testing.assert_array_equal(padded.n_rows, data.n_rows)
    assert (padded.weights[data.n_rows.sum() :] == 0).all()


def test_states_are_repeated_for_each_domain():
    weight, count = side_by_side((np.arange(6.0).reshape(2, 3), np.int32(4)), 5)
    assert weight.shape == (5, 2, 3)
    np.testing.assert_array_equal(count, [4] * 5)


def test_identical_domains_have_full_weights_and_equal_parameters():
    table = make_tables()[0]
    result = fit([table] * 4, first_epochs=3, tol=1e-2)
    np.testing.assert_array_equal(result.weights, 1)
    assert result.converged
    for layer in result.params:
        np.testing.assert_allclose(layer.weight, layer.weight[[0] * 4], **TIGHT)


def test_order_of_the_domains_does_not_matter():
    tables = make_tables()
    order = [2, 0, 1]
    first = fit(tables, first_epochs=3)
    second = fit([tables[i] for i in order], first_epochs=3)
    for a, b in zip(first.params, second.params, strict=True):
        np.testing.assert_allclose(a.weight[order], b.weight, **TIGHT)
    np.testing.assert_allclose(
        first.weights[:, :, order][:, :, :, order], second.weights, **TIGHT
    )


def test_anchors_are_reweighted_by_their_own_scales():
    still = fit(make_tables(), first_epochs=3)
    table = make_tables(rows=(10,))
    sigma = 3 * still.sigma
    result = fit(
        table, first_epochs=3, max_rounds=1, anchors=Anchors(still.params, sigma)
    )
    np.testing.assert_array_equal(result.sigma, sigma)
    assert result.weights.shape == (1, 1, 4, 4)
    early = replace(SETTINGS, max_epochs=3)
    single = fit(table, early, strategy="l2", anchors=Anchors(still.params, sigma))
    square = sum(
        np.sum((joined(single.params, k) - joined(still.params, k)) ** 2, axis=1)
        for k in range(2)
    )
    expected = (sigma**2 / (sigma**2 + square)) ** 2
    np.testing.assert_allclose(result.weights[0, 0, 0, 1:], expected, rtol=1e-6)

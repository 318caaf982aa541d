# SPDX-License-Identifier: BSD-3-Clause
"""Outputs of the layers of each domain, against a loop in NumPy."""

from dataclasses import replace

import numpy as np
import pytest

from skrln._kernels import Data, Layer
from skrln._kernels._batches import Layout
from skrln._kernels.joint._responses import common_rows, term_responses
from skrln._kernels.joint._robust import terms_of
from tests.kernels._problems import specs

from ._problems import SETTINGS, fit, make_tables

#: Five inputs, layers of 4, 3 and an output, three domains.
SHAPES = ((5, 4), (4, 3), (3, 1))
N_DOMAINS = 3


def make_networks():
    rng = np.random.default_rng(0)
    return tuple(
        Layer(
            rng.normal(size=(N_DOMAINS, *shape)).astype(np.float32),
            rng.normal(size=(N_DOMAINS, shape[1])).astype(np.float32),
        )
        for shape in SHAPES
    )


@pytest.mark.parametrize("n_shared", [3, 2, 1])
def test_equals_a_loop_over_terms_and_domains(n_shared):
    rng = np.random.default_rng(1)
    params, terms = make_networks(), terms_of(n_shared, paired=True)
    inputs = rng.normal(size=(20, 5)).astype(np.float32)
    ones = np.ones((20, 1), np.float32)
    rows = np.array([0, 3, 3, 19, 7], np.int32)
    roots = np.sqrt(np.array([0.3, 0.1, 0, 0.4, 0.2], np.float32))
    network, _ = specs(SETTINGS)
    network = replace(network, layer_sizes=(5, 4, 3, 1))
    result = term_responses(
        params,
        Data(inputs, ones, ones, np.int32(20)),
        rows,
        roots,
        terms.astype(np.float32),
        network=network,
        layout=Layout(5, 5, 0),
        n_shared=n_shared,
    )
    activate = {"relu": lambda x: np.maximum(x, 0), "tanh": np.tanh}[network.activation]
    for t, term in enumerate(terms):
        for i in range(N_DOMAINS):
            values = inputs[rows].astype(float)
            for k in range(n_shared):
                weight, bias = (
                    leaf[i] if term[k] else leaf.mean(axis=0) for leaf in params[k][:2]
                )
                values = values @ weight + bias
                if k < 2:
                    values = activate(values)
            expected = (values * roots[:, None]).ravel()
            np.testing.assert_allclose(result[t, i], expected, rtol=1e-4, atol=1e-5)


def test_each_domain_has_the_same_share_of_the_common_rows():
    rows, roots = common_rows(np.array([1000, 2, 1]))
    assert len(rows) == 3 * 170
    domain = np.searchsorted([1000, 1002], rows, side="right")
    weight = roots**2
    np.testing.assert_allclose(np.bincount(domain, weight), [1 / 3] * 3)
    taken = rows[weight > 0]
    assert len(np.unique(taken)) == len(taken)
    assert set(taken[170:]) == {1000, 1001, 1002}
    np.testing.assert_array_equal(taken[:3], [0, 5, 11])
    assert len(common_rows(np.full(1000, 5))[0]) == 1000


def test_equal_domains_have_full_weights():
    result = fit(make_tables()[:1] * 3, first_epochs=3, distance="outputs")
    np.testing.assert_array_equal(result.weights, 1)


def test_a_small_scale_releases_all_domains():
    result = fit(make_tables(), first_epochs=3, distance="outputs", scale_factor=0.1)
    assert result.weights[-1][:, 0, 1:].max() < 0.5


def test_all_terms_have_one_scale_of_the_nearest_eighth():
    options = {"first_epochs": 3, "max_rounds": 1, "scale_factor": 2.0, "paired": False}
    tables = make_tables(rows=(9,) * 16)
    result = fit(tables, distance="outputs", **options)
    assert result.sigma.shape == (2,)
    assert result.sigma[0] == result.sigma[1]
    # The published norm: w = (1 + D / sigma^2)^-2 of the larger of both terms.
    squares = result.sigma[0] ** 2 * (result.weights[0] ** -0.5 - 1)
    away = np.sqrt(squares) + np.where(np.eye(16), np.inf, 0)
    nearest = np.sort(away, axis=2)[:, :, :2].mean(axis=(1, 2))
    np.testing.assert_allclose(result.sigma[0], 2 * nearest.max(), rtol=1e-6)

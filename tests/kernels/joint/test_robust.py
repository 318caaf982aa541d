# SPDX-License-Identifier: BSD-3-Clause
"""Iterative reweighting in closed form: points on a line.

Each domain is a number t with the loss ``(t - a)^2``: inner problems are linear systems.
"""

import numpy as np
import pytest

from skrln._kernels.joint._robust import (
    ROBUST_NORMS,
    find_scales,
    laplacians,
    layer_weights,
    norm_values,
    robust_weights,
    sum_pairs,
    term_distances,
    terms_of,
)


def squares(t):
    """Squared distances of one term, (1, n, n)."""
    return ((t[:, None] - t) ** 2)[None]


def objective(t, a, lam, sigma, norm):
    return np.sum((t - a) ** 2) + lam * sum_pairs(norm_values(squares(t), sigma, norm))


def iterate(a, lam, s, norm, irls_weight, n_rounds):
    """Rounds of reweighting with exact inner solves; the objective before each of them."""
    t, sigma, curve = a.copy(), np.array([s]), []
    for _ in range(n_rounds):
        curve.append(objective(t, a, lam, sigma, norm))
        weights = robust_weights(squares(t), sigma, norm, irls_weight)
        system = laplacians(lam * layer_weights(weights, terms_of(1, paired=True)))[0]
        t = np.linalg.solve(np.eye(len(a)) + system, a)
    curve.append(objective(t, a, lam, sigma, norm))
    return t, np.array(curve)


POINTS = np.array([0, 0.3, 0.5, 4, 4.2])


@pytest.mark.parametrize(
    ("irls_weight", "expected"),
    [
        ("majorizer", (0.160, 0.288, 0.373, 4.039, 4.141)),
        ("paper", (0.334, 0.460, 0.544, 3.779, 3.884)),
    ],
)
def test_fixed_points(irls_weight, expected):
    """Two clusters stay two; the paper's weights pull distant domains harder."""
    t, _ = iterate(POINTS, 0.5, 0.8, "geman_mcclure", irls_weight, 500)
    np.testing.assert_allclose(t, expected, atol=6e-4)


def random_instances():
    rng = np.random.default_rng(0)
    for _ in range(120):
        n = rng.integers(3, 9)
        yield rng.normal(scale=2, size=n), 10 ** rng.uniform(-2, 1), rng.uniform(0.2, 2)


@pytest.mark.parametrize("norm", ["geman_mcclure", "cauchy", "huber", "l2"])
def test_objective_never_rises_under_the_majorizer(norm):
    for a, lam, s in random_instances():
        _, curve = iterate(a, lam, s, norm, "majorizer", 30)
        assert np.all(np.diff(curve) <= 1e-12 * curve[0])


def test_weights_of_the_paper_are_those_of_another_norm():
    """They never raise Cauchy's objective, but Geman and McClure's in some instances."""
    n_rises = 0
    for a, lam, s in random_instances():
        _, curve = iterate(a, lam, s, "cauchy", "paper", 30)
        assert np.all(np.diff(curve) <= 1e-12 * curve[0])
        _, curve = iterate(a, lam, s, "geman_mcclure", "paper", 30)
        n_rises += np.any(np.diff(curve) > 1e-9 * curve[0])
    assert n_rises > 10


@pytest.mark.parametrize("norm", ROBUST_NORMS)
def test_weights_are_derivatives_in_the_squared_distance(norm):
    D, S, h = np.array([0.01, 0.5, 1.7, 30.0]), np.array(1.44), 1e-6
    value, weight = ROBUST_NORMS[norm]
    slope = (value(D + h, S) - value(D - h, S)) / (2 * h)
    np.testing.assert_allclose(weight(D, S), slope, rtol=1e-6)
    assert np.all((weight(D, S) > 0) & (weight(D, S) <= 1))
    np.testing.assert_allclose(value(np.array(1e-9), S), 1e-9, rtol=1e-6)


@pytest.mark.parametrize("norm", ROBUST_NORMS)
def test_no_distance_has_full_weight(norm):
    weights = robust_weights(np.zeros((2, 3, 3)), np.full(2, 0.1), norm, "majorizer")
    np.testing.assert_array_equal(weights, 1)


def test_terms_are_pairs_of_adjacent_layers():
    np.testing.assert_array_equal(terms_of(3, paired=True), [[1, 1, 0], [0, 1, 1]])
    np.testing.assert_array_equal(terms_of(3, paired=False), np.eye(3))
    np.testing.assert_array_equal(terms_of(1, paired=True), [[1]])
    assert terms_of(0, paired=True).shape == (0, 0)
    layers = np.arange(12.0).reshape(3, 2, 2)
    distances = term_distances(layers, terms_of(3, paired=True))
    np.testing.assert_array_equal(
        distances, [layers[0] + layers[1], layers[1] + layers[2]]
    )
    # An inner layer is held by two terms, and drawn by both.
    links = layer_weights(np.full((2, 2, 2), 0.25), terms_of(3, paired=True))
    np.testing.assert_array_equal(links[:, 0, 1], [0.25, 0.5, 0.25])
    np.testing.assert_array_equal(links[:, 0, 0], 0)


def test_scale_is_the_distance_of_the_nearest():
    distances = squares(np.array([0.0, 1.0, 3.0, 10.0]))
    lengths = np.ones((1, 4))
    assert find_scales(distances, lengths, "mean")[0] == (1 + 1 + 2 + 7) / 4
    assert find_scales(distances, lengths, "median")[0] == 1.5
    of_two = find_scales(distances, lengths, "mean", 2.0, n_nearest=2)
    assert of_two[0] == 2 * (2 + 1.5 + 2.5 + 8) / 4


def test_scale_has_a_floor():
    """Networks that were merged keep their weights."""
    sigma = find_scales(np.zeros((1, 3, 3)), np.full((1, 3), 4.0), "mean")
    np.testing.assert_allclose(sigma, 2e-6)
    assert find_scales(np.zeros((1, 3, 3)), np.zeros((1, 3)), "mean")[0] > 0


def test_laplacian():
    links = np.array([[[0, 2.0, 0], [2, 0, 1], [0, 1, 0]]])
    expected = [[2, -2, 0], [-2, 3, -1], [0, -1, 1]]
    np.testing.assert_array_equal(laplacians(links)[0], expected)

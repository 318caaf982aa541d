# SPDX-License-Identifier: BSD-3-Clause
"""Weights of several predictions, and the temperature of their mean."""

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.metrics import (
    log_loss,
    mean_absolute_error,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_squared_error,
)

from skrln._core._blend import (
    best_temperature,
    convex_weights,
    mean_loss,
    temper,
)
from skrln._core._targets import ClassTarget, RegressionTarget

RNG = np.random.default_rng(0)
Y = RNG.normal(size=(300, 1))
ONES = np.ones((300, 1))
NUMBERS = RegressionTarget("squared_error")
SQUARED = ("squared_error", 0.0)


def classes(*names):
    target = ClassTarget()
    target.one_dimensional = len(names) == 1
    return target.set_classes([np.arange(n) for n in names])


# -- the loss --------------------------------------------------------------------------


def test_losses_are_those_of_scikit_learn():
    guess = Y + RNG.normal(size=Y.shape)
    weights = RNG.uniform(0.5, 2, size=Y.shape)
    given = {"sample_weight": weights.ravel()}
    expected = {
        ("squared_error", 0.0): mean_squared_error(Y, guess, **given) / 2,
        ("absolute_error", 0.0): mean_absolute_error(Y, guess, **given),
        ("quantile", 0.9): mean_pinball_loss(Y, guess, alpha=0.9, **given),
        # Beyond all residuals it is the squared error.
        ("huber", 1e6): mean_squared_error(Y, guess, **given) / 2,
    }
    for loss, value in expected.items():
        assert mean_loss(NUMBERS, loss, guess, Y, weights) == pytest.approx(value)


def test_poisson_loss_differs_from_the_deviance_by_a_constant():
    counts, means = RNG.poisson(3.0, (300, 1)), RNG.uniform(1, 5, (2, 300, 1))
    found = [mean_loss(NUMBERS, ("poisson", 0.0), m, counts, ONES) for m in means]
    expected = [mean_poisson_deviance(counts, m) / 2 for m in means]
    assert found[0] - found[1] == pytest.approx(expected[0] - expected[1])


def test_log_loss_of_several_tasks_is_their_mean():
    """A label of weight zero does not count."""
    target = classes(2, 3)
    parts = [softmax(RNG.normal(size=(300, n)), axis=1) for n in (2, 3)]
    codes = np.column_stack([RNG.integers(n, size=300) for n in (2, 3)])
    weights = np.ones((300, 2))
    found = mean_loss(target, ("log_loss", 0.0), np.hstack(parts), codes, weights)
    expected = [
        log_loss(codes[:, k], p, labels=range(n))
        for k, (p, n) in enumerate(zip(parts, (2, 3), strict=True))
    ]
    assert found == pytest.approx(np.mean(expected))
    weights[:, 1] = 0
    found = mean_loss(target, ("log_loss", 0.0), np.hstack(parts), codes, weights)
    assert found == pytest.approx(expected[0])


# -- the weights -----------------------------------------------------------------------


def test_one_candidate_has_all_the_weight():
    np.testing.assert_array_equal(convex_weights(NUMBERS, SQUARED, [Y], Y, ONES), [1])


def test_the_truth_outweighs_noise():
    noise = RNG.normal(size=Y.shape)
    weights = convex_weights(NUMBERS, SQUARED, [noise, Y], Y, ONES)
    assert weights[1] > 0.95
    assert weights.sum() == pytest.approx(1)


def test_weights_are_those_of_a_fine_grid():
    """Two predictions with independent errors of unequal size share by their precision."""
    errors = RNG.normal(size=(2, 300, 1)) * np.array([1.0, 0.5])[:, None, None]
    candidates = [Y + error for error in errors]
    found = convex_weights(NUMBERS, SQUARED, candidates, Y, ONES)
    grid = np.linspace(0, 1, 1001)
    blends = [t * candidates[0] + (1 - t) * candidates[1] for t in grid]
    best = grid[np.argmin([mean_squared_error(Y, b) for b in blends])]
    assert found[0] == pytest.approx(best, abs=0.05)
    assert 0.1 < found[0] < 0.3


def test_few_rows_leave_the_weights_near_equal():
    """With three rows one candidate may look perfect by chance."""
    candidates = [Y, Y + 0.3]
    few = convex_weights(NUMBERS, SQUARED, [c[:3] for c in candidates], Y[:3], ONES[:3])
    many = convex_weights(NUMBERS, SQUARED, candidates, Y, ONES)
    assert abs(few[0] - 0.5) < abs(many[0] - 0.5)


def test_equal_candidates_have_equal_weights():
    found = convex_weights(NUMBERS, SQUARED, [Y + 1, Y + 1, Y + 1], Y, ONES)
    np.testing.assert_allclose(found, 1 / 3, atol=1e-6)


# -- the temperature -------------------------------------------------------------------


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_temperature_undoes_a_factor_of_the_logits(factor):
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(5000, 1)) * 1.5
    codes = (rng.uniform(size=(5000, 1)) < expit(logits)).astype(float)
    sharp = expit(factor * logits)
    means = np.hstack([1 - sharp, sharp])
    target = classes(2)
    found = best_temperature(target, means, codes, np.ones((5000, 1)))
    assert found == pytest.approx(factor, rel=0.1)
    back = temper(target, means, factor)
    np.testing.assert_allclose(back[:, 1:], expit(logits), rtol=1e-6)


def test_tempered_probabilities_sum_to_one_in_every_task():
    target = classes(2, 3)
    parts = [softmax(RNG.normal(size=(9, n)), axis=1) for n in (2, 3)]
    for temperature in (0.3, 5.0):
        found = temper(target, np.hstack(parts), temperature)
        for old, new in zip(parts, target.split(found), strict=True):
            np.testing.assert_allclose(new.sum(axis=1), 1)
            np.testing.assert_array_equal(new.argmax(axis=1), old.argmax(axis=1))
            assert (new.max(axis=1) > old.max(axis=1)).all() == (temperature < 1)


def test_few_rows_leave_the_temperature_bounded():
    """Four rows without an error would ask for infinite certainty."""
    means = np.array([[0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.3, 0.7]])
    codes = np.array([[0], [0], [1], [1]])
    assert 0.5 < best_temperature(classes(2), means, codes, np.ones((4, 1))) < 1

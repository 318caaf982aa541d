# SPDX-License-Identifier: BSD-3-Clause
"""Losses of predictions, weights of several of them, and the temperature of their mean."""

import jax
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, softmax
from sklearn.metrics import (
    log_loss,
    mean_absolute_error,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_squared_error,
)

from skrln._ensemble._blend import (
    LOG_LOSS,
    LOSSES,
    best_temperature,
    convex_weights,
    mean_loss,
    row_losses,
    temper,
)
from skrln._kernels import LOSSES as COMPILED_LOSSES
from skrln._kernels._losses import task_values
from skrln._table._labels import MixedLabels
from skrln._table._targets import ClassTarget, RegressionTarget

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


def test_every_loss_of_the_kernel_is_in_the_table():
    assert {*LOSSES, LOG_LOSS} == set(COMPILED_LOSSES)


def compiled(loss, outputs, targets, heads, parameter):
    with jax.enable_x64(True):
        return np.asarray(task_values(loss, outputs, targets, heads, parameter))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("parameter", [0.3, 0.9])
def test_losses_of_numbers_agree_with_the_kernel(loss, parameter):
    rng = np.random.default_rng(0)
    outputs, targets = rng.normal(size=(2, 50, 2))
    if loss == "poisson":
        targets = rng.poisson(1.0, (50, 2)).astype(float)
    expected = compiled(loss, outputs, targets, (1, 1), parameter)
    means = RegressionTarget(loss).means(outputs)
    found = LOSSES[loss](means, targets, parameter)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_square_of_an_enormous_residual():
    means, targets = np.zeros((3, 1)), np.array([[1.0], [1e200], [-1e300]])
    found = LOSSES["squared_error"](means, targets, None)
    np.testing.assert_allclose(found.ravel(), [0.5, 5e299, 5e299])
    assert np.isfinite(found.sum())


@pytest.mark.parametrize("n_classes", [2, 3])
def test_log_loss_agrees_with_the_kernel(n_classes):
    rng = np.random.default_rng(0)
    target = classes(n_classes)
    outputs = rng.normal(size=(50, *target.heads))
    codes = rng.integers(n_classes, size=(50, 1)).astype(float)
    expected = compiled(LOG_LOSS, outputs, codes, target.heads, 0.0)
    means = target.means(outputs)
    found = row_losses(target, (LOG_LOSS, 0.0), means, codes, np.ones((50, 1)))
    np.testing.assert_allclose(found, expected[:, 0], rtol=1e-9)


@pytest.mark.parametrize("name", ["gamma", ("gamma",)])
def test_unknown_loss_raises(name):
    with pytest.raises(KeyError, match="gamma"):
        mean_loss(NUMBERS, (name, 0.0), Y, Y, ONES)


def test_impossible_predictions_have_a_finite_loss():
    zero = np.array([[1.0, 0.0]])
    found = mean_loss(classes(2), (LOG_LOSS, 0.0), zero, ONES[:1], ONES[:1])
    assert found == pytest.approx(-np.log(1e-4))
    none = np.zeros((1, 1))
    found = mean_loss(NUMBERS, ("poisson", 0.0), none, ONES[:1], ONES[:1])
    assert found == pytest.approx(-np.log(1e-4))


def test_rows_without_a_known_label_have_no_loss():
    weights = np.array([[2.0], [0.0], [1.0]])
    means, targets = np.zeros((3, 1)), np.array([[1.0], [np.inf], [2.0]])
    found = row_losses(NUMBERS, SQUARED, means, targets, weights)
    # Their plain mean is (2 * 1/2 + 1 * 2) / 3.
    np.testing.assert_allclose(found, [1, 0, 2])


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


# -- numbers and classes -----------------------------------------------------------------


FRAME = pd.DataFrame(
    {
        "size": RNG.normal(50, 9, 30),
        "kind": RNG.choice(["a", "b", "cc"], 30),
        "alive": RNG.integers(2, size=30).astype(bool),
        "grade": np.arange(30) % 4,
    }
)
N_ROWS = 30
LOSS = (("squared_error", "log_loss", "log_loss", "log_loss"), 0.0)


@pytest.fixture(scope="module")
def target():
    labels = MixedLabels()
    return labels.fit(*labels.read(FRAME), np.ones(N_ROWS))


@pytest.fixture(scope="module")
def predicted(target):
    y, known = MixedLabels().read(FRAME)
    outputs = RNG.normal(size=(N_ROWS, 9))
    return outputs, target.means(outputs), target.encode(y, known)


def test_loss_is_the_sum_of_those_of_the_tasks(target, predicted):
    outputs, means, codes = predicted
    weights = np.full((N_ROWS, 4), 1 / 4)
    expected = [
        mean_squared_error(codes[:, 0], outputs[:, 0]) / 2,
        log_loss(codes[:, 1], softmax(outputs[:, 1:4], axis=1)),
        log_loss(codes[:, 2], expit(outputs[:, 4])),
        log_loss(codes[:, 3], softmax(outputs[:, 5:], axis=1)),
    ]
    found = mean_loss(target, LOSS, means, codes, weights)
    assert found == pytest.approx(np.mean(expected), rel=1e-6)
    alone = np.zeros_like(weights)
    alone[:, 0] = 1
    rows = row_losses(target, LOSS, means, codes, alone)
    np.testing.assert_allclose(rows, (codes[:, 0] - outputs[:, 0]) ** 2 / 2)


def test_temperature_is_of_probabilities_alone(target, predicted):
    _, means, _ = predicted
    hot = target.split(temper(target, means, 1e6))
    np.testing.assert_array_equal(hot[0], means[:, :1])
    np.testing.assert_allclose(hot[1], 1 / 3, atol=1e-4)


def test_temperature_of_certain_mistakes():
    """Near a temperature of one, the bound of probabilities makes the loss flat."""
    rng = np.random.default_rng(0)
    labels, guesses = rng.integers(0, 5, (2, 200))
    means, codes = np.eye(5)[guesses], labels[:, None].astype(float)
    temperature = best_temperature(classes(5), means, codes, np.ones((200, 1)))
    assert temperature > 15

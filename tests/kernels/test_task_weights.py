# SPDX-License-Identifier: BSD-3-Clause
"""Weights of tasks, and losses of each, against linear networks in plain NumPy."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import log_softmax

from skrln._kernels import (
    Data,
    Hyper,
    Layer,
    NetworkSpec,
    Start,
    TrainSpec,
    fit_network,
)

from ._problems import arguments

N_ROWS, N_INPUTS, RATE, N_EPOCHS = 20, 3, 0.2, 6
RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(N_ROWS, N_INPUTS))
NUMBERS = INPUTS @ RNG.normal(size=(N_INPUTS, 2)) + RNG.normal(size=(N_ROWS, 2)) * [
    1,
    3,
]
CODES = RNG.integers(3, size=N_ROWS)
START = Layer(RNG.normal(size=(N_INPUTS, 2)), np.zeros(2))
LINEAR = NetworkSpec((N_INPUTS, 2), "identity", (1, 1))
SGD = TrainSpec("squared_error", "sgd", "constant", None, 0, by_task=True)
MODES = ("fixed", "uncertainty")


def fit(train=SGD, network=LINEAR, *, targets=NUMBERS, weights=None, **options):
    """Full batches of gradient descent, unless `options` say otherwise."""
    weights = np.full((N_ROWS, 2), 0.5) if weights is None else weights
    hyper = Hyper(RATE, (), 0.0, 0.0, 0.0, np.inf, solver_numbers={"momentum": 0.0})
    task_weight = options.pop("task_weight", ())
    defaults = {"max_epochs": N_EPOCHS, "batch_size": N_ROWS, "start": Start((START,))}
    positional, options = arguments(
        Data(INPUTS, targets, weights, N_ROWS),
        network,
        train,
        hyper._replace(task_weight=task_weight),
        seed=0,
        precision="float64",
        **(defaults | options),
    )
    return fit_network(*positional, **options)


def descend(mode, n_epochs=N_EPOCHS):
    """Loss and weight of each task by epoch, what is learned, and the log variances."""
    weight, bias, log_variance = START.weight.copy(), np.zeros(2), np.zeros(2)
    losses, counted = [], []
    for _ in range(n_epochs):
        error = INPUTS @ weight + bias - NUMBERS
        factors = np.ones(2)
        if mode == "uncertainty":
            factors = np.exp(-log_variance)
        losses.append(0.5 * (error**2).mean(axis=0))
        counted.append(factors / 2)
        # The objective is the mean of factor * loss, plus that of s / 2 where s is learned.
        weight -= RATE * INPUTS.T @ error / N_ROWS * factors / 2
        bias -= RATE * error.mean(axis=0) * factors / 2
        if mode == "uncertainty":
            log_variance -= RATE * (0.5 - factors * losses[-1]) / 2
    return np.array(losses), np.array(counted), weight, log_variance


@pytest.mark.parametrize("mode", MODES)
def test_weights_of_tasks_are_the_formulas(mode):
    result = fit(replace(SGD, weighting=mode))
    losses, counted, weight, log_variance = descend(mode)
    close = {"rtol": 1e-9, "atol": 1e-12}
    np.testing.assert_allclose(result.history.task_loss, losses, **close)
    np.testing.assert_allclose(result.history.task_weight, counted, **close)
    np.testing.assert_allclose(result.params[0].weight, weight, **close)
    # The common loss has equal weights in all epochs, so that epochs compare.
    np.testing.assert_allclose(result.history.loss, losses.mean(axis=1), **close)
    if mode == "uncertainty":
        np.testing.assert_allclose(result.params[0].log_variance, log_variance, **close)
    else:
        assert result.params[0].log_variance is None


def test_noise_lowers_a_weight():
    """The second task is three times as noisy."""
    uncertain = fit(replace(SGD, weighting="uncertainty")).history.task_weight
    assert uncertain[-1, 1] < uncertain[-1, 0] < uncertain[0, 0]


def test_weighting_goes_on_with_the_state():
    """Two fits in a row are a single fit of all epochs."""
    for mode in MODES[1:]:
        train = replace(SGD, weighting=mode)
        whole = fit(train)
        first = fit(train, max_epochs=2)
        second = fit(
            train, max_epochs=N_EPOCHS - 2, start=Start((START,), state=first.state)
        )
        np.testing.assert_allclose(
            second.history.task_weight, whole.history.task_weight[2:], rtol=1e-12
        )


def test_losses_of_mixed_tasks():
    """A number beside three classes, at the weights that the epoch met."""
    network = NetworkSpec((N_INPUTS, 4), "identity", (1, 3))
    train = replace(SGD, loss=("squared_error", "log_loss"))
    targets = np.column_stack([NUMBERS[:, 0], CODES])
    layer = Layer(RNG.normal(size=(N_INPUTS, 4)), np.zeros(4))
    data = Data(INPUTS, targets, np.full((N_ROWS, 2), 0.5), N_ROWS)
    result = fit(
        train, network, targets=targets, start=Start((layer,)), validation=data
    )
    outputs = INPUTS @ layer.weight
    chosen = log_softmax(outputs[:, 1:], axis=1)[np.arange(N_ROWS), CODES]
    expected = [0.5 * np.mean((outputs[:, 0] - targets[:, 0]) ** 2), -chosen.mean()]
    np.testing.assert_allclose(result.history.task_loss[0], expected, rtol=1e-10)
    assert (result.history.task_loss[-1] < result.history.task_loss[0]).all()
    # Validation, here on the same rows, is after the epoch: one ahead of the training.
    after = result.history.validation_task_loss
    np.testing.assert_allclose(after[:-1], result.history.task_loss[1:], rtol=1e-10)


def test_losses_of_tasks_add_up_to_the_loss():
    """With weights of their own, missing labels, several batches and held out rows."""
    share = np.array([0.8, 0.2])
    weights = RNG.uniform(0.5, 1.5, (N_ROWS, 2)) * (RNG.uniform(size=(N_ROWS, 2)) < 0.8)
    weights *= share / weights.mean(axis=0)
    held_out = Data(INPUTS[:8], NUMBERS[:8], np.tile(share, (8, 1)), 8)
    options = {"weights": weights, "validation": held_out, "batch_size": 7}
    history = fit(task_weight=tuple(share), **options).history
    np.testing.assert_allclose(history.task_loss @ share, history.loss, rtol=1e-10)
    np.testing.assert_allclose(
        history.validation_task_loss @ share, history.validation_loss, rtol=1e-10
    )
    np.testing.assert_array_equal(history.task_weight, np.tile(share, (N_EPOCHS, 1)))
    # Nobody has to ask: what is trained is the same to the bit.
    quiet = fit(replace(SGD, by_task=False), **options)
    np.testing.assert_array_equal(quiet.history.loss, history.loss)
    assert quiet.history.task_loss.shape == (N_EPOCHS, 0)
    assert quiet.history.validation_task_loss.shape == (N_EPOCHS, 0)


def test_a_task_of_no_weight_has_no_loss():
    weights = np.tile([1.0, 0.0], (N_ROWS, 1))
    history = fit(weights=weights, task_weight=(1.0, 0.0)).history
    assert np.isnan(history.task_loss[:, 1]).all()
    np.testing.assert_allclose(history.task_loss[:, 0], history.loss, rtol=1e-12)

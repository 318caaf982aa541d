# SPDX-License-Identifier: BSD-3-Clause
"""Fits of a network: weights of rows and tasks, the best epoch, and reasons to stop."""

import numpy as np
import pytest

from skrln._kernels import Layer, Start, StopReason
from skrln._kernels._network import init_params

from ._problems import (
    EDGES,
    N_ROWS,
    N_VALIDATION,
    Table,
    assert_close,
    assert_equal,
    fit,
    make_table,
    plain,
    specs,
    watched,
)
from ._reference import Settings

FULL_BATCH = Settings(batch_size=24)


#: Overfits its rows: the best epoch is neither the first nor the last.
OVERFIT = Settings(learning_rate=0.1, theta=-11.0, max_epochs=60)


#: Two programs differ in the order of their sums.
ROUNDING = {"rtol": 1e-11, "atol": 1e-12}


def loss_of(params, table):
    """Loss of a network of tanh units in NumPy: half the mean weighted square."""
    hidden, last = params
    outputs = np.tanh(table.inputs @ hidden.weight + hidden.bias)
    residuals = outputs @ last.weight + last.bias - table.targets
    return (table.weights * residuals**2).sum() / 2 / len(table.inputs)


def fit_and_fetch(settings, table, **options):
    """A fit, and its result after each epoch."""
    epochs = []

    def fetch(snapshot):
        epochs.append(snapshot.fetch())
        return False

    return fit(settings, table, on_epoch=fetch, **options), epochs


@pytest.fixture(scope="module")
def overfitted():
    """A fit that went past its best epoch, and its result after each epoch."""
    return fit_and_fetch(OVERFIT, make_table(), **watched())


def test_one_seed_gives_one_fit():
    first, second = (fit(Settings(seed=3), make_table()) for _ in range(2))
    assert_equal(first, second)
    other = fit(Settings(seed=4), make_table())
    assert not np.allclose(first.params[0].weight, other.params[0].weight)


def test_weight_two_is_the_row_twice():
    """In full batches, where both meet in every step; the loss is a mean over rows."""
    table = plain(make_table())
    twice = table.take([*range(N_ROWS), 5])
    weights = table.weights.copy()
    weights[5] = 2
    weighted = table._replace(weights=weights * N_ROWS / (N_ROWS + 1))
    assert_close(fit(FULL_BATCH, twice), fit(FULL_BATCH, weighted), **ROUNDING)


def test_a_missing_label_is_a_missing_row():
    """With one task and in full batches; the value in place of the label is ignored."""
    table = plain(make_table())
    weights, targets = table.weights.copy(), table.targets.copy()
    weights[[2, 7]], targets[[2, 7]] = 0, 1e3
    masked = Table(table.inputs, targets, weights * N_ROWS / (N_ROWS - 2))
    without = table.take(np.delete(np.arange(N_ROWS), [2, 7]))
    assert_close(fit(FULL_BATCH, masked), fit(FULL_BATCH, without), **ROUNDING)


def test_a_task_of_weight_zero_is_as_if_it_was_not_there():
    both = Settings(layer_sizes=(5, 4, 2), heads=(1, 1))
    single = Settings(layer_sizes=(5, 4, 1))
    table = make_table(both)
    table.weights[:, 1] = 0
    hidden, last = init_params(np.random.default_rng(0), specs(both)[0], np.float64)
    result = fit(both, table, start=Start((hidden, last)))
    alone = fit(
        single,
        Table(table.inputs, table.targets[:, :1], table.weights[:, :1]),
        start=Start((hidden, Layer(last.weight[:, :1], last.bias[:1]))),
    )
    np.testing.assert_array_equal(result.params[1].weight[:, 1], last.weight[:, 1])
    kept = Layer(result.params[1].weight[:, :1], result.params[1].bias[:1])
    coefficients = (result.coefficients[0], alone.coefficients[1])
    result = result._replace(params=(result.params[0], kept), coefficients=coefficients)
    assert_close(result, alone, **ROUNDING)


def test_best_epoch_comes_back_whole(overfitted):
    """Weights and coefficients of one epoch, and the slope to resume from."""
    last, epochs = overfitted
    best = fit(OVERFIT, make_table(), restore_best=True, **watched())
    assert best.best_epoch == last.history.validation_loss.argmin()
    assert 0 < best.best_epoch < OVERFIT.max_epochs - 1
    assert best.n_epochs == OVERFIT.max_epochs
    expected = epochs[best.best_epoch]
    assert_equal(best._replace(history=expected.history), expected)
    n_penalized = 2 + 2 + 1 + 1  # weights, biases, deviation and slope lead the state
    for leaf, fetched in zip(
        best.state[:n_penalized], expected.state[:n_penalized], strict=True
    ):
        np.testing.assert_array_equal(leaf, fetched)
    assert not np.array_equal(best.params[0].weight, last.params[0].weight)
    assert not np.array_equal(best.coefficients[0], last.coefficients[0])


@pytest.mark.parametrize("restore_best", [False, True])
def test_patience_ends_the_fit(overfitted, restore_best):
    long, epochs = overfitted
    result = fit(
        OVERFIT, make_table(), patience=4, restore_best=restore_best, **watched()
    )
    assert result.reason == StopReason.PATIENCE
    assert result.n_epochs == result.best_epoch + 1 + 4 < OVERFIT.max_epochs
    curve = long.history.validation_loss[: result.n_epochs]
    np.testing.assert_array_equal(result.history.validation_loss, curve)
    assert result.best_epoch == curve.argmin()
    kept = epochs[result.best_epoch if restore_best else result.n_epochs - 1]
    np.testing.assert_array_equal(result.params[0].weight, kept.params[0].weight)


def test_an_improvement_below_tol_is_none():
    result = fit(OVERFIT, make_table(), patience=4, tol=100.0, **watched())
    # The first epoch is an improvement on nothing; none of the next four counts.
    assert result.reason == StopReason.PATIENCE
    assert result.n_epochs == 5


@pytest.mark.parametrize(
    ("precision", "rate"),
    [("float32", 1e4), ("float32", 1e30), ("float64", 1e4), ("float64", 1e300)],
)
def test_a_diverging_fit_stops_and_returns_what_is_finite(precision, rate):
    settings = Settings(learning_rate=rate, max_epochs=50)
    result = fit(settings, make_table(), precision=precision)
    assert result.reason == StopReason.DIVERGED
    assert result.n_epochs == len(result.history.loss) < 50
    assert not result.history.loss[-1] < 1e6
    for layer, lam in zip(result.params, result.coefficients, strict=True):
        assert np.isfinite(layer.weight).all()
        assert np.isfinite(layer.bias).all()
        assert not np.isnan(lam).any()


@pytest.mark.parametrize("batch_size", [8, 24])
def test_a_diverging_fit_returns_no_worse_than_it_started_with(batch_size):
    settings = Settings(learning_rate=1e4, batch_size=batch_size, max_epochs=50)
    table = make_table()
    result = fit(settings, table)
    assert result.reason == StopReason.DIVERGED
    initial = init_params(np.random.default_rng([0, 0]), specs(settings)[0], np.float64)
    assert loss_of(result.params, table) <= loss_of(initial, table)


def test_path_follows_the_edges_asked(overfitted):
    result, epochs = overfitted
    assert result.history.path.shape == (OVERFIT.max_epochs, 3, 2)
    for followed, epoch in zip(result.history.path, epochs, strict=True):
        weight, lam = epoch.params[0].weight, epoch.coefficients[0]
        np.testing.assert_array_equal(followed[:, 0], weight.ravel()[EDGES])
        np.testing.assert_array_equal(followed[:, 1], lam.ravel()[EDGES])
    zeros = [[(layer.weight == 0).sum() for layer in e.params] for e in epochs]
    np.testing.assert_array_equal(result.history.zeros, zeros)


def test_validation_loss_is_the_formula(overfitted):
    result, epochs = overfitted
    validation = make_table(n_rows=N_VALIDATION, seed=1)
    expected = [loss_of(epoch.params, validation) for epoch in epochs]
    np.testing.assert_allclose(result.history.validation_loss, expected, rtol=1e-10)


def test_without_validation_data_there_is_no_validation_loss():
    result = fit(OVERFIT, make_table())
    assert np.isnan(result.history.validation_loss).all()
    assert result.best_epoch == result.history.loss.argmin()

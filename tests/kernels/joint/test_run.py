# SPDX-License-Identifier: BSD-3-Clause
"""Joint fits from NumPy to NumPy: seeds, starts, the best epoch."""

from dataclasses import replace

import numpy as np

from skrln._kernels import Start, StopReason

from ._problems import ROWS, SETTINGS, assert_equal, fit, make_tables

TIGHT = {"rtol": 1e-9, "atol": 1e-11}


def test_fits_repeat_and_the_seed_matters():
    settings = replace(SETTINGS, batch_size=8)
    tables = make_tables(settings)
    assert_equal(fit(tables, settings), fit(tables, settings))
    other = fit(tables, settings, seed=1)
    assert np.abs(other.params[0].weight - fit(tables, settings).params[0].weight).max()


def test_best_epoch_is_that_of_the_mean_validation_loss():
    settings = replace(SETTINGS, learning_rate=0.3, max_epochs=25)
    tables = make_tables(settings)
    held_out = make_tables(settings, rows=(7, 300, 9))[::-1]
    held_out[0] = held_out[0].take(slice(0, 0))  # nothing of the first domain
    result = fit(
        tables,
        settings,
        strategy="isolated",
        validation=held_out,
        patience=4,
        restore_best=True,
    )
    losses = result.history.validation_loss
    assert np.isnan(losses[:, 0]).all()
    means = losses[:, 1:].mean(axis=1)
    assert result.best_epoch == np.argmin(means)
    assert result.n_epochs == result.best_epoch + 5 < settings.max_epochs
    # The network that came back has that loss.
    weights = [layer.weight[2] for layer in result.params]
    bias = [layer.bias[2] for layer in result.params]
    outputs = np.tanh(held_out[2].inputs @ weights[0] + bias[0]) @ weights[1] + bias[1]
    residual = held_out[2].weights * (outputs - held_out[2].targets) ** 2 / 2
    np.testing.assert_allclose(residual.mean(), losses[result.best_epoch, 2], **TIGHT)


def test_a_domain_that_diverges_ends_the_fit():
    tables = make_tables()
    tables[1] = tables[1]._replace(targets=tables[1].targets * 1e160)
    settings = replace(SETTINGS, regularized=None)
    result = fit(tables, settings, strategy="isolated")
    assert result.reason == StopReason.DIVERGED
    assert all(np.isfinite(layer.weight).all() for layer in result.params)


def test_start_and_head_bias():
    first = fit(make_tables(), replace(SETTINGS, regularized=None), strategy="isolated")
    params = tuple(
        layer._replace(weight=layer.weight[0], bias=layer.bias[0])
        for layer in first.params
    )
    shift = np.array([[1.0], [0.0], [-1.0]])
    still = replace(SETTINGS, learning_rate=1e-300, regularized=None)
    result = fit(
        make_tables(),
        still,
        strategy="isolated",
        start=Start(params),
        head_bias=shift,
    )
    for i in range(len(ROWS)):
        np.testing.assert_array_equal(result.params[0].weight[i], params[0].weight)
        np.testing.assert_array_equal(
            result.params[1].bias[i], params[1].bias + shift[i]
        )

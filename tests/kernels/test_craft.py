# SPDX-License-Identifier: BSD-3-Clause
"""Whole fits with batch norm, dropout, averages and plateaus, looked at step by step."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from skrln._kernels import Schedule, StopReason, _padding, _run, fit_network

from ._problems import hyper_of, make_table, specs, watched
from ._reference import Settings

#: Batches of 8, 7 and 7 rows, in a network that drops and normalizes.
CRAFT = Settings(max_epochs=4)
#: One batch an epoch: what an epoch leaves is what a step leaves.
ONE_BATCH = Settings(batch_size=24, max_epochs=8, theta=-5.0)
N_LAYERS = 2
DECAY = 0.3


def fit(settings, *, network=None, train=None, hyper=None, **options):
    """Fit of `settings` with changes to the specifications and numbers."""
    network_spec, train_spec = specs(settings)
    numbers = {"dropout": (0.0,)} | (hyper or {})
    return fit_network(
        make_table().data(),
        replace(network_spec, **(network or {})),
        replace(train_spec, **(train or {})),
        hyper_of(settings, **numbers),
        max_epochs=settings.max_epochs,
        batch_size=settings.batch_size,
        seed=settings.seed,
        precision="float64",
        **options,
    )


@pytest.mark.parametrize("where", ["before", "after"])
def test_padding_changes_nothing_but_rounding(monkeypatch, where):
    """Neither what is normalized by nor which units are dropped."""
    options = {
        "network": {"batch_norm": where, "dropout": True},
        "hyper": {"dropout": (0.3,)},
        **watched(),
    }
    padded = fit(CRAFT, **options)
    monkeypatch.setattr(_padding, "row_bucket", lambda size: size)
    monkeypatch.setattr(_run, "batch_bucket", lambda size: size)
    tight = fit(CRAFT, **options)
    # What is normalized next makes a bias idle: its gradient is rounding, which Adam
    # divides by its 1e-8.
    tolerance = {"rtol": 1e-8, "atol": 1e-8 if where == "before" else 1e-11}
    for found, expected in zip(padded.state, tight.state, strict=True):
        np.testing.assert_allclose(found, expected, **tolerance)
    for found, expected in zip(padded.history, tight.history, strict=True):
        np.testing.assert_allclose(found, expected, **tolerance)
    assert np.ptp(padded.history.loss) > 0.01


# --- averages -------------------------------------------------------------------------


def raw_weights(result):
    """Weights of the last step, which lead the state."""
    return [np.array(result.state[2 * k]) for k in range(N_LAYERS)]


@pytest.fixture(scope="module")
def averaged():
    """A fit with an average, and what it was after each step."""
    epochs = []
    result = fit(
        ONE_BATCH,
        train={"averages": True},
        hyper={"average_decay": DECAY},
        on_epoch=lambda snapshot: epochs.append(snapshot.fetch()),
    )
    return result, epochs


def test_average_is_the_recursion(averaged):
    """An exponential average whose past weighs less while few steps have been seen."""
    _, epochs = averaged
    start = fit(replace(ONE_BATCH, max_epochs=0))
    average = [layer.weight for layer in start.params]
    for step, epoch in enumerate(epochs):
        past = min(DECAY, (step + 1) / (step + 10))
        raw = raw_weights(epoch)
        average = [past * a + (1 - past) * w for a, w in zip(average, raw, strict=True)]
        average = [np.where(w == 0, 0, a) for a, w in zip(average, raw, strict=True)]
        for found, expected in zip(epoch.params, average, strict=True):
            np.testing.assert_allclose(found.weight, expected, rtol=1e-9, atol=1e-14)
    # The first steps weigh their past by less than the decay, the last ones by it.
    assert 1 / 10 < DECAY < len(epochs) / (len(epochs) + 9)


def test_average_does_not_change_the_steps(averaged):
    result, _ = averaged
    plain = fit(ONE_BATCH)
    for found, layer in zip(raw_weights(result), plain.params, strict=True):
        np.testing.assert_allclose(found, layer.weight, rtol=1e-10, atol=1e-14)
    assert not np.allclose(result.params[1].weight, plain.params[1].weight)


def test_zeros_stay_zero_in_the_average(averaged):
    _, epochs = averaged
    n_zeros = []
    for epoch in epochs:
        zero = raw_weights(epoch)[0] == 0
        np.testing.assert_array_equal(epoch.params[0].weight == 0, zero)
        n_zeros.append(zero.sum())
    # Some weights died on the way, and others lived.
    assert n_zeros[0] < n_zeros[-1] < zero.size


def test_average_is_what_is_validated():
    """Validation losses are of the average: the best epoch's is what comes back."""
    options = {
        "train": {"averages": True},
        "hyper": {"average_decay": 0.9},
        **watched(),
    }
    best = fit(ONE_BATCH, restore_best=True, **options)
    validation = make_table(n_rows=1030, seed=1)
    hidden, last = best.params
    outputs = np.tanh(validation.inputs @ hidden.weight + hidden.bias) @ last.weight
    losses = 0.5 * (outputs + last.bias - validation.targets) ** 2
    expected = np.sum(validation.weights * losses) / 1030
    found = best.history.validation_loss[best.best_epoch]
    assert found == pytest.approx(expected, rel=1e-9)


# --- plateaus -------------------------------------------------------------------------


def scales(n_epochs, tol=1e3, settings=ONE_BATCH, **schedule):
    """What is left of the rate after each epoch; by default none is an improvement."""
    found = []
    result = fit(
        replace(settings, max_epochs=n_epochs),
        train={"schedule": "performance"},
        hyper={"tol": tol, "schedule": Schedule(**schedule)},
        on_epoch=lambda snapshot: found.append(float(snapshot.fetch().state[-1])),
    )
    assert result.reason == StopReason.MAX_ITER
    return found


def test_rate_falls_at_every_plateau():
    """The first epoch improves on nothing; from then on none counts."""
    found = scales(9, factor=0.5, patience=2)
    assert found == [1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.0625]


def test_rate_never_falls_below_the_smallest():
    assert scales(7, factor=0.5, patience=1, smallest=0.2)[-4:] == [0.2] * 4


def test_cooldown_delays_the_next_fall():
    """Three epochs after a fall do not count towards the patience of the next."""
    found = scales(13, factor=0.5, patience=2, cooldown=3)
    assert found == [1] * 2 + [0.5] * 5 + [0.25] * 5 + [0.125]


def test_rate_stays_while_the_loss_falls():
    plain = replace(ONE_BATCH, regularized=None)  # a penalty may raise the loss
    found = scales(9, tol=0.0, settings=plain, factor=0.5, patience=2)
    assert found == [1] * 9


def test_lower_rates_are_shorter_steps():
    """Of plain gradient descent: with factor 0.25 the step is a quarter of the other."""
    sgd = replace(ONE_BATCH, solver="sgd", momentum=0.0, max_epochs=3, regularized=None)
    moves = {}
    for factor in (1.0, 0.25):
        epochs = []
        fit(
            sgd,
            train={"schedule": "performance"},
            hyper={"tol": 1e3, "schedule": Schedule(factor=factor, patience=1)},
            on_epoch=lambda s, epochs=epochs: epochs.append(s.fetch().params[1].weight),
        )
        moves[factor] = [b - a for a, b in pairwise(epochs)]
    np.testing.assert_array_equal(moves[0.25][0], moves[1.0][0])
    np.testing.assert_allclose(moves[0.25][1], 0.25 * moves[1.0][1], rtol=1e-9)

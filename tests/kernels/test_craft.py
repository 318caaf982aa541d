# SPDX-License-Identifier: BSD-3-Clause
"""Whole fits with batch norm, dropout and plateaus, epoch by epoch."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from skrln._kernels import Schedule, StopReason, _padding, _run, fit_network

from ._problems import arguments, hyper_of, make_table, run_of, specs, watched
from ._reference import Settings

#: Batches of 8, 7 and 7 rows, in a network that drops and normalizes.
CRAFT = Settings(max_epochs=4)
#: One batch an epoch: what an epoch leaves is what a step leaves.
ONE_BATCH = Settings(batch_size=24, max_epochs=8, theta=-5.0)


def fit(settings, *, network=None, train=None, hyper=None, **options):
    """Fit of `settings` with changes to the specifications and numbers."""
    network_spec, train_spec = specs(settings)
    numbers = {"dropout": (0.0,)} | (hyper or {})
    positional, options = arguments(
        make_table().data(),
        replace(network_spec, **(network or {})),
        replace(train_spec, **(train or {})),
        hyper_of(settings, **numbers),
        **(run_of(settings) | {"precision": "float64"} | options),
    )
    return fit_network(*positional, **options)


@pytest.mark.parametrize("where", ["before", "after"])
def test_padding_changes_nothing_but_rounding(monkeypatch, where):
    """Neither the moments of batch normalization nor the masks of dropout."""
    options = {
        "network": {"batch_norm": where, "dropout": True},
        "hyper": {"dropout": (0.3,)},
        **watched(),
    }
    padded = fit(CRAFT, **options)
    monkeypatch.setattr(_padding, "row_bucket", lambda size: size)
    monkeypatch.setattr(_run, "batch_bucket", lambda size, n_devices: size)
    tight = fit(CRAFT, **options)
    # Before a normalization a bias has no effect: its gradient is rounding, which Adam
    # divides by 1e-8.
    tolerance = {"rtol": 1e-8, "atol": 1e-8 if where == "before" else 1e-11}
    for leaf, expected in zip(padded.state, tight.state, strict=True):
        np.testing.assert_allclose(leaf, expected, **tolerance)
    for leaf, expected in zip(padded.history, tight.history, strict=True):
        np.testing.assert_allclose(leaf, expected, **tolerance)
    assert np.ptp(padded.history.loss) > 0.01


# --- plateaus -------------------------------------------------------------------------


def scales(n_epochs, tol=1e3, settings=ONE_BATCH, **schedule):
    """Factor of the rate after each epoch; by default no epoch is an improvement."""
    factors = []
    result = fit(
        replace(settings, max_epochs=n_epochs),
        train={"schedule": "performance"},
        hyper={"tol": tol, "schedule": Schedule(**schedule)},
        on_epoch=lambda snapshot: factors.append(float(snapshot.fetch().state[-1])),
    )
    assert result.reason == StopReason.MAX_ITER
    return factors


def test_rate_falls_at_every_plateau():
    """The first epoch improves on nothing; from then on none counts."""
    factors = scales(9, factor=0.5, patience=2)
    assert factors == [1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.0625]


def test_lower_rates_are_shorter_steps():
    """With factor 0.25, a step of gradient descent is a quarter as long."""
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

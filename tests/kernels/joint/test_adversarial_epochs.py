# SPDX-License-Identifier: BSD-3-Clause
"""Steps and epochs of adversarial pairs, against slow NumPy."""

import numpy as np

from skrln._kernels import StopReason

from ._adversarial_problems import HYPER, fit, make_rows
from ._adversarial_reference import drawn_together, reference_step, start

TIGHT = {"rtol": 1e-9, "atol": 1e-12}


def test_steps_are_those_of_the_reference():
    rows = make_rows()
    result = fit(epochs=3)
    domains, balances = [start(), start()], [0.0, 0.0]
    average = [parts[:4] for parts in domains]
    for step in range(3):
        past = min(0.6, (step + 1) / (step + 10))
        for i, mine in enumerate((rows[:11], rows[11:])):
            moved = reference_step(domains[i], mine, balances[i], step)
            domains[i], balances[i], real, made = moved
            np.testing.assert_allclose(result.history.real[step, i], real, rtol=1e-6)
            np.testing.assert_allclose(
                result.history.generated[step, i], made, rtol=1e-6
            )
            np.testing.assert_allclose(
                result.history.balance[step, i], balances[i], atol=1e-6
            )
        drawn_together(domains, 0.5)
        for i, parts in enumerate(domains):
            average[i] = [
                past * old + (1 - past) * new
                for old, new in zip(average[i], parts[:4], strict=True)
            ]
    for i, parts in enumerate(domains):
        for k, layer in enumerate(result.params):
            np.testing.assert_allclose(layer.weight[i], parts[2 * k], atol=1e-7)
            np.testing.assert_allclose(layer.bias[i], parts[2 * k + 1], atol=1e-7)
        for k, layer in enumerate(result.average):
            np.testing.assert_allclose(layer.weight[i], average[i][2 * k], atol=1e-7)
    assert np.ptp(result.history.balance) > 0.01


def test_balance_moves_by_the_gap_and_stays_between_zero_and_one():
    for gamma, bound in ((0.1, 0), (3.0, 1)):
        result = fit(hyper=HYPER._replace(balance_rate=30.0, gamma=gamma), epochs=3)
        k = np.zeros(2)
        for real, made, balance in zip(*result.history[:3], strict=True):
            k = np.clip(k + 30 * (gamma * real - made), 0, 1)
            np.testing.assert_allclose(balance, k, **TIGHT)
        np.testing.assert_array_equal(result.history.balance, bound)


def test_an_epoch_that_diverges_is_undone():
    result = fit(hyper=HYPER._replace(learning_rate=1e308), epochs=20)
    assert result.reason == StopReason.DIVERGED
    assert result.n_epochs < 20
    assert len(result.history.real) == result.n_epochs
    for layer in result.params:
        assert np.isfinite(layer.weight).all()

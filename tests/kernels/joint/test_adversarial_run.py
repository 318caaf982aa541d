# SPDX-License-Identifier: BSD-3-Clause
"""Adversarial fits of several domains: strategies and limits."""

from dataclasses import replace

import numpy as np

from ._adversarial_problems import COUNTS, HYPER, SPEC, fit, make_rows

TIGHT = {"rtol": 1e-9, "atol": 1e-12}


def arrays(result):
    return [
        part
        for layer in (*result.params, *result.average)
        for part in (layer.weight, layer.bias)
    ] + list(result.history[:3])


def test_isolated_networks_are_those_of_single_fits():
    rows = make_rows()
    together = fit(rows, strategy="isolated")
    for i, mine in enumerate((rows[:11], rows[11:])):
        alone = fit(mine, COUNTS[[i]], strategy="isolated")
        for a, b in zip(together.params, alone.params, strict=True):
            np.testing.assert_allclose(a.weight[i], b.weight[0], **TIGHT)
            np.testing.assert_allclose(a.bias[i], b.bias[0], **TIGHT)


def test_no_coupling_is_isolated_bit_for_bit():
    for strategy in ("joint", "l2"):
        first = fit(strategy=strategy, coupling=0.0)
        for a, b in zip(arrays(first), arrays(fit(strategy="isolated")), strict=True):
            np.testing.assert_array_equal(a, b)


def test_shared_is_one_pair_of_networks_and_endless_coupling_tends_to_it():
    shared = fit(strategy="shared")
    for layer in shared.params:
        np.testing.assert_array_equal(layer.weight[0], layer.weight[1])
    np.testing.assert_array_equal(*shared.history.balance.T)
    held = HYPER._replace(balance_rate=0.0)  # each domain has a balance of its own
    shared = fit(strategy="shared", hyper=held)
    strong = fit(coupling=1e12, hyper=held)
    for a, b in zip(shared.params, strong.params, strict=True):
        np.testing.assert_allclose(a.weight, b.weight, rtol=1e-7, atol=1e-9)
    fine = fit(strategy="finetune", hyper=held, first_epochs=2)
    np.testing.assert_allclose(fine.history.distances[1], 0, atol=1e-20)
    assert fine.history.distances[-1].max() > 1e-6


def test_identical_domains_have_full_weights_and_equal_networks():
    rows = np.vstack([make_rows(COUNTS[:1])] * 2)
    result = fit(rows, COUNTS[[0, 0]], strategy="joint", first_epochs=2)
    np.testing.assert_array_equal(result.weights, 1)
    assert result.converged
    for layer in result.params:
        np.testing.assert_allclose(layer.weight[0], layer.weight[1], **TIGHT)


def test_a_domain_that_differs_has_lower_weights():
    counts = np.array([11, 11, 11])
    rows = make_rows(counts)
    rows[11:22, :2] = rows[:11, :2] + 0.05  # the third is far from these
    rows[11:22, 2:] = rows[:11, 2:]
    plan = {"strategy": "joint", "coupling": 0.05, "first_epochs": 30}
    result = fit(rows, counts, epochs=60, round_epochs=10, max_rounds=3, **plan)
    assert result.weights.shape == (3, 4, 3, 3)
    last = result.weights[-1]
    assert (last[:, 0, 1] > last[:, 0, 2]).all()
    assert result.sigma.shape == (4,)


def test_solver_and_schedule_change_the_fit():
    """An epoch has a single step, and reports the losses before this step."""
    spec = replace(SPEC, solver="adam", schedule="cosine")
    hyper = HYPER._replace(solver_numbers={})
    short, long = (fit(spec=spec, hyper=hyper, epochs=n).history.real for n in (4, 8))
    plain = fit().history.real
    np.testing.assert_array_equal(short[0], plain[0])
    assert np.abs(short[1] - plain[1]).min() > 1e-6
    # The rate of the first step does not depend on the length of the schedule.
    np.testing.assert_array_equal(short[:2], long[:2])
    assert np.abs(short[2] - long[2]).min() > 1e-6


def test_momentum_changes_the_fit():
    other = fit(hyper=HYPER._replace(solver_numbers={"momentum": 0.5}))
    assert np.abs(other.params[0].weight - fit().params[0].weight).max() > 1e-6

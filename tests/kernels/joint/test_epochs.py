# SPDX-License-Identifier: BSD-3-Clause
"""Epochs of several domains, against the slow reference and single fits."""

from dataclasses import replace

import numpy as np
import pytest

from skrln._kernels import FitData, RunSpec, fit_network
from tests.kernels._problems import hyper_of, specs

from ._problems import SETTINGS, assert_close, assert_equal, fit, make_tables
from ._reference import JointTrainer

TIGHT = {"rtol": 1e-9, "atol": 1e-11}


CASES = {
    "sgd": SETTINGS,
    "adam": replace(SETTINGS, solver="adam", learning_rate=0.01, theta=-5.0),
    "all layers, cosine": replace(
        SETTINGS, regularized="all", schedule="cosine", theta=-5.0
    ),
}


def compare(result, reference):
    for k, layer in enumerate(result.params):
        for i, trainer in enumerate(reference.trainers):
            np.testing.assert_allclose(layer.weight[i], trainer.weights[k], **TIGHT)
            np.testing.assert_allclose(layer.bias[i], trainer.biases[k], **TIGHT)
            lam = result.coefficients[k][i]
            np.testing.assert_allclose(lam, trainer.coefficients()[k], **TIGHT)
    np.testing.assert_allclose(result.history.loss, reference.losses, **TIGHT)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("paired", [True, False])
def test_joint_fit_is_that_of_the_reference(name, paired):
    settings, tables = CASES[name], make_tables()
    result = fit(
        tables,
        settings,
        coupling=2.0,
        paired=paired,
        first_epochs=3,
        round_epochs=2,
        max_rounds=2,
    )
    reference = JointTrainer(settings, len(tables)).fit_joint(
        tables, coupling=2.0, n_shared=2, paired=paired, first=3, every=2, rounds=2
    )
    compare(result, reference)
    assert result.weights.shape == (2, 1 if paired else 2, 3, 3)
    assert not result.converged


def test_shared_layers_are_those_of_mean_gradients():
    result = fit(make_tables(), strategy="shared", n_shared=1)
    reference = JointTrainer(SETTINGS, 3)
    for _ in range(SETTINGS.max_epochs):
        reference.epoch(make_tables(), [], tied=[0])
    compare(result, reference)
    shared, own = (layer.weight for layer in result.params)
    np.testing.assert_array_equal(shared, shared[[0, 0, 0]])
    assert np.abs(own - own[0]).max() > 1e-3


def test_finetune_is_shared_first_and_then_alone():
    result = fit(make_tables(), strategy="finetune", first_epochs=5)
    reference = JointTrainer(SETTINGS, 3)
    for epoch in range(SETTINGS.max_epochs):
        reference.epoch(make_tables(), [], tied=[0, 1] if epoch < 5 else [])
    compare(result, reference)


def test_isolated_networks_are_those_of_single_fits():
    """On batches: domains of different sizes make different numbers of them."""
    settings = replace(SETTINGS, batch_size=64)
    tables = make_tables(settings)
    result = fit(tables, settings, strategy="isolated")
    network, train = specs(settings)
    for i, table in enumerate(tables):
        alone = fit_network(
            FitData(table.data()),
            network,
            train,
            hyper_of(settings),
            RunSpec(settings.max_epochs, 64, settings.seed, precision="float64"),
        )
        for joint, single in zip(result.params, alone.params, strict=True):
            np.testing.assert_allclose(joint.weight[i], single.weight, **TIGHT)
            np.testing.assert_allclose(joint.bias[i], single.bias, **TIGHT)


def test_small_domains_begin_again():
    """Batches of eight: 1 + 2 + 3 of them. All domains take the steps of the largest."""
    settings = replace(SETTINGS, batch_size=8, max_epochs=3, solver="adam")
    tables = make_tables(settings, rows=(5, 16, 20))
    result = fit(tables, settings, strategy="isolated")
    # A domain in a single batch takes three steps an epoch on all its rows.
    network, train = specs(settings)
    alone = fit_network(
        FitData(tables[0].data()),
        network,
        train,
        hyper_of(settings),
        RunSpec(9, 8, settings.seed, precision="float64"),
    )
    np.testing.assert_allclose(
        result.params[0].weight[0], alone.params[0].weight, **TIGHT
    )
    losses = alone.history.loss.reshape(3, 3).mean(axis=1)
    np.testing.assert_allclose(result.history.loss[:, 0], losses, **TIGHT)


def test_no_coupling_is_isolated_bit_for_bit():
    tables = make_tables()
    assert_equal(fit(tables, coupling=0.0), fit(tables, strategy="isolated"))
    assert_equal(
        fit(tables, strategy="l2", coupling=0.0), fit(tables, strategy="isolated")
    )


def test_weak_coupling_is_nearly_isolated():
    """Not by a branch: through the whole program of the coupling."""
    tables = make_tables()
    weak = fit(tables, coupling=1e-12, first_epochs=3)
    assert_close(weak, fit(tables, strategy="isolated"), rtol=1e-8, atol=1e-9)


def test_endless_l2_coupling_is_shared():
    tables = make_tables()
    settings = replace(SETTINGS, reg_step=0.0)
    strong = fit(tables, settings, strategy="l2", coupling=1e12)
    shared = fit(tables, settings, strategy="shared")
    for a, b in zip(strong.params, shared.params, strict=True):
        np.testing.assert_allclose(a.weight, b.weight, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(a.bias, b.bias, rtol=1e-7, atol=1e-9)

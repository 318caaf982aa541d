# SPDX-License-Identifier: BSD-3-Clause
"""Joint training against the slow reference, closed forms and single fits."""

from dataclasses import replace

import numpy as np
import pytest

from skrln._kernels import Anchors, Start, fit_network

from ._joint_problems import (
    ROWS,
    SETTINGS,
    assert_close,
    assert_equal,
    fit,
    make_tables,
)
from ._joint_reference import JointTrainer
from ._problems import hyper_of, specs
from ._reference import Settings

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
        for i, one in enumerate(reference.trainers):
            np.testing.assert_allclose(layer.weight[i], one.weights[k], **TIGHT)
            np.testing.assert_allclose(layer.bias[i], one.biases[k], **TIGHT)
            lam = result.coefficients[k][i]
            np.testing.assert_allclose(lam, one.coefficients()[k], **TIGHT)
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


def test_coupling_comes_before_the_soft_threshold():
    """What the penalty makes zero stays zero, although the others pull."""
    settings = replace(SETTINGS, theta=-7.0, max_epochs=20)
    result = fit(make_tables(), settings, strategy="l2", coupling=5.0)
    zeros = result.params[0].weight == 0
    assert 0.1 < zeros.mean() < 0.9
    np.testing.assert_array_equal(result.history.zeros[-1][:, 0], zeros.sum((1, 2)))
    assert (zeros.any(axis=0) & ~zeros.all(axis=0)).any()


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
            table.data(),
            network,
            train,
            hyper_of(settings),
            max_epochs=settings.max_epochs,
            batch_size=64,
            seed=settings.seed,
            precision="float64",
        )
        for joint, single in zip(result.params, alone.params, strict=True):
            np.testing.assert_allclose(joint.weight[i], single.weight, **TIGHT)
            np.testing.assert_allclose(joint.bias[i], single.bias, **TIGHT)


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


def test_identical_domains_have_full_weights_and_equal_parameters():
    table = make_tables()[0]
    result = fit([table] * 4, first_epochs=3, tol=1e-2)
    np.testing.assert_array_equal(result.weights, 1)
    assert result.converged
    for layer in result.params:
        np.testing.assert_allclose(layer.weight, layer.weight[[0] * 4], **TIGHT)


def test_ridge_of_coupled_domains_is_the_solution_of_a_linear_system():
    """Linear networks with weight decay: each f is a parabola, and so is the coupling."""
    settings = Settings(
        layer_sizes=(5, 1),
        regularized=None,
        solver="sgd",
        momentum=0.0,
        learning_rate=0.1,
        batch_size=64,
        max_epochs=3000,
    )
    tables = make_tables(settings)
    coupling, decay, p = 0.7, 0.05, 6
    result = fit(
        tables,
        settings,
        strategy="l2",
        coupling=coupling,
        n_shared=1,
        numbers={"weight_decay": decay},
    )
    n = len(tables)
    system, right = np.zeros((n * p, n * p)), np.zeros(n * p)
    for i, table in enumerate(tables):
        X = np.hstack([table.inputs, np.ones((len(table.inputs), 1))])
        w = table.weights[:, 0] / len(X)
        block = slice(i * p, (i + 1) * p)
        system[block, block] += X.T @ (w[:, None] * X)
        system[block, block] += decay * np.diag([1.0] * 5 + [0.0])
        right[block] = X.T @ (w * table.targets[:, 0])
        for j in range(n):
            if j != i:
                other = slice(j * p, (j + 1) * p)
                system[block, block] += 2 * coupling * np.eye(p)
                system[block, other] -= 2 * coupling * np.eye(p)
    expected = np.linalg.solve(system, right).reshape(n, p)
    found = np.hstack([result.params[0].weight[:, :, 0], result.params[0].bias])
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_order_of_the_domains_does_not_matter():
    tables = make_tables()
    order = [2, 0, 1]
    first = fit(tables, first_epochs=3)
    second = fit([tables[i] for i in order], first_epochs=3)
    for a, b in zip(first.params, second.params, strict=True):
        np.testing.assert_allclose(a.weight[order], b.weight, **TIGHT)
    np.testing.assert_allclose(
        first.weights[:, :, order][:, :, :, order], second.weights, **TIGHT
    )


def test_small_domains_begin_again():
    """Batches of eight: 1 + 2 + 3 of them. All domains take the steps of the largest."""
    settings = replace(SETTINGS, batch_size=8, max_epochs=3, solver="adam")
    tables = make_tables(settings, rows=(5, 16, 20))
    result = fit(tables, settings, strategy="isolated")
    # A domain in a single batch is one that takes three steps an epoch on all its rows.
    network, train = specs(settings)
    alone = fit_network(
        tables[0].data(),
        network,
        train,
        hyper_of(settings),
        max_epochs=9,
        batch_size=8,
        seed=settings.seed,
        precision="float64",
    )
    np.testing.assert_allclose(
        result.params[0].weight[0], alone.params[0].weight, **TIGHT
    )
    losses = alone.history.loss.reshape(3, 3).mean(axis=1)
    np.testing.assert_allclose(result.history.loss[:, 0], losses, **TIGHT)


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
    one = [layer.weight[2] for layer in result.params]
    bias = [layer.bias[2] for layer in result.params]
    outputs = np.tanh(held_out[2].inputs @ one[0] + bias[0]) @ one[1] + bias[1]
    residual = held_out[2].weights * (outputs - held_out[2].targets) ** 2 / 2
    np.testing.assert_allclose(residual.mean(), losses[result.best_epoch, 2], **TIGHT)


def test_a_domain_that_diverges_ends_the_fit():
    tables = make_tables()
    tables[1] = tables[1]._replace(targets=tables[1].targets * 1e160)
    settings = replace(SETTINGS, regularized=None)
    result = fit(tables, settings, strategy="isolated")
    assert result.reason == 3
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


def joined(params, layer):
    weight = params[layer].weight
    return np.hstack([weight.reshape(len(weight), -1), params[layer].bias])


def test_anchors_pull_and_stay():
    """A linear network drawn to others that do not move: again a linear system."""
    settings = Settings(
        layer_sizes=(5, 1),
        regularized=None,
        solver="sgd",
        momentum=0.0,
        learning_rate=0.1,
        batch_size=64,
        max_epochs=2000,
    )
    tables = make_tables(settings)
    still = fit(tables, settings, strategy="isolated", n_shared=1)
    table, coupling = make_tables(settings, rows=(7,))[0], 0.4
    result = fit(
        [table],
        settings,
        strategy="l2",
        coupling=coupling,
        n_shared=1,
        anchors=Anchors(still.params, np.ones(1)),
    )
    X = np.hstack([table.inputs, np.ones((7, 1))])
    w = table.weights[:, 0] / 7
    system = X.T @ (w[:, None] * X) + 2 * coupling * 3 * np.eye(6)
    right = X.T @ (w * table.targets[:, 0])
    right += 2 * coupling * joined(still.params, 0).sum(axis=0)
    expected = np.linalg.solve(system, right)
    np.testing.assert_allclose(joined(result.params, 0)[0], expected, atol=1e-9)


def test_anchors_are_reweighted_by_their_own_scales():
    still = fit(make_tables(), first_epochs=3)
    table = make_tables(rows=(10,))
    sigma = 3 * still.sigma
    result = fit(
        table, first_epochs=3, max_rounds=1, anchors=Anchors(still.params, sigma)
    )
    np.testing.assert_array_equal(result.sigma, sigma)
    assert result.weights.shape == (1, 1, 4, 4)
    early = replace(SETTINGS, max_epochs=3)
    one = fit(table, early, strategy="l2", anchors=Anchors(still.params, sigma))
    square = sum(
        np.sum((joined(one.params, k) - joined(still.params, k)) ** 2, axis=1)
        for k in range(2)
    )
    expected = (sigma**2 / (sigma**2 + square)) ** 2
    np.testing.assert_allclose(result.weights[0, 0, 0, 1:], expected, rtol=1e-6)

# SPDX-License-Identifier: BSD-3-Clause
"""The rule in whole fits: closed forms, invariants, and the inputs that it finds."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import make_friedman1
from sklearn.linear_model import Lasso, Ridge

from skrln._kernels import Layer, Start, StopReason
from skrln._kernels._network import init_params

from ._problems import N_ROWS, Table, assert_close, fit, make_table, plain, specs
from ._reference import Settings

LINEAR = Settings(
    layer_sizes=(5, 1),
    solver="sgd",
    momentum=0.0,
    theta=-8.0,
    reg_step=0.0,
    batch_size=N_ROWS,
    max_epochs=1000,
)


@pytest.mark.parametrize("rate", [0.05, 0.2])
@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_one_linear_layer_is_lasso_or_ridge(norm, rate):
    """At any learning rate: the balance of gradient and penalty does not depend on it.

    The gradient is multiplied by eta, the penalty by ``(eta / 1e-3) exp(theta)``: its
    factor in the objective is ``1000 exp(theta)``.
    """
    table = plain(make_table(LINEAR))
    strength = 1000 * np.exp(LINEAR.theta)
    peers = {
        "l1": Lasso(alpha=strength, tol=1e-12, max_iter=100_000),
        "l2": Ridge(alpha=2 * N_ROWS * strength),
    }
    peer = peers[norm].fit(table.inputs, table.targets[:, 0])
    result = fit(replace(LINEAR, norm=norm, learning_rate=rate), table)
    [layer] = result.params
    # Gradient descent has come to rest to all digits; the tolerance is Lasso's.
    np.testing.assert_allclose(layer.weight[:, 0], peer.coef_, atol=1e-8)
    np.testing.assert_allclose(layer.bias, peer.intercept_, atol=1e-8)
    np.testing.assert_array_equal(layer.weight[:, 0] == 0, peer.coef_ == 0)
    assert (peer.coef_ == 0).any() == (norm == "l1")


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("scale", [1, 100])
def test_no_reg_step_keeps_every_coefficient(precision, scale):
    """Bit for bit at theta, also where the loss and with it every update is large."""
    settings = Settings(reg_step=0.0, theta=-6.1)
    table = make_table(settings)
    table = table._replace(weights=scale * table.weights)
    result = fit(settings, table, precision=precision)
    theta = np.array(-6.1, precision)
    np.testing.assert_array_equal(result.coefficients[0], theta)
    assert result.history.zeros[-1, 0] > 0  # the penalty acts


def test_vanishing_penalty_is_the_plain_network():
    # Two programs, and so two orders of rounding.
    table = make_table()
    plain_network = fit(Settings(regularized=None), table)
    weak = fit(Settings(theta=-300.0, reg_step=0.0), table)
    for layer, other in zip(weak.params, plain_network.params, strict=True):
        np.testing.assert_allclose(layer.weight, other.weight, rtol=1e-12, atol=1e-14)


def test_permuted_inputs_permute_the_coefficients():
    settings = Settings()
    table, order = make_table(settings), np.array([3, 0, 4, 1, 2])
    params = init_params(np.random.default_rng(0), specs(settings)[0], np.float64)
    moved = (Layer(params[0].weight[order], params[0].bias), *params[1:])
    result = fit(settings, table, start=Start(params))
    permuted = fit(
        settings,
        table._replace(inputs=table.inputs[:, order]),
        start=Start(moved),
    )
    # Sums run in another order.
    tolerance = {"rtol": 1e-10, "atol": 1e-12}
    expected = result.coefficients[0][order]
    np.testing.assert_allclose(permuted.coefficients[0], expected, **tolerance)
    expected = result.params[0].weight[order]
    np.testing.assert_allclose(permuted.params[0].weight, expected, **tolerance)
    assert np.ptp(expected) > 0.1


def test_units_of_the_loss_do_not_matter_to_adam():
    """Neither to the weights nor to the coefficients, up to Adam's epsilon of 1e-8."""
    settings = Settings()
    table = make_table(settings)
    result = fit(settings, table)
    louder = fit(settings, table._replace(weights=10 * table.weights))
    curve = louder.history.loss / 10
    louder = louder._replace(history=louder.history._replace(loss=curve))
    # Gradients are 1e-3 and more: epsilon changes a direction by 1e-5 at most.
    assert_close(result, louder, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("rule", ["proximal", "subgradient"])
def test_an_input_that_is_always_zero_loses_its_weights(rule):
    """Their gradient is zero for ever: only the penalty moves them."""
    settings = Settings(rule=rule, schedule="cosine", theta=-7.0, max_epochs=150)
    table = make_table(settings)
    table.inputs[:, 2] = 0
    result = fit(settings, table)
    assert result.reason == StopReason.MAX_ITER
    assert np.isfinite(result.coefficients[0]).all()
    assert (result.params[0].weight[2] == 0).all()
    assert (result.params[0].weight[:2] != 0).any()


def friedman(seed):
    """Five inputs that matter among 205, the third by its square alone."""
    X, y = make_friedman1(400, n_features=205, noise=1.0, random_state=seed)
    inputs = (X - X.mean(axis=0)) / X.std(axis=0)
    targets = ((y - y.mean()) / y.std())[:, None]
    return Table(inputs, targets, np.ones_like(targets))


@pytest.mark.optimized
def test_friedman_inputs_are_found_among_noise():
    """Five inputs of 205 matter; the others are noise."""
    settings = Settings(
        layer_sizes=(205, 64, 1),
        activation="relu",
        learning_rate=1e-3,
        reg_step=0.05,
        batch_size=32,
        max_epochs=100,
    )
    used = []
    for seed in range(4):
        result = fit(replace(settings, seed=seed), friedman(seed), precision="float32")
        weight, lam = result.params[0].weight, result.coefficients[0]
        live = weight != 0
        assert lam[live].mean() < settings.theta - 1
        np.testing.assert_allclose(lam.mean(dtype=float), settings.theta, atol=1e-4)
        used.append(live.any(axis=1))
    assert used[0][:5].all()
    assert (~used[0][5:]).mean() >= 0.8
    # A square has no linear part to hold on to while the network is pruned: the third
    # input is lost on two of these four tables, the others never are.
    assert np.all(used, axis=0)[[0, 1, 3, 4]].all()

# SPDX-License-Identifier: BSD-3-Clause
"""Coupling within a step, against linear systems and mean gradients."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from skrln._kernels import Anchors, Layer
from skrln._kernels.joint._coupling import (
    DOMAINS,
    Coupling,
    JointSpec,
    flatten_layer,
    make_meeting,
    squared_distances,
)
from skrln._kernels.joint._robust import laplacians
from tests.kernels._reference import Settings

from ._problems import SETTINGS, fit, joined, make_tables


def draw_layers(n=3):
    rng = np.random.default_rng(0)
    return Layer(rng.normal(size=(n, 4, 2)), rng.normal(size=(n, 2)))


def met(layer, joint, coupling, rate=0.3):
    """Parameters and gradients of all domains after they have met."""

    def of_domain(layer):
        meeting = make_meeting(joint, coupling)
        return meeting.params((layer,), (rate,))[0], meeting.gradient((layer,))[0]

    return jax.jit(jax.vmap(of_domain, axis_name=DOMAINS))(layer)


def test_meeting_solves_the_linear_system(double_precision):
    layer, rng = draw_layers(), np.random.default_rng(1)
    links = rng.uniform(size=(1, 3, 3))
    links = (links + links.transpose(0, 2, 1)) * (1 - np.eye(3))
    pull = rng.normal(size=(3, 10))
    system = laplacians(links)
    values, vectors = np.linalg.eigh(system)
    coupling = jax.tree.map(jnp.asarray, Coupling(vectors, values, (pull,)))
    moved, gradient = met(layer, JointSpec((False,), (True,), True), coupling)
    rows = np.asarray(jax.vmap(flatten_layer)(layer)) + 2 * 0.3 * pull
    expected = np.linalg.solve(np.eye(3) + 2 * 0.3 * system[0], rows)
    rows = jax.vmap(flatten_layer)(moved)
    np.testing.assert_allclose(rows, expected, rtol=1e-10)
    np.testing.assert_array_equal(gradient.weight, layer.weight)


def test_tied_layers_have_the_mean_gradient(double_precision):
    layer = draw_layers()
    moved, gradient = met(layer, JointSpec((True,), (False,)), Coupling((), (), ()))
    np.testing.assert_array_equal(moved.weight, layer.weight)
    for whole, own in zip((gradient.weight, gradient.bias), layer[:2], strict=True):
        np.testing.assert_allclose(whole, np.stack([own.mean(axis=0)] * 3), rtol=1e-12)


def test_distances_are_those_of_weights_and_biases(double_precision):
    layer = draw_layers()
    rows = np.asarray(jax.vmap(flatten_layer)(jax.tree.map(jnp.asarray, layer)))
    expected = ((rows[:, None] - rows) ** 2).sum(axis=2)
    np.testing.assert_allclose(squared_distances((layer,))[0], expected, atol=1e-12)


def test_coupling_comes_before_the_soft_threshold():
    """Weights that the penalty sets to zero stay zero, although other domains pull."""
    settings = replace(SETTINGS, theta=-7.0, max_epochs=20)
    result = fit(make_tables(), settings, strategy="l2", coupling=5.0)
    zeros = result.params[0].weight == 0
    assert 0.1 < zeros.mean() < 0.9
    np.testing.assert_array_equal(result.history.zeros[-1][:, 0], zeros.sum((1, 2)))
    assert (zeros.any(axis=0) & ~zeros.all(axis=0)).any()


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
    parameters = np.hstack([result.params[0].weight[:, :, 0], result.params[0].bias])
    np.testing.assert_allclose(parameters, expected, atol=1e-9)


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

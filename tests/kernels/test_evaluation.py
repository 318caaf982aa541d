# SPDX-License-Identifier: BSD-3-Clause
"""Validation loss in blocks of rows, against NumPy."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_softmax

from skrln._kernels import Hyper, NetworkSpec, TrainSpec
from skrln._kernels._evaluation import EVALUATION_ROWS, SHARPNESS, count_tasks, evaluate
from skrln._kernels._network import init_params
from skrln._kernels._padding import pad_data
from skrln._kernels._start import initial_train_state

from ._problems import make_table
from ._reference import Settings

NETWORK = NetworkSpec((5, 4, 4), "tanh", (1, 3))
TRAIN = TrainSpec(("squared_error", "log_loss"), "adam", "constant", None, by_task=True)
N_ROWS = EVALUATION_ROWS + 40  #: two blocks


@pytest.fixture
def problem(double_precision):
    """Held-out rows of a number beside three classes, and a network."""
    table = make_table(n_rows=N_ROWS)
    codes = make_table(
        Settings(layer_sizes=(5, 4, 3), loss="log_loss", heads=(3,)), n_rows=N_ROWS
    )
    data = table.data()._replace(
        targets=np.hstack([table.targets, codes.targets]),
        weights=np.hstack([table.weights, codes.weights]),
    )
    params = init_params(np.random.default_rng(3), NETWORK, np.float64)
    return data, initial_train_state(params, (), TRAIN, {})


def losses_of(data, params, factor=1.0):
    """Outputs and losses of each row and task in NumPy."""
    hidden, last = params
    outputs = (
        np.tanh(data.inputs @ hidden.weight + hidden.bias) @ last.weight + last.bias
    )
    codes = data.targets[:, 1].astype(int)
    chosen = log_softmax(factor * outputs[:, 1:], axis=1)[np.arange(N_ROWS), codes]
    residual = outputs[:, 0] - data.targets[:, 0]
    return outputs, data.weights * np.column_stack([residual**2 / 2, -chosen])


def evaluated(problem, train):
    data, state = problem
    hyper = Hyper(0.0, (), 0.0, jnp.asarray(0.5), 0.0, np.inf)
    run = jax.jit(evaluate, static_argnames=("network", "train"))
    padded = pad_data(data, np.dtype(float))
    return run(state, padded, hyper, network=NETWORK, train=train)


def test_losses_outputs_and_rows_are_the_formulas(problem):
    held_out = evaluated(problem, replace(TRAIN, records=True, sparsest=True))
    outputs, losses = losses_of(problem[0], problem[1].params)
    close = {"rtol": 1e-10}
    np.testing.assert_allclose(held_out.loss, losses.sum() / N_ROWS, **close)
    np.testing.assert_allclose(held_out.task_losses, losses.sum(0) / N_ROWS, **close)
    np.testing.assert_allclose(held_out.outputs[:N_ROWS], outputs, **close)
    rows = np.asarray(held_out.rows.values)
    np.testing.assert_allclose(rows[:N_ROWS], losses.sum(axis=1), **close)
    assert (rows[N_ROWS:] == 0).all()
    assert held_out.rows.n_rows == N_ROWS


def test_log_loss_is_refined_by_the_best_temperature(problem):
    held_out = evaluated(problem, replace(TRAIN, refines=True))
    sums = [losses_of(problem[0], problem[1].params, s)[1].sum() for s in SHARPNESS]
    pulled = np.array(sums) + np.log(SHARPNESS) ** 2 / 2
    np.testing.assert_allclose(held_out.loss, pulled.min() / N_ROWS, rtol=1e-10)
    factor = SHARPNESS[pulled.argmin()]
    assert factor != 1
    _, losses = losses_of(problem[0], problem[1].params, factor)
    tasks = losses.sum(axis=0) / N_ROWS
    np.testing.assert_allclose(held_out.task_losses, tasks, rtol=1e-10)


def test_nothing_is_computed_that_is_not_asked_for(problem):
    held_out = evaluated(problem, replace(TRAIN, by_task=False))
    assert held_out.outputs is held_out.rows is None
    assert held_out.task_losses.shape == (0,)
    assert count_tasks(NETWORK, TRAIN) == 2

# SPDX-License-Identifier: BSD-3-Clause
"""The training loop, with steps and judgements that can be counted by hand."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from skrln._kernels import StopReason
from skrln._kernels._loop import Learner, run_epochs


class State(NamedTuple):
    train: jax.Array
    epoch: jax.Array
    reason: jax.Array


def take_step(train, order, i, epoch):
    """Add an entry of the order; the sums are that entry and the number of the epoch."""
    return train + order[i], (order[i], epoch)


def end_epoch(state, trained, sums):
    """Stop above 20."""
    stop = jnp.where(trained > 20, StopReason.PATIENCE, StopReason.RUNNING)
    row = {"sum": sums[0], "epochs": sums[1]}
    return State(trained, state.epoch + 1, stop.astype(jnp.int32)), row


@jax.jit
def run(orders, n_epochs, n_steps):
    learner = Learner(take_step, end_epoch, (jnp.float32(0), jnp.int32(0)))
    state = State(jnp.float32(0), jnp.int32(0), jnp.int32(StopReason.RUNNING))
    return run_epochs(state, orders, n_epochs, n_steps, learner)


ORDERS = np.arange(12, dtype=np.float32).reshape(4, 3)


def test_every_step_of_every_epoch_is_taken_once():
    state, history = run(ORDERS, 3, 2)
    assert state.epoch == 3
    assert state.train == 0 + 1 + 3 + 4 + 6 + 7
    np.testing.assert_array_equal(history["sum"], [1, 7, 13, np.nan])
    np.testing.assert_array_equal(history["epochs"], [0, 2, 4, 0])


def test_a_reason_to_stop_ends_the_epochs():
    state, history = run(ORDERS, 4, 3)
    assert state.epoch == 3
    assert state.reason == StopReason.PATIENCE
    np.testing.assert_array_equal(history["sum"], [3, 12, 21, np.nan])


def test_no_epoch_returns_the_state():
    state, history = run(ORDERS, 0, 3)
    assert state.train == state.epoch == 0
    assert np.isnan(history["sum"]).all()

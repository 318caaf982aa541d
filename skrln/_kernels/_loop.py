# SPDX-License-Identifier: BSD-3-Clause
"""The only training loop: epochs of steps, their history, and the reason to stop.

Fits of one network, of several domains and of adversarial pairs pass a `Learner` to it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from ._config import StopReason


class Learner(NamedTuple):
    """Functions of one kind of fit.

    States of the loop have the fields `train`, `epoch` and `reason`.
    """

    #: ``(train, order, index, epoch) -> (train, sums)``: one step, and values to add up
    take_step: Callable[[Any, Array, Array, Array], tuple[Any, Any]]
    #: ``(state, trained, sums) -> (state, row)``: judge an epoch; its row of the history
    end_epoch: Callable[[Any, Any, Any], tuple[Any, Any]]
    zeros: Any  #: sums before the first step of an epoch


def run_epochs(
    state: Any, orders: Array, n_epochs: Array, n_steps: Array, learner: Learner
) -> tuple[Any, Any]:
    """Run up to `n_epochs` epochs of `n_steps` steps.

    Parameters
    ----------
    state : NamedTuple
    orders : Array of shape (capacity, ...)
        Row order of each epoch; the capacity bounds `n_epochs`.
    n_epochs, n_steps : Array
        Traced: any number runs the same program.
    learner : Learner

    Returns
    -------
    state : NamedTuple
    history : NamedTuple
        Leaves have a leading axis of epochs; floats past the epochs that ran are NaN.
    """
    history = _empty_history(state, orders.shape[0], learner)

    def unfinished(carry: tuple[Array, Any, Any]) -> Array:
        done, state, _ = carry
        return (done < n_epochs) & (state.reason == StopReason.RUNNING)

    def one_epoch(carry: tuple[Array, Any, Any]) -> tuple[Array, Any, Any]:
        done, state, history = carry
        order = orders[done]

        def one_step(i: Array, carry: tuple[Any, Any]) -> tuple[Any, Any]:
            train, sums = carry
            train, values = learner.take_step(train, order, i, state.epoch)
            return train, jax.tree.map(jnp.add, sums, values)

        start = (state.train, learner.zeros)
        trained, sums = lax.fori_loop(0, n_steps, one_step, start)
        state, row = learner.end_epoch(state, trained, sums)
        history = jax.tree.map(lambda h, r: h.at[done].set(r), history, row)
        return done + 1, state, history

    _, state, history = lax.while_loop(
        unfinished, one_epoch, (jnp.int32(0), state, history)
    )
    return state, history


def _empty_history(state: Any, capacity: int, learner: Learner) -> Any:
    """History without epochs: NaN, or zero for integers."""

    def row_of(state: Any) -> Any:  # without a step, which would be traced twice
        return learner.end_epoch(state, state.train, learner.zeros)[1]

    def fill(leaf: Any) -> Array:
        missing = jnp.nan if jnp.issubdtype(leaf.dtype, jnp.floating) else 0
        return jnp.full((capacity, *leaf.shape), missing, leaf.dtype)

    return jax.tree.map(fill, jax.eval_shape(row_of, state))

# SPDX-License-Identifier: BSD-3-Clause
"""The compiled program of the adversarial pairs of several data sets."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from skrln._kernels._batches import Layout, take_batch
from skrln._kernels._config import StopReason
from skrln._kernels._loop import Learner, run_epochs
from skrln._kernels._programs import compiled
from skrln._kernels._stopping import all_finite, keep
from skrln._kernels._types import Data

from ._adversarial import (
    AdversarialHyper,
    AdversarialSpec,
    AdversarialState,
    adversarial_step,
    draw_noise,
)
from ._coupling import DOMAINS, Coupling, make_meeting, squared_distances
from ._plan import JointSpec


class AdversarialLoop(NamedTuple):
    """State of the next epoch."""

    train: AdversarialState
    epoch: Any  #: epochs done
    reason: Any  #: a StopReason


class AdversarialHistory(NamedTuple):
    """One row per epoch of a chunk; losses are means over its steps."""

    real: Any  #: (n_epochs, n); L(x)
    generated: Any  #: (n_epochs, n); L(G(z))
    balance: Any  #: (n_epochs, n); k after the epoch
    distances: Any  #: (n_epochs, n_layers, n, n); squared, after the epoch


@compiled("spec", "joint")
def train_adversarial_epochs(
    state: AdversarialLoop,
    data: Data,
    orders: Array,
    n_epochs: Array,
    n_batches: Array,
    coupling: Coupling,
    key: Array,
    hyper: AdversarialHyper,
    *,
    spec: AdversarialSpec,
    joint: JointSpec,
) -> tuple[AdversarialLoop, AdversarialHistory]:
    """Run up to `n_epochs` epochs of all domains.

    Parameters
    ----------
    state : AdversarialLoop
    data : Data
        One table of all domains, which follow each other; `n_rows` is of shape (n,).
    orders : Array of shape (capacity, n, n_slots)
        Rows of each domain in the order of each epoch.
    n_epochs : Array
    n_batches : Array of shape (n,)
        Batches of each domain; a domain begins again after the last.
    coupling : Coupling
    key : Array of shape (2,)
        Of the noise, as threefry takes it.
    hyper : AdversarialHyper
    spec, joint
        Static.

    Returns
    -------
    AdversarialLoop, AdversarialHistory
        Rows of the history past the epochs that ran are NaN. An epoch that ends in numbers
        that are not finite is counted, and undone.
    """
    n_columns = spec.encoder.layer_sizes[0]
    layout = Layout(spec.batch_capacity, n_columns, 0, spec.n_devices)
    meeting = make_meeting(joint, coupling)
    n_steps = jnp.max(n_batches)
    drawing = jax.random.wrap_key_data(key, impl="threefry2x32")

    def take_step(
        state: AdversarialState, order: Array, i: Array, epoch: Array
    ) -> tuple[AdversarialState, tuple[Array, Array]]:
        step = epoch * n_steps + i
        noise = draw_noise(jax.random.fold_in(drawing, step), spec, data.weights.dtype)

        def one_domain(
            state: AdversarialState, n_rows: Array, order: Array, n_batches: Array
        ) -> tuple[AdversarialState, tuple[Array, Array]]:
            own = data._replace(n_rows=n_rows)
            batch = take_batch(own, order, i % n_batches, n_batches, layout)
            return adversarial_step(
                state, batch, noise, step, hyper, spec, meeting, tied=any(joint.tied)
            )

        side_by_side = jax.vmap(one_domain, axis_name=DOMAINS)
        return side_by_side(state, data.n_rows, order, n_batches)

    def end_epoch(
        state: AdversarialLoop, trained: AdversarialState, sums: tuple[Array, Array]
    ) -> tuple[AdversarialLoop, AdversarialHistory]:
        real, generated = sums[0] / n_steps, sums[1] / n_steps
        distances = squared_distances(trained.params)
        row = AdversarialHistory(real, generated, trained.balance, distances)
        finite = all_finite((trained.params, row))
        reason = jnp.where(finite, StopReason.RUNNING, StopReason.DIVERGED)
        kept: AdversarialState = keep(finite, trained, state.train)
        state = AdversarialLoop(kept, state.epoch + 1, reason.astype(jnp.int32))
        return state, row

    zeros = jnp.zeros(n_batches.shape, data.weights.dtype)
    learner = Learner(take_step, end_epoch, (zeros, zeros))
    return run_epochs(state, orders, n_epochs, n_steps, learner)

# SPDX-License-Identifier: BSD-3-Clause
"""The compiled program of the coupled networks of several data sets."""

import jax
import jax.numpy as jnp
from jax import Array, lax

from skrln._kernels._batches import Layout, gather, take_batch
from skrln._kernels._config import NetworkSpec, TrainSpec
from skrln._kernels._evaluation import EVALUATION_ROWS
from skrln._kernels._loop import Learner, run_epochs
from skrln._kernels._network import forward
from skrln._kernels._programs import compiled
from skrln._kernels._step import output_losses, train_step
from skrln._kernels._stopping import count_zeros, judge_epoch
from skrln._kernels._types import Data, Hyper, LoopState, Params, TrainState

from ._coupling import DOMAINS, Coupling, make_meeting, squared_distances
from ._plan import JointHistory, JointSpec


@compiled("network", "train", "joint")
def train_joint_epochs(
    state: LoopState,
    data: Data,
    validation: Data | None,
    starts: Array,
    orders: Array,
    n_epochs: Array,
    n_batches: Array,
    coupling: Coupling,
    fixed: tuple[Array, Array, Hyper],
    *,
    network: NetworkSpec,
    train: TrainSpec,
    joint: JointSpec,
) -> tuple[LoopState, JointHistory]:
    """Run up to `n_epochs` epochs of all domains.

    An epoch has as many steps as the domain with the most batches; other domains begin again
    after their last batch.

    Parameters
    ----------
    state : LoopState
        Leaves of its TrainState have a leading axis of domains; patience is common.
    data, validation : Data
        One table of all domains, which follow each other; `n_rows` is of shape (n,).
    starts : Array of shape (n,)
        First row of each domain in `validation`.
    orders : Array of shape (capacity, n, n_slots)
        Rows of each domain in the order of each epoch.
    n_epochs : Array
    n_batches : Array of shape (n,)
        Batches of each domain.
    coupling : Coupling
    fixed : (groups, keys, hyper)
        As for ``train_epochs``, with keys of shape (n, 2).
    network, train, joint
        Static.

    Returns
    -------
    LoopState, JointHistory
        Rows of the history past the epochs that ran are NaN.
    """
    groups, keys, hyper = fixed
    n_inputs, width = network.layer_sizes[0], train.row_width
    layout = Layout(train.batch_capacity, n_inputs, width, train.n_devices)
    meeting = make_meeting(joint, coupling)

    def take_step(
        state: TrainState, order: Array, i: Array, epoch: Array
    ) -> tuple[TrainState, tuple[Array, Array]]:
        del epoch

        def one_domain(
            state: TrainState, n_rows: Array, order: Array, n_batches: Array, key: Array
        ) -> tuple[TrainState, tuple[Array, Array]]:
            own = data._replace(n_rows=n_rows)
            batch = take_batch(own, order, i % n_batches, n_batches, layout)
            drawing = jax.random.wrap_key_data(key, impl="threefry2x32")
            state, info = train_step(
                state, batch, hyper, groups, drawing, network, train, meeting
            )
            return state, (info.loss * info.size, info.size)

        side_by_side = jax.vmap(one_domain, axis_name=DOMAINS)
        return side_by_side(state, data.n_rows, order, n_batches, keys)

    def end_epoch(
        state: LoopState, trained: TrainState, sums: tuple[Array, Array]
    ) -> tuple[LoopState, JointHistory]:
        losses = sums[0] / sums[1]
        held_out = jnp.full_like(losses, jnp.nan)
        loss = monitored = jnp.mean(losses)
        if validation is not None:
            held_out = _evaluate(trained, validation, starts, hyper, network, train)
            monitored = jnp.nanmean(held_out)
        zeros = jax.vmap(count_zeros)(trained.params)
        row = JointHistory(losses, held_out, zeros, squared_distances(trained.params))
        judged = state.train if validation is None else trained
        begun = trained.step[0] >= hyper.burn_in_steps
        warm = jnp.bool_(True) if validation is None else begun
        state = judge_epoch(state, trained, judged, (loss, monitored), warm, hyper)
        return state, row

    zeros = jnp.zeros(n_batches.shape, data.targets.dtype)
    learner = Learner(take_step, end_epoch, (zeros, zeros))
    return run_epochs(state, orders, n_epochs, jnp.max(n_batches), learner)


def _evaluate(
    state: TrainState,
    data: Data,
    starts: Array,
    hyper: Hyper,
    network: NetworkSpec,
    train: TrainSpec,
) -> Array:
    """Mean loss of each domain over its rows of `data`; NaN for domains without rows."""
    capacity = min(data.targets.shape[0], EVALUATION_ROWS)
    layout = Layout(capacity, network.layer_sizes[0], train.row_width)
    last = data.targets.shape[0] - 1

    def one_domain(params: Params, n_rows: Array, start: Array, i: Array) -> Array:
        inside = i * capacity + jnp.arange(capacity, dtype=jnp.int32)
        size = jnp.clip(n_rows - i * capacity, 0, capacity)
        block = gather(data, jnp.minimum(start + inside, last), size, layout)
        outputs, _ = forward(params, (), block.inputs, network)
        context = (block, hyper, network, train.loss)
        return output_losses(outputs, *context, by_task=False)[0]

    side_by_side = jax.vmap(one_domain, in_axes=(0, 0, 0, None))

    def one_block(i: Array, total: Array) -> Array:
        return total + side_by_side(state.params, data.n_rows, starts, i)

    n_blocks = (jnp.max(data.n_rows) + capacity - 1) // capacity
    total = jnp.zeros(data.n_rows.shape, data.targets.dtype)
    return lax.fori_loop(0, n_blocks, one_block, total) / data.n_rows

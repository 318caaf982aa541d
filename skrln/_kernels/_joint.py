# SPDX-License-Identifier: BSD-3-Clause
"""Networks of several data sets, coupled, in one program.

All networks take a step side by side. After the solver's update and before the penalty the
layers are drawn together by the exact proximal step of the quadratic coupling: with the graph
Laplacian ``Lap`` of a layer and the learning rate ``eta``, the parameters of that layer (a row
per domain) solve ``(I + 2 eta Lap) new = old``. That is stable for any strength, where a
gradient step on the coupling is not.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from ._batches import Layout, gather, take_batch
from ._config import NetworkSpec, StopReason, TrainSpec
from ._judging import count_zeros, judge
from ._loop import EVALUATION_ROWS
from ._network import forward
from ._step import Meeting, output_loss, train_step
from ._types import Batch, Data, Hyper, Layer, LoopState, Params, TrainState

DOMAINS = "domains"  #: name of the axis of the networks
#: Sums over domains in full single precision, also on a GPU that would round them.
EXACT = lax.Precision.HIGHEST


@dataclass(frozen=True)
class JointSpec:
    """What the networks share; static.

    Parameters
    ----------
    tied : tuple of bool
        Layers whose gradient is the mean over all domains: they stay the same in all.
    coupled : tuple of bool
        Layers with a Laplacian.
    anchored : bool
        Whether there are domains that do not move and pull, too.
    """

    tied: tuple[bool, ...]
    coupled: tuple[bool, ...]
    anchored: bool = False


class Coupling(NamedTuple):
    """Eigenvectors and eigenvalues of the Laplacian of each layer.

    They turn a solve per step and learning rate into two products.
    """

    vectors: Any  #: (n_layers, n, n)
    values: Any  #: (n_layers, n)
    pull: Any  #: per layer (n, n_parameters); towards domains that do not move, or ()


class JointHistory(NamedTuple):
    """One row per epoch of a chunk."""

    loss: Any  #: (n_epochs, n); training loss of each domain, penalty apart
    validation_loss: Any  #: (n_epochs, n); NaN where no rows are held out
    zeros: Any  #: (n_epochs, n, n_layers); weights that are exactly zero
    distances: Any  #: (n_epochs, n_layers, n, n); squared, after the epoch


def flatten_layer(layer: Layer) -> Array:
    """Weights and biases of a layer as one row."""
    return jnp.concatenate([jnp.ravel(layer.weight), layer.bias])


def _unflatten(row: Array, layer: Layer) -> Layer:
    size = layer.weight.size
    weight = jnp.reshape(row[:size], layer.weight.shape)
    return layer._replace(weight=weight, bias=row[size:])


def make_meeting(joint: JointSpec, coupling: Coupling) -> Meeting:
    """What domains do to each other in a step; used under ``vmap`` over `DOMAINS`."""

    def gradient(found: Params) -> Params:
        return tuple(
            jax.tree.map(lambda g: lax.pmean(g, DOMAINS), layer) if tied else layer
            for layer, tied in zip(found, joint.tied, strict=True)
        )

    def params(moved: Params, rates: tuple[Array, ...]) -> Params:
        return tuple(
            _draw_together(layer, rates[k], k, joint, coupling)
            if joint.coupled[k]
            else layer
            for k, layer in enumerate(moved)
        )

    return Meeting(gradient, params)


def _draw_together(
    layer: Layer, rate: Array, k: int, joint: JointSpec, coupling: Coupling
) -> Layer:
    """Proximal step of the coupling on layer `k`, of the domain that asks."""
    row = flatten_layer(layer)
    if joint.anchored:
        row = row + 2 * rate * coupling.pull[k][lax.axis_index(DOMAINS)]
    everyone = lax.all_gather(row, DOMAINS)
    vectors = coupling.vectors[k]
    mine = vectors[lax.axis_index(DOMAINS)] / (1 + 2 * rate * coupling.values[k])
    share = jnp.matmul(mine, vectors.T, precision=EXACT)
    return _unflatten(jnp.matmul(share, everyone, precision=EXACT), layer)


@partial(jax.jit, static_argnames=("network", "train", "joint"))
def train_joint_epochs(
    state: LoopState,
    data: Data,
    validation: Data | None,
    starts: Array,
    orders: Array,
    n_epochs: Array,
    n_steps: Array,
    n_batches: Array,
    coupling: Coupling,
    groups: Array,
    keys: Array,
    hyper: Hyper,
    *,
    network: NetworkSpec,
    train: TrainSpec,
    joint: JointSpec,
) -> tuple[LoopState, JointHistory]:
    """Run up to `n_epochs` epochs of `n_steps` steps of all domains.

    Parameters
    ----------
    state : LoopState
        Leaves of its TrainState have a leading axis of domains; patience is one for all.
    data, validation : Data
        One table of all domains, which follow each other; `n_rows` is of shape (n,).
    starts : Array of shape (n,)
        First row of each domain in `validation`.
    orders : Array of shape (capacity, n, n_slots)
        Rows of each domain in the order of each epoch.
    n_steps : Array
        Steps of an epoch.
    n_batches : Array of shape (n,)
        Batches that the rows of a domain make; it begins again after the last.
    coupling : Coupling
    groups : Array of shape (n_inputs,)
    keys : Array of shape (n, 2)
    hyper : Hyper
    network, train, joint
        Static.

    Returns
    -------
    LoopState, JointHistory
        Rows of the history past the epochs that ran are NaN.
    """
    n_domains = n_batches.shape[0]
    history = _empty_history(orders.shape[0], n_domains, network.n_layers, data)

    def unfinished(carry: tuple[Array, LoopState, JointHistory]) -> Array:
        done, state, _ = carry
        return (done < n_epochs) & (state.reason == StopReason.RUNNING)

    def one_epoch(
        carry: tuple[Array, LoopState, JointHistory],
    ) -> tuple[Array, LoopState, JointHistory]:
        done, state, history = carry
        trained, losses = _epoch(
            state.train,
            data,
            orders[done],
            (n_steps, n_batches),
            coupling,
            groups,
            keys,
            hyper,
            network,
            train,
            joint,
        )
        held_out = jnp.full_like(losses, jnp.nan)
        loss = monitored = jnp.mean(losses)
        if validation is not None:
            held_out = _evaluate(trained, validation, starts, hyper, network, train)
            monitored = jnp.nanmean(held_out)
        zeros = jax.vmap(count_zeros)(trained.params)
        row = JointHistory(losses, held_out, zeros, squared_distances(trained.params))
        history = jax.tree.map(lambda h, r: h.at[done].set(r), history, row)
        judged = state.train if validation is None else trained
        begun = trained.step[0] >= hyper.burn_in_steps
        warm = jnp.bool_(True) if validation is None else begun
        state = judge(state, trained, judged, loss, monitored, warm, hyper)
        return done + 1, state, history

    _, state, history = lax.while_loop(
        unfinished, one_epoch, (jnp.int32(0), state, history)
    )
    return state, history


def _epoch(
    state: TrainState,
    data: Data,
    orders: Array,
    counts: tuple[Array, Array],
    coupling: Coupling,
    groups: Array,
    keys: Array,
    hyper: Hyper,
    network: NetworkSpec,
    train: TrainSpec,
    joint: JointSpec,
) -> tuple[TrainState, Array]:
    """Steps of all domains side by side; also the mean loss of each."""
    layout = Layout(train.batch_capacity, network.layer_sizes[0], train.row_width)
    n_steps, n_batches = counts
    meeting = make_meeting(joint, coupling)

    def one_domain(
        state: TrainState,
        n_rows: Array,
        order: Array,
        n_batches: Array,
        key: Array,
        step: Array,
    ) -> tuple[TrainState, Array, Array]:
        mine = data._replace(n_rows=n_rows)
        batch = take_batch(mine, order, step % n_batches, n_batches, layout)
        drawing = jax.random.wrap_key_data(key, impl="threefry2x32")
        state, info = train_step(
            state, batch, hyper, groups, drawing, network, train, meeting
        )
        return state, info.loss * info.size, info.size

    side_by_side = jax.vmap(
        one_domain, in_axes=(0, 0, 0, 0, 0, None), axis_name=DOMAINS
    )

    def one_step(
        i: Array, carry: tuple[TrainState, Array, Array]
    ) -> tuple[TrainState, Array, Array]:
        state, total, seen = carry
        state, loss, size = side_by_side(state, data.n_rows, orders, n_batches, keys, i)
        return state, total + loss, seen + size

    zeros = jnp.zeros(n_batches.shape, data.targets.dtype)
    state, total, seen = lax.fori_loop(0, n_steps, one_step, (state, zeros, zeros))
    return state, total / seen


def _evaluate(
    state: TrainState,
    data: Data,
    starts: Array,
    hyper: Hyper,
    network: NetworkSpec,
    train: TrainSpec,
) -> Array:
    """Mean loss of each domain over its rows of `data`; NaN without any."""
    capacity = min(data.targets.shape[0], EVALUATION_ROWS)
    layout = Layout(capacity, network.layer_sizes[0], train.row_width)
    last = data.targets.shape[0] - 1

    def one_domain(params: Params, n_rows: Array, start: Array, i: Array) -> Array:
        inside = i * capacity + jnp.arange(capacity, dtype=jnp.int32)
        size = jnp.clip(n_rows - i * capacity, 0, capacity)
        block: Batch = gather(data, jnp.minimum(start + inside, last), size, layout)
        outputs, _ = forward(params, (), block.inputs, network)
        return output_loss(outputs, block, hyper, network, train.loss)

    side_by_side = jax.vmap(one_domain, in_axes=(0, 0, 0, None))

    def one_block(i: Array, total: Array) -> Array:
        return total + side_by_side(state.params, data.n_rows, starts, i)

    n_blocks = (jnp.max(data.n_rows) + capacity - 1) // capacity
    total = jnp.zeros(data.n_rows.shape, data.targets.dtype)
    return lax.fori_loop(0, n_blocks, one_block, total) / data.n_rows


def squared_distances(params: Params) -> Array:
    """Squared distance of each layer between networks, (n_layers, n, n).

    By products of what is left without the mean: no array of n times n times parameters.
    """

    def of_layer(layer: Layer) -> Array:
        rows = jax.vmap(flatten_layer)(layer)
        rows = rows - jnp.mean(rows, axis=0)
        products = jnp.matmul(rows, rows.T, precision=EXACT)
        lengths = jnp.diagonal(products)
        return jnp.maximum(lengths[:, None] + lengths - 2 * products, 0)

    return jnp.stack([of_layer(layer) for layer in params])


def _empty_history(
    capacity: int, n_domains: int, n_layers: int, data: Data
) -> JointHistory:
    dtype = data.targets.dtype
    missing = jnp.full((capacity, n_domains), jnp.nan, dtype)
    return JointHistory(
        missing,
        missing,
        jnp.zeros((capacity, n_domains, n_layers), jnp.int32),
        jnp.full((capacity, n_layers, n_domains, n_domains), jnp.nan, dtype),
    )

# SPDX-License-Identifier: BSD-3-Clause
"""Validation loss of a network, in blocks of rows."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from ._batches import Layout, take_block
from ._config import NetworkSpec, TrainSpec
from ._losses import sharpened
from ._network import forward
from ._step import output_losses, row_losses
from ._types import Data, Hyper, RowLosses, TrainState

#: Rows of a block: memory stays bounded.
EVALUATION_ROWS = 256
#: Factors of the outputs for ``TrainSpec.refines``, and the pull towards one, in rows.
SHARPNESS = np.exp(np.linspace(np.log(0.1), np.log(2.5), 10))
SHARPNESS_PULL = 1.0


#: Sums over blocks for each factor (F): losses (F,) and (F, T), outputs, losses of rows.
_Sums = tuple[Array, Array, Array | None, Array | None]


class Evaluation(NamedTuple):
    """A network on validation data."""

    loss: Array
    task_losses: Array  #: (T,); (0,) without ``TrainSpec.by_task``
    outputs: Array | None  #: (n_val, n_outputs); None without ``TrainSpec.records``
    rows: RowLosses | None  #: None without ``TrainSpec.sparsest``


def evaluate(
    state: TrainState, data: Data, hyper: Hyper, network: NetworkSpec, train: TrainSpec
) -> Evaluation:
    """Mean loss over `data`, and what `train` asks for besides."""
    n_padded, dtype = data.targets.shape[0], data.targets.dtype
    capacity = min(n_padded, EVALUATION_ROWS)
    layout = Layout(capacity, network.layer_sizes[0], train.row_width)
    sharpness = jnp.asarray(SHARPNESS if train.refines else [1.0], dtype)

    context = (hyper, network, train.loss)

    def one_block(i: Array, sums: _Sums) -> _Sums:
        loss, tasks, all_outputs, rows = sums
        block = take_block(data, i, layout)
        outputs, _ = forward(state.params, state.moments, block.inputs, network)
        scaled = [sharpened(outputs, s, train.loss, network.heads) for s in sharpness]
        losses = [
            output_losses(o, block, *context, by_task=train.by_task) for o in scaled
        ]
        of_block, of_tasks = (jnp.stack(part) for part in zip(*losses, strict=True))
        if all_outputs is not None:
            start = i * capacity
            all_outputs = lax.dynamic_update_slice_in_dim(
                all_outputs, outputs, start, 0
            )
        if rows is not None:
            by_row = jnp.stack([row_losses(o, block, *context) for o in scaled], axis=1)
            rows = lax.dynamic_update_slice_in_dim(rows, by_row, i * capacity, 0)
        return loss + of_block, tasks + of_tasks, all_outputs, rows

    zeros = jnp.zeros_like(sharpness)
    start = (
        zeros,
        jnp.zeros((len(zeros), count_tasks(network, train)), dtype),
        jnp.zeros((n_padded, network.layer_sizes[-1]), dtype)
        if train.records
        else None,
        jnp.zeros((n_padded, len(zeros)), dtype) if train.sparsest else None,
    )
    n_blocks = (data.n_rows + capacity - 1) // capacity
    loss, tasks, outputs, by_row = lax.fori_loop(0, n_blocks, one_block, start)
    # The weak pull towards no change is for few rows, which determine no temperature.
    pulled = loss + SHARPNESS_PULL / 2 * jnp.log(sharpness) ** 2
    best = jnp.argmin(pulled)
    tasks = tasks[best] if train.by_task else tasks[0]
    rows = None if by_row is None else RowLosses(by_row[:, best], data.n_rows)
    loss = jnp.min(pulled) / data.n_rows
    return Evaluation(loss, tasks / data.n_rows, outputs, rows)


def count_tasks(network: NetworkSpec, train: TrainSpec) -> int:
    """Tasks whose losses are reported."""
    return len(network.heads) if train.by_task else 0

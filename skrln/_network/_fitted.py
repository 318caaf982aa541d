# SPDX-License-Identifier: BSD-3-Clause
"""A fitted network as a value in NumPy, and its predictions for encoded rows."""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from skrln._kernels import CompactRows, StopReason
from skrln._table._inputs import InputEncoder

from ._forward import EXPANDED_BLOCK, Network, forward, row_blocks
from ._settings import Settings


class Curves(NamedTuple):
    """One row per epoch."""

    loss: np.ndarray  #: (n_epochs,); training loss without the penalty
    validation_loss: np.ndarray | None
    sparsity: np.ndarray  #: (n_epochs, n_layers); share of zero weights
    task_loss: np.ndarray | None  #: (n_epochs, n_tasks); None for a single 1-D target
    validation_task_loss: np.ndarray | None
    task_weight: np.ndarray | None


class EdgePath(NamedTuple):
    """Weights and coefficients of some first-layer edges over the epochs."""

    values: np.ndarray  #: (n_epochs, n_edges, 2)
    edges: np.ndarray  #: (n_edges, 2); encoded input and unit


class OnlineState(NamedTuple):
    """State that the next call of `partial_fit` continues."""

    leaves: list  #: arrays of the training state
    structure: tuple  #: settings that shape these arrays
    n_calls: int


class FittedNetwork(NamedTuple):
    """One trained network."""

    settings: Settings
    encoder: InputEncoder
    target: Any
    network: Network
    coefficients: list  #: lambda of the weights of each layer; -inf without penalty
    log_variance: np.ndarray | None  #: (n_tasks,), of learned task weights
    curves: Curves
    n_epochs: int
    best_epoch: (
        int  #: 0-based epoch of the weights; -1 for those that the fit started from
    )
    reason: int  #: a StopReason
    seed: int
    path: EdgePath | None = None
    online: OnlineState | None = None

    @property
    def n_outputs(self):
        """Units of the last layer."""
        return self.network.coefs[-1].shape[1]

    @property
    def input_groups(self):
        """Column of the table of each row of the first weights; -1 for the plain branch."""
        groups = self.encoder.tabular_groups
        n_units = len(self.network.coefs[0]) - len(groups)
        return np.concatenate([groups, np.full(n_units, -1)])

    @property
    def was_stopped(self):
        """True if the user or a callback ended the fit."""
        return self.reason in (StopReason.INTERRUPTED, StopReason.CALLBACK)

    def means(self, inputs):
        """Predict encoded rows in the space in which networks are averaged."""
        # Sparse inputs are multiplied as they are.
        width = max(
            weight.shape[sparse.issparse(inputs)] for weight in self.network.coefs
        )
        blocks = row_blocks(inputs.shape[0], width)
        means = [self._block_means(inputs[rows]) for rows in blocks]
        return means[0] if len(means) == 1 else np.concatenate(means)

    def means_of_rows(self, rows):
        """Predict rows that the encoder has compressed, likewise."""
        if sparse.issparse(rows):
            return self.means(rows)
        width = max(weight.shape[0] for weight in self.network.coefs)
        blocks = row_blocks(len(rows.numbers), width, EXPANDED_BLOCK)
        parts = [
            self._block_means(self.encoder.expand(take_compact(rows, part)))
            for part in blocks
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _block_means(self, inputs):
        dtype = self.network.coefs[0].dtype
        outputs = forward(inputs.astype(dtype, copy=False), self.network)
        return self.target.means(outputs.astype(np.float64, copy=False))


def take_compact(rows, places):
    """Return some compact rows: a CSR matrix or CompactRows."""
    if sparse.issparse(rows):
        return rows[places]
    return CompactRows(rows.numbers[places], rows.codes[places])


def dense_inputs(network, inputs):
    """Return encoded rows as a dense array in the dtype of the network."""
    dense = inputs.toarray() if sparse.issparse(inputs) else inputs
    return dense.astype(network.coefs[0].dtype, copy=False)

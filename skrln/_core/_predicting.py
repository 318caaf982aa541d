# SPDX-License-Identifier: BSD-3-Clause
"""Predictions of networks for rows as the user has them, or as they are encoded."""

import numpy as np
from scipy import sparse

from ._forward import forward, row_blocks
from ._sklearn import take


def encoded_blocks(members, X, n_columns=0):
    """Block after block of rows as each encoder encodes them, by the id of the encoder.

    No array of a block is larger than `row_blocks` has it; `n_columns` is the width of what
    the caller makes of it.
    """
    widths = [w.shape[1] for member in members for w in member.coefs_]
    blocks = row_blocks(X.shape[0], max(n_columns, X.shape[1], *widths))
    encoders = {id(member._encoder): member._encoder for member in members}
    for rows in blocks:
        part = X if len(blocks) == 1 else take(X, rows, axis=0)
        if sparse.issparse(part):
            part = part.toarray()
        yield {key: encoder.transform(part) for key, encoder in encoders.items()}


def dense_inputs(network, inputs):
    """Encoded rows as the network takes them: in its precision, and not sparse."""
    dense = inputs.toarray() if sparse.issparse(inputs) else inputs
    return dense.astype(network.coefs[0].dtype, copy=False)


def means_of(member, inputs):
    """Predictions of one network for encoded rows, in the space that is averaged in."""
    network = member._network
    outputs = forward(dense_inputs(network, inputs), network)
    return member._target.means(outputs.astype(np.float64, copy=False))

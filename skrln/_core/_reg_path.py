# SPDX-License-Identifier: BSD-3-Clause
"""Which first-layer edges to record while training, and which of them to keep."""

import numpy as np

#: Edges that are recorded, of which store_reg_path are kept.
PATH_CANDIDATES = 20_000


def candidate_edges(network, n_asked, seed):
    """Flat indices of first-layer weights; none where no edge was asked for."""
    if not n_asked:
        return np.zeros(0, int)
    n_edges = network.n_read * network.weight_shapes[0][1]
    chosen = np.random.default_rng(seed).permutation(n_edges)
    return np.sort(chosen[:PATH_CANDIDATES])


def describe_path(path, edges, shape, n_asked, kept_epoch):
    """Fitted attributes of the edges kept.

    Half of them are the strongest survivors of `kept_epoch`, the others a sample.

    Parameters
    ----------
    path : ndarray of shape (n_epochs, n_candidates, 2)
    edges : ndarray of shape (n_candidates,)
    shape : tuple
        Of the first layer's weights.
    n_asked : int
    kept_epoch : int
    """
    final = np.abs(path[kept_epoch, :, 0]) if len(path) else np.zeros(0)
    strongest = np.argsort(-final, kind="stable")[: -(-n_asked // 2)]
    others = np.setdiff1d(np.arange(len(final)), strongest)
    n_more = min(len(others), n_asked - len(strongest))
    sample = others[np.linspace(0, len(others) - 1, n_more).astype(int)]
    kept = np.sort(np.concatenate([strongest, sample]).astype(int))
    return {
        "reg_path_": path[:, kept],
        "reg_path_edges_": np.column_stack(np.unravel_index(edges[kept], shape)),
    }

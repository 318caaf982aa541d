# SPDX-License-Identifier: BSD-3-Clause
"""First-layer edges that a fit records, and those of them that it keeps."""

import numpy as np

from ._fitted import EdgePath

#: Most edges that a fit records; `n_path_edges` of them are kept.
N_CANDIDATES = 20_000


def candidate_edges(spec, n_path_edges, seed):
    """Draw flat indices of first-layer weights; none if no edge is to be kept."""
    if not n_path_edges:
        return np.zeros(0, int)
    n_edges = spec.n_read * spec.weight_shapes[0][1]
    drawn = np.random.default_rng(seed).permutation(n_edges)
    return np.sort(drawn[:N_CANDIDATES])


def choose_edges(path, edges, shape, n_path_edges, kept_epoch):
    """Choose the edges to keep.

    Half of them are the strongest survivors of `kept_epoch`, the others a sample.

    Parameters
    ----------
    path : ndarray of shape (n_epochs, n_candidates, 2)
    edges : ndarray of shape (n_candidates,)
    shape : tuple
        Of the first layer's weights.
    n_path_edges : int
    kept_epoch : int

    Returns
    -------
    EdgePath
    """
    final = np.abs(path[kept_epoch, :, 0]) if len(path) else np.zeros(0)
    strongest = np.argsort(-final, kind="stable")[: -(-n_path_edges // 2)]
    others = np.setdiff1d(np.arange(len(final)), strongest)
    n_sampled = min(len(others), n_path_edges - len(strongest))
    sample = others[np.linspace(0, len(others) - 1, n_sampled).astype(int)]
    kept = np.sort(np.concatenate([strongest, sample]).astype(int))
    pairs = np.column_stack(np.unravel_index(edges[kept], shape))
    return EdgePath(path[:, kept], pairs)

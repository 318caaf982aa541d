# SPDX-License-Identifier: BSD-3-Clause
"""Which domains have found each other: weights, neighbours and clusters."""

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sklearn.utils.validation import check_is_fitted

from skrln._kernels import pairwise_terms

#: Neighbours that have to be mutual in `affinity_graph_`, as in the paper.
N_NEIGHBORS = 3


class GraphMixin:
    """Graph of the domains of a joint estimator."""

    def _pair_weights(self, plan, result):
        """Weights in force at the end, and distances of each term, of the networks kept."""
        distances = pairwise_terms(result.params, plan)
        if len(result.weights):
            return result.weights[-1], distances
        together = plan.strategy in ("l2", "shared", "joint")
        n = distances.shape[1]
        apart = np.broadcast_to(np.eye(n), distances.shape)
        return np.ones_like(distances) if together else apart.copy(), distances

    @property
    def affinity_graph_(self):
        """Mutual neighbours among the domains, one graph for each term.

        Two domains have an edge where each is among the three nearest of the other by the
        distance of the layers of that term; its value is their weight.
        """
        check_is_fitted(self, "domains_")
        return [
            _mutual_neighbors(distances, weights, N_NEIGHBORS)
            for distances, weights in zip(
                self.pair_distances_, self.pair_weights_, strict=True
            )
        ]

    def cluster_domains(self, threshold=0.5):
        """Groups of domains that have found each other.

        Parameters
        ----------
        threshold : float, default=0.5
            Two domains with a weight of at least this, the mean over all terms, are in the
            same group, and so are those that a chain of such pairs connects.

        Returns
        -------
        ndarray of int of shape (n_domains,)
            Number of the group of each of `domains_`.
        """
        check_is_fitted(self, "domains_")
        if not 0 <= threshold <= 1:
            raise ValueError(
                f"Got threshold={threshold!r}, but weights are between 0 and 1."
            )
        if not len(self.pair_weights_):
            return np.zeros(len(self.domains_), int)
        linked = self.pair_weights_.mean(axis=0) >= threshold
        return connected_components(linked, directed=False)[1]


def _mutual_neighbors(distances, weights, n_neighbors):
    """Weights of the pairs that are among the nearest of each other, a CSR array."""
    n = len(distances)
    away = distances + np.where(np.eye(n), np.inf, 0)
    nearest = np.argsort(away, axis=1, kind="stable")[:, : min(n_neighbors, n - 1)]
    near = np.zeros((n, n), bool)
    np.put_along_axis(near, nearest, True, axis=1)
    return sparse.csr_array(np.where(near & near.T, weights, 0))

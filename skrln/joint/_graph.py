# SPDX-License-Identifier: BSD-3-Clause
"""Graph of the domains of a joint fit: pair weights, neighbours and clusters."""

from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sklearn.utils.validation import check_is_fitted

from skrln import _kernels

#: Number of nearest neighbours of a domain in `affinity_graph_`, as in the paper.
N_NEIGHBORS = 3


class GraphMixin:
    """Mixin with the graph of the domains of a joint estimator."""

    def _pair_weights(self, plan, result):
        """Final pair weights and distances of the kept networks, both (n_terms, n, n)."""
        distances = _kernels.pairwise_terms(result.params, plan)
        if len(result.weights):
            return result.weights[-1], distances
        # Without reweighting, all pairs have weight 1 (coupled) or 0 (separate networks).
        if plan.strategy in ("l2", "shared", "joint"):
            return np.ones_like(distances), distances
        separate = np.eye(distances.shape[1])
        return np.broadcast_to(separate, distances.shape).copy(), distances

    @property
    def affinity_graph_(self) -> list[Any]:
        """Graphs of the mutual nearest neighbours among the domains, one for each term.

        An edge connects two domains if each is among the three nearest domains of the other, by
        the pair weight of the term, then by `pair_distances_`. Its value is the pair weight.
        """
        check_is_fitted(self, "domains_")
        return [
            _mutual_neighbors(distances, weights, N_NEIGHBORS)
            for distances, weights in zip(
                self.pair_distances_, self.pair_weights_, strict=True
            )
        ]

    def cluster_domains(self, threshold: float = 0.5) -> np.ndarray:
        """Cluster the domains by their pair weights.

        Parameters
        ----------
        threshold : float, default=0.5
            Pair weight that links two domains if it is reached in every term: domains that part
            in one layer are not linked. A cluster contains all domains that a chain of links
            connects.

        Returns
        -------
        ndarray of int of shape (n_domains,)
            Cluster of each of `domains_`.
        """
        check_is_fitted(self, "domains_")
        if not 0 <= threshold <= 1:
            raise ValueError(
                f"Got threshold={threshold!r}, but expected a number from 0 to 1, as pair "
                "weights are. Pass threshold=0.5."
            )
        if not len(self.pair_weights_):  # a single domain, or no shared layer
            return np.arange(len(self.domains_))
        linked = self.pair_weights_.min(axis=0) >= threshold
        return connected_components(linked, directed=False)[1]


def _mutual_neighbors(distances, weights, n_neighbors):
    """CSR array with the weights of the pairs that are mutual nearest neighbours."""
    n = len(distances)
    itself = np.eye(n, dtype=bool)  # comes last
    order = np.lexsort((distances, -weights, itself), axis=1)
    nearest = order[:, : min(n_neighbors, n - 1)]
    near = np.zeros((n, n), bool)
    np.put_along_axis(near, nearest, True, axis=1)
    return sparse.csr_array(np.where(near & near.T, weights, 0))

# SPDX-License-Identifier: BSD-3-Clause
"""Outputs of the layers of each domain on common rows.

Networks with distant weights may compute the same: most differences between their weights are
of directions that no row depends on. So pairs of domains are weighted by the distance of what
their layers put out. For each term, the layers of the term are those of a domain, all others
are the mean over the domains, and the rows are the same for all.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from skrln._kernels._batches import Layout, first_rows, gather
from skrln._kernels._config import NetworkSpec
from skrln._kernels._network import ACTIVATIONS, forward
from skrln._kernels._programs import compiled
from skrln._kernels._types import Data, Layer, Params

#: Rows of all domains together on which outputs are compared.
N_COMMON_ROWS = 512


def common_rows(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows to compare on, evenly spaced in each domain, and the root of their weights.

    All domains have the same weight, and a domain with few rows has all of them. The number of
    rows depends on the number of domains only.
    """
    each = max(1, N_COMMON_ROWS // len(counts))
    taken = np.clip(counts, 1, each)[:, None]
    place = np.arange(each)
    own = np.minimum(place, taken - 1) * np.maximum(counts, 1)[:, None] // taken
    weights = np.where(place < taken, 1 / (taken * len(counts)), 0)
    rows = first_rows(counts)[:, None] + own
    return rows.ravel().astype(np.int32), np.sqrt(weights.ravel())


@compiled("network", "layout", "n_shared")
def term_responses(
    params: Params,
    data: Data,
    rows: Array,
    roots: Array,
    terms: Array,
    *,
    network: NetworkSpec,
    layout: Layout,
    n_shared: int,
) -> Array:
    """Outputs of the last shared layer for the layers of each term and domain.

    Parameters
    ----------
    params : tuple of Layer
        Leaves have a leading axis of domains (n).
    data : Data
    rows : Array of int of shape (n_rows,)
    roots : Array of shape (n_rows,)
        Roots of the weights of the rows.
    terms : Array of shape (P, n_shared)
        Layers of each term, zeros and ones.
    network, layout, n_shared
        Static. A hidden layer that is the last shared one has its activation.

    Returns
    -------
    Array of shape (P, n, n_rows * n_units)
        Times the roots: the squared distance between two domains is a mean over the rows.
    """
    inputs = gather(data, rows, jnp.int32(rows.shape[0]), layout).inputs
    shared = params[:n_shared]
    mean = jax.tree.map(lambda leaf: jnp.mean(leaf, axis=0), shared)

    def respond(own: Params, term: Array) -> Array:
        mixed = tuple(
            _choose(term[k] > 0, *pair)
            for k, pair in enumerate(zip(own, mean, strict=True))
        )
        outputs, _ = forward(mixed, (), inputs, network)
        if n_shared < len(params):
            outputs = ACTIVATIONS[network.activation](outputs)
        return jnp.ravel(outputs * roots[:, None])

    of_domains = jax.vmap(respond, in_axes=(0, None))
    return jax.vmap(of_domains, in_axes=(None, 0))(shared, terms)


def _choose(own: Array, mine: Layer, mean: Layer) -> Layer:
    """Layer `mine` where `own` is true, else `mean`."""
    return jax.tree.map(lambda a, b: jnp.where(own, a, b), mine, mean)

# SPDX-License-Identifier: BSD-3-Clause
"""Robust norms of distances between networks, for iterative reweighting.

==================  =======================================================================
name                meaning and shape
==================  =======================================================================
``n``               domains, each with its own network
``K``               layers that may be shared, counted from the inputs
``P``               terms of the consistency: pairs of adjacent layers, or single layers
``layer_distances``  squared Euclidean distance of each layer between networks, (K, n, n)
``distances``       squared distance of each term, (P, n, n)
``sigma``           scale of each term, (P,), in the units of the distances
==================  =======================================================================

All in NumPy: reweighting runs between epochs, and takes a small part of their time.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

#: Smallest scale, as a share of the length of the layers: networks that the first stage has
#: merged would otherwise have weight zero.
SMALLEST_SCALE = 1e-6


class RobustNorm(NamedTuple):
    """A norm of squared distances D with squared scale S, both of any shape."""

    value: Callable[[Any, Any], Any]  #: about D near zero, of slower growth far out
    weight: Callable[[Any, Any], Any]  #: derivative in D, for the majorizer


def _cauchy_weight(squares: Any, scale: Any) -> Any:
    return scale / (scale + squares)


ROBUST_NORMS: dict[str, RobustNorm] = {
    "geman_mcclure": RobustNorm(
        lambda D, S: S * D / (S + D), lambda D, S: _cauchy_weight(D, S) ** 2
    ),
    "cauchy": RobustNorm(lambda D, S: S * np.log1p(D / S), _cauchy_weight),
    "huber": RobustNorm(
        lambda D, S: np.where(D <= S, D, 2 * np.sqrt(S * D) - S),
        lambda D, S: np.sqrt(S / np.maximum(D, S)),
    ),
    "l2": RobustNorm(lambda D, S: D + 0 * S, lambda D, S: np.ones_like(D + S)),
}


def terms_of(n_shared: int, *, paired: bool) -> np.ndarray:
    """Layers of each term of the consistency, (P, K) of zeros and ones.

    A single shared layer is a term of its own.
    """
    single = np.eye(n_shared)
    return single[:-1] + single[1:] if paired and n_shared > 1 else single


def term_distances(layer_distances: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """Squared distance of each term, (P, n, n)."""
    return np.tensordot(terms, layer_distances.astype(np.float64), 1)


def find_scales(
    distances: np.ndarray,
    squared_lengths: np.ndarray,
    rule: str,
    factor: float = 1.0,
    *,
    n_nearest: int = 1,
) -> np.ndarray:
    """Scale of each term: mean distance to the nearest other domains (Eq. 5 of [1]_).

    Parameters
    ----------
    distances : ndarray of shape (P, n, n)
    squared_lengths : ndarray of shape (P, n)
        Squared lengths of the parameters of each term; they bound the scale from below.
    rule : {"mean", "median"}
        Average over the domains.
    factor : float
        Factor of the average.
    n_nearest : int
        Nearest domains whose mean distance counts; one in the paper.

    References
    ----------
    .. [1] Joint learning of neural networks across heterogeneous data sets.
    """
    away = distances + np.where(np.eye(distances.shape[1]), np.inf, 0)
    nearest = np.sqrt(np.sort(away, axis=2)[:, :, :n_nearest]).mean(axis=2)
    average = np.mean if rule == "mean" else np.median
    scales = factor * average(nearest, axis=1)
    least = SMALLEST_SCALE * np.sqrt(squared_lengths.mean(axis=1))
    # Layers of zeros have neither length nor distance: any scale gives weight one.
    return np.maximum(np.maximum(scales, least), np.finfo(np.float32).tiny)


def robust_weights(
    distances: np.ndarray, sigma: np.ndarray, norm: str, irls_weight: str
) -> np.ndarray:
    """Weight in [0, 1] of each pair of domains in each term, (P, n, n); one on the diagonal.

    "majorizer" is the derivative of the norm in the squared distance: the quadratic with this
    weight touches the norm from above, so that lowering the quadratic lowers the norm. "paper"
    is ``sigma^2 / (sigma^2 + D)`` for every norm.
    """
    name = "cauchy" if irls_weight == "paper" else norm
    return ROBUST_NORMS[name].weight(distances, sigma[:, None, None] ** 2)


def norm_values(distances: np.ndarray, sigma: np.ndarray, norm: str) -> np.ndarray:
    """Norm of each pair of domains in each term, (P, n, n)."""
    return ROBUST_NORMS[norm].value(distances, sigma[:, None, None] ** 2)


def sum_pairs(values: np.ndarray) -> float:
    """Sum over all unordered pairs of domains and all terms (Eq. 3)."""
    return float(np.sum(np.triu(values, 1)))


def layer_weights(weights: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """Weight of each layer between two domains, summed over its terms, (K, n, n)."""
    links = np.tensordot(terms.T, weights, 1)
    return links * (1 - np.eye(weights.shape[1]))


def laplacians(links: np.ndarray) -> np.ndarray:
    """Graph Laplacian of each layer, (K, n, n); `links` are symmetric, zero on the diagonal."""
    degree = links.sum(axis=2)
    return degree[:, :, None] * np.eye(links.shape[1]) - links

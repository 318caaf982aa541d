# SPDX-License-Identifier: BSD-3-Clause
"""Data sets that differ, in clusters that are known."""

import numbers

import numpy as np
from sklearn.utils import check_random_state


def make_domains(
    n_samples=60,
    n_domains=8,
    n_clusters=2,
    n_features=10,
    *,
    n_hostile=0,
    spread=0.1,
    noise=0.3,
    task="regression",
    random_state=None,
    return_clusters=False,
):
    r"""Generate several data sets whose relations are clusters.

    All domains have the same inputs, independent and Gaussian. The signal of a domain is
    :math:`\tanh(w^\top x)`: domains of a cluster have nearly the same direction :math:`w`,
    those of different clusters have independent ones. Hostile domains have labels that
    nothing tells anything about.

    Parameters
    ----------
    n_samples : int or array-like of shape (n_domains,), default=60
        Rows of each domain.

    n_domains : int, default=8
        Domains, those that are hostile included.

    n_clusters : int, default=2
        Clusters of the domains that are not hostile, which take turns: the first is of the
        first cluster, the second of the second, and so on.

    n_features : int, default=10
        Columns.

    n_hostile : int, default=0
        Domains, the last ones, with random labels; each is a cluster of its own.

    spread : float, default=0.1
        Length of the difference of a domain's direction from that of its cluster, in units of
        its length.

    noise : float, default=0.3
        Standard deviation of Gaussian noise on the signal; that of the signal is about 0.7.

    task : {"regression", "classification"}, default="regression"
        Whether `y` is the signal with its noise, or whether that is positive (0 or 1).

    random_state : int, RandomState instance or None, default=None
        Seeds the data. Pass an int for reproducible output.

    return_clusters : bool, default=False
        Whether to return the cluster of each domain.

    Returns
    -------
    X : ndarray of shape (n_rows, n_features)
        Inputs of all domains, one after the other.

    y : ndarray of shape (n_rows,)
        Targets.

    domain : ndarray of int of shape (n_rows,)
        Domain of each row, from 0.

    clusters : ndarray of int of shape (n_domains,)
        Cluster of each domain; only with `return_clusters`.

    Examples
    --------
    >>> from skrln.datasets import make_domains
    >>> X, y, domain, clusters = make_domains(
    ...     n_domains=5, n_hostile=1, random_state=0, return_clusters=True
    ... )
    >>> X.shape, y.shape, domain.shape
    ((300, 10), (300,), (300,))
    >>> clusters
    array([0, 1, 0, 1, 2])
    """
    for name, value, least in (
        ("n_domains", n_domains, 1),
        ("n_clusters", n_clusters, 1),
        ("n_hostile", n_hostile, 0),
    ):
        if not isinstance(value, numbers.Integral) or value < least:
            raise ValueError(
                f"Got {name}={value!r}, but expected a whole number >= {least}."
            )
    if task not in ("regression", "classification"):
        raise ValueError(
            f"Got task={task!r}, but expected 'regression' or 'classification'."
        )
    rng = check_random_state(random_state)
    n_friendly = n_domains - n_hostile
    if n_friendly < n_clusters:
        raise ValueError(
            f"Got n_domains={n_domains} with n_hostile={n_hostile} and n_clusters="
            f"{n_clusters}, but every cluster needs a domain that is not hostile."
        )
    sizes = np.broadcast_to(n_samples, n_domains)
    clusters = np.arange(n_domains) % n_clusters
    clusters[n_friendly:] = n_clusters + np.arange(n_hostile)
    centers = _unit(rng.normal(size=(n_clusters + n_hostile, n_features)))
    shifts = spread * _unit(rng.normal(size=(n_domains, n_features)))
    # Of length 1.5: tanh bends, but does not become a step.
    directions = 1.5 * (centers[clusters] + shifts)
    domain = np.repeat(np.arange(n_domains), sizes)
    X = rng.normal(size=(len(domain), n_features))
    y = np.tanh(np.sum(X * directions[domain], axis=1))
    y = y + noise * rng.normal(size=len(y))
    for k in range(n_friendly, n_domains):
        y[domain == k] = rng.permutation(y[domain == k])
    if task == "classification":
        y = (y > 0).astype(int)
    return (X, y, domain, clusters) if return_clusters else (X, y, domain)


def _unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)

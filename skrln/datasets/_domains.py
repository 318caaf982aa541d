# SPDX-License-Identifier: BSD-3-Clause
"""Several data sets (domains) with known clusters of similar domains."""

import numbers
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state


def make_domains(
    n_samples: int | ArrayLike = 60,
    n_domains: int = 8,
    n_clusters: int = 2,
    n_features: int = 10,
    *,
    n_hostile: int = 0,
    spread: float = 0.1,
    noise: float = 0.3,
    task: Literal["regression", "classification"] = "regression",
    random_state: int | np.random.RandomState | None = None,
    return_clusters: bool = False,
) -> tuple[np.ndarray, ...]:
    r"""Generate several data sets (domains) that form clusters.

    All domains have the same independent Gaussian inputs. The signal of a domain is
    :math:`\tanh(w^\top x)`. Domains of one cluster have nearly the same direction :math:`w`;
    directions of different clusters are independent. The targets of hostile domains are
    independent of the inputs.

    Parameters
    ----------
    n_samples : int or array-like of shape (n_domains,), default=60
        Number of rows of each domain.

    n_domains : int, default=8
        Number of domains, including the hostile ones.

    n_clusters : int, default=2
        Number of clusters of the domains that are not hostile. Domain ``i`` belongs to cluster
        ``i % n_clusters``.

    n_features : int, default=10
        Number of columns.

    n_hostile : int, default=0
        Number of hostile domains, which come last. Each is a cluster of its own.

    spread : float, default=0.1
        Distance between the direction of a domain and the direction of its cluster, in units
        of the length of the cluster direction.

    noise : float, default=0.3
        Standard deviation of the Gaussian noise. The signal has about 0.7.

    task : {"regression", "classification"}, default="regression"
        `y` is the noisy signal for "regression", and 1 for "classification" if the noisy signal
        is positive, else 0.

    random_state : int, RandomState instance or None, default=None
        Random seed of the data. Pass an int for reproducible output.

    return_clusters : bool, default=False
        Also return the cluster of each domain.

    Returns
    -------
    X : ndarray of shape (n_rows, n_features)
        Inputs of all domains, stacked in order of the domains.

    y : ndarray of shape (n_rows,)
        Targets.

    domain : ndarray of int of shape (n_rows,)
        Domain of each row, from 0.

    clusters : ndarray of int of shape (n_domains,)
        Cluster of each domain. Only with `return_clusters`.

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
    for name, value, minimum in (
        ("n_domains", n_domains, 1),
        ("n_clusters", n_clusters, 1),
        ("n_hostile", n_hostile, 0),
    ):
        if not isinstance(value, numbers.Integral) or value < minimum:
            raise ValueError(
                f"Got {name}={value!r}, but expected a whole number >= {minimum}."
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
            f"{n_clusters}, but every cluster needs a domain that is not hostile. Raise "
            "n_domains, or lower n_clusters."
        )
    sizes = np.broadcast_to(n_samples, n_domains)
    # The clusters of hostile domains follow the shared clusters.
    clusters = np.arange(n_domains) % n_clusters
    clusters[n_friendly:] = n_clusters + np.arange(n_hostile)
    centers = _unit(rng.normal(size=(n_clusters + n_hostile, n_features)))
    shifts = spread * _unit(rng.normal(size=(n_domains, n_features)))
    # With directions of length 1.5, tanh is clearly nonlinear but not yet a step.
    directions = 1.5 * (centers[clusters] + shifts)
    domain = np.repeat(np.arange(n_domains), sizes)
    X = rng.normal(size=(len(domain), n_features))
    y = np.tanh(np.sum(X * directions[domain], axis=1))
    y = y + noise * rng.normal(size=len(y))
    # A permutation keeps the distribution of the targets and removes their relation to X.
    for k in range(n_friendly, n_domains):
        y[domain == k] = rng.permutation(y[domain == k])
    if task == "classification":
        y = (y > 0).astype(int)
    return (X, y, domain, clusters) if return_clusters else (X, y, domain)


def _unit(rows):
    """Rows scaled to length one."""
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)

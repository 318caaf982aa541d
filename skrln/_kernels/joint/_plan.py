# SPDX-License-Identifier: BSD-3-Clause
"""Plan of a joint fit, and its result."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from skrln._kernels._types import Params

from ._robust import terms_of


@dataclass(frozen=True)
class JointSpec:
    """Shared structure of the networks; static.

    Parameters
    ----------
    tied : tuple of bool
        Layers whose gradient is the mean over all domains: they stay equal.
    coupled : tuple of bool
        Layers with a Laplacian.
    anchored : bool
        Domains that do not move pull as well.
    """

    tied: tuple[bool, ...]
    coupled: tuple[bool, ...]
    anchored: bool = False


@dataclass(frozen=True)
class JointPlan:
    """Coupling of the networks over the epochs.

    Parameters
    ----------
    strategy : {"joint", "l2", "shared", "finetune", "isolated"}
    coupling : float
        Factor of the consistency.
    n_shared : int
        Layers that may be shared, counted from the inputs.
    norm, irls_weight, scale, scale_factor : str and float
        As in ``_robust``.
    distance : {"outputs", "weights"}
        Distance that the weights of the pairs are computed from.
    paired : bool
        Terms of the consistency are pairs of adjacent layers, not single layers.
    first_epochs : int
        Epochs of "joint" with all weights one; of "finetune" with one network for all.
    round_epochs, max_rounds : int
        Epochs between reweightings, and most reweightings.
    tol : float
        Change of the weights below which reweighting ends.
    stacks : tuple of int
        Layers of each network of a domain, where a domain has several: no pair spans two
        networks. They sum to `n_shared`.
    own_heads : bool
        The last layer of each of `stacks` is not shared.
    """

    strategy: str
    coupling: float
    n_shared: int
    norm: str = "geman_mcclure"
    irls_weight: str = "majorizer"
    scale: str = "mean"
    scale_factor: float = 1.0
    distance: str = "weights"
    paired: bool = True
    first_epochs: int = 0
    round_epochs: int = 5
    max_rounds: int = 8
    tol: float = 1e-2
    stacks: tuple[int, ...] = ()
    own_heads: bool = False

    @property
    def couples(self) -> bool:
        """True where a quadratic draws the networks together."""
        return self.strategy in ("joint", "l2") and self.coupling > 0

    @property
    def terms(self) -> np.ndarray:
        """Layers of each term of the consistency, (P, K), as from ``terms_of``."""
        if not self.stacks:
            return terms_of(self.n_shared, paired=self.paired)
        terms = np.zeros((0, self.n_shared))
        for n_layers, end in zip(self.stacks, np.cumsum(self.stacks), strict=True):
            own = terms_of(n_layers - self.own_heads, paired=self.paired)
            start = end - n_layers
            beside = (start, self.n_shared - start - own.shape[1])
            terms = np.vstack([terms, np.pad(own, [(0, 0), beside])])
        return terms

    @property
    def n_terms(self) -> int:
        """Terms of the consistency."""
        return len(self.terms)

    def stages(self, n_layers: int, *, anchored: bool) -> list[JointSpec]:
        """Structure of the first stage and of the rest."""
        no_layer = (False,) * n_layers
        in_terms = np.pad(self.terms.any(axis=0), (0, n_layers - self.n_shared))
        shared = tuple(bool(is_shared) for is_shared in in_terms)
        apart = JointSpec(no_layer, no_layer)
        if self.couples:
            return [JointSpec(no_layer, shared, anchored)] * 2
        if self.strategy == "shared":
            return [JointSpec(shared, no_layer)] * 2
        if self.strategy == "finetune":
            return [JointSpec(shared, no_layer), apart]
        return [apart, apart]


class Anchors(NamedTuple):
    """Networks that do not move and pull the others, with the scales of their fit."""

    params: Params  #: leaves with a leading axis
    sigma: np.ndarray  #: (P,); NaN where unknown


class JointHistory(NamedTuple):
    """One row per epoch of a chunk."""

    loss: Any  #: (n_epochs, n); training loss of each domain, without penalty
    validation_loss: Any  #: (n_epochs, n); NaN for domains without held-out rows
    zeros: Any  #: (n_epochs, n, n_layers); weights that are exactly zero
    distances: Any  #: (n_epochs, n_layers, n, n); squared, after the epoch


class JointResult(NamedTuple):
    """A joint fit, back in NumPy; leaves of params have a leading axis of domains."""

    params: Params
    coefficients: tuple[np.ndarray, ...]
    history: JointHistory
    consistency: np.ndarray  #: (n_epochs,)
    weights: np.ndarray  #: (n_rounds, P, n, n); of each reweighting
    sigma: np.ndarray  #: (P,)
    converged: bool  #: the weights stopped to change
    n_epochs: int
    best_epoch: int
    reason: int

# SPDX-License-Identifier: BSD-3-Clause
"""How networks of several data sets are trained together, and what comes of it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ._joint import JointHistory, JointSpec
from ._robust import terms_of
from ._types import Params


@dataclass(frozen=True)
class JointPlan:
    """How the networks are trained together.

    Parameters
    ----------
    strategy : {"joint", "l2", "shared", "finetune", "isolated"}
    coupling : float
        Factor of the consistency.
    norm, irls_weight, scale, scale_factor : str and float
        As in ``_robust``.
    n_shared : int
        Layers that may be shared, counted from the inputs.
    stacks : tuple of int
        Layers of each network of a domain, where it has several: no pair goes across. They
        sum to `n_shared`.
    own_heads : bool
        Whether the last layer of each of `stacks` is not shared.
    paired : bool
        Whether a term of the consistency is a pair of adjacent layers, or a single one.
    first_epochs : int
        Of "joint" with all weights one; of "finetune" with one network for all.
    round_epochs, max_rounds : int
        Epochs between reweightings, and how many of these there may be.
    tol : float
        Change of the weights below which they are left as they are.
    """

    strategy: str
    coupling: float
    n_shared: int
    norm: str = "geman_mcclure"
    irls_weight: str = "majorizer"
    scale: str = "mean"
    scale_factor: float = 1.0
    paired: bool = True
    first_epochs: int = 0
    round_epochs: int = 5
    max_rounds: int = 8
    tol: float = 1e-2
    stacks: tuple[int, ...] = ()
    own_heads: bool = False

    @property
    def couples(self) -> bool:
        """Whether a quadratic draws the networks together."""
        return self.strategy in ("joint", "l2") and self.coupling > 0

    @property
    def terms(self) -> np.ndarray:
        """Layers of each term of the consistency, as ``terms_of`` has them."""
        if not self.stacks:
            return terms_of(self.n_shared, paired=self.paired)
        found = np.zeros((0, self.n_shared))
        for n_layers, end in zip(self.stacks, np.cumsum(self.stacks), strict=True):
            more = terms_of(n_layers - self.own_heads, paired=self.paired)
            start = end - n_layers
            beside = (start, self.n_shared - start - more.shape[1])
            found = np.vstack([found, np.pad(more, [(0, 0), beside])])
        return found

    @property
    def n_terms(self) -> int:
        """Terms of the consistency."""
        return len(self.terms)

    def stages(self, n_layers: int, *, anchored: bool) -> list[JointSpec]:
        """What is shared in the first stage and after it."""
        nothing = (False,) * n_layers
        held = np.pad(self.terms.any(axis=0), (0, n_layers - self.n_shared))
        some = tuple(bool(one) for one in held)
        apart = JointSpec(nothing, nothing)
        if self.couples:
            return [JointSpec(nothing, some, anchored)] * 2
        if self.strategy == "shared":
            return [JointSpec(some, nothing)] * 2
        if self.strategy == "finetune":
            return [JointSpec(some, nothing), apart]
        return [apart, apart]


class Anchors(NamedTuple):
    """Networks that do not move and pull the others, with the scales found for them."""

    params: Params  #: leaves with a leading axis
    sigma: np.ndarray  #: NaN where none was found


class JointResult(NamedTuple):
    """A joint fit, back in NumPy; leaves of params have a leading axis of domains."""

    params: Params
    coefficients: tuple[np.ndarray, ...]
    history: JointHistory
    consistency: np.ndarray  #: (n_epochs,)
    weights: np.ndarray  #: (n_rounds, P, n, n); those of each reweighting
    sigma: np.ndarray  #: (P,)
    converged: bool  #: whether the weights came to rest
    n_epochs: int
    best_epoch: int
    reason: int

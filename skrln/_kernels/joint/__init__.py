# SPDX-License-Identifier: BSD-3-Clause
"""Networks of several data sets: coupled predictors and adversarial pairs."""

from ._adversarial import AdversarialHyper, AdversarialSpec
from ._adversarial_run import AdversarialResult, fit_adversarial
from ._plan import Anchors, JointPlan, JointResult
from ._robust import ROBUST_NORMS
from ._rounds import pairwise_terms
from ._run import fit_joint

__all__ = [
    "ROBUST_NORMS",
    "AdversarialHyper",
    "AdversarialResult",
    "AdversarialSpec",
    "Anchors",
    "JointPlan",
    "JointResult",
    "fit_adversarial",
    "fit_joint",
    "pairwise_terms",
]

# SPDX-License-Identifier: BSD-3-Clause
"""Networks of several data sets: coupled predictors and adversarial pairs.

Only what needs no JAX is imported here; the face of the kernels imports the rest when a fit
needs it.
"""

from ._plan import Anchors, JointPlan, JointResult
from ._robust import ROBUST_NORMS

__all__ = ["ROBUST_NORMS", "Anchors", "JointPlan", "JointResult"]

# SPDX-License-Identifier: BSD-3-Clause
"""Numbers and pictures to read a fitted network by."""

from skrln._core._importance import (
    garson_importance,
    importance_divergence,
    importance_entropy,
)

from ._importance_display import ImportanceDisplay
from ._loss_curve_display import LossCurveDisplay
from ._outgoing_weights_display import OutgoingWeightsDisplay
from ._regularization_path_display import RegularizationPathDisplay

__all__ = [
    "ImportanceDisplay",
    "LossCurveDisplay",
    "OutgoingWeightsDisplay",
    "RegularizationPathDisplay",
    "garson_importance",
    "importance_divergence",
    "importance_entropy",
]

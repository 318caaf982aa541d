# SPDX-License-Identifier: BSD-3-Clause
"""Stacks of networks and other models."""

from ._blending_classifier import BlendingClassifier
from ._blending_regressor import BlendingRegressor

__all__ = ["BlendingClassifier", "BlendingRegressor"]

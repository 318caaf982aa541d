# SPDX-License-Identifier: BSD-3-Clause
"""Regularization Learning Networks as estimators."""

from ._classifier import RLNClassifier
from ._regressor import RLNRegressor

__all__ = ["RLNClassifier", "RLNRegressor"]

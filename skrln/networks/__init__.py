# SPDX-License-Identifier: BSD-3-Clause
"""Regularization Learning Networks as estimators."""

from ._classifier import RLNClassifier
from ._classifier_cv import RLNClassifierCV
from ._multi_task import RLNMultiTask
from ._regressor import RLNRegressor
from ._regressor_cv import RLNRegressorCV

__all__ = [
    "RLNClassifier",
    "RLNClassifierCV",
    "RLNMultiTask",
    "RLNRegressor",
    "RLNRegressorCV",
]

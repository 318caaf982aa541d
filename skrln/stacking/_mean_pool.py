# SPDX-License-Identifier: BSD-3-Clause
"""Weighted mean of predicted numbers: the final estimator of a stack."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from skrln._ensemble._blend import EQUAL_PULL, convex_weights
from skrln._table._arguments import check_weights

#: Name of the loss that chooses the weights, and its parameter, which is not used.
SQUARED_ERROR = ("squared_error", 0.0)


class MeanPool(RegressorMixin, BaseEstimator):
    """Weighted mean of the predictions of several regressors.

    Parameters
    ----------
    equal_pull : float
        See :class:`BlendingRegressor`.
    """

    def __init__(self, equal_pull=EQUAL_PULL):
        self.equal_pull = equal_pull

    def fit(self, X, y, sample_weight=None):
        """Estimate the weights.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_models)
            Predictions of held-out rows.
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None
        """
        X = validate_data(self, X, dtype=np.float64)
        y = np.asarray(y, float)[:, None]
        check_consistent_length(X, y)
        weights = check_weights(sample_weight, X)[:, None]
        rows = weights[:, 0] > 0
        # The loss of tiny targets would be lost in rounding.
        unit = np.std(y[rows]) or 1.0
        candidates = [column[rows, None] / unit for column in X.T]
        self.weights_ = convex_weights(
            None,
            SQUARED_ERROR,
            candidates,
            y[rows] / unit,
            weights[rows],
            equal_pull=self.equal_pull,
        )
        return self

    def predict(self, X):
        """Weighted mean, (n_samples,)."""
        check_is_fitted(self)
        return validate_data(self, X, dtype=np.float64, reset=False) @ self.weights_

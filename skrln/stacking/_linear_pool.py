# SPDX-License-Identifier: BSD-3-Clause
"""A weighted mean of probabilities, calibrated: what combines the columns of a stack."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from skrln._core._blend import best_temperature, convex_weights, temper
from skrln._core._targets import ClassTarget
from skrln._core._validation import check_weights

LOG_LOSS = ("log_loss", 0.0)


class LinearPool(ClassifierMixin, BaseEstimator):
    """Final estimator of a stack, whose columns are probabilities.

    Parameters
    ----------
    equal_pull : float
        See :class:`BlendingClassifier`, as for `calibrate`.
    calibrate : bool
    """

    def __init__(self, equal_pull=3.0, calibrate=True):
        self.equal_pull = equal_pull
        self.calibrate = calibrate

    def fit(self, X, y, sample_weight=None):
        """Find weights and temperature.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_models) or (n_samples, n_models * n_classes)
            Of two classes the probability of the second, of more those of all: by models that
            have not seen the row.
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None
        """
        X = validate_data(self, X, dtype=np.float64)
        y = np.asarray(y)
        check_consistent_length(X, y)
        weights = check_weights(sample_weight, X)[:, None]
        known = np.ones((len(y), 1), bool)
        target = ClassTarget().fit(y, known)
        codes = target.encode(y, known)
        self.classes_ = target.classes
        self._target = target
        candidates = self._probabilities(X)
        told = (codes, weights)
        self.weights_ = convex_weights(
            target, LOG_LOSS, candidates, *told, equal_pull=self.equal_pull
        )
        self.temperature_ = 1.0
        if self.calibrate:
            pooled = np.tensordot(self.weights_, candidates, 1)
            self.temperature_ = best_temperature(target, pooled, *told)
        return self

    def predict_proba(self, X):
        """Weighted means, sharper or softer, of shape (n_samples, n_classes)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        pooled = np.tensordot(self.weights_, self._probabilities(X), 1)
        return temper(self._target, pooled, self.temperature_)

    def predict(self, X):
        """Most likely classes, of shape (n_samples,)."""
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]

    def _probabilities(self, X):
        """Those of each model, (n_models, n_samples, n_classes)."""
        n_classes = len(self.classes_)
        if n_classes == 2:
            return np.stack([1 - X.T, X.T], axis=2)
        return X.reshape(len(X), -1, n_classes).transpose(1, 0, 2)

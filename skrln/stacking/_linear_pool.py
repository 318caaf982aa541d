# SPDX-License-Identifier: BSD-3-Clause
"""Calibrated weighted mean of probabilities: the final estimator of a stack."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from skrln._ensemble._blend import best_temperature, convex_weights, temper
from skrln._table._arguments import check_weights
from skrln._table._targets import ClassTarget

#: Name of the loss that chooses the weights, and its parameter, which is not used.
LOG_LOSS = ("log_loss", 0.0)
#: Lower bound of probabilities whose sum is divided by.
LEAST_PROBABILITY = 1e-300


class LinearPool(ClassifierMixin, BaseEstimator):
    """Weighted mean of the probabilities of several classifiers.

    Parameters
    ----------
    equal_pull : float
        See :class:`BlendingClassifier`.
    calibrate : bool
        See :class:`BlendingClassifier`.
    """

    def __init__(self, equal_pull=3.0, calibrate=True):
        self.equal_pull = equal_pull
        self.calibrate = calibrate

    def fit(self, X, y, sample_weight=None):
        """Estimate weights and temperature.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_models) or (n_samples, n_models * n_classes)
            Probabilities of held-out rows: of the second class for two classes, of all
            classes otherwise.
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None
        """
        X = validate_data(self, X, dtype=np.float64)
        y = np.asarray(y)
        check_consistent_length(X, y)
        weights = check_weights(sample_weight, X)[:, None]
        has_label = np.ones((len(y), 1), bool)
        rows = weights[:, 0] > 0
        trained = ClassTarget().fit(y[rows], has_label[rows])
        # A class without weight keeps its column, with probability zero.
        self._target = trained.listing(y, has_label)
        self.classes_ = self._target.classes
        weights = weights[rows]
        codes = self._target.encode(y[rows], has_label[rows])
        candidates = self._split_models(X[rows])
        self.weights_ = convex_weights(
            self._target,
            LOG_LOSS,
            candidates,
            codes,
            weights,
            equal_pull=self.equal_pull,
        )
        # The temperature comes last: it depends on the mean, and the mean on the weights.
        self.temperature_ = 1.0
        if self.calibrate:
            pooled = np.tensordot(self.weights_, candidates, 1)
            self.temperature_ = best_temperature(self._target, pooled, codes, weights)
        return self

    def predict_proba(self, X):
        """Temperature-scaled weighted mean of probabilities, (n_samples, n_classes)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        pooled = np.tensordot(self.weights_, self._split_models(X), 1)
        tempered = temper(self._target, pooled, self.temperature_)
        return self._target.predictions(tempered)

    def predict(self, X):
        """Most likely classes, (n_samples,)."""
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]

    def _split_models(self, X):
        """Probabilities by model, (n_models, n_samples, n_classes with weight)."""
        n_classes = len(self.classes_)
        # A stack drops the first of two classes, because the columns are collinear.
        if n_classes == 2:
            return np.stack([1 - X.T, X.T], axis=2)
        candidates = X.reshape(len(X), -1, n_classes).transpose(1, 0, 2)
        has_weight = np.isin(self.classes_, self._target.task_classes[0])
        if has_weight.all():
            return candidates
        # A model may be sure of a class without weight.
        kept = np.maximum(candidates[:, :, has_weight], LEAST_PROBABILITY)
        return kept / kept.sum(axis=2, keepdims=True)

# SPDX-License-Identifier: BSD-3-Clause
"""Small tables and small models; networks share their shapes, as every new one is compiled."""

from zlib import crc32

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from skrln import RLNClassifier, RLNRegressor
from skrln.options import RLNPenalty

N_STAGES = 12


def make_network(classifier=False, **params):
    defaults = {
        "hidden_layer_sizes": (5,),
        "theta": -6.5,
        "penalty": RLNPenalty(warmup=0.0),
        "max_iter": N_STAGES,
        "learning_rate_init": 0.02,
        "n_estimators": 1,
        "dropout": 0.0,
        "numeric_embedding": None,
        "random_state": 0,
    }
    kind = RLNClassifier if classifier else RLNRegressor
    return kind(**(defaults | params))


def make_outputs(n_rows=60, n_tasks=3, seed=0):
    """Numbers: the first task is smooth, every further one is noisier."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 4))
    noise = rng.normal(size=(n_rows, n_tasks)) * np.arange(n_tasks)
    return X, X @ rng.normal(size=(4, n_tasks)) + noise


def make_labels(n_rows=60, n_tasks=3, seed=0):
    X, y = make_outputs(n_rows, n_tasks, seed)
    return X, (y > np.median(y, axis=0)).astype(int)


def make_classes(n_rows=60, n_classes=3, seed=0):
    X, y = make_outputs(n_rows, 1, seed)
    return X, np.argsort(np.argsort(y[:, 0])) * n_classes // n_rows


class Scripted(RegressorMixin, BaseEstimator):
    """Predicts the true tasks plus an error that is scripted for each stage and task.

    X holds the targets, so that validation curves are known beforehand.
    """

    def __init__(self, errors=None):
        self.errors = errors

    def fit(self, X, y):
        self.n_features_in_ = np.shape(X)[1]
        return self

    def staged_predict(self, X):
        for error in np.asarray(self.errors).T:
            yield np.asarray(X) + error

    def predict(self, X):
        return list(self.staged_predict(X))[-1]


class NoSkill(ClassifierMixin, BaseEstimator):
    """Probabilities that know nothing, and prefer other classes at every stage."""

    def __init__(self, n_stages=30, seed=0):
        self.n_stages = n_stages
        self.seed = seed

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.n_features_in_ = np.shape(X)[1]
        return self

    def staged_predict_proba(self, X):
        rng = np.random.default_rng(self.seed)
        drift = rng.normal(size=(self.n_stages, len(self.classes_)))
        for preference in drift:
            # The same row is told the same at every call.
            own = np.random.default_rng(crc32(np.asarray(X).tobytes()))
            odds = preference + own.normal(size=(len(X), len(self.classes_)))
            proba = np.exp(0.5 * odds)
            yield proba / proba.sum(axis=1, keepdims=True)

    def predict_proba(self, X):
        return list(self.staged_predict_proba(X))[-1]

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

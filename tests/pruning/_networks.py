# SPDX-License-Identifier: BSD-3-Clause
"""Networks with weights that are set by hand."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skrln import RLNClassifier, RLNRegressor

TINY = {
    "n_estimators": 1,
    "theta": -7,
    "numeric_embedding": None,
    "dropout": 0.0,
    "random_state": 0,
    "early_stopping": False,
}


def table(n_samples=60, n_features=3, seed=0):
    return np.random.default_rng(seed).normal(size=(n_samples, n_features))


def mlp(weights, X=None, *, activation="relu", seed=0):
    """MLPRegressor with these incoming weights (the last row being intercepts) per layer.

    Outgoing weights of the last layer are drawn.
    """
    X = table() if X is None else X
    sizes = tuple(np.shape(w)[1] for w in weights)
    model = MLPRegressor(
        hidden_layer_sizes=sizes, activation=activation, max_iter=1, random_state=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # after its single epoch
        model.fit(X, X[:, 0])
    for k, w in enumerate(weights):
        w = np.asarray(w, float)
        model.coefs_[k], model.intercepts_[k] = w[:-1].copy(), w[-1].copy()
    return model


def ours(make=RLNRegressor, sizes=(6,), X=None, y=None, **params):
    """Single network after a few epochs."""
    X = table() if X is None else X
    y = X[:, 0] if y is None else y
    y = (y > 0).astype(int) if make is RLNClassifier and y.dtype.kind == "f" else y
    return make(sizes, **TINY | {"max_iter": 5} | params).fit(X, y)


def digits_like(n_samples=90, seed=0):
    """Rows of three classes that are easy to tell apart."""
    rng = np.random.default_rng(seed)
    y = np.arange(n_samples) % 3
    return rng.normal(size=(n_samples, 4)) + 2 * np.eye(3, 4)[y], y


def classifier(**params):
    return MLPClassifier(
        **{"hidden_layer_sizes": (12,), "solver": "lbfgs", "random_state": 0} | params
    )


def frozen(model):
    return FrozenEstimator(model)

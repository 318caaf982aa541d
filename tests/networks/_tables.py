# SPDX-License-Identifier: BSD-3-Clause
"""Small tables and small networks.

Tests share their shapes, because every new one is compiled: 40 rows, four inputs, five
hidden units, one batch, unless a test is about something else.
"""

import numpy as np

from skrln import RLNClassifier, RLNRegressor
from skrln.options import RLNPenalty, UniformPenalty

N_ROWS = 40


def make_inputs(n_rows=N_ROWS, n_features=4, seed=0):
    return np.random.default_rng(seed).normal(size=(n_rows, n_features))


def make_table(n_rows=N_ROWS, n_features=4, seed=0):
    """Inputs, and a target that the first two of them make."""
    X = make_inputs(n_rows, n_features, seed)
    noise = np.random.default_rng([seed, 1]).normal(size=n_rows)
    return X, 3 + 2 * X[:, 0] - X[:, 1] + 0.1 * noise


def make_classes(n_rows=N_ROWS, n_classes=2, seed=0):
    """Inputs, and classes of about equal size."""
    X, y = make_table(n_rows, seed=seed)
    return X, np.argsort(np.argsort(y)) * n_classes // n_rows


#: Why a test of callbacks is skipped.
BEFORE_CALLBACKS = "scikit-learn before 1.9 has no callbacks"


def rln(step=0.03, **options):
    """Penalty of the rule without a warm-up, so that no step depends on the fit's length."""
    return RLNPenalty(step, **({"warmup": 0.0} | options))


def uniform(**options):
    """Uniform penalty without a warm-up."""
    return UniformPenalty(**({"warmup": 0.0} | options))


def small(estimator, **params):
    """An estimator whose fit takes no time; `params` on top."""
    defaults = {
        "hidden_layer_sizes": (5,),
        "theta": -6.5,
        "penalty": rln(),
        "max_iter": 10,
        "learning_rate_init": 0.01,
        "n_estimators": 1,
        "dropout": 0.0,
        "numeric_embedding": None,
        "random_state": 0,
    }
    return estimator(**(defaults | params))


def regressor(**params):
    return small(RLNRegressor, **params)


def classifier(**params):
    return small(RLNClassifier, **params)


def encoder_of(model):
    """Input encoder of the first network."""
    return model._fitted.members[0].encoder


def target_of(model):
    """Target encoder of a fit."""
    return model._fitted.target


def arrays(model):
    """Arrays that training has changed."""
    return [
        array
        for member in model.estimators_
        for array in (*member.coefs_, *member.intercepts_, *member.reg_coefs_)
    ]


def assert_same_fit(first, second):
    """Assert that two fits are equal to the bit."""
    for a, b in zip(arrays(first), arrays(second), strict=True):
        np.testing.assert_array_equal(a, b)


def assert_close_fit(first, second, **tolerance):
    for a, b in zip(arrays(first), arrays(second), strict=True):
        np.testing.assert_allclose(a, b, **tolerance)


def is_same_fit(first, second):
    ours, theirs = arrays(first), arrays(second)
    return len(ours) == len(theirs) and all(
        a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b)
        for a, b in zip(ours, theirs, strict=True)
    )

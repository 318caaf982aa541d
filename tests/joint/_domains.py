# SPDX-License-Identifier: BSD-3-Clause
"""Small domains and small networks, of few shapes."""

import numpy as np

from skrln.joint import JointClassifier, JointRegressor

NAMES = np.array(["north", "east", "south"])
SIZES = (30, 18, 24)


def make_table(sizes=SIZES, seed=0):
    """Three domains with four inputs; the first two are alike."""
    rng = np.random.default_rng(seed)
    domain = np.repeat(np.arange(len(sizes)), sizes)
    X = rng.normal(size=(len(domain), 4))
    signs = np.array([1, 1, -1])[domain % 3]
    y = 3 + 2 * signs * X[:, 0] - X[:, 1] + 0.1 * rng.normal(size=len(domain))
    return X, y, NAMES[domain % 3]


def make_classes(n_classes=2, sizes=SIZES, seed=0):
    X, y, domain = make_table(sizes, seed)
    return X, np.argsort(np.argsort(y)) * n_classes // len(y), domain


def small(estimator, **params):
    """An estimator whose fit takes no time; `params` on top."""
    defaults = {
        "hidden_layer_sizes": (5, 4),
        "theta": -6.5,
        "reg_warmup": 0.0,
        "max_iter": 10,
        "learning_rate_init": 0.01,
        "batch_size": 64,
        "random_state": 0,
    }
    return estimator(**(defaults | params))


def regressor(**params):
    return small(JointRegressor, **params)


def classifier(**params):
    return small(JointClassifier, **params)


def arrays(model):
    """Everything that training has changed."""
    return [*model.coefs_, *model.intercepts_, *model.reg_coefs_]


def is_same_fit(first, second):
    ours, theirs = arrays(first), arrays(second)
    return all(
        a.shape == b.shape and np.array_equal(a, b)
        for a, b in zip(ours, theirs, strict=True)
    )

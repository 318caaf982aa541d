# SPDX-License-Identifier: BSD-3-Clause
"""Small domains and small networks, of few shapes."""

import numpy as np
import pytest

from skrln.joint import JointClassifier, JointRegressor
from skrln.options import RLNPenalty

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
        "penalty": RLNPenalty(warmup=0.0),
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


class RecordedError(Exception):
    """Raised in place of the work of the kernel."""


def kernel_call(monkeypatch, model, X, *y, sample_domain):
    """Arguments that a fit passes to the kernel, which does not run.

    Each new structure would compile a program of its own.
    """
    calls = []

    def record(*arguments, **options):
        calls.append((arguments, options))
        raise RecordedError

    with monkeypatch.context() as patch:
        patch.setattr("skrln._kernels.fit_joint", record)
        with pytest.raises(RecordedError):
            model.fit(X, *y, sample_domain=sample_domain)
    assert not hasattr(model, "domains_")
    return calls[0]


def is_same_call(first, second):
    try:
        np.testing.assert_equal(first, second)
    except AssertionError:
        return False
    return True


def is_same_fit(first, second):
    ours, theirs = arrays(first), arrays(second)
    return all(
        a.shape == b.shape and np.array_equal(a, b)
        for a, b in zip(ours, theirs, strict=True)
    )

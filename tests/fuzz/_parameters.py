# SPDX-License-Identifier: BSD-3-Clause
"""Strategies of parameters, from the tables of what constructors admit."""

from numbers import Integral

import numpy as np
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, KFold, LeaveOneOut, TimeSeriesSplit
from sklearn.utils._param_validation import Interval, StrOptions

from skrln import options


def _no_score(*args):
    del args
    return np.nan


def _same_score(*args):
    del args
    return 1.0


JUNK = (
    None, -1, 0, 1.5, np.nan, np.inf, -np.inf, "junk", "", [], {}, (), [1, 2], {"a": 1}, {1},
    True, object(), np.array(3), np.array([1, 2]), np.int64(3), np.float32(0.5), 2**70, b"x",
    np.str_("relu"), [[1], [2]], ["a"], "2", _same_score,
)  # fmt: skip
#: Values of parameters whose admitted values may take long, or open many programs.
BOUNDED = {
    "max_iter": (1, 2, 3, np.int64(2), 2.0, "auto!", 0),
    "n_estimators": (1, 2, np.int32(2), 2.5, "auto!"),
    "hidden_layer_sizes": (
        (4,), 4, (), [4], (4, 3), np.array([4]), np.int64(4), np.inf, np.nan, {}, "4", (4.5,),
        (0,), (-1,), ("a",), [[4]], {4}, np.array(4), (np.inf,), None, (True,),
    ),
    "max_irls_iter": (0, 1, 2, -1, 1.5),
    "inner_max_iter": (1, None, 0),
    "n_generations": (1, 2, 0, -1),
    "population_size": (2, 4, 0, 1),
    "swap_evaluations": (0, 1, -1),
    "n_components": (1, 2, 0, "a", 5, 1.5),
    "n_jobs": (None, 1, "a"),
    "retrain": (False, True, 1, 0, -1, 1.5, "a", np.int64(2), np.nan),
    "validation_cv": (
        None, 2, 3, KFold(2), TimeSeriesSplit(2), [], {}, "cv", 1, 0, -1, LeaveOneOut(),
        [([0, 1, 2, 3], [4, 5])], [([0], [99])], iter([]), GroupKFold(2), [1, 2], 2.5,
    ),
    "cv": (None, 2, 3, KFold(2), TimeSeriesSplit(2), [], {}, "cv", 1, 0, iter([]), 2.5),
    "thetas": ((-8.0,), (-8.0, -7.0), "auto!", (), "a", (np.nan,), 3, [[1.0]], None),
    "reg_steps": (None, (0.1,), (-1,), (), "a", 0.5),
    "numeric_embedding": (None, "piecewise", "junk", 3),
    "theta": (-8.0, -30.0, 30.0, 0, np.inf, np.nan, "auto!", np.float32(-7), 1e300, None),
    "device": (None, "cpu", "cpu:0", "all", "gpu!", "cpu:99", 3, ""),
    "verbose": (False, 0, -1, "a"),
    "random_state": (0, 1, None, -1, "a", np.random.RandomState(0), 2**40, np.int64(3)),
    "learning_rate_init": (0.01, 1e-300, 1e10, 0, -1, np.nan, "a", np.float32(0.1)),
    "batch_size": ("auto", 1, 8, np.int64(8), 1000, 0, 2.5, 2**40, np.int16(7)),
    "scoring": (None, "r2", "accuracy", "junk", 3, _no_score, _same_score),
}  # fmt: skip
OPTIONS = {
    options.RLNPenalty: lambda: options.RLNPenalty(0.1),
    options.UniformPenalty: lambda: options.UniformPenalty(layers="all"),
    options.Solver: lambda: options.Solver("sgd", clip_norm=1.0),
    options.PowerDecay: options.PowerDecay,
    options.ExponentialDecay: options.ExponentialDecay,
    options.ReduceOnPlateau: options.ReduceOnPlateau,
    options.PlainBranch: lambda: options.PlainBranch([0], layer_sizes=2),
    options.Coupling: lambda: options.Coupling("l2"),
}


def values_of(name, constraints):
    """Strategy of the values of one parameter: admitted, at the edge, and junk."""
    if name in BOUNDED:
        return st.sampled_from(BOUNDED[name])
    admitted = [value for rule in constraints for value in _admitted(rule)]
    junk = st.sampled_from(JUNK)
    return st.one_of(st.sampled_from(admitted), junk) if admitted else junk


def _admitted(rule):
    if isinstance(rule, StrOptions):
        return sorted(rule.options)[:12]
    if isinstance(rule, Interval):
        return _of_interval(rule)
    if rule in OPTIONS:
        return [OPTIONS[rule]()]
    if rule is None:
        return [None]
    return {"boolean": [True, False, np.bool_(1)], "array-like": [[0.5], [1, 1]]}.get(
        rule if isinstance(rule, str) else "", []
    )


def _of_interval(rule):
    low = 0 if rule.left is None else rule.left
    high = low + 10 if rule.right is None else rule.right
    ends = [
        low,
        high,
        (low + high) / 2,
        low + 1e-9,
        low - 1e-9,
        np.float32((low + high) / 3),
    ]
    if rule.type is Integral:
        ends = [int(low), int(low) + 1, int(low) + 2, np.int64(low + 1)]
    return ends

# SPDX-License-Identifier: BSD-3-Clause
"""Cases: an estimator with parameters, the arguments of `fit`, and the calls that follow."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression, Ridge, SGDRegressor

import skrln

from . import _parameters
from ._tables import (
    ROWS,
    class_targets,
    domains,
    number_targets,
    plain_tables,
    tables,
    weights,
)

SMALL = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}
SINGLE = SMALL | {"theta": -8.0, "n_estimators": 1, "numeric_embedding": None}
SEARCH = {
    name: value
    for name, value in SINGLE.items()
    if name not in ("theta", "n_estimators")
}
REGRESSION, CLASSIFICATION = number_targets, class_targets


def _network(**params):
    return skrln.RLNRegressor(**SINGLE | params)


SEARCH = SEARCH | {"thetas": (-8.0,), "cv": 2, "n_estimators": 1}
STOPPED = {
    "estimator": SGDRegressor(),
    "max_iter": 3,
    "smoothing_window": 1,
    "random_state": 0,
}
SELECTED = {
    "estimator": SGDRegressor(max_iter=5, tol=None),
    "cv": 2,
    "population_size": 2,
    "n_generations": 1,
    "random_state": 0,
}
TESTED = {"estimator": Ridge(), "cv": 2, "random_state": 0}
PRUNED = {"estimator": _network(), "retrain": False, "random_state": 0}
BLENDED = {
    "estimators": [("a", LogisticRegression()), ("b", LogisticRegression(C=0.1))],
    "cv": 2,
}
AVERAGED = {
    "estimators": [("a", Ridge()), ("b", Ridge(alpha=9.0))],
    "cv": 2,
    "random_state": 0,
}
#: Estimator -> parameters that keep a fit small, and its targets (None without).
ESTIMATORS = {
    "RLNRegressor": (SINGLE, REGRESSION),
    "RLNClassifier": (SINGLE, CLASSIFICATION),
    "RLNMultiTask": (SINGLE, REGRESSION),
    "RLNRegressorCV": (SEARCH, REGRESSION),
    "RLNClassifierCV": (SEARCH, CLASSIFICATION),
    "JointRegressor": (SMALL | {"theta": -8.0}, REGRESSION),
    "JointClassifier": (SMALL | {"theta": -8.0}, CLASSIFICATION),
    "JointAutoencoder": (SMALL | {"n_components": 1}, None),
    "JointGenerator": (SMALL | {"n_components": 1}, None),
    "PerTaskEarlyStopping": (STOPPED, REGRESSION),
    "DistinctivenessPruner": (PRUNED, REGRESSION),
    "ErrorRateSelector": (TESTED, REGRESSION),
    "GeneticSelector": (SELECTED, REGRESSION),
    "BlendingClassifier": (BLENDED, CLASSIFICATION),
    "BlendingRegressor": (AVERAGED, REGRESSION),
}
#: Estimators are drawn in these proportions.
SHARES = (
    ("RLNRegressor",) * 4
    + ("RLNClassifier",) * 4
    + ("RLNMultiTask",) * 2
    + tuple(ESTIMATORS)[3:]
)
#: Which part of a case is odd, in these proportions.
VARIED = ("table",) * 11 + ("parameters",) * 7 + ("both",) * 2
JOINT = ("JointRegressor", "JointClassifier", "JointAutoencoder", "JointGenerator")
NETWORKS = tuple(ESTIMATORS)[:5]
#: Estimators whose `fit` takes the table and the target only.
PLAIN = tuple(ESTIMATORS)[7:]
#: Parameters that hold estimators stay as they are.
KEPT = ("estimator", "estimators", "pretrained", "checkpoint")


@dataclass
class Case:
    """One case."""

    name: str
    params: dict
    X: Any
    y: Any
    fit_params: dict
    X_later: Any
    partial: bool


@st.composite
def cases(draw, names=SHARES):
    """Strategy of a case."""
    name = draw(st.sampled_from(names))
    base, targets = ESTIMATORS[name]
    # Most cases are odd in one way, which is quick: they share compiled programs.
    varied = draw(st.sampled_from(VARIED))
    params = dict(base)
    if varied != "table":
        params |= draw(_parameters_of(name))
    n_rows = draw(st.sampled_from(ROWS))
    X = draw(plain_tables(n_rows) if varied == "parameters" else tables(n_rows))
    y = None if targets is None else draw(targets(n_rows))
    if name == "RLNMultiTask" and draw(st.integers(0, 3)):
        rng = np.random.default_rng(draw(st.integers(0, 99)))
        y = np.column_stack([rng.normal(size=n_rows), rng.integers(0, 2, n_rows)])
    return Case(
        name, params, X, y, draw(_fit_params(name, n_rows)),
        draw(st.one_of(st.none(), st.none(), tables(draw(st.sampled_from((40, 3, 1, 0)))))),
        draw(st.integers(0, 5)) == 0 and name in NETWORKS,
    )  # fmt: skip


@st.composite
def _parameters_of(draw, name):
    """Some parameters of an estimator, admitted or not."""
    constraints = getattr(skrln, name)._parameter_constraints
    parameters = st.sampled_from(sorted(set(constraints) - set(KEPT)))
    params = {}
    for parameter in draw(st.lists(parameters, min_size=1, max_size=2)):
        rule = constraints[parameter]
        if isinstance(rule, list):
            params[parameter] = draw(_parameters.values_of(parameter, rule))
    return params


@st.composite
def _fit_params(draw, name, n_rows):
    """Optional arguments of `fit`."""
    given = {}
    if name in JOINT:
        given["sample_domain"] = draw(domains(n_rows))
    if name in PLAIN:
        return given
    weight = draw(weights(n_rows))
    if weight is not None:
        given["sample_weight"] = weight
    if name in NETWORKS and draw(st.integers(0, 7)) == 0:
        n_val = draw(st.sampled_from((12, 2, 0)))
        given["X_val"] = draw(tables(n_val))
        given["y_val"] = draw(
            (class_targets if "Classifier" in name else number_targets)(n_val)
        )
    return given

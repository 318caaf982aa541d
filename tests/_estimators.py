# SPDX-License-Identifier: BSD-3-Clause
"""Every public estimator with a small table to fit it on."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge

import skrln
from skrln.presets import READABLE

N = 40
X = np.random.default_rng(0).normal(size=(N, 4))
NUMBERS = 2 * X[:, 0] - X[:, 1]
CLASSES = (NUMBERS > 0).astype(int)
DOMAIN = np.repeat(["north", "south"], N // 2)
SMALL = READABLE | {"hidden_layer_sizes": (5,), "max_iter": 3, "random_state": 0}
ENSEMBLE = {
    "hidden_layer_sizes": (5,),
    "max_iter": 3,
    "n_estimators": 2,
    "random_state": 0,
}
SEARCH = {"thetas": [-7.0, -6.0], "cv": 2, "max_iter": 3, "random_state": 0}
JOINT = {"hidden_layer_sizes": (5, 4), "max_iter": 3, "random_state": 0}


class Case(NamedTuple):
    """An estimator, and the arguments of its fit."""

    model: Any
    y: Any = None
    options: Any = {}  # noqa: RUF012 - never written to

    def fit(self, model):
        """Fit `model` on the table of this case."""
        arguments = () if self.y is None else (self.y,)
        return model.fit(X, *arguments, **self.options)

    def outputs(self, model):
        """Everything that a fitted model returns for the table, by method."""
        values = {}
        domains = {name: self.options[name] for name in self.options}
        for name in ("predict", "predict_proba", "transform", "reconstruct"):
            method = getattr(model, name, None)
            if method is not None:
                values[name] = method(X, **domains)
        if hasattr(model, "sample"):
            values["sample"] = model.sample(5, domain="north", random_state=0)
        return values


def make_cases():
    """One case for each estimator, and more where one has several paths through fit."""
    network = skrln.RLNRegressor(**SMALL)
    domains = {"sample_domain": DOMAIN}
    mixed = np.column_stack([NUMBERS, CLASSES])
    return {
        "RLNRegressor": Case(network, NUMBERS),
        "RLNRegressor, ensemble": Case(skrln.RLNRegressor(**ENSEMBLE), NUMBERS),
        "RLNClassifier": Case(skrln.RLNClassifier(**SMALL), CLASSES),
        "RLNMultiTask": Case(skrln.RLNMultiTask(**SMALL), mixed),
        "RLNRegressorCV": Case(skrln.RLNRegressorCV((5,), **SEARCH), NUMBERS),
        "RLNClassifierCV": Case(skrln.RLNClassifierCV((5,), **SEARCH), CLASSES),
        "BlendingClassifier": Case(
            skrln.BlendingClassifier(
                [("linear", LogisticRegression())], cv=2, random_state=0
            ),
            CLASSES,
        ),
        "BlendingRegressor": Case(
            skrln.BlendingRegressor([("linear", Ridge())], cv=2, random_state=0),
            NUMBERS,
        ),
        "JointRegressor": Case(skrln.JointRegressor(**JOINT), NUMBERS, domains),
        "JointClassifier": Case(skrln.JointClassifier(**JOINT), CLASSES, domains),
        "JointAutoencoder": Case(skrln.JointAutoencoder(2, **JOINT), None, domains),
        "JointGenerator": Case(skrln.JointGenerator(2, **JOINT), None, domains),
        "PerTaskEarlyStopping": Case(
            skrln.PerTaskEarlyStopping(network, smoothing_window=1, random_state=0),
            NUMBERS,
        ),
        "DistinctivenessPruner": Case(
            skrln.DistinctivenessPruner(network, random_state=0), NUMBERS
        ),
        "ErrorRateSelector": Case(
            skrln.ErrorRateSelector(Ridge(), cv=2, random_state=0), NUMBERS
        ),
        "GeneticSelector": Case(
            skrln.GeneticSelector(
                Ridge(), cv=2, n_generations=2, population_size=4, random_state=0
            ),
            NUMBERS,
        ),
    }

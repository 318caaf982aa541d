# SPDX-License-Identifier: BSD-3-Clause
"""A small fitted model of every public estimator, and what is read from it.

Nothing here imports JAX: the models are read where only scikit-learn is installed.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from sklearn.datasets import load_diabetes, load_wine
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

import skrln
from skrln.datasets import make_domains
from skrln.options import PlainBranch, RLNPenalty

NETWORK = {
    "hidden_layer_sizes": (4,),
    "theta": -7.0,
    "n_estimators": 1,
    "numeric_embedding": None,
    "max_iter": 3,
    "dtype": "float64",
    "random_state": 0,
}
#: Methods that are called where a model has them.
METHODS = ("predict", "predict_proba", "transform", "inpaint")


class Model(NamedTuple):
    """A model of one public estimator."""

    fit: Callable[[], Any]
    inputs: Callable[
        [], dict[str, np.ndarray]
    ]  #: arguments of the methods of `METHODS`


def _numbers():
    X, y = load_diabetes(return_X_y=True)
    X = 10 * X[:60, :5]
    X[:, 1] = X[:, 1] > 0
    X[::7, 2] = np.nan
    return X, y[:60] / 7


def _classes():
    X, y = load_wine(return_X_y=True)
    return X[::3, :4], np.array(["a", "b", "c"])[y[::3]]


def _domains():
    return make_domains(16, 3, 2, 4, random_state=0)


def _tasks():
    X, y = _numbers()
    return X, np.column_stack([y, X[:, 3]])


def _mixed():
    X, y = _numbers()
    return X, np.column_stack([y, X[:, 3] > 0]).astype(float)


def _network(network, table, **changes):
    return Model(
        lambda: network(**NETWORK | changes).fit(*table()),
        lambda: {"X": table()[0][:12]},
    )


def _search(search, table, **changes):
    chosen = {k: v for k, v in NETWORK.items() if k != "theta"}
    return Model(
        lambda: search(**chosen, thetas=[-8, -6], cv=2, **changes).fit(*table()),
        lambda: {"X": table()[0][:12]},
    )


def _joint(joint):
    changes = {"hidden_layer_sizes": (4,), "max_iter": 4, "dtype": "float64"}

    def fit():
        X, y, domain = _domains()
        if joint is skrln.JointClassifier:
            y = np.where(y > np.median(y), "high", "low")
        model = joint(**changes, random_state=0)
        return model.fit(X, y, sample_domain=domain)

    def inputs():
        X, _, domain = _domains()
        return {"X": X[::5], "sample_domain": domain[::5]}

    return Model(fit, inputs)


def _stages():
    network = skrln.RLNRegressor(**NETWORK)
    model = skrln.PerTaskEarlyStopping(network, smoothing_window=1, random_state=0)
    return model.fit(*_tasks())


def _pruner():
    network = skrln.RLNRegressor(**NETWORK)
    return skrln.DistinctivenessPruner(network, ratio=0.25, retrain=2).fit(*_numbers())


def _selector():
    selector = skrln.GeneticSelector(
        DecisionTreeClassifier(max_depth=2, random_state=0),
        n_features_to_select=2,
        n_generations=2,
        population_size=4,
        cv=2,
        random_state=0,
    )
    return selector.fit(*_classes())


def _blend():
    models = [
        ("network", skrln.RLNClassifier(**NETWORK)),
        ("line", LogisticRegression(max_iter=1000)),
    ]
    return skrln.BlendingClassifier(models, cv=2, random_state=0).fit(*_classes())


def _blend_numbers():
    models = [("network", skrln.RLNRegressor(**NETWORK)), ("mean", DummyRegressor())]
    blend = skrln.BlendingRegressor(models, cv=2, random_state=0)
    return blend.fit(*_numbers())


def _tested():
    model = LogisticRegression(max_iter=1000)
    bound = {"fdr": None, "max_false_positives": 2.0}
    selector = skrln.ErrorRateSelector(model, cv=2, random_state=0, **bound)
    return selector.fit(*_classes())


MODELS = {
    "RLNRegressor": _network(
        skrln.RLNRegressor,
        _numbers,
        categorical_features=[1],
        numeric_embedding="piecewise",
        penalty=RLNPenalty(n_path_edges=2),
    ),
    "RLNRegressor-ensemble": _network(
        skrln.RLNRegressor,
        _numbers,
        n_estimators=2,
        plain_branch=PlainBranch([3], layer_sizes=(2,)),
        dropout=0.1,
    ),
    "RLNClassifier": _network(skrln.RLNClassifier, _classes, batch_norm="before"),
    "RLNMultiTask": _network(skrln.RLNMultiTask, _mixed),
    "RLNRegressorCV": _search(skrln.RLNRegressorCV, _numbers),
    "RLNClassifierCV": _search(skrln.RLNClassifierCV, _classes),
    "JointRegressor": _joint(skrln.JointRegressor),
    "JointClassifier": _joint(skrln.JointClassifier),
    "JointAutoencoder": _joint(lambda **p: skrln.JointAutoencoder(2, **p)),
    "JointGenerator": _joint(lambda **p: skrln.JointGenerator(2, **p)),
    "PerTaskEarlyStopping": Model(_stages, lambda: {"X": _tasks()[0][:12]}),
    "DistinctivenessPruner": Model(_pruner, lambda: {"X": _numbers()[0][:12]}),
    "GeneticSelector": Model(_selector, lambda: {"X": _classes()[0][:12]}),
    "ErrorRateSelector": Model(_tested, lambda: {"X": _classes()[0][:12]}),
    "BlendingClassifier": Model(_blend, lambda: {"X": _classes()[0][:12]}),
    "BlendingRegressor": Model(_blend_numbers, lambda: {"X": _numbers()[0][:12]}),
}


def read(model, inputs):
    """Return all that a fitted model says about these inputs, by method."""
    if hasattr(model, "sample"):
        rows, domain = model.sample(3, random_state=0)
        return {"sample": rows, "sample.domain": domain}
    domain = {k: inputs[k] for k in ("sample_domain",) if k in inputs}
    found = {
        name: getattr(model, name)(inputs["X"], **domain)
        for name in METHODS
        if hasattr(model, name)
    }
    if len(getattr(model, "estimators_", ())) > 1 and hasattr(model, "dropout"):
        found["std"] = model.predict(inputs["X"], return_std=True)
        found["draws"] = model.sample_predictions(inputs["X"], 2, random_state=0)
    named = {}
    for name, values in found.items():  # some methods return an array per task, or None
        parts = values if isinstance(values, list | tuple) else [values]
        named |= {
            f"{name}.{k}": np.asarray(part)
            for k, part in enumerate(parts)
            if part is not None
        }
    return named

# SPDX-License-Identifier: BSD-3-Clause
"""Promises of every public estimator: what fit learned stays, and fits happen whole."""

import warnings
from copy import copy

import numpy as np
import pytest
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge

import skrln
from skrln._table._sklearn import check_parameters
from skrln.options import PlainBranch, Transfer

from ._estimators import CLASSES, DOMAIN, NUMBERS, SMALL, X, make_cases

CASES = make_cases()
each_case = pytest.mark.parametrize("name", CASES)


def test_every_estimator_has_a_case():
    estimators = {
        name
        for name in skrln.__all__
        if isinstance(getattr(skrln, name), type)
        and issubclass(getattr(skrln, name), BaseEstimator)
    }
    assert {type(case.model).__name__ for case in CASES.values()} == estimators


@pytest.fixture(scope="module")
def fitted():
    """Fitted models by case; tests copy them."""
    return {name: case.fit(clone(case.model)) for name, case in CASES.items()}


def dense(value):
    """Sparse matrices as arrays, also in lists."""
    if isinstance(value, list | tuple):
        return [dense(one) for one in value]
    if isinstance(value, dict):
        return {key: dense(one) for key, one in value.items()}
    return value.toarray() if issparse(value) else value


def attributes(model):
    """Fitted attributes that are arrays and numbers."""
    values = {}
    for name in dir(model):
        if name.endswith("_") and not name.startswith("_"):
            try:
                value = getattr(model, name)
            except AttributeError:
                continue
            if not callable(value) and "estimator" not in name:
                values[name] = dense(value)
    return values


def assert_same(model, case, expected):
    """Compare attributes and outputs of a model with those of before."""
    np.testing.assert_equal(attributes(model), expected[0])
    np.testing.assert_equal(case.outputs(model), expected[1])


# -- what fit learned ----------------------------------------------------------------------

#: Values of which those that a parameter admits are set after the fit.
VALUES = [
    True,
    False,
    None,
    2,
    7,
    0.25,
    0.75,
    (3, 2),
    [-8.0],
    "auto",
    lambda step: 0.01,
]
#: Values of parameters that take estimators.
OTHERS = {
    "estimator": [skrln.RLNRegressor(**SMALL | {"theta": -8.0}), Ridge(2.0)],
    "estimators": [[("other", LogisticRegression(C=2.0))]],
    "plain_branch": [PlainBranch([2])],
    "pretrained": [Transfer(n_frozen_layers=1)],
}


def later_values(model, name):
    """Values of a parameter that it admits, apart from the one that it has."""
    rules = model._parameter_constraints[name]
    names = [
        option for rule in rules for option in sorted(getattr(rule, "options", ()))
    ]
    candidates = OTHERS.get(name, [*VALUES, *names])
    admitted = []
    for value in candidates:
        try:
            check_parameters({name: rules}, {name: value}, type(model).__name__)
        except ValueError:
            continue
        if value is not getattr(model, name):
            admitted.append(value)
    return admitted


@each_case
def test_parameters_that_are_set_after_fit_change_nothing(name, fitted):
    case, model = CASES[name], copy(fitted[name])
    expected = attributes(model), case.outputs(model)
    for parameter in model.get_params(deep=False):
        before = getattr(model, parameter)
        values = later_values(model, parameter)
        assert values, parameter
        for value in values:
            model.set_params(**{parameter: value})
            try:
                assert_same(model, case, expected)
            except Exception as error:
                error.add_note(f"{parameter}={value!r}")
                raise
        model.set_params(**{parameter: before})


# -- fits that happen whole or not at all --------------------------------------------------


class BrokenSeed(np.random.RandomState):
    """Random state that fails where a fit draws from it."""

    def _fail(self, *args, **kwargs):
        raise RuntimeError("the middle of the fit")

    randint = permutation = choice = uniform = normal = _fail


class BrokenModel(LogisticRegression):
    """Classifier whose fit on a part of the rows fails, after that on all rows."""

    def fit(self, X, y, sample_weight=None):
        if len(X) < len(CLASSES):
            raise RuntimeError("the middle of the fit")
        return super().fit(X, y, sample_weight)


def broken_scorer(model, X, y):
    del model, X, y
    raise RuntimeError("the middle of the fit")


#: Ways in which a fit fails: parameters, and changes of the arguments.
def failures(case):
    y = case.y
    names = case.model.get_params(deep=False)
    yield {}, X[:-1], y if y is not None else DOMAIN
    yield {}, np.where(np.arange(4) == 1, np.inf, X), y
    if y is not None:
        yield {}, X, np.full(np.shape(y), np.nan)
        yield {}, X, None
    if "max_iter" in names:
        yield {"max_iter": -1}, X, y
    if "hidden_layer_sizes" in names:
        yield {"hidden_layer_sizes": [2.5]}, X, y
    if "cv" in names:
        yield {"cv": []}, X, y
    if "random_state" in names:
        yield {"random_state": BrokenSeed()}, X, y
    if "scoring" in names:
        yield {"scoring": broken_scorer}, X, y
    if "estimators" in names:
        yield {"estimators": [("broken", BrokenModel())]}, X, y
    if "learning_rate" in names and not isinstance(case.model, skrln.JointGenerator):
        yield {"learning_rate": lambda step: step.nothing}, X, y


def fail(case, model, params, inputs, y):
    """Run a fit that fails."""
    arguments = () if case.y is None and y is None else (y,)
    options = dict(case.options)
    model.set_params(**params)
    with warnings.catch_warnings():
        # NumPy may warn of a bad number before the estimator refuses it.
        warnings.simplefilter("ignore", RuntimeWarning)
        with pytest.raises((ValueError, TypeError, RuntimeError, AttributeError)):
            model.fit(inputs, *arguments, **options)


@each_case
def test_failed_first_fit_leaves_nothing(name):
    case = CASES[name]
    for params, inputs, y in failures(case):
        model = clone(case.model)
        before = dict(vars(model))
        fail(case, model, params, inputs, y)
        assert {**vars(model), **{k: before[k] for k in params}} == before
        for method in ("predict", "predict_proba", "transform"):
            if hasattr(type(model), method) and hasattr(model, method):
                with pytest.raises(NotFittedError):
                    getattr(model, method)(X, **case.options)
        if hasattr(model, "sample"):
            with pytest.raises(NotFittedError):
                model.sample(5)


@each_case
def test_failed_second_fit_leaves_the_first(name, fitted):
    case, model = CASES[name], copy(fitted[name])
    expected, before = (attributes(model), case.outputs(model)), dict(vars(model))
    for params, inputs, y in failures(case):
        kept = {parameter: getattr(model, parameter) for parameter in params}
        fail(case, model, params, inputs, y)
        model.set_params(**kept)
        assert vars(model).keys() == before.keys()
        assert all(vars(model)[key] is value for key, value in before.items())
    assert_same(model, case, expected)


@each_case
def test_warning_that_is_an_error_leaves_the_first_fit(name, fitted):
    """The warning of a fit that diverged comes after all numbers are there."""
    case, model = CASES[name], copy(fitted[name])
    if "learning_rate_init" not in model.get_params():
        pytest.skip("trains no network of its own")
    before = dict(vars(model))
    model.set_params(learning_rate_init=1e30)
    with pytest.raises(Warning, match="diverged"):
        case.fit(model)
    model.set_params(learning_rate_init=before["learning_rate_init"])
    assert all(vars(model)[key] is value for key, value in before.items())


def test_failed_partial_fit_leaves_the_network(fitted):
    model = copy(fitted["RLNRegressor"])
    before = dict(vars(model))
    for inputs, y in ((X[:, :2], NUMBERS), (X, np.full(len(X), np.nan))):
        with pytest.raises(ValueError, match=r"features|NaN"):
            model.partial_fit(inputs, y)
        assert vars(model) == before
    fresh = clone(model)
    with pytest.raises(ValueError, match="NaN"):
        fresh.partial_fit(X, np.full(len(X), np.nan))
    with pytest.raises(NotFittedError):
        fresh.predict(X)

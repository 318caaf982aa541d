# SPDX-License-Identifier: BSD-3-Clause
"""Trees whose thresholds are values of the table, alone, in pipelines and in blends."""

import importlib

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrln import BlendingClassifier, BlendingRegressor, RLNClassifier, RLNRegressor
from skrln.onnx._xgboost import convert_xgboost

from ._graphs import assert_same, to_onnx
from ._models import TINY

RNG = np.random.default_rng(0)
#: Tenths: the middle of two values is a third value, and no tenth is a double.
X = RNG.integers(-20, 20, (200, 4)) / 10
Y = X[:, 0] + X[:, 1] * X[:, 2] + 0.1 * RNG.normal(size=200)
HOLES = np.where(RNG.random(X.shape) < 0.1, np.nan, X)


def blend_of(model, X, y):
    if hasattr(model, "predict_proba"):
        models = [("network", RLNClassifier(**TINY)), ("trees", model)]
        return BlendingClassifier(models, cv=2, equal_pull=1e3).fit(X, y)
    models = [("network", RLNRegressor(**TINY)), ("trees", model)]
    return BlendingRegressor(models, cv=2, equal_pull=1e3, random_state=0).fit(X, y)


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_boosted_numbers(loss):
    model = HistGradientBoostingRegressor(loss=loss, max_iter=6, random_state=0)
    assert_same(blend_of(model, HOLES, np.abs(Y)), HOLES)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_boosted_classes(n_classes):
    labels = np.array(["a", "b", "c"])[np.digitize(Y, [0, 2][: n_classes - 1])]
    model = HistGradientBoostingClassifier(max_iter=6, random_state=0)
    assert_same(blend_of(model, HOLES, labels), HOLES)


def test_boosting_in_a_pipeline_and_a_frame():
    frame = pd.DataFrame(HOLES, columns=list("abcd"))
    model = make_pipeline(
        StandardScaler(), HistGradientBoostingRegressor(max_iter=5, random_state=0)
    )
    assert_same(blend_of(model, frame, Y), frame)


def test_numbers_of_a_forest():
    assert_same(blend_of(RandomForestRegressor(10, random_state=0), X, Y), X)


@pytest.mark.parametrize("kind", [RandomForestClassifier, GradientBoostingClassifier])
def test_classes_of_trees(kind):
    model = kind(n_estimators=10, random_state=0)
    assert_same(blend_of(model, X, np.digitize(Y, [0, 2])), X)


def test_categories_of_boosting_are_refused():
    columns = X.copy()
    columns[:, 0] = np.arange(200) % 3
    model = HistGradientBoostingRegressor(max_iter=2, categorical_features=[0])
    with pytest.raises(NotImplementedError, match=r"with categorical features.*OneHot"):
        to_onnx(model.fit(columns, Y), columns)


# -- XGBoost -------------------------------------------------------------------------------


def boosted(kind, **params):
    pytest.importorskip("onnxmltools", reason="comes with the extra onnx")
    xgboost = pytest.importorskip("xgboost", reason="comes with the extra examples")
    return getattr(xgboost, kind)(n_estimators=8, max_depth=3, **params)


@pytest.mark.parametrize("kind", ["XGBRegressor", "XGBRFRegressor"])
def test_numbers_of_xgboost(kind):
    assert_same(blend_of(boosted(kind), HOLES, Y), HOLES)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_classes_of_xgboost(n_classes):
    labels = np.digitize(Y, [0, 2][: n_classes - 1])
    assert_same(blend_of(boosted("XGBClassifier"), HOLES, labels), HOLES)


def test_xgboost_in_a_frame():
    frame = pd.DataFrame(HOLES, columns=list("abcd"))
    assert_same(blend_of(boosted("XGBRegressor"), frame, Y), frame)


def test_categories_of_xgboost_are_refused():
    frame = pd.DataFrame({"a": X[:, 0], "b": pd.Categorical(np.arange(200) % 3)})
    model = boosted("XGBRegressor", enable_categorical=True)
    expected = r"XGBRegressor with categorical columns.*OneHotEncoder"
    with pytest.raises(NotImplementedError, match=expected):
        to_onnx(model.fit(frame, Y), frame)


@pytest.mark.parametrize(
    "params",
    [
        {"objective": "reg:squaredlogerror"},
        # A regressor with this objective predicts probabilities.
        {"objective": "binary:logistic"},
        {"booster": "dart"},
    ],
    ids=str,
)
def test_what_onnxmltools_gets_wrong_is_refused(params):
    ((name, value),) = params.items()
    model = boosted("XGBRegressor", **params).fit(X, (Y > 0).astype(float))
    with pytest.raises(NotImplementedError, match=f"{name}='{value}'.*skops or pickle"):
        to_onnx(model, X)


@pytest.mark.parametrize("objective", ["count:poisson", "reg:gamma", "reg:tweedie"])
def test_objectives_of_xgboost(objective):
    model = boosted("XGBRegressor", objective=objective).fit(X, np.abs(Y) + 0.1)
    assert_same(model, X)


def test_xgboost_alone():
    assert_same(boosted("XGBRegressor").fit(HOLES, Y), HOLES)


def test_converter_of_the_user_is_kept():
    model = boosted("XGBRegressor").fit(X, Y)
    assert_same(model, X)
    skl2onnx = pytest.importorskip("skl2onnx", reason="comes with the extra onnx")
    registration = importlib.import_module("skl2onnx.common._registration")
    shapes = registration.get_shape_calculator("XGBRegressor")
    calls = []

    def register(convert):
        skl2onnx.update_registered_converter(
            type(model), "XGBRegressor", shapes, convert, overwrite=True
        )

    def convert(scope, operator, container):
        calls.append(operator.raw_operator)
        convert_xgboost(scope, operator, container)

    register(convert)
    try:
        assert_same(model, X)
    finally:
        register(convert_xgboost)
    assert calls == [model]

# SPDX-License-Identifier: BSD-3-Clause
"""Networks inside the estimators of scikit-learn, and estimators without a graph."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skrln import RLNClassifier, RLNRegressor
from skrln.feature_selection import GeneticSelector
from skrln.joint import JointRegressor
from skrln.multitask import PerTaskEarlyStopping
from skrln.onnx import register_converters, to_onnx

from ._graphs import assert_same, open_session
from ._models import TINY, make_target

NUMBERS, WORDS = ["year of birth", "count", "rate"], ["city", "word"]


def with_words(frame):
    """Categories as strings without missing values, as encoders of skl2onnx take them."""
    words = {name: frame[name].astype(object).fillna("none") for name in WORDS}
    return frame.assign(**words)


def columns_of(numbers, words):
    return ColumnTransformer([("numbers", numbers, NUMBERS), ("words", words, WORDS)])


def test_numbers_in_a_pipeline(table, frame):
    X, y = table
    X = np.where(np.abs(X) > 2, np.nan, X)
    steps = SimpleImputer(strategy="median"), StandardScaler()
    assert_same(make_pipeline(*steps, RLNRegressor(**TINY)).fit(X, y), X)
    model = make_pipeline(*steps, RLNRegressor(**TINY))
    assert_same(model.fit(frame[NUMBERS], make_target(frame)), frame[NUMBERS])


def test_categories_encoded_by_a_pipeline(frame):
    X, labels = with_words(frame), np.where(make_target(frame) > 2, "high", "low")
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = columns_of(make_pipeline(SimpleImputer(), StandardScaler()), encoder)
    model = make_pipeline(columns, RLNClassifier(**TINY)).fit(X, labels)
    assert_same(model, X)


def test_categories_passed_to_the_network(frame):
    X = with_words(frame)
    columns = columns_of("passthrough", "passthrough").set_output(transform="pandas")
    model = make_pipeline(columns, RLNRegressor(**TINY)).fit(X, make_target(frame))
    assert len(model[-1]._fitted.columns.categorical) == 2
    assert_same(model, X, X.assign(city="Paris"))


@pytest.mark.parametrize("as_frame", [False, True])
def test_columns_selected_in_a_pipeline(table, as_frame):
    X, y = table
    X = pd.DataFrame(X, columns=list("abcd")) if as_frame else X
    selector = GeneticSelector(fitness="mrmr", n_features_to_select=2, random_state=0)
    model = make_pipeline(selector, RLNRegressor(**TINY)).fit(X, y)
    assert_same(model, X)
    with pytest.raises(NotImplementedError, match=r"GeneticSelector.*a step of"):
        to_onnx(model[0], X)


def test_search_of_a_pipeline(table):
    X, y = table
    pipeline = make_pipeline(StandardScaler(), RLNRegressor(**TINY))
    grid = {"rlnregressor__theta": [-8.0, -6.0]}
    assert_same(GridSearchCV(pipeline, grid, cv=2).fit(X, y), X)


def test_converters_of_skl2onnx(classifier, regressor, table):
    import skl2onnx

    X, _ = table
    register_converters()
    for model in (classifier, regressor):
        converted = skl2onnx.to_onnx(model, X[:1])
        outputs = open_session(converted).run(None, {"X": X})
        method = "predict_proba" if model is classifier else "predict"
        expected = getattr(model, method)(X)
        np.testing.assert_allclose(
            outputs[-1].reshape(expected.shape), expected, rtol=1e-5
        )
    pipeline = make_pipeline(StandardScaler(), RLNRegressor(**TINY)).fit(*table)
    converted = skl2onnx.to_onnx(pipeline, X[:1].astype(np.float32))
    outputs = open_session(converted).run(None, {"X": X.astype(np.float32)})
    np.testing.assert_allclose(outputs[0].ravel(), pipeline.predict(X), rtol=1e-4)


def test_estimators_without_a_graph(table):
    X, y = table
    joint = JointRegressor((8,), max_iter=2, random_state=0)
    joint.fit(X, y, sample_domain=np.arange(60) % 2)
    with pytest.raises(
        NotImplementedError, match=r"JointRegressor.*fit an RLNRegressor"
    ):
        to_onnx(joint, X)
    stages = PerTaskEarlyStopping(Ridge(), random_state=0)
    stages.estimators_ = [Ridge().fit(X, y)]
    with pytest.raises(NotImplementedError, match=r"PerTaskEarlyStopping.*estimators_"):
        to_onnx(stages, X)

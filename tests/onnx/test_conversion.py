# SPDX-License-Identifier: BSD-3-Clause
"""The public functions: inputs of the graph, and errors."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

import skrln.onnx
from skrln import RLNRegressor
from skrln.onnx import register_converters, to_onnx

from ._graphs import assert_same, open_session
from ._models import TINY


def inputs_of(model, X):
    inputs = open_session(to_onnx(model, X)).get_inputs()
    return {own.name: (own.type, own.shape) for own in inputs}


def test_public_names():
    assert skrln.onnx.__all__ == ["register_converters", "to_onnx"]


def test_inputs_of_an_array(regressor, table):
    X, _ = table
    assert inputs_of(regressor, X) == {"X": ("tensor(double)", [None, 4])}
    single = X.astype(np.float32)
    assert inputs_of(regressor, single) == {"X": ("tensor(float)", [None, 4])}


def test_inputs_of_a_frame(mixed_ensemble, frame):
    assert inputs_of(mixed_ensemble, frame) == {
        "year of birth": ("tensor(double)", [None, 1]),
        "count": ("tensor(double)", [None, 1]),
        "rate": ("tensor(double)", [None, 1]),
        "city": ("tensor(string)", [None, 1]),
        "word": ("tensor(string)", [None, 1]),
        "grade": ("tensor(double)", [None, 1]),
    }


def test_frame_in_single_precision(table):
    X, y = table
    X = pd.DataFrame(X.astype(np.float32), columns=list("abcd"))
    model = RLNRegressor(**TINY).fit(X, y)
    assert inputs_of(model, X)["a"] == ("tensor(float)", [None, 1])
    assert_same(model, X)


def test_array_of_objects():
    words = np.array(["a", "b", None], object)[np.arange(60) % 3]
    X = np.column_stack([np.linspace(0, 1, 60).astype(object), words])
    model = RLNRegressor(**TINY, categorical_features=[1])
    model.fit(X, np.arange(60.0) + 30 * (words == "a"))
    session = open_session(to_onnx(model, X))
    feeds = {
        "X0": X[:, :1].astype(float),
        "X1": np.array([word or "" for word in words])[:, None],
    }
    (outputs,) = session.run(None, feeds)
    np.testing.assert_allclose(outputs[:, 0], model.predict(X), rtol=1e-5)


def test_columns_in_another_order(mixed_ensemble, frame):
    with pytest.raises(ValueError, match="order"):
        to_onnx(mixed_ensemble, frame[frame.columns[[1, 0, 2, 3, 4, 5]]])


def test_nothing_is_imported_before_it_is_needed(regressor, table, tmp_path):
    """JAX is not needed at all."""
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps((regressor, table[0])))
    code = f"""
import pickle, sys
sys.modules["jax"] = None
import skrln.onnx
assert not {{"onnx", "skl2onnx", "onnxruntime"}} & set(sys.modules)
with open({str(path)!r}, "rb") as file:
    model, X = pickle.load(file)
assert skrln.onnx.to_onnx(model, X).graph.output[0].name == "variable"
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_version_of_the_operators(regressor, table):
    converted = to_onnx(regressor, table[0], target_opset=15)
    assert max(own.version for own in converted.opset_import if not own.domain) <= 15
    outputs = open_session(converted).run(None, {"X": table[0]})
    expected = regressor.predict(table[0])
    np.testing.assert_allclose(outputs[0].ravel(), expected, rtol=1e-5)


def test_model_that_is_not_fitted(table):
    with pytest.raises(NotFittedError, match="not fitted"):
        to_onnx(RLNRegressor(), table[0])


def test_wrong_number_of_columns(regressor, table):
    with pytest.raises(NotImplementedError, match=r"\[3\] column.* on 4 columns"):
        to_onnx(regressor, table[0][:, :3])


def test_numbers_in_place_of_strings(mixed_ensemble, frame):
    wrong = frame.assign(city=1.0)
    with pytest.raises(NotImplementedError, match="'city' as DoubleTensorType"):
        to_onnx(mixed_ensemble, wrong)


def test_strings_in_place_of_numbers(mixed_ensemble, frame):
    wrong = frame.assign(rate="1.5")
    with pytest.raises(NotImplementedError, match="'rate' as strings"):
        to_onnx(mixed_ensemble, wrong)


def test_step_that_skl2onnx_lacks(table):
    class Unknown(HistGradientBoostingRegressor):
        def transform(self, X):
            return X

    model = make_pipeline(Unknown(max_iter=2), RLNRegressor(**TINY)).fit(*table)
    with pytest.raises(NotImplementedError, match="Register a converter for the part"):
        to_onnx(model, table[0])


@pytest.mark.parametrize("missing", ["onnx", "skl2onnx"])
def test_error_names_the_extra(regressor, table, missing, monkeypatch):
    monkeypatch.setitem(sys.modules, missing, None)
    for call in (lambda: to_onnx(regressor, table[0]), register_converters):
        if missing == "onnx" and call is register_converters:
            continue
        with pytest.raises(ImportError, match=r'pip install "skrln\[onnx\]"'):
            call()

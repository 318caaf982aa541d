# SPDX-License-Identifier: BSD-3-Clause
"""Outputs for every kind of target: names, types, shapes and values."""

import numpy as np
import pandas as pd
import pytest

from skrln import RLNClassifier, RLNMultiTask, RLNRegressor

from ._graphs import assert_close, assert_same, open_session, run, to_onnx
from ._models import TINY


def shapes_of(model, X):
    return {
        output.name: output.shape
        for output in open_session(to_onnx(model, X)).get_outputs()
    }


@pytest.mark.parametrize("loss", ["squared_error", "quantile", "poisson"])
def test_losses(table, loss):
    X, y = table
    assert_same(RLNRegressor(**TINY, loss=loss).fit(X, np.abs(y)), X)


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_several_numbers(table, loss):
    X, y = table
    Y = np.abs(np.c_[y, 1e3 * y, y**2])
    model = RLNRegressor(**TINY, loss=loss).fit(X, Y)
    assert shapes_of(model, X) == {"variable": [None, 3]}
    assert_same(model, X)


@pytest.mark.parametrize(
    "names", [["no", "yes"], [0, 1], [False, True], [1.0, 2.0]], ids=str
)
def test_two_classes(table, names):
    X, y = table
    model = RLNClassifier(**TINY).fit(X, np.array(names)[(y > 3).astype(int)])
    assert_same(model, X)


def test_several_classes(classifier, table):
    assert shapes_of(classifier, table[0]) == {
        "label": [None],
        "probabilities": [None, 3],
    }
    outputs = assert_same(classifier, table[0])
    assert outputs["label"].dtype == object
    assert outputs["probabilities"].dtype == np.float64


def test_probabilities_in_single_precision(classifier, table):
    X = table[0].astype(np.float32)
    assert assert_same(classifier, X)["probabilities"].dtype == np.float32


def test_class_without_weight(table):
    X, y = table
    labels = np.digitize(y, [2, 4])
    weights = np.where(labels == 1, 0.0, 1.0)
    model = RLNClassifier(**TINY).fit(X, labels, sample_weight=weights)
    outputs = assert_same(model, X)
    assert outputs["probabilities"].shape == (60, 3)
    assert (outputs["probabilities"][:, 1] == 0).all()
    labels = np.digitize(y, [1, 3, 5])
    weights = np.where(labels == 1, 0.0, 1.0)
    assert_same(RLNClassifier(**TINY).fit(X, labels, sample_weight=weights), X)


def test_multilabel(table):
    X, y = table
    model = RLNClassifier(**TINY).fit(X, np.c_[y > 2, y > 4].astype(int))
    assert shapes_of(model, X) == {"label": [None, 2], "probabilities": [None, 2]}
    assert_same(model, X)


def test_several_class_tasks(table):
    X, y = table
    Y = np.c_[(y > 3) + 1, np.digitize(y, [1, 3, 5]), np.digitize(X[:, 0], [-0.5, 0.5])]
    model = RLNClassifier(**TINY).fit(X, Y)
    outputs, labels = run(model, X), model.predict(X)
    for task, proba in enumerate(model.predict_proba(X)):
        assert_close(outputs[f"probabilities_{task}"], proba)
        np.testing.assert_array_equal(outputs[f"label_{task}"], labels[:, task])
    assert len(outputs) == 6


def test_tasks_of_several_types(table):
    X, y = table
    Y = pd.DataFrame(
        {
            "number": y,
            "word": np.where(y > 3, "high", "low"),
            "other number": 1e3 * X[:, 1],
            "kind": np.digitize(y, [2, 4]),
        }
    )
    types = ("regression", "classification") * 2
    model = RLNMultiTask(**TINY, task_types=types).fit(X, Y)
    outputs, predictions = run(model, X), model.predict(X)
    assert list(outputs) == [
        "variable_0",
        "label_1",
        "probabilities_1",
        "variable_2",
        "label_3",
        "probabilities_3",
    ]
    for task in (0, 2):
        assert_close(outputs[f"variable_{task}"], predictions[:, task])
    for task in (1, 3):
        assert_close(outputs[f"probabilities_{task}"], model.predict_proba(X)[task])
        np.testing.assert_array_equal(outputs[f"label_{task}"], predictions[:, task])


def test_labels_that_onnx_lacks(classifier, table):
    member = classifier._fitted.members[0]
    target = member.target.set_classes([np.array([0.5, 1.5, 2.5])])
    members = [member._replace(target=target)]
    model = classifier._with_fitted(classifier._fitted._replace(members=members))
    with pytest.raises(
        NotImplementedError, match=r"classes \[0.5, .*to strings before"
    ):
        to_onnx(model, table[0])

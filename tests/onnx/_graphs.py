# SPDX-License-Identifier: BSD-3-Clause
"""Graphs in onnxruntime, and their comparison with the predictions of a model.

A network is a value: a test that is about the forward pass or the targets replaces parts of a
fitted network, which compiles nothing.
"""

import numpy as np
import pytest

from skrln.onnx import to_onnx

pytest.importorskip("skl2onnx", reason="comes with the extra onnx")
onnxruntime = pytest.importorskip("onnxruntime", reason="comes with the extra test")

#: Largest difference to the predictions of the model, in units of the outputs' spread.
TOLERANCE = 1e-5


def make_feeds(session, X):
    """Inputs of a session, as the user guide makes them."""
    if not hasattr(X, "columns"):
        return {"X": X}
    feeds = {}
    for wanted in session.get_inputs():
        column = X[wanted.name]
        if wanted.type == "tensor(string)":
            cells = column.astype(object).where(column.notna(), "").to_numpy(str)
        else:
            cells = column.to_numpy("f4" if wanted.type == "tensor(float)" else "f8")
        feeds[wanted.name] = cells.reshape(-1, 1)
    return feeds


def open_session(converted):
    content = converted.SerializeToString()
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def run(model, X, rows=None):
    """Outputs by name for `rows`, by default the rows that the graph is made from."""
    session = open_session(to_onnx(model, X))
    feeds = make_feeds(session, X if rows is None else rows)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


def assert_close(array, expected):
    expected = np.asarray(expected, float)
    spread = expected.std() or 1.0
    np.testing.assert_allclose(
        array.reshape(expected.shape), expected, rtol=TOLERANCE, atol=TOLERANCE * spread
    )


def assert_same(model, X, rows=None):
    """The graph predicts the numbers, labels and probabilities of the model."""
    outputs = run(model, X, rows)
    rows = X if rows is None else rows
    if "variable" in outputs:
        assert list(outputs) == ["variable"]
        assert_close(outputs["variable"], model.predict(rows))
    else:
        assert list(outputs) == ["label", "probabilities"]
        assert_close(outputs["probabilities"], model.predict_proba(rows))
        np.testing.assert_array_equal(outputs["label"], model.predict(rows))
    return outputs


def with_members(model, change):
    """The model with other members of its ensemble: `change` takes a FittedNetwork."""
    ensemble = model._fitted
    members = [change(member) for member in ensemble.members]
    return model._with_fitted(ensemble._replace(members=members))


def with_network(model, change):
    """The model with other networks: `change` takes a Network."""
    return with_members(
        model, lambda member: member._replace(network=change(member.network))
    )

# SPDX-License-Identifier: BSD-3-Clause
"""Fitted models, and their graphs in onnxruntime.

A network is a value: a test that is about the forward pass or the targets replaces parts of a
fitted network, which compiles nothing.
"""

import numpy as np
import onnxruntime
import pandas as pd

from skrln.onnx import to_onnx

#: Largest difference to the predictions of the model, in units of the outputs' spread.
TOLERANCE = 1e-5
#: A network that is fitted in a moment.
TINY = {
    "hidden_layer_sizes": (8,),
    "n_estimators": 1,
    "numeric_embedding": None,
    "theta": -6.0,
    "max_iter": 3,
    "random_state": 0,
}


def make_frame(n_rows=120, seed=0):
    """Numbers with an offset and holes, and categories with missing values."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "year of birth": 1e6 + rng.normal(size=n_rows),
            "count": rng.integers(0, 5, n_rows),
            "rate": rng.lognormal(size=n_rows),
            "city": pd.Categorical(rng.choice(["Oslo", "Rome", "Bonn"], n_rows)),
            "word": rng.choice(["a", "b"], n_rows).astype(object),
            "grade": pd.Categorical(rng.choice([1, 2, 7], n_rows)),
        }
    )
    frame.loc[::7, "year of birth"] = np.nan
    frame.loc[::5, "city"] = np.nan
    frame.loc[::6, "word"] = None
    return frame


def make_target(frame, seed=1):
    noise = np.random.default_rng(seed).normal(size=len(frame))
    return frame["rate"].to_numpy() + 2 * (frame["word"] == "a").to_numpy() + noise


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

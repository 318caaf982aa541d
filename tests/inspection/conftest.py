# SPDX-License-Identifier: BSD-3-Clause
"""Tiny networks, each fitted once."""

import numpy as np
import pandas as pd
import pytest

from skrln import RLNClassifier, RLNRegressor
from skrln.datasets import make_friedman1_noise
from skrln.options import RLNPenalty

#: What decides which edges survive is set: new defaults leave the tests alone.
TINY = {
    "hidden_layer_sizes": (8,),
    "activation": "relu",
    "learning_rate": "cosine",
    "learning_rate_init": 0.003,
    "max_iter": 12,
    "theta": -7,
    "n_estimators": 1,
    "numeric_embedding": None,
    "dropout": 0.0,
    "validation_fraction": 0.1,
    "random_state": 0,
}


def friedman():
    return make_friedman1_noise(n_samples=80, n_noise=10, random_state=0)


@pytest.fixture(scope="package")
def rln():
    """Network on an array, with early stopping, some zeros and paths."""
    return RLNRegressor(
        **TINY | {"theta": -5.5},
        batch_size=10,
        penalty=RLNPenalty(warmup=0.0, n_path_edges=20),
        early_stopping=True,
    ).fit(*friedman())


@pytest.fixture(scope="package")
def plain():
    """Network on an array, without a penalty or validation data."""
    return RLNRegressor(**TINY, penalty=None).fit(*friedman())


@pytest.fixture(scope="package")
def classifier():
    """Three classes."""
    X, y = friedman()
    classes = np.digitize(y, np.quantile(y, [1 / 3, 2 / 3]))
    return RLNClassifier(
        **TINY | {"theta": -6}, penalty=RLNPenalty(n_path_edges=4)
    ).fit(X, classes)


@pytest.fixture(scope="package")
def multi_output():
    """Two targets."""
    X, y = friedman()
    return RLNRegressor(**TINY | {"theta": -6}, penalty=RLNPenalty(n_path_edges=4)).fit(
        X, np.c_[y, -(y**2)]
    )


@pytest.fixture(scope="package")
def frame_network():
    """Network on a data frame with a category and missing values."""
    X, y = friedman()
    table = pd.DataFrame(X[:, :3], columns=["width", "height", "depth"])
    table.loc[::7, "width"] = np.nan
    table["kind"] = pd.Categorical(np.digitize(X[:, 3], [0.25, 0.5, 0.75]).astype(str))
    return RLNRegressor(**TINY | {"theta": -6}).fit(table, y)

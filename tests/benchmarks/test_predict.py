# SPDX-License-Identifier: BSD-3-Clause
"""One row of a numeric array, many rows, and sparse rows through predict."""

from time import process_time

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes, make_friedman1
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skrln import RLNClassifier, RLNRegressor
from skrln.presets import READABLE

from ._measure import in_turn, seconds

SIZES = READABLE["hidden_layer_sizes"]
N_CALLS, N_ROUNDS = 200, 15
PAIRS = {
    "regressor": (RLNRegressor, MLPRegressor, load_diabetes),
    "classifier": (RLNClassifier, MLPClassifier, load_breast_cancer),
}


# A few epochs are enough to time a prediction.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", PAIRS)
def test_one_row(report, kind):
    ours, peer, load = PAIRS[kind]
    X, y = load(return_X_y=True)
    fitted = [
        ours(**READABLE, max_iter=5, random_state=0).fit(X, y),
        peer(hidden_layer_sizes=SIZES, max_iter=5, random_state=0).fit(X, y),
    ]

    def measure(model):
        def calls():
            for i in range(N_CALLS):
                model.predict(X[i : i + 1])

        return lambda: seconds(calls) / N_CALLS

    contenders = {type(model).__name__: measure(model) for model in fitted}
    in_turn(contenders, 1)
    found = in_turn(contenders, N_ROUNDS)
    lines = report(f"predict of one row, {SIZES[0]}-{SIZES[1]}")
    for name, samples in found.items():
        lines.add(name, samples, "us", 1e6)
    mine, theirs = found.values()
    lines.bar(f"{ours.__name__} against {peer.__name__}", mine / theirs, most=2.0)


@pytest.fixture(scope="module")
def default():
    """Default ensemble and gradient boosting on 4,000 rows, and 100,000 rows to predict."""
    X, y = make_friedman1(4000, 20, random_state=0)
    rows = np.random.default_rng(1).uniform(size=(100_000, 20))
    models = [RLNRegressor(random_state=0), HistGradientBoostingRegressor()]
    return [model.fit(X, y) for model in models], rows


def test_many_rows(report, default):
    models, rows = default
    contenders = {
        type(one).__name__: lambda one=one: seconds(lambda: one.predict(rows))
        for one in models
    }
    in_turn(contenders, 1)
    samples = in_turn(contenders, 5)
    lines = report("predict of 100,000 rows of 20 numbers, default ensemble")
    for name, times in samples.items():
        lines.add(name, times, "s")
    mine, theirs = samples.values()
    lines.bar("against HistGradientBoosting", mine / theirs, most=4.0)


def test_one_row_of_the_default_ensemble(report, default):
    (model, _), rows = default

    def measure():
        for i in range(50):
            model.predict(rows[i : i + 1])

    times = [seconds(measure) / 50 for _ in range(N_ROUNDS)]
    lines = report("predict of one row, default ensemble")
    lines.bar("RLNRegressor", times, most=0.005, unit="ms", factor=1e3)


# As above: few epochs.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_sparse_rows(report):
    rows = sparse.random(20_000, 10_000, 0.001, format="csr", random_state=0)
    y = rows[:2000, :50].sum(axis=1)
    model = RLNRegressor(n_estimators=2, input_selection=False, max_iter=2)
    model.fit(rows[:2000], np.asarray(y).ravel())
    model.predict(rows[:10])
    start = process_time()
    model.predict(rows)
    lines = report("predict of 20,000 x 10,000 sparse rows, density .001, CPU time")
    lines.bar("RLNRegressor", process_time() - start, most=3.0, unit="s")

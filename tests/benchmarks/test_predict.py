# SPDX-License-Identifier: BSD-3-Clause
"""One row of a numeric array through predict."""

import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
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

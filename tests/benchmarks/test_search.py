# SPDX-License-Identifier: BSD-3-Clause
"""The search that is built in, against GridSearchCV around the network."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from skrln import RLNRegressor, RLNRegressorCV, clear_caches

from ._measure import compiled_programs, in_turn, seconds

THETAS = tuple(np.arange(-8.5, -4.5, 0.5).tolist())
N_FOLDS, N_ROUNDS = 5, 3


def make_table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 50))
    return X, X[:, 0] - X[:, 1] + rng.normal(size=400)


# Thetas of the grid that leave nothing are part of a search.
@pytest.mark.filterwarnings("ignore:No input reaches the output")
def test_search(report):
    X, y = make_table()
    params = {"max_iter": 50, "random_state": 0}

    def built_in():
        RLNRegressorCV(thetas=THETAS, cv=N_FOLDS, **params).fit(X, y)

    def around(n_jobs):
        search = GridSearchCV(
            RLNRegressor(**params), {"theta": THETAS}, cv=N_FOLDS, n_jobs=n_jobs
        )
        return lambda: search.fit(X, y)

    calls = {
        "RLNRegressorCV": built_in,
        "GridSearchCV, n_jobs=1": around(1),
        "GridSearchCV, n_jobs=2": around(2),
    }
    lines = report(f"400 x 50, {len(THETAS)} thetas x {N_FOLDS} folds, 50 epochs")
    # Processes of n_jobs=2 start and compile in the first call, and are kept.
    for name, call in calls.items():
        clear_caches()
        with compiled_programs() as programs:
            cold = seconds(call)
        lines.add(f"{name}, compilation included", cold, "s")
        if call is built_in:
            count = programs.count("train_epochs")
            lines.bar("programs for folds and all rows", count, least=1, most=1)
    found = in_turn(
        {name: lambda call=call: seconds(call) for name, call in calls.items()},
        N_ROUNDS,
    )
    for name, samples in found.items():
        lines.add(f"{name}, once compiled", samples, "s")
    ours, alone, _ = found.values()
    lines.bar("RLNRegressorCV against n_jobs=1", ours / alone, most=1.0)

# SPDX-License-Identifier: BSD-3-Clause
"""Seconds per epoch on 20,000 rows of 100 columns."""

import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor
from threadpoolctl import threadpool_limits

from skrln import RLNRegressor
from skrln.options import RLNPenalty
from skrln.presets import READABLE

from ._measure import in_turn, seconds_per_epoch

N_ROWS, N_COLUMNS, N_ROUNDS = 20_000, 100, 5
#: One network, no embedding.
SINGLE = {key: value for key, value in READABLE.items() if key != "hidden_layer_sizes"}
#: Epochs of the short and the long fit. Those of MLPRegressor take longer, and its fits have
#: little else in them.
EPOCHS, MLP_EPOCHS = (1, 13), (1, 3)
KINDS = {
    "RLN, rule off": {"penalty": None},
    "RLN, rule on": {},
    'RLN, layers="all"': {"penalty": RLNPenalty(layers="all")},
    'RLN, group="input"': {"penalty": RLNPenalty(group="input")},
}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_ROWS, N_COLUMNS))
    return X, X[:, :5].sum(axis=1) + rng.normal(size=N_ROWS)


def of_network(table, sizes, batch_size, changes):
    """Measure one epoch of RLNRegressor."""

    def make(n_epochs):
        return RLNRegressor(
            sizes,
            batch_size=batch_size,
            max_iter=n_epochs,
            early_stopping=False,
            **SINGLE,
            random_state=0,
            **changes,
        )

    return lambda: seconds_per_epoch(make, *table, EPOCHS)


def of_mlp(table, sizes, batch_size, n_threads, dtype):
    """Measure one epoch of MLPRegressor with so many BLAS threads."""
    X, y = table

    def make(n_epochs):
        return MLPRegressor(
            hidden_layer_sizes=sizes,
            batch_size=batch_size,
            max_iter=n_epochs,
            n_iter_no_change=n_epochs + 1,
            random_state=0,
        )

    def measure():
        with threadpool_limits(n_threads):
            return seconds_per_epoch(make, X.astype(dtype), y, MLP_EPOCHS)

    return measure


# A few epochs are enough to time one.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("sizes", "batch_size", "least_speed", "most_cost"),
    [((256, 256), 256, 1.3, 1.15), ((64, 64), 32, 4.0, 1.5)],
    ids=["256-256", "64-64"],
)
def test_seconds_per_epoch(table, report, sizes, batch_size, least_speed, most_cost):
    contenders = {
        name: of_network(table, sizes, batch_size, changes)
        for name, changes in KINDS.items()
    }
    in_turn(contenders, 1)  # compiles
    for dtype in ("float64", "float32"):
        for n_threads in (1, 2):
            name = f"MLPRegressor, {dtype}, {n_threads} BLAS thread(s)"
            contenders[name] = of_mlp(table, sizes, batch_size, n_threads, dtype)
    found = in_turn(contenders, N_ROUNDS)

    lines = report(f"An epoch of {sizes[0]}-{sizes[1]}, batch {batch_size}")
    for name, samples in found.items():
        lines.add(name, samples, "ms", 1000)

    def better(dtype):
        runs = [s for name, s in found.items() if f"MLPRegressor, {dtype}" in name]
        return min(runs, key=np.median)

    on, off = found["RLN, rule on"], found["RLN, rule off"]
    lines.add("times faster than MLPRegressor, float32", better("float32") / on)
    for kind in list(KINDS)[2:]:
        lines.add(f"cost against rule off: {kind}", found[kind] / off)
    # Both lines before either can fail.
    bars = [
        (
            "times faster than MLPRegressor",
            better("float64") / on,
            {"least": least_speed},
        ),
        ("cost against rule off: RLN, rule on", on / off, {"most": most_cost}),
    ]
    failures = []
    for name, samples, limits in bars:
        try:
            lines.bar(name, samples, **limits)
        except AssertionError as error:
            failures.append(str(error))
    assert not failures, failures

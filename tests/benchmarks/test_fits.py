# SPDX-License-Identifier: BSD-3-Clause
"""Many fits: programs compiled, time once they are, and memory."""

import gc
import os
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from skrln import RLNRegressor, clear_caches
from skrln.presets import READABLE

from ._measure import compiled_programs, in_turn, seconds

STATM = Path("/proc/self/statm")


def make_table(n_rows):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 10))
    return X, X[:, 0] + rng.normal(size=n_rows)


@pytest.mark.parametrize(
    ("name", "values"),
    [("learning_rate_init", [1e-3, 3e-3, 1e-2]), ("theta", [-8.0, -7.0, -6.0])],
)
def test_grid_search_compiles_once(report, name, values):
    X, y = make_table(403)
    lines = report(f"Grid of 5 folds x 3 values of {name}, 50 epochs")

    def search():
        network = RLNRegressor(
            **READABLE | {"hidden_layer_sizes": (64,)}, max_iter=50, random_state=0
        )
        GridSearchCV(network, {name: values}, cv=5, refit=False).fit(X, y)

    clear_caches()
    with compiled_programs() as programs:
        cold = seconds(search)
    lines.add("seconds, compilation included", cold, "s")
    lines.add("seconds once compiled", [seconds(search) for _ in range(3)], "s")
    lines.add("programs compiled, helpers included", len(programs))
    lines.bar(
        "times that train_epochs was compiled", programs.count("train_epochs"), most=1
    )


def test_warm_fit(report):
    X, y = make_table(400)
    sizes = {
        "(256, 64), the network to read": (256, 64),
        "(64, 64)": (64, 64),
        "(64,)": (64,),
    }

    def measure(hidden):
        network = RLNRegressor(
            **READABLE | {"hidden_layer_sizes": hidden}, max_iter=50, random_state=0
        )
        return lambda: seconds(lambda: network.fit(X, y))

    contenders = {name: measure(hidden) for name, hidden in sizes.items()}
    in_turn(contenders, 1)  # compiles
    found = in_turn(contenders, 15)
    lines = report("A warm fit of 400 x 10, 50 epochs")
    for name in list(sizes)[1:]:
        lines.add(name, found[name], "ms", 1000)
    default = next(iter(sizes))
    lines.bar(default, found[default], most=0.1, unit="ms", factor=1000)


@pytest.mark.skipif(not STATM.exists(), reason="reads /proc/self/statm")
def test_memory_stays_flat(report):
    """The first fits compile a program for each bucket of rows; then nothing may pile up."""
    n_warm, n_fits = 50, 200
    sizes = np.random.default_rng(0).permutation(np.arange(20, 4020, 16))
    X, y = make_table(sizes.max())
    resident = []

    def fit_all(sizes):
        for n_rows in sizes:
            RLNRegressor(
                **READABLE | {"hidden_layer_sizes": (32,)}, max_iter=3, random_state=0
            ).fit(X[:n_rows], y[:n_rows])
            gc.collect()
            resident.append(resident_bytes())

    fit_all(sizes[:n_warm])
    with compiled_programs() as programs:
        fit_all(sizes[n_warm : n_warm + n_fits])
    lines = report(f"Memory of {n_fits} fits of different row counts, after {n_warm}")
    lines.add("resident after the warm-up", resident[n_warm - 1], "MiB", 2**-20)
    lines.add("resident at the end", resident[-1], "MiB", 2**-20)
    lines.add("programs compiled meanwhile", programs.count("train_epochs"))
    half = n_warm + n_fits // 2
    lines.add("growth in the second half", resident[-1] - resident[half], "MiB", 2**-20)
    growth = resident[-1] - resident[n_warm - 1]
    lines.bar("growth", growth, most=20 * 2**20, unit="MiB", factor=2**-20)


def resident_bytes():
    pages = int(STATM.read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")

# SPDX-License-Identifier: BSD-3-Clause
"""What a new process waits for: the import and the first fit."""

import numpy as np
import pytest

from ._measure import in_new_process

#: "Importing scikit-learn" is importing its own neural network, as its users do; that is a
#: tenth of a second more than `sklearn` alone.
IMPORT = """
import json
from time import perf_counter
start = perf_counter()
import sklearn
bare = perf_counter()
import sklearn.neural_network
middle = perf_counter()
import skrln
end = perf_counter()
from jax._src import xla_bridge
print(json.dumps([bare - start, middle - start, end - middle, len(xla_bridge._backends)]))
"""
FIRST_FIT = """
import json
from time import perf_counter
from sklearn.datasets import load_diabetes
from skrln import RLNRegressor
from skrln.presets import READABLE
X, y = load_diabetes(return_X_y=True)
times = []
for _ in range(2):
    start = perf_counter()
    RLNRegressor(**READABLE, random_state=0).fit(X, y)
    times.append(perf_counter() - start)
print(json.dumps(times))
"""


@pytest.fixture(scope="module")
def bytecode(tmp_path_factory):
    return tmp_path_factory.mktemp("bytecode")


def test_import(report, bytecode):
    in_new_process(IMPORT, bytecode)  # compiles the modules, and reads their files
    bare, base, added, n_backends = np.transpose(
        [in_new_process(IMPORT, bytecode) for _ in range(7)]
    )
    lines = report("Importing, in a new process")
    lines.add("sklearn alone", bare, "s")
    lines.add("sklearn with sklearn.neural_network", base, "s")
    lines.bar("JAX backends that are started", n_backends, most=0)
    lines.bar("skrln adds", added, most=1.0, unit="s")


def test_first_fit(report, bytecode):
    in_new_process(FIRST_FIT, bytecode)
    first, second = np.transpose(
        [in_new_process(FIRST_FIT, bytecode) for _ in range(3)]
    )
    lines = report("The diabetes table in a new process")
    lines.add("second fit", second, "s")
    lines.bar("first fit, compilation included", first, most=2.5, unit="s")

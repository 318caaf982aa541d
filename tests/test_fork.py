# SPDX-License-Identifier: BSD-3-Clause
"""Forked children predict, and fit unless JAX had started before the fork: then they say so."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from skrln._kernels import _devices

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")

#: Forks in three situations; a child answers with its exit code.
FORKS = """
import multiprocessing, os, warnings
warnings.simplefilter("ignore")  # JAX and Python both warn of what is done here
import numpy as np
from skrln import RLNRegressor
from tests.data._files import load_pickle, versions

model = load_pickle(versions()[-1], "RLNRegressorCV")
table = np.random.default_rng(0).normal(size=(24, 5))
table[:, 1] = table[:, 1] > 0
FITTED, REFUSED, OTHER = 40, 41, 42

def fit():
    network = RLNRegressor((3,), theta=-7, n_estimators=1, numeric_embedding=None, max_iter=1)
    model.predict(table)
    try:
        network.fit(table, table[:, 0])
    except RuntimeError as error:
        says = "forked after JAX had started" in str(error) and "joblib" in str(error)
        os._exit(REFUSED if says else OTHER)
    os._exit(FITTED)

def forked():
    child = os.fork()
    if child == 0:
        try:
            fit()
        finally:
            os._exit(OTHER)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

import jax
print(forked())  # imported, but not started
jax.devices()
print(forked())  # started by other code than ours
child = multiprocessing.get_context("fork").Process(target=fit)
child.start()
child.join()
print(child.exitcode)
"""


def test_forked_children():
    done = subprocess.run(
        [sys.executable, "-c", FORKS],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=Path(__file__).parents[1],
    )
    assert done.stdout.split() == ["40", "41", "41"], done.stderr


@pytest.mark.parametrize(
    ("modules", "started"),
    [
        ({}, False),
        ({"jax": None}, True),  # the private module has moved
        ({"jax._src.xla_bridge": SimpleNamespace()}, True),  # the private name has
        ({"jax._src.xla_bridge": SimpleNamespace(_backends={})}, False),
        ({"jax._src.xla_bridge": SimpleNamespace(_backends={"cpu": 1})}, True),
    ],
)
def test_whether_jax_has_started(monkeypatch, modules, started):
    monkeypatch.setattr(_devices, "sys", SimpleNamespace(modules=modules))
    monkeypatch.setattr(_devices, "_started_in_parent", False)
    assert _devices.has_started() is started
    _devices._mark_child()
    assert _devices._started_in_parent is started

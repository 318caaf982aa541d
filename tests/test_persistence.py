# SPDX-License-Identifier: BSD-3-Clause
"""Files of every version load, with and without JAX, and predict what they predicted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import skrln

from .data._files import check, load_pickle, load_skops, present_version, versions
from .data._models import MODELS

VERSIONS = versions()
FILES = [
    pytest.param(
        folder, path.name.removesuffix(".npz"), id=f"{folder.name}-{path.stem}"
    )
    for folder in VERSIONS
    for path in sorted(folder.glob("*.npz"))
]
LARGEST_FILE, LARGEST_VERSION = 25_000, 400_000


@pytest.mark.parametrize(("folder", "name"), FILES)
def test_pickle(folder, name):
    """Pickles name private classes by their path: a class that moves leaves its old name."""
    check(folder, name, load_pickle)


@pytest.mark.parametrize(("folder", "name"), FILES)
def test_skops_trusts_this_package_only(folder, name):
    pytest.importorskip("skops", reason="skops is optional")
    check(folder, name, load_skops)


def test_every_estimator_has_files():
    estimators = {
        name
        for name in skrln.__all__
        if isinstance(getattr(skrln, name), type)
        and hasattr(getattr(skrln, name), "fit")
    }
    assert {name.partition("-")[0] for name in MODELS} == estimators
    newest = {path.stem for path in VERSIONS[-1].glob("*.npz")}
    assert set(MODELS) <= newest
    assert VERSIONS[-1].name == present_version()


@pytest.mark.parametrize("folder", VERSIONS, ids=lambda folder: folder.name)
def test_files_are_small(folder):
    sizes = [path.stat().st_size for path in folder.iterdir()]
    assert max(sizes) <= LARGEST_FILE
    assert sum(sizes) <= LARGEST_VERSION


#: Reads the pickles in a process that cannot import what predicting does not need.
BLOCKED = """
import sys
from importlib.abc import MetaPathFinder

class Blocker(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        package = name.partition(".")[0]
        if package in {"jax", "jaxlib", "optax", "rich", "pandas", "matplotlib"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
import numpy as np
import skrln
from tests.data import _files

for folder in _files.versions():
    for path in sorted(folder.glob("*.npz")):
        _files.check(folder, path.stem, _files.load_pickle)
model = _files.load_pickle(_files.versions()[-1], "RLNRegressor")
before = dict(vars(model))
for parameters in ({}, {"device": "cpu"}):
    try:
        model.set_params(**parameters).fit(np.eye(30)[:, :5], np.arange(30.0))
    except ImportError as error:
        print(error)
assert model.set_params(device=None)._fitted is before["_fitted"]
skrln.clear_caches()
skrln.show_versions()
"""


@pytest.fixture(scope="module")
def without_jax():
    """A process without the packages that only a fit needs."""
    root = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", BLOCKED]
    environment = os.environ | {"PYTHONPATH": root}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, cwd=root, env=environment
    )


def test_models_load_and_predict_without_jax(without_jax):
    assert without_jax.returncode == 0, without_jax.stderr


def test_a_fit_without_jax_says_what_to_install(without_jax):
    assert without_jax.stdout.count("Got no package 'jax' to import") == 2
    assert without_jax.stdout.count("pip install jax optax") == 2
    assert "devices: none, jax is not installed" in without_jax.stdout


#: Imports nothing heavy that scikit-learn does not import itself.
LIGHT = """
import sys
import sklearn.ensemble, sklearn.linear_model, sklearn.model_selection
before = set(sys.modules)
import skrln
found = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(found & {"jax", "jaxlib", "optax", "rich", "pandas", "matplotlib"}))
"""


def test_import_is_light():
    command = [sys.executable, "-c", LIGHT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stdout == "[]\n", done.stderr

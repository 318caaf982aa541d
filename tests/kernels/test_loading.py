# SPDX-License-Identifier: BSD-3-Clause
"""The face of the kernels: names without JAX at once, functions when they are used."""

import importlib

import pytest

from skrln import _kernels
from skrln._kernels import _loading


def test_every_name_is_there():
    for name in _kernels.__all__:
        assert getattr(_kernels, name) is not None
    assert set(_kernels.__all__) <= set(dir(_kernels))
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        _kernels.other  # noqa: B018 - the attribute is the test


def test_names_that_need_jax_come_from_their_modules():
    for name, module in _kernels._NEED_JAX.items():
        own = getattr(importlib.import_module(f"skrln._kernels.{module}"), name)
        assert getattr(_kernels, name) is own


@pytest.mark.parametrize("missing", ["jax", "jaxlib.xla_client", "optax"])
def test_a_missing_package_is_named(monkeypatch, missing):
    def fail(name):
        raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    monkeypatch.setattr(_loading, "import_module", fail)
    package = missing.partition(".")[0]
    with pytest.raises(ImportError, match=f"Got no package '{package}' .*pip install"):
        _loading.load("skrln._kernels._run")


def test_other_import_errors_stay_as_they_are():
    with pytest.raises(ModuleNotFoundError, match=r"skrln\._kernels\._other"):
        _loading.load("skrln._kernels._other")

# SPDX-License-Identifier: BSD-3-Clause
"""Device, precision and forks."""

import jax
import numpy as np
import pytest

from skrln._kernels import _devices, default_platform, list_devices

from ._problems import assert_equal, fit, make_table
from ._reference import Settings


def test_devices_have_names():
    assert "cpu:0" in list_devices()


def test_unknown_device_is_an_error():
    with pytest.raises(ValueError, match=r"Got device='abacus:3', but expected None"):
        fit(Settings(), make_table(), device="abacus:3")


def test_device_by_name():
    assert default_platform("cpu") == "cpu"
    assert_equal(
        fit(Settings(), make_table(), device="cpu:0"),
        fit(Settings(), make_table(), device="cpu"),
    )


def test_forked_child_is_refused(monkeypatch):
    monkeypatch.setattr(_devices, "_started_in_parent", True)
    with pytest.raises(RuntimeError, match="forked after JAX had started"):
        fit(Settings(), make_table())
    with pytest.raises(RuntimeError, match="forked after JAX had started"):
        default_platform()


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_precision_stays_inside_the_fit(precision):
    result = fit(Settings(), make_table(), precision=precision)
    weights = jax.tree.leaves(result.params)
    for array in (*weights, result.coefficients[0], result.history.loss):
        assert array.dtype == precision
    assert not jax.config.jax_enable_x64
    assert jax.numpy.ones(1).dtype == np.float32

# SPDX-License-Identifier: BSD-3-Clause
"""Device, precision and forks."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest

from skrln._kernels import _devices, deal_devices, default_platform, list_devices
from skrln._kernels._devices import count_devices

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


def test_the_only_device_is_all_devices():
    assert default_platform("all") == "cpu"
    assert deal_devices("all", 9) == ["all"]
    assert_equal(
        fit(Settings(), make_table(), device="all"),
        fit(Settings(), make_table(), device=None),
    )


@pytest.fixture
def process(monkeypatch):
    """JAX of a process that owns the last three of five devices."""
    devices = [SimpleNamespace(platform="gpu", id=100 + k) for k in range(5)]
    fake = SimpleNamespace(devices=lambda: devices, local_devices=lambda: devices[2:])
    monkeypatch.setattr(_devices, "load", lambda name: fake)


@pytest.mark.parametrize(
    ("device", "n_fits", "expected"),
    [
        ("all", 2, ["all"]),
        ("all", 3, ["gpu:2", "gpu:3", "gpu:4"]),
        ("all", 8, ["gpu:2", "gpu:3", "gpu:4"]),
        ("gpu", 8, ["gpu"]),
        (None, 8, [None]),
    ],
)
def test_fits_are_dealt_over_the_devices_of_the_process(
    process, device, n_fits, expected
):
    assert deal_devices(device, n_fits) == expected
    assert count_devices(device) == (3 if device == "all" else 1)


def test_forked_child_is_refused(monkeypatch):
    monkeypatch.setattr(_devices, "_started_in_parent", True)
    with pytest.raises(RuntimeError, match="forked after JAX had started"):
        fit(Settings(), make_table())
    for call in (default_platform, lambda: count_devices("all")):
        with pytest.raises(RuntimeError, match="forked after JAX had started"):
            call()


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_precision_stays_inside_the_fit(precision):
    result = fit(Settings(), make_table(), precision=precision)
    weights = jax.tree.leaves(result.params)
    for array in (*weights, result.coefficients[0], result.history.loss):
        assert array.dtype == precision
    assert not jax.config.jax_enable_x64
    assert jax.numpy.ones(1).dtype == np.float32

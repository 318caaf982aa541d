# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of the kernel tests."""

import logging

import jax
import pytest

from skrln._kernels import _coefficients


@pytest.fixture
def double_precision():
    """JAX in double precision, as a fit with precision="float64" has it."""
    with jax.enable_x64(True):
        yield


@pytest.fixture
def compilations(caplog):
    """Names of the programs compiled so far."""
    caplog.set_level(logging.WARNING, logger="jax")
    with jax.log_compiles():
        yield lambda: [
            record.getMessage().split("jit(")[1].split(")")[0]
            for record in caplog.records
            if "XLA compilation of jit(" in record.getMessage()
        ]


@pytest.fixture
def unprojected(monkeypatch):
    """Coefficients free to leave their mean."""
    monkeypatch.setattr(_coefficients, "_project", lambda deviations, scope: deviations)

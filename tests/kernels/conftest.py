# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of the kernel tests."""

import jax
import pytest


@pytest.fixture
def double_precision():
    """JAX in double precision, as a fit with precision="float64" has it."""
    with jax.enable_x64(True):
        yield

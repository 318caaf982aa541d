# SPDX-License-Identifier: BSD-3-Clause
"""Patience and the best epoch, against a loop in Python."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from skrln._kernels._stopping import (
    init_patience,
    set_baseline,
    update_patience,
)

VALUES = [5.0, 4.0, 4.0, np.nan, 3.95, 3.9, 4.5, 3.2, np.inf, 3.19, 3.18]


@pytest.mark.parametrize("tol", [0.0, 0.15])
def test_patience_follows_its_definition(tol):
    update = jax.jit(update_patience)
    patience = init_patience(jnp.float32)
    best, best_epoch, reference, stale = np.inf, -1, np.inf, 0
    for epoch, value in enumerate(VALUES):
        patience, better = update(patience, jnp.float32(value), epoch, tol)
        is_best = value < best
        if is_best:
            best, best_epoch = value, epoch
        if value < reference - tol:
            reference, stale = value, 0
        else:
            stale += 1
        assert bool(better) == is_best
        assert int(patience.best_epoch) == best_epoch
        assert int(patience.stale) == stale
        np.testing.assert_allclose(patience.best, best, rtol=1e-6)
        np.testing.assert_allclose(patience.reference, reference, rtol=1e-6)


def test_many_small_improvements_count_together():
    """Tolerance is measured from the last value that counted, not from the last one."""
    patience = init_patience(jnp.float32)
    stale = []
    for epoch, value in enumerate(np.arange(1.0, 0.4, -0.06)):
        patience, better = update_patience(patience, jnp.float32(value), epoch, 0.1)
        stale.append(int(patience.stale))
        assert better
    assert max(stale) == 1


@pytest.mark.parametrize(
    ("value", "there", "expected"),
    [(2.0, True, 2.0), (2.0, False, np.inf), (np.nan, True, np.inf)],
)
def test_baseline_is_the_first_value_to_beat(value, there, expected):
    patience = init_patience(jnp.float32)
    patience = set_baseline(patience, jnp.float32(value), jnp.bool_(there))
    assert float(patience.best) == float(patience.reference) == expected
    assert int(patience.best_epoch) == -1
    patience, better = update_patience(patience, jnp.float32(1.95), 0, 0.1)
    assert better
    assert int(patience.stale) == (expected == 2.0)

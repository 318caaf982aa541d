# SPDX-License-Identifier: BSD-3-Clause
"""Named sets of parameters fit, and are what they say."""

import numpy as np
import pytest

from skrln import RLNClassifier, RLNRegressor, presets

from ._tables import make_classes, make_table


@pytest.mark.parametrize("name", ["PAPER", "READABLE"])
def test_presets_fit(name):
    params = getattr(presets, name) | {"max_iter": 5, "random_state": 0}
    X, y = make_table()
    assert np.isfinite(RLNRegressor(**params).fit(X, y).predict(X)).all()
    X, y = make_classes()
    assert len(RLNClassifier(**params).fit(X, y).coefs_) > 1


def test_paper_is_the_published_network():
    """Four layers from the inputs down, and in our units a reg_step of 0.045."""
    X, y = make_table(40, 16)
    model = RLNRegressor(**presets.PAPER | {"max_iter": 1, "random_state": 0})
    model.fit(X, y)
    assert [w.shape for w in model.coefs_] == [(16, 8), (8, 4), (4, 2), (2, 1)]
    assert presets.PAPER["nu"] * 1e-6 / 1e-3 * np.exp(-10) == pytest.approx(
        0.0454, rel=1e-3
    )
    twin = presets.PAPER | {"nu": None, "reg_step": 1e3 * np.exp(-10)}
    again = RLNRegressor(**twin | {"max_iter": 1, "random_state": 0}).fit(X, y)
    np.testing.assert_allclose(again.reg_coefs_[0], model.reg_coefs_[0])

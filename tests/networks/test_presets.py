# SPDX-License-Identifier: BSD-3-Clause
"""Named sets of parameters can be fitted, and have the values of their sources."""

import numpy as np
import pytest

from skrln import RLNClassifier, RLNRegressor, presets
from skrln._ensemble import _kinds
from skrln.options import RLNPenalty

from ._tables import make_classes, make_table


@pytest.mark.parametrize("name", ["PAPER", "QUICK", "READABLE"])
def test_presets_fit(name):
    params = getattr(presets, name) | {"max_iter": 5, "random_state": 0}
    X, y = make_table()
    assert np.isfinite(RLNRegressor(**params).fit(X, y).predict(X)).all()
    X, y = make_classes()
    classifier = RLNClassifier(**params).fit(X, y)
    assert all(len(network.coefs_) > 1 for network in classifier.estimators_)


def test_paper_is_the_published_network():
    """Four layers from the inputs down, and in our units a reg_step of 0.045."""
    X, y = make_table(40, 16)
    model = RLNRegressor(**presets.PAPER | {"max_iter": 1, "random_state": 0})
    model.fit(X, y)
    assert [w.shape for w in model.coefs_] == [(16, 8), (8, 4), (4, 2), (2, 1)]
    # The nu of 1e6 that was published, at a learning rate of 1e-3.
    step = 1e6 * 1e-3 * np.exp(presets.PAPER["theta"])
    assert step == pytest.approx(0.0454, rel=1e-3)
    assert presets.PAPER["penalty"].step == pytest.approx(step)


@pytest.mark.parametrize("name", ["PAPER", "QUICK", "READABLE"])
def test_preset_of_two_estimators_shares_no_option_object(name):
    preset = getattr(presets, name) | {"penalty": RLNPenalty()}
    first, second = RLNRegressor(**preset), RLNRegressor(**preset)
    first.set_params(penalty__step=0.7)
    assert second.penalty.step == RLNPenalty().step
    assert preset["penalty"].step == RLNPenalty().step
    kept = {**preset}
    assert kept.keys() == preset.keys()


def test_quick_is_the_default_with_less_training():
    X, y = make_table(40, 3)
    model = RLNRegressor(**presets.QUICK, random_state=0).fit(X, y)
    default = RLNRegressor(random_state=0, max_iter=1).fit(X, y)
    assert len(model.estimators_) in (8, 16)
    assert all(network.coefs_[1].shape == (128, 128) for network in model.estimators_)
    assert model.n_iter_ <= 40
    assert model.input_selection is False
    assert default.estimators_[0].coefs_[1].shape == (256, 256)


@pytest.mark.parametrize(("n_rows", "n_epochs"), [(40, 40), (5, 10)])
def test_quick_takes_fewer_epochs_on_a_large_table(monkeypatch, n_rows, n_epochs):
    """Forty rows are as many as count as few, or eight times as many: a quarter is left."""
    monkeypatch.setattr(_kinds, "MANY_EPOCHS_ROWS", n_rows)
    X, y = make_table(40, 3)
    few = {"n_estimators": 2, "numeric_embedding": None, "early_stopping": False}
    model = RLNRegressor(**presets.QUICK | few, random_state=0).fit(X, y)
    assert [len(network.loss_curve_) for network in model.estimators_] == [n_epochs] * 2

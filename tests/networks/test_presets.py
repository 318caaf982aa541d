# SPDX-License-Identifier: BSD-3-Clause
"""Named sets of parameters can be fitted, and have the values of their sources."""

import inspect

import numpy as np
import pytest
from sklearn.base import clone

from skrln import (
    RLNClassifier,
    RLNClassifierCV,
    RLNRegressor,
    RLNRegressorCV,
    presets,
)
from skrln._ensemble import _kinds
from skrln.options import PlainBranch, RLNPenalty

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


@pytest.mark.parametrize("name", ["PAPER", "QUICK", "READABLE"])
def test_presets_combine(name):
    preset = getattr(presets, name)
    before = dict(preset)
    right = RLNRegressor(**(preset | {"theta": -6.0, "max_iter": 7}))
    assert (right.theta, right.max_iter) == (-6.0, 7)
    left = RLNRegressor(**({"theta": -6.0, "max_iter": 7} | preset))
    assert left.theta == preset.get("theta", -6.0)
    assert left.max_iter == preset.get("max_iter", 7)
    shown = {k: repr(v) for k, v in preset.items()}
    for model in (right, left):
        params = model.get_params(deep=False)
        kept = {k: repr(params[k]) for k in shown if k not in ("theta", "max_iter")}
        assert kept == {k: shown[k] for k in kept}
    local = preset
    local |= {"theta": 1.0}
    assert local["theta"] == 1.0
    assert repr(dict(preset)) == repr(before)


def test_presets_combine_with_each_other():
    both = presets.QUICK | presets.READABLE
    assert both["hidden_layer_sizes"] == presets.READABLE["hidden_layer_sizes"]
    assert both["n_iter_no_change"] == presets.QUICK["n_iter_no_change"]


@pytest.mark.parametrize(
    "make",
    [
        lambda preset, more: preset | more,
        lambda preset, more: more | preset,
        lambda preset, more: preset.without("theta") | more,
    ],
)
def test_combined_presets_copy_option_objects(make):
    preset = presets.PAPER.without("max_iter")
    combined = make(preset, {"plain_branch": PlainBranch([0])})
    first, second = (RLNRegressor(**combined) for _ in range(2))
    for name in ("penalty", "plain_branch"):
        assert getattr(first, name) is not getattr(second, name)
    first.set_params(penalty__step=0.7)
    assert second.penalty.step == combined["penalty"].step == preset["penalty"].step


@pytest.mark.parametrize("search", [RLNRegressorCV, RLNClassifierCV])
@pytest.mark.parametrize("name", ["PAPER", "QUICK", "READABLE"])
def test_presets_in_searches(search, name):
    preset = getattr(presets, name)
    if "theta" in preset:
        message = (
            rf"Got theta={preset['theta']}, but {search.__name__} chooses theta .*"
        )
        with pytest.raises(TypeError, match=message + r"\.without\(\"theta\"\)"):
            search(**preset)
        preset = preset.without("theta")
    small = {"thetas": [-7.0, -6.0], "cv": 2, "max_iter": 2, "random_state": 0}
    model = search(**preset | small | {"n_estimators": 1})
    X, y = make_classes() if search is RLNClassifierCV else make_table()
    assert model.fit(X, y).theta_ in (-7.0, -6.0)
    assert model.hidden_layer_sizes == preset["hidden_layer_sizes"]
    twin = clone(model)
    assert repr(twin.get_params()) == repr(model.get_params())


@pytest.mark.parametrize("search", [RLNRegressorCV, RLNClassifierCV])
def test_signature_of_searches(search):
    """The check of theta hides no parameter from help() and from scikit-learn."""
    names = set(inspect.signature(search).parameters)
    assert names == set(search().get_params(deep=False))
    assert "args" not in names


def test_without_unknown_name():
    with pytest.raises(
        ValueError, match=r"Got the name\(s\) \['thetas'\], but expected"
    ):
        presets.READABLE.without("thetas")


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

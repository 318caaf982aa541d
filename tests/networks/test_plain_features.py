# SPDX-License-Identifier: BSD-3-Clause
"""Columns that are no table go through a branch of their own, without a penalty."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone

from skrln import PerTaskEarlyStopping
from skrln.options import PlainBranch, Transfer

from ._tables import assert_same_fit, classifier, make_inputs, regressor, rln

#: Two columns of a table and four that are none; the target takes one of each kind.
X = make_inputs(n_features=6)
Y = X[:, 0] + np.tanh(2 * X[:, 4])
FRAME = pd.DataFrame(X, columns=list("abcdef"))


def branch(columns=(2, 3, 4, 5), layer_sizes=(3,)):
    return PlainBranch(columns, layer_sizes=layer_sizes)


@pytest.fixture(scope="module")
def model():
    return regressor(plain_branch=branch(), theta=-5.0, max_iter=40).fit(X, Y)


def test_predictions_are_those_of_the_two_branches(model):
    z = (X - X.mean(axis=0)) / X.std(axis=0)
    z = z / np.sqrt(1 + (z / 3) ** 2)
    (weight,), (bias,) = model.plain_coefs_, model.plain_intercepts_
    branch = np.maximum(z[:, 2:] @ weight + bias, 0)
    first, last = model.coefs_
    assert first.shape == (2 + 3, 5)
    hidden = np.hstack([z[:, :2], branch]) @ first + model.intercepts_[0]
    scaled = np.maximum(hidden, 0) @ last + model.intercepts_[1]
    expected = Y.mean() + Y.std() * scaled[:, 0]
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-6)


def test_only_the_table_is_penalized(model):
    read, branch = model.reg_coefs_[0][:2], model.reg_coefs_[0][2:]
    assert np.mean(read) == pytest.approx(model.theta_)
    assert (branch == -np.inf).all()
    strong = clone(model).set_params(theta=0.0).fit(X, Y)
    np.testing.assert_array_equal(strong.active_features_, [2, 3, 4, 5])
    assert (strong.coefs_[0][2:] != 0).all()
    importance = strong.feature_importances_
    assert (importance[:2] == 0).all()
    assert importance.sum() == pytest.approx(1)


def test_one_coefficient_per_column():
    grouped = regressor(plain_branch=branch(), penalty=rln(group="input")).fit(X, Y)
    read = grouped.reg_coefs_[0][:2]
    assert (read == read[:, :1]).all()
    assert read[0, 0] != read[1, 0]


@pytest.mark.parametrize(
    "asked",
    [
        ["c", "d", "e", "f"],
        slice("c", "f"),
        slice(2, None),
        np.array([False, False, True, True, True, True]),
        np.array([5, 4, 3, 2]),
    ],
)
def test_columns_by_name_slice_or_mask(model, asked):
    named = clone(model).set_params(plain_branch__columns=asked).fit(FRAME, Y)
    assert_same_fit(named, model)
    np.testing.assert_array_equal(named.predict(FRAME), model.predict(X))


def test_a_single_name():
    one = regressor(plain_branch=PlainBranch("c")).fit(FRAME, Y)
    assert one.plain_coefs_[0].shape == (1, 64)


def test_the_place_of_the_columns_does_not_matter(model):
    moved = clone(model).set_params(plain_branch__columns=[0, 1, 2, 3])
    moved.fit(X[:, [2, 3, 4, 5, 0, 1]], Y)
    for part in ("coefs_", "plain_coefs_"):
        for new, old in zip(getattr(moved, part), getattr(model, part), strict=True):
            np.testing.assert_array_equal(new, old)
    # The rows that importances draw differ.
    np.testing.assert_allclose(
        moved.feature_importances_, np.roll(model.feature_importances_, -2), atol=0.05
    )


def test_missing_and_constant_numbers_of_the_branch():
    holes = X.copy()
    holes[::3, 2], holes[:, 5] = np.nan, 7.0
    found = regressor(plain_branch=branch()).fit(holes, Y)
    assert np.isfinite(found.predict(holes)).all()
    assert 5 not in found.active_features_
    at_mean = np.where(np.isnan(holes), np.nanmean(holes, axis=0), holes)
    np.testing.assert_allclose(found.predict(at_mean), found.predict(holes))


def test_an_ensemble_drops_inputs_of_the_table_alone():
    rng = np.random.default_rng(0)
    wide = np.hstack([rng.normal(size=(120, 6)), rng.normal(size=(120, 2))])
    y = 3 * wide[:, 0] + wide[:, 6]
    found = regressor(
        n_estimators=2,
        plain_branch=branch([6, 7]),
        numeric_embedding="auto",
        input_selection=True,
        max_iter=60,
    ).fit(wide, y)
    active = set(found.active_features_)
    assert {0, 6, 7} <= active
    assert len(active) < 8
    assert found.score(wide, y) > 0.8


def test_epochs_go_on_from_the_branch(model):
    start = Transfer(model, n_frozen_layers=1)
    frozen = regressor(plain_branch=branch(), pretrained=start).fit(X, Y)
    np.testing.assert_array_equal(frozen.plain_coefs_[0], model.plain_coefs_[0])
    np.testing.assert_array_equal(frozen.coefs_[0], model.coefs_[0])
    assert not np.array_equal(frozen.coefs_[1], model.coefs_[1])
    warm = clone(model).set_params(warm_start=True, max_iter=10).fit(X, Y)
    before = warm.reg_coefs_[0][:2].copy()
    after = warm.fit(X, Y).reg_coefs_[0][:2]
    assert np.abs(after - before).max() < 0.5
    assert not np.array_equal(after, before)
    wider = branch(layer_sizes=(4,))
    with pytest.raises(ValueError, match=r"Got plain_branch layer_sizes=\(4,\)"):
        regressor(plain_branch=wider, pretrained=Transfer(model, reuse_head=True)).fit(
            X, Y
        )


def test_in_pieces_of_fits():
    online = regressor(plain_branch=branch()).partial_fit(X, Y).partial_fit(X, Y)
    assert online.n_iter_ == 2
    path = regressor(plain_branch=branch(), penalty=rln(n_path_edges=4)).fit(X, Y)
    assert (path.reg_path_edges_[:, 0] < 2).all()
    stopped = PerTaskEarlyStopping(regressor(plain_branch=branch()), random_state=0)
    stopped.fit(X, np.column_stack([Y, -Y]))
    assert stopped.predict(X).shape == (40, 2)


def test_classes_and_categories():
    frame = FRAME.assign(a=pd.cut(FRAME["a"], 3).astype(str))
    found = classifier(plain_branch=PlainBranch(slice("c", "f")), max_iter=60)
    found.fit(frame, (Y > 0).astype(int))
    assert found.score(frame, (Y > 0).astype(int)) > 0.8


@pytest.mark.parametrize(
    ("branch", "match"),
    [
        (PlainBranch(["nobody"]), r"columns=\['nobody'\], but X has no"),
        (PlainBranch(slice("c", "z")), r"X has no column \['z'\]"),
        (PlainBranch([9]), "between 0 and 5"),
        (PlainBranch([True, False]), r"of shape \(2,\)"),
        (PlainBranch(slice(None)), "all 6 columns"),
        (PlainBranch([0, 1]), r"with the categorical column\(s\) \[1\]"),
        (PlainBranch([0], layer_sizes=()), "at least one layer"),
        (PlainBranch([0], layer_sizes=(0,)), "plain_branch layer_sizes="),
    ],
)
def test_columns_that_no_branch_can_take(branch, match):
    categorical = [1] if "categorical" in match else "from_dtype"
    model = regressor(plain_branch=branch, categorical_features=categorical)
    with pytest.raises(ValueError, match=match):
        model.fit(FRAME, Y)


def test_a_sparse_table_has_no_branch():
    with pytest.raises(ValueError, match="with sparse X"):
        regressor(plain_branch=PlainBranch([0])).fit(sparse.csr_array(X), Y)

# SPDX-License-Identifier: BSD-3-Clause
"""Spread of predictions: Monte Carlo dropout, ensembles, and both."""

import functools
import re

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrln import RLNClassifier, RLNRegressor
from skrln._network import _forward

from ._tables import classifier, make_classes, make_table, regressor

X, Y = make_table()
TASKS = np.column_stack([Y, 10 * X[:, 2] - 100])
THREE = make_classes(n_classes=3)[1]
LABELS = (X[:, :2] > 0).astype(int)
SEVERAL = np.column_stack([THREE, X[:, 2] > 0]) + 5
TARGETS = {
    "number": Y,
    "eightfold": 8 * Y,  # a power of two: scaling leaves the same bits
    "numbers": TASKS,
    "two classes": Y > 3,
    "three classes": THREE,
    "labels": LABELS,
    "several": SEVERAL,
}
#: After these few epochs no input helps: an ensemble would drop them all.
ENSEMBLE = {"n_estimators": 3, "input_selection": False}
#: Sources of a spread: dropout masks, ensemble members, and both.
SPREAD = ["masks", "members", "both"]


@functools.cache
def fit(make, target):
    """An ensemble with dropout, fitted once for all tests."""
    # Units of tanh are never all off: every row has a spread.
    return make(dropout=0.3, activation="tanh", **ENSEMBLE).fit(X, TARGETS[target])


def spread_by(source, ensemble):
    """The parts of an ensemble with dropout whose predictions have the given spread."""
    if source == "masks":
        return ensemble.estimators_[0]
    if source == "both":
        return ensemble
    members = [
        member._replace(settings=member.settings._replace(dropout=(0.0,)))
        for member in ensemble._fitted.members
    ]
    return with_fitted(ensemble, members=members)


def with_fitted(model, **values):
    """A copy of a fitted model with other values in its fitted ensemble."""
    return model._with_fitted(model._fitted._replace(**values))


def flat(found):
    """Return one array of two or three dimensions, from an array or a list per task."""
    if isinstance(found, list):
        return np.concatenate(found, axis=1)
    return found


def predict_with_std(model, X):
    if isinstance(model, RLNClassifier):
        return model.predict_proba(X, return_std=True)
    return model.predict(X, return_std=True)


def predict(model, X):
    if isinstance(model, RLNClassifier):
        return model.predict_proba(X)
    return model.predict(X)


# -- shapes ----------------------------------------------------------------------------


@pytest.mark.parametrize("source", SPREAD)
@pytest.mark.parametrize(("target", "shape"), [("number", (40,)), ("numbers", (40, 2))])
def test_shapes_of_regression(target, shape, source):
    model = spread_by(source, fit(regressor, target))
    mean, std = model.predict(X, return_std=True)
    assert mean.shape == std.shape == shape
    assert model.sample_predictions(X).shape == (*shape, 100)
    assert model.sample_predictions(X[:1], 7).shape == (1, *shape[1:], 7)


@pytest.mark.parametrize("source", SPREAD)
@pytest.mark.parametrize(
    ("target", "n_columns"), [("two classes", 2), ("three classes", 3), ("labels", 2)]
)
def test_shapes_of_classes(target, n_columns, source):
    model = spread_by(source, fit(classifier, target))
    mean, std = model.predict_proba(X, return_std=True)
    assert mean.shape == std.shape == (40, n_columns)
    draws = model.sample_predictions(X, 9)
    assert draws.shape == (40, n_columns, 9)
    assert draws.min() >= 0
    assert draws.max() <= 1


@pytest.mark.parametrize("source", SPREAD)
def test_several_tasks_have_a_list(source):
    model = spread_by(source, fit(classifier, "several"))
    means, stds = model.predict_proba(X, return_std=True)
    draws = model.sample_predictions(X, 9)
    for arrays in (means, stds):
        assert [array.shape for array in arrays] == [(40, 3), (40, 2)]
    assert [array.shape for array in draws] == [(40, 3, 9), (40, 2, 9)]
    for array in draws:
        np.testing.assert_allclose(array.sum(axis=1), 1)


@pytest.mark.parametrize("source", SPREAD)
@pytest.mark.parametrize(
    ("make", "target"),
    [(regressor, "numbers"), (classifier, "three classes"), (classifier, "labels")],
)
def test_mean_is_the_prediction_and_std_that_of_draws(make, target, source):
    model = spread_by(source, fit(make, target))
    mean, std = predict_with_std(model, X)
    np.testing.assert_array_equal(mean, predict(model, X))
    assert std.min() > 0
    if source != "members":
        draws = model.sample_predictions(X, random_state=model.random_state)
        np.testing.assert_allclose(std, draws.std(axis=-1), rtol=1e-9)


@pytest.mark.parametrize("params", [{"dropout": 0.3}, ENSEMBLE])
def test_spread_of_the_parameters_of_a_fit(params):
    """Dropout alone, or several networks alone, give predictions a spread."""
    _, std = regressor(**params).fit(X, Y).predict(X, return_std=True)
    assert std.min() > 0


def test_pipeline_passes_return_std_on():
    model = make_pipeline(StandardScaler(), regressor(dropout=0.3)).fit(X, Y)
    mean, std = model.predict(X, return_std=True)
    assert mean.shape == std.shape == (40,)


# -- dropout ---------------------------------------------------------------------------


@functools.cache
def linear(n_hidden=1, **params):
    """A fit whose network is linear, with dropout."""
    sizes = (5,) * n_hidden
    common = {"activation": "identity", "dropout": 0.3, "max_iter": 30}
    return regressor(**(common | {"hidden_layer_sizes": sizes} | params)).fit(X, TASKS)


@pytest.mark.parametrize("n_hidden", [1, 2])
def test_mean_of_draws_of_a_linear_network_is_its_prediction(n_hidden):
    model, n_draws = linear(n_hidden, dtype="float64"), 20_000
    draws = model.sample_predictions(X[:3], n_draws, random_state=0)
    error = draws.mean(axis=-1) - model.predict(X[:3])
    assert np.all(np.abs(error) < 3 * draws.std(axis=-1) / np.sqrt(n_draws))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_std_of_a_linear_network_has_a_closed_form(dtype):
    model, rate, n_draws = linear(1, dtype=dtype), 0.3, 20_000
    inputs = model._fitted.members[0].encoder.transform(X)
    units = inputs @ model.coefs_[0] + model.intercepts_[0]
    variance = units**2 @ model.coefs_[1] ** 2 * rate / (1 - rate)
    expected = np.sqrt(variance) * model._fitted.target.scale
    draws = model.sample_predictions(X, n_draws, random_state=0)
    # A standard deviation has a relative standard error of about 1 / sqrt(2 n_draws),
    # 0.5 percent.
    np.testing.assert_allclose(draws.std(axis=-1), expected, rtol=0.03)
    _, std = model.predict(X, return_std=True)
    np.testing.assert_allclose(std, expected, rtol=0.35)


def test_only_layers_with_dropout_are_random():
    """All of the spread comes from the units of the first."""
    model = linear(2, dropout=(0.3, 0.0))
    units = (
        model._fitted.members[0].encoder.transform(X) @ model.coefs_[0]
        + model.intercepts_[0]
    )
    behind = model.coefs_[1] @ model.coefs_[2]
    expected = np.sqrt(units**2 @ behind**2 * 0.3 / 0.7) * model._fitted.target.scale
    draws = model.sample_predictions(X, 20_000, random_state=0)
    np.testing.assert_allclose(draws.std(axis=-1), expected, rtol=0.03)


@pytest.mark.parametrize(
    "params",
    [
        {"activation": "selu"},
        {"batch_norm": "before"},
        {"batch_norm": "after"},
        {"numeric_embedding": "piecewise"},
        {"loss": "poisson"},
        {"loss": "quantile", "quantile": 0.9},
        {"penalty": None},
    ],
    ids=lambda params: "-".join(map(str, params.values())),
)
def test_draws_surround_the_prediction(params):
    y = np.exp(Y / 3) if params.get("loss") == "poisson" else Y
    # With five units there are rows where none is on, and masks change nothing.
    wide = {"hidden_layer_sizes": (30,), "max_iter": 30}
    model = regressor(dropout=0.2, **wide, **params).fit(X, y)
    mean, std = model.predict(X, return_std=True)
    draws = model.sample_predictions(X, 500, random_state=1)
    assert np.isfinite(draws).all()
    assert std.min() > 0
    np.testing.assert_allclose(std, draws.std(axis=-1), rtol=0.5)
    # The network is not linear: its mean over masks is near its prediction, not on it.
    assert np.median(np.abs(draws.mean(axis=-1) - mean) / std) < 0.7
    if params.get("loss") == "poisson":
        assert draws.min() > 0


def test_a_draw_is_one_network_for_all_rows():
    model = spread_by("masks", fit(regressor, "number"))
    draws = model.sample_predictions(X, 30, random_state=0)
    alone = model.sample_predictions(X[[3]], 30, random_state=0)
    np.testing.assert_allclose(alone, draws[[3]], rtol=1e-5)
    twins = model.sample_predictions(X[[5, 5]], 30, random_state=0)
    np.testing.assert_array_equal(twins[0], twins[1])


def test_std_is_larger_away_from_the_training_data():
    larger = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        x = rng.uniform(-1, 1, size=(40, 1))
        y = np.sin(3 * x[:, 0]) + 0.1 * rng.normal(size=40)
        model = regressor(
            hidden_layer_sizes=(50,), dropout=0.1, max_iter=200, random_state=seed
        )
        model.fit(x, y)
        _, inside = model.predict(np.linspace(-0.8, 0.8, 9)[:, None], return_std=True)
        _, outside = model.predict([[-4.0], [-3.0], [3.0], [4.0]], return_std=True)
        larger.append(outside.min() / np.median(inside))
    assert min(larger) > 1


# -- ensembles -------------------------------------------------------------------------


def check_std_of_members(model):
    members = np.stack([member.predict(X) for member in model.estimators_])
    weights = model.estimator_weights_
    mean = np.tensordot(weights, members, 1)
    expected = np.sqrt(np.tensordot(weights, (members - mean) ** 2, 1))
    predicted, std = model.predict(X, return_std=True)
    np.testing.assert_allclose(predicted, mean, rtol=1e-9)
    np.testing.assert_allclose(std, expected, rtol=1e-9)


def test_std_of_an_ensemble_is_that_of_its_members():
    check_std_of_members(spread_by("members", fit(regressor, "numbers")))
    params = {"theta": "auto", "early_stopping": True}
    check_std_of_members(regressor(**ENSEMBLE, **params).fit(X, TASKS))


def test_draws_of_an_ensemble_are_its_members_by_weight():
    model = spread_by("members", fit(regressor, "number"))
    model = with_fitted(model, weights=np.array([0.5, 0.4, 0.1]))
    draws = model.sample_predictions(X, 20)
    for member, count in zip(model.estimators_, (10, 8, 2), strict=True):
        same = np.isclose(draws, member.predict(X)[:, None], rtol=1e-9).all(axis=0)
        assert same.sum() == count
    mean, std = model.predict(X, return_std=True)
    np.testing.assert_allclose(draws.mean(axis=-1), mean)
    np.testing.assert_allclose(draws.std(axis=-1), std)


def test_dropout_adds_to_the_spread_of_an_ensemble():
    """Variance among the means of the members, and mean variance of their masks."""
    model = linear(**ENSEMBLE)
    each = [
        one.sample_predictions(X, 4000, random_state=0) for one in model.estimators_
    ]
    means = np.stack([one.predict(X) for one in model.estimators_])
    expected = means.var(axis=0) + np.mean([one.var(axis=-1) for one in each], axis=0)
    draws = model.sample_predictions(X, 12_000, random_state=1)
    np.testing.assert_allclose(draws.var(axis=-1), expected, rtol=0.1)


def test_draws_have_the_temperature_of_the_prediction():
    model = spread_by("members", fit(classifier, "three classes"))
    cold = with_fitted(model, temperature=1.0).sample_predictions(X, 3, random_state=0)
    model = with_fitted(model, temperature=2.0)
    warm = model.sample_predictions(X, 3, random_state=0)
    expected = np.sqrt(cold) / np.sqrt(cold).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(warm, expected)
    _, std = model.predict_proba(X, return_std=True)
    np.testing.assert_allclose(std, warm.std(axis=-1))


# -- chance ----------------------------------------------------------------------------


BOTH = [(regressor, "number"), (classifier, "three classes")]


@pytest.mark.parametrize("source", SPREAD)
@pytest.mark.parametrize(("make", "target"), BOTH)
def test_std_is_the_same_each_time(make, target, source):
    model = spread_by(source, fit(make, target))
    _, first = predict_with_std(model, X)
    _, second = predict_with_std(model, X)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("source", SPREAD)
@pytest.mark.parametrize(("make", "target"), BOTH)
def test_draws_follow_the_seed(make, target, source):
    model = spread_by(source, fit(make, target))
    first, again, other = (model.sample_predictions(X, 20, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    fresh = [model.sample_predictions(X, 20) for _ in range(2)]
    assert not np.array_equal(*fresh)
    state = np.random.RandomState(0)
    np.testing.assert_array_equal(model.sample_predictions(X, 20, state), first)


def test_without_a_seed_std_differs_from_call_to_call():
    model = regressor(dropout=0.3, random_state=None).fit(X, Y)
    first, second = (model.predict(X, return_std=True)[1] for _ in range(2))
    assert not np.array_equal(first, second)


def test_draws_leave_the_model_as_it_is():
    model = fit(regressor, "number")
    before = model.predict(X)
    model.sample_predictions(X)
    np.testing.assert_array_equal(model.predict(X), before)


# -- refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"dropout": (0.0,)},
        {"dropout": 0.3, "hidden_layer_sizes": ()},
        {"theta": "auto", "early_stopping": True, "input_selection": False},
    ],
)
@pytest.mark.parametrize(("make", "y"), [(regressor, Y), (classifier, THREE)])
def test_single_network_without_dropout_is_refused(make, y, params):
    model = make(**params).fit(X, y)
    n_hidden = len(model.coefs_) - 1
    reason = re.escape(
        f"a single network without dropout (dropout={(0.0,) * n_hidden}, {n_hidden} hidden"
    )
    way_out = r"dropout=0\.1 \(Monte Carlo dropout.*n_estimators=10"
    with pytest.raises(ValueError, match=f"{reason}.*{way_out}"):
        predict_with_std(model, X)
    with pytest.raises(ValueError, match=f"{reason}.*{way_out}"):
        model.sample_predictions(X)
    assert predict(model, X).shape[0] == 40


@pytest.mark.parametrize("n_samples", [0, -1, 2.5, None, "all"])
def test_number_of_draws_that_makes_no_sense_is_refused(n_samples):
    model = fit(regressor, "number")
    with pytest.raises(ValueError, match=re.escape(f"Got n_samples={n_samples!r}")):
        model.sample_predictions(X, n_samples)


@pytest.mark.parametrize("make", [regressor, classifier])
def test_before_a_fit_there_is_nothing_to_draw(make):
    with pytest.raises(NotFittedError):
        make(dropout=0.3).sample_predictions(X)
    with pytest.raises(NotFittedError):
        predict_with_std(make(dropout=0.3), X)


@pytest.mark.parametrize(("make", "target"), BOTH)
def test_inputs_are_checked(make, target):
    model = fit(make, target)
    with pytest.raises(ValueError, match="features"):
        model.sample_predictions(X[:, :3])


# -- tables ----------------------------------------------------------------------------


SPARSE = np.where(X > 0.3, X, 0)


@functools.cache
def fit_sparse(make, target):
    rows = sparse.csr_matrix(SPARSE)
    # Units of tanh are never all off: every row has a spread.
    return make(dropout=0.3, activation="tanh", **ENSEMBLE).fit(rows, TARGETS[target])


@pytest.mark.parametrize("source", SPREAD)
@pytest.mark.parametrize(
    ("make", "target"), [(regressor, "numbers"), (classifier, "three classes")]
)
def test_sparse_inputs(make, target, source):
    model = spread_by(source, fit_sparse(make, target))
    _, expected = predict_with_std(model, SPARSE)
    _, std = predict_with_std(model, sparse.csr_matrix(SPARSE))
    np.testing.assert_allclose(std, expected, rtol=1e-6)
    draws = [
        model.sample_predictions(rows, 9, 0)
        for rows in (SPARSE, sparse.csc_matrix(SPARSE))
    ]
    np.testing.assert_allclose(*draws, rtol=1e-6)


def test_data_frame_with_categories_and_missing_values():
    frame = pd.DataFrame(X.copy(), columns=list("abcd"))
    frame.loc[3, "a"] = np.nan
    frame["e"] = pd.Categorical(np.where(X[:, 0] > 0, "high", "low"))
    model = regressor(dropout=0.3).fit(frame, Y)
    _, std = model.predict(frame, return_std=True)
    assert np.isfinite(std).all()


@pytest.mark.parametrize("source", SPREAD)
def test_std_is_in_the_units_of_the_target(source):
    one, eight = (
        spread_by(source, fit(regressor, target)).predict(X, return_std=True)[1]
        for target in ("number", "eightfold")
    )
    np.testing.assert_allclose(eight, 8 * one, rtol=1e-6)


@pytest.mark.parametrize("source", SPREAD)
@pytest.mark.parametrize(
    ("make", "target"), [(regressor, "numbers"), (classifier, "several")]
)
def test_rows_in_blocks(monkeypatch, make, target, source):
    model = spread_by(source, fit(make, target))
    _, expected = predict_with_std(model, X)
    draws = flat(model.sample_predictions(X, 9, 0))
    monkeypatch.setattr(_forward, "BLOCK", 7 * 9 * draws.shape[1])
    np.testing.assert_allclose(
        flat(model.sample_predictions(X, 9, 0)), draws, rtol=1e-6
    )
    _, found = predict_with_std(model, X)
    np.testing.assert_allclose(flat(found), flat(expected), rtol=1e-6)


def test_networks_trained_by_partial_fit_have_a_spread():
    model = RLNRegressor(hidden_layer_sizes=(5,), dropout=0.3, random_state=0)
    _, std = model.partial_fit(X, Y).predict(X, return_std=True)
    assert std.min() > 0


def test_networks_of_an_ensemble_may_differ_in_dropout():
    """ "auto" gives networks with pieces of numbers none: all their draws are equal."""
    kinds = {"numeric_embedding": "auto", "dropout": "auto", "n_estimators": 2}
    kinds["input_selection"] = False
    model = classifier(**kinds).fit(X, THREE)
    has_pieces = np.array(
        [member.numeric_embedding == "piecewise" for member in model.estimators_]
    )
    for kind, is_random in [(has_pieces, False), (~has_pieces, True)]:
        part = with_fitted(model, weights=kind / kind.sum())
        draws = part.sample_predictions(X, 8, random_state=0)
        n_different = len(np.unique(draws[0, 0]))
        assert n_different > 2 if is_random else n_different == 2

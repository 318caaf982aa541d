# SPDX-License-Identifier: BSD-3-Clause
"""Several tasks in one network: of both kinds, and what they count."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.utils.estimator_checks import parametrize_with_checks

from skrln import PerTaskEarlyStopping, RLNMultiTask, RLNRegressor
from skrln.options import Transfer
from skrln.presets import READABLE

from ._tables import (
    arrays,
    assert_close_fit,
    assert_same_fit,
    classifier,
    is_same_fit,
    make_classes,
    make_table,
    regressor,
    small,
)

X, NUMBER = make_table(80)
CODES = make_classes(80, n_classes=3)[1]
FRAME = pd.DataFrame(
    {
        "number": 100 * NUMBER,
        "letter": np.array(["a", "b", "c"])[CODES],
        "sign": X[:, 2] > 0,
    }
)
LEARN = {"theta": -9.0, "learning_rate_init": 0.03, "max_iter": 80}
SCALED = np.column_stack([NUMBER, 10 * X[:, 2] - 100])
LABELS = np.column_stack([CODES, X[:, 2] > 0]).astype(int)
ROUNDING = {"rtol": 1e-8, "atol": 1e-10}


def multi_task(**params):
    return small(RLNMultiTask, **params)


@pytest.fixture(scope="module")
def fitted():
    model = multi_task(early_stopping=True, **LEARN)
    return model.fit(X, FRAME)


# -- both kinds of tasks ---------------------------------------------------------------


LIST = "predict_proba is a list with an entry for each task, as of several outputs."


@parametrize_with_checks(
    [RLNMultiTask(**READABLE | {"hidden_layer_sizes": (16,), "max_iter": 40})],
    expected_failed_checks=lambda estimator: {
        "check_estimator_sparse_array": LIST,
        "check_estimator_sparse_matrix": LIST,
        "check_methods_sample_order_invariance": LIST,
    },
)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


def test_tags():
    model = RLNMultiTask()
    tags = model.__sklearn_tags__()
    assert not is_classifier(model)
    assert not is_regressor(model)
    assert tags.target_tags.required
    assert tags.target_tags.multi_output
    assert not tags.target_tags.single_output


def test_predictions_of_both_kinds(fitted):
    assert fitted.task_types_.tolist() == [
        "regression",
        "classification",
        "classification",
    ]
    assert fitted.classes_[0] is None
    assert fitted.classes_[1].tolist() == ["a", "b", "c"]
    assert fitted.n_outputs_ == 1 + 3 + 1
    found = fitted.predict(X)
    assert found.shape == (80, 3)
    assert found.dtype == object
    none, letters, signs = fitted.predict_proba(X)
    assert none is None
    assert (letters.shape, signs.shape) == ((80, 3), (80, 2))
    np.testing.assert_allclose(letters.sum(axis=1), 1)
    np.testing.assert_array_equal(
        np.array(["a", "b", "c"])[letters.argmax(1)], found[:, 1]
    )


def test_scores_of_tasks(fitted):
    found, weights = fitted.predict(X), np.random.default_rng(0).uniform(size=80)
    given = {"sample_weight": weights}
    expected = [
        r2_score(FRAME["number"], found[:, 0].astype(float), **given),
        accuracy_score(FRAME["letter"], found[:, 1].astype(str), **given),
        accuracy_score(FRAME["sign"], found[:, 2].astype(bool), **given),
    ]
    scores = fitted.score_tasks(X, FRAME, **given)
    np.testing.assert_allclose(scores, expected)
    assert scores.min() > 0.7
    assert fitted.score(X, FRAME, weights) == pytest.approx(np.mean(expected))
    some = FRAME.astype(object)
    some["letter"] = None
    scores = fitted.score_tasks(X, some, **given)
    np.testing.assert_allclose(scores, [expected[0], np.nan, expected[2]])
    assert fitted.score(X, some, weights) == pytest.approx(np.nanmean(scores))
    with pytest.raises(ValueError, match="without a single label"):
        fitted.score(X, FRAME.assign(number=np.nan, letter=None, sign=None))
    with pytest.raises(ValueError, match=r"2 task\(s\), but expected 3"):
        fitted.score(X, FRAME[["number", "sign"]])


def test_losses_of_tasks_are_recorded(fitted):
    n_iter = fitted.n_iter_
    assert fitted.task_loss_curve_.shape == (n_iter, 3)
    np.testing.assert_allclose(
        fitted.task_loss_curve_.mean(axis=1), fitted.loss_curve_, rtol=1e-9
    )
    np.testing.assert_allclose(
        fitted.validation_task_loss_curve_.mean(axis=1),
        fitted.validation_loss_curve_,
        rtol=1e-9,
    )
    np.testing.assert_allclose(fitted.task_weight_curve_, 1 / 3)
    assert fitted.task_log_variance_ is None
    without = multi_task().fit(X, FRAME)
    assert without.validation_task_loss_curve_ is None
    assert without.task_loss_curve_.shape == (10, 3)


@pytest.mark.parametrize("make", [regressor, classifier])
def test_one_dimension_has_no_tasks(make):
    one = make().fit(X, NUMBER if make is regressor else CODES)
    two = make().fit(X, SCALED if make is regressor else LABELS)
    assert not hasattr(one, "task_loss_curve_")
    assert two.task_loss_curve_.shape == (10, 2)
    np.testing.assert_allclose(two.task_loss_curve_.mean(axis=1), two.loss_curve_)
    assert one.score_tasks(X, NUMBER if make is regressor else CODES).shape == (1,)
    assert two.score_tasks(X, SCALED if make is regressor else LABELS).shape == (2,)


def test_tasks_of_one_kind_are_those_of_the_other_estimators():
    # But for rounding: each column is scaled by itself here.
    numbers = multi_task(**LEARN).fit(X, SCALED)
    other = regressor(**LEARN).fit(X, SCALED)
    assert_close_fit(numbers, other, **ROUNDING)
    np.testing.assert_allclose(numbers.predict(X), other.predict(X), rtol=1e-7)
    assert numbers.score(X, SCALED) == pytest.approx(other.score(X, SCALED))
    assert not hasattr(numbers, "predict_proba")
    labels = multi_task(**LEARN).fit(X, LABELS)
    other = classifier(**LEARN).fit(X, LABELS)
    assert_same_fit(labels, other)
    np.testing.assert_array_equal(labels.predict(X), other.predict(X))
    for ours, theirs in zip(
        labels.predict_proba(X), other.predict_proba(X), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    # A single column is a task, too.
    alone = multi_task().fit(X, SCALED[:, :1])
    assert_same_fit(alone, regressor().fit(X, SCALED[:, 0]))
    assert alone.predict(X).shape == (80, 1)
    np.testing.assert_array_equal(alone.task_loss_curve_[:, 0], alone.loss_curve_)


def test_missing_labels_are_masked():
    holes = FRAME.astype(object)
    holes.iloc[::4, 0], holes.iloc[1::4, 1], holes.iloc[2::4, 2] = np.nan, None, pd.NA
    model = multi_task(**LEARN).fit(X, holes)
    assert [None if c is None else len(c) for c in model.classes_] == [None, 3, 2]
    assert model.score_tasks(X, FRAME).min() > 0.7
    # What stands in for a missing label does not matter.
    holes.iloc[::4, 0], holes.iloc[1::4, 1] = None, np.nan
    assert_same_fit(model, multi_task(**LEARN).fit(X, holes))


def test_types_of_tasks():
    y = np.column_stack([CODES, NUMBER])
    automatic, given = multi_task(), multi_task(task_types=["regression"] * 2)
    assert automatic.fit(X, y).n_outputs_ == 4
    assert given.fit(X, y).n_outputs_ == 2
    assert_close_fit(given, regressor().fit(X, y), **ROUNDING)
    with pytest.raises(ValueError, match="each column of y, which has 2"):
        multi_task(task_types=["regression"]).fit(X, y)
    with pytest.raises(ValueError, match=r"task_types=array\(3\)"):
        multi_task(task_types=np.array(3)).fit(X, y)


def test_parameters_of_one_kind_of_task():
    base = multi_task().fit(X, FRAME)
    for params in (
        {"loss": "absolute_error"},
        {"class_weight": "balanced"},
        {"class_weight": [None, {"a": 9.0}, None]},
        {"task_weight": (0.8, 0.1, 0.1)},
        {"task_weight": "uncertainty"},
    ):
        assert not is_same_fit(base, multi_task(**params).fit(X, FRAME)), params
    levels = [
        multi_task(loss="quantile", quantile=q, **LEARN).fit(X, FRAME).predict(X)[:, 0]
        for q in (0.1, 0.9)
    ]
    assert np.mean(levels[0] < levels[1]) > 0.9
    narrow, wide = (
        multi_task(loss="huber", huber_threshold=h).fit(X, FRAME) for h in (0.1, 9.0)
    )
    assert not is_same_fit(narrow, wide)


def test_copies(fitted):
    again = clone(fitted).fit(X, FRAME)
    assert_same_fit(fitted, again)
    back = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(back.predict(X), fitted.predict(X))


def test_search():
    grid = {"learning_rate_init": [1e-12, 0.03]}
    search = GridSearchCV(multi_task(max_iter=60), grid, cv=KFold(3)).fit(X, FRAME)
    assert search.best_params_ == {"learning_rate_init": 0.03}


def test_an_ensemble_of_both_kinds():
    """Weighed, calibrated and with fewer inputs, by the losses of all tasks."""
    noise = np.random.default_rng(1).normal(size=(80, 8))
    wide = np.column_stack([X, noise])
    model = multi_task(
        n_estimators=2,
        input_selection=True,
        task_weight="uncertainty",
        **LEARN,
    ).fit(wide, FRAME)
    assert len(model.estimators_) > 1
    assert model.temperature_ != 1
    assert model.n_active_features_ < 12
    assert model.score_tasks(wide, FRAME).min() > 0.7
    member = model.estimators_[0]
    assert member.task_loss_curve_.shape == member.validation_task_loss_curve_.shape
    assert member.task_log_variance_.shape == (3,)
    # Numbers are the mean of the members, whatever the temperature of the classes.
    shares = zip(model.estimators_, model.estimator_weights_, strict=True)
    mean = sum(share * one.predict(wide)[:, 0] for one, share in shares)
    np.testing.assert_allclose(
        model.predict(wide)[:, 0].astype(float), mean.astype(float)
    )


# -- going on --------------------------------------------------------------------------


def test_partial_fit():
    classes = [None, ["a", "b", "c"], [False, True]]
    model = multi_task(theta=-9.0, learning_rate_init=0.03)
    some = CODES < 2
    model.partial_fit(X[some], FRAME[some], classes)
    for _ in range(60):
        model.partial_fit(X, FRAME)
    assert model.task_loss_curve_.shape == (61, 3)
    assert model.task_weight_curve_.shape == (61, 3)
    assert model.score_tasks(X, FRAME).min() > 0.7
    with pytest.raises(ValueError, match="the calls before were for"):
        model.partial_fit(X, FRAME, [None, ["a", "b"], [False, True]])
    first = multi_task().partial_fit(X[some], FRAME[some])
    with pytest.raises(ValueError, match=r"\['c'\] in y.*name all classes"):
        first.partial_fit(X, FRAME)
    for wrong, params in [
        (classes[:2], {}),
        (classes, {"task_types": ["classification"] * 3}),
    ]:
        with pytest.raises(ValueError, match="an entry for each task"):
            multi_task(**params).partial_fit(X, FRAME, wrong)


def test_warm_start_keeps_what_is_learned_of_tasks():
    model = multi_task(warm_start=True, task_weight="uncertainty").fit(X, FRAME)
    learned = model.task_log_variance_.copy()
    model.fit(X, FRAME)
    np.testing.assert_allclose(model.task_weight_curve_[0], np.exp(-learned) / 3)


def test_body_of_another_network():
    body = regressor(**LEARN).fit(X, NUMBER)
    start = Transfer(body, n_frozen_layers=1)
    model = multi_task(pretrained=start, max_iter=20).fit(X, FRAME)
    np.testing.assert_array_equal(model.coefs_[0], body.coefs_[0])
    head = multi_task(pretrained=Transfer(model, reuse_head=True), max_iter=1)
    assert head.fit(X, FRAME).classes_[1].tolist() == ["a", "b", "c"]
    two = regressor().fit(X, SCALED)
    with pytest.raises(ValueError, match="a target of type RegressionTarget"):
        multi_task(pretrained=Transfer(two, reuse_head=True)).fit(X, SCALED)


# -- what tasks count ------------------------------------------------------------------


def reordered(model, other, outputs):
    """Return `other` with the weights of `model`, whose outputs have the given order."""
    [member], [source] = other._fitted.members, model._fitted.members
    network, variance = source.network, source.log_variance
    member = member._replace(
        network=network._replace(
            coefs=[*network.coefs[:-1], network.coefs[-1][:, outputs]],
            intercepts=[*network.intercepts[:-1], network.intercepts[-1][outputs]],
        ),
        coefficients=source.coefficients,
        log_variance=None if variance is None else variance[::-1].copy(),
    )
    return other._with_fitted(other._fitted._replace(members=[member]))


@pytest.mark.parametrize("mode", [None, "uncertainty"])
def test_order_of_tasks_does_not_matter(mode):
    params = {"warm_start": True, "task_weight": mode}
    first = regressor(max_iter=1, **params).fit(X, SCALED)
    second = regressor(max_iter=1, **params).fit(X, SCALED[:, ::-1])
    second = reordered(first, second, [1, 0])
    first.set_params(max_iter=20).fit(X, SCALED)
    second.set_params(max_iter=20).fit(X, SCALED[:, ::-1])
    np.testing.assert_allclose(first.predict(X), second.predict(X)[:, ::-1], rtol=1e-8)
    np.testing.assert_allclose(
        first.task_weight_curve_, second.task_weight_curve_[:, ::-1], rtol=1e-8
    )


def test_order_of_tasks_of_both_kinds_does_not_matter():
    """From the same weights: the outputs of three classes are before the number, or behind."""
    names = ["number", "letter"]
    params = {"warm_start": True, "task_weight": "uncertainty"}
    first = multi_task(max_iter=1, **params).fit(X, FRAME[names])
    second = multi_task(max_iter=1, **params).fit(X, FRAME[names[::-1]])
    second = reordered(first, second, [1, 2, 3, 0])
    first.set_params(max_iter=20).fit(X, FRAME[names])
    second.set_params(max_iter=20).fit(X, FRAME[names[::-1]])
    np.testing.assert_allclose(
        first.task_weight_curve_, second.task_weight_curve_[:, ::-1], rtol=1e-8
    )
    np.testing.assert_allclose(
        first.predict_proba(X)[1], second.predict_proba(X)[0], rtol=1e-8
    )


def test_the_noisy_task_counts_less():
    """Its loss stays high: the log variance learns that, and the others go on as ever."""
    noisy = SCALED.copy()
    noisy[:, 1] = np.random.default_rng(3).normal(size=80)
    model = regressor(task_weight="uncertainty", **LEARN | {"max_iter": 300})
    model.fit(X, noisy)
    weights = model.task_weight_curve_
    np.testing.assert_array_equal(weights[0], 0.5)
    assert weights[-1, 0] > 3 * weights[-1, 1]
    np.testing.assert_array_equal(
        model.coefs_[-1].shape, (5, 2)
    )  # no column of the log variances


@pytest.mark.parametrize("make", [regressor, classifier])
def test_a_single_task_has_nothing_to_be_weighed_against(make):
    with pytest.raises(ValueError, match="with a single task, which has nothing"):
        make(task_weight="uncertainty").fit(X, CODES)


def test_weights_that_follow_negative_losses_are_refused():
    with pytest.raises(ValueError, match="loss='poisson', which can be negative"):
        regressor(task_weight="uncertainty", loss="poisson").fit(X, np.abs(SCALED))
    with pytest.raises(ValueError, match="The 'task_weight' parameter"):
        regressor(task_weight="often").fit(X, SCALED)


def test_one_dimension_is_refused():
    with pytest.raises(ValueError, match=r"shape \(80,\), but expected"):
        multi_task().fit(X, NUMBER)


def test_stages_of_tasks_are_of_one_kind():
    with pytest.raises(ValueError, match="which numbers and classes do not share"):
        PerTaskEarlyStopping(multi_task()).fit(X, FRAME)


def test_defaults_learn():
    """With no parameter set but the number of networks."""
    model = RLNMultiTask(n_estimators=2, max_iter=40, random_state=0)
    assert model.fit(X, FRAME).score_tasks(X, FRAME).min() > 0.7
    assert model.get_params() == {
        **RLNRegressor().get_params(),
        "n_estimators": 2,
        "max_iter": 40,
        "random_state": 0,
        "class_weight": None,
        "task_types": "auto",
    }
    assert arrays(model)

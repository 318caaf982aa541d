# SPDX-License-Identifier: BSD-3-Clause
"""One and several outputs, and labels that are missing."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    make_scorer,
    mean_squared_error,
    r2_score,
)
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score

from skrln import RLNClassifier, RLNRegressor, make_masked_scorer
from skrln._table._problem import Arguments, encode_rows, read_training

from ._tables import (
    assert_same_fit,
    classifier,
    make_classes,
    make_table,
    regressor,
)

NAN = np.nan
X, Y = make_table()
TASKS = np.column_stack([Y, 10 * X[:, 2] - 100])
LEARN = {"theta": -9.0, "learning_rate_init": 0.03, "max_iter": 80}


def holes(y, share=0.2, missing=NAN):
    """The same labels, some of them missing; each row and task keeps one."""
    rng = np.random.default_rng(5)
    y = y.astype(object) if missing is None else y.astype(float)
    gone = rng.uniform(size=y.shape) < share
    gone[np.arange(len(y)), rng.integers(y.shape[1], size=len(y))] = False
    gone[:2] = False
    y[gone] = missing
    return y, gone


# -- regression ------------------------------------------------------------------------


def test_predictions_have_the_dimensions_of_the_targets():
    assert regressor().fit(X, Y).predict(X).shape == (40,)
    assert regressor().fit(X, TASKS).predict(X).shape == (40, 2)
    assert regressor().fit(X, Y.tolist()).predict(X).shape == (40,)
    assert regressor().fit(X, pd.Series(Y)).predict(X).shape == (40,)
    assert regressor().fit(X, pd.DataFrame(TASKS)).predict(X).shape == (40, 2)


@pytest.mark.parametrize("make", [regressor, classifier])
def test_column_is_one_dimensional_and_warns(make):
    _, y = make_classes()
    with pytest.warns(DataConversionWarning, match="column-vector y was passed"):
        model = make().fit(X, y[:, None])
    assert_same_fit(model, make().fit(X, y))
    assert model.predict(X).shape == (40,)
    assert model.score(X, y[:, None]) == model.score(X, y)


def test_tasks_of_different_sizes_are_learned_alike():
    model = regressor(**LEARN).fit(X, TASKS)
    found = r2_score(TASKS, model.predict(X), multioutput="raw_values")
    assert found.min() > 0.8
    assert model.score(X, TASKS) == pytest.approx(found.mean())


def test_missing_labels_of_regression_are_masked():
    y, gone = holes(TASKS)
    model = regressor(**LEARN).fit(X, y)
    prediction = model.predict(X)
    assert np.isfinite(prediction).all()
    for task in range(2):
        known = ~gone[:, task]
        assert r2_score(TASKS[known, task], prediction[known, task]) > 0.8
    assert 0.8 < model.score(X, y) < 1


@pytest.mark.parametrize("make", [regressor, classifier])
def test_what_stands_in_for_a_missing_label_does_not_matter(make):
    """A masked label must not reach the gradient; here it is a class, or a number."""
    labels = np.column_stack([make_classes()[1], make_classes(n_classes=3)[1]])
    y, _ = holes(labels)
    model = make().fit(X, y)
    as_objects, _ = holes(labels, missing=None)
    assert_same_fit(model, make().fit(X, as_objects))
    frame = pd.DataFrame(y).astype("Int64")
    assert_same_fit(model, make().fit(X, frame))


def test_rows_without_any_label_do_not_count():
    y = TASKS.copy()
    y[10:] = NAN
    model = regressor().fit(X, y)
    assert_same_fit(model, regressor().fit(X[:10], TASKS[:10]))


# -- classification --------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        [0, 1],
        [-3, 7],
        [False, True],
        ["no", "yes"],
        [1.0, 2.0],
        [0, 1, 2],
        ["a", "b", "cc"],
    ],
)
def test_classes_of_any_kind(names):
    names = np.array(names)
    check_classes(names, names[make_classes(n_classes=len(names))[1]])


def test_strings_as_objects():
    """As a column of a data frame has them."""
    names = np.array(["a", "b", "cc"])
    check_classes(names, names[make_classes(n_classes=3)[1]].astype(object))


def check_classes(names, y):
    model = classifier(**LEARN).fit(X, y)
    np.testing.assert_array_equal(model.classes_, names)
    assert set(model.predict(X)) <= set(names)
    assert model.score(X, y) > 0.7
    probabilities = model.predict_proba(X)
    assert probabilities.shape == (40, len(names))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(names[probabilities.argmax(axis=1)], model.predict(X))
    np.testing.assert_array_equal(model.predict_log_proba(X), np.log(probabilities))


def test_log_probabilities_of_the_impossible():
    """A warning about log(0) would be an error here."""
    _, y = make_classes()
    model = classifier(input_clip=None, **LEARN).fit(X, y)
    found = model.predict_log_proba(1e9 * X)
    assert np.isneginf(found).any()
    assert not np.isnan(found).any()


def multilabel():
    return np.column_stack([make_classes()[1], X[:, 2] > 0, X[:, 3] > 1]).astype(int)


@pytest.mark.parametrize("kind", ["int", "bool", "float", "sparse", "frame", "list"])
def test_multilabel(kind):
    labels = multilabel()
    y = {
        "int": labels,
        "bool": labels.astype(bool),
        "float": labels.astype(float),
        "sparse": sparse.csr_matrix(labels),
        "frame": pd.DataFrame(labels),
        "list": labels.tolist(),
    }[kind]
    model = classifier(**LEARN).fit(X, y)
    assert model.predict_proba(X).shape == (40, 3)
    np.testing.assert_array_equal(model.predict(X), model.predict_proba(X) > 0.5)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])
    assert model.n_outputs_ == 3
    exact = accuracy_score(labels, model.predict(X))
    assert model.score(X, y) == pytest.approx(exact)
    assert exact > 0.5


def several():
    """Two sets of classes, of numbers and of three strings, in one array of strings."""
    letters = np.array(["a", "b", "c"])[make_classes(n_classes=3)[1]]
    signs = np.where(X[:, 2] > 0, "+", "-")
    return np.column_stack([signs, letters])


def test_several_tasks_of_classes():
    y = several()
    model = classifier(**LEARN).fit(X, y)
    assert [names.tolist() for names in model.classes_] == [["+", "-"], ["a", "b", "c"]]
    assert [p.shape for p in model.predict_proba(X)] == [(40, 2), (40, 3)]
    assert [p.shape for p in model.predict_log_proba(X)] == [(40, 2), (40, 3)]
    prediction = model.predict(X)
    assert prediction.shape == y.shape
    exact = (prediction == y).all(axis=1).mean()
    assert model.score(X, y) == pytest.approx(exact)
    assert exact > 0.5


def test_tasks_of_different_types():
    letters = several()[:, 1]
    y = np.empty((40, 2), dtype=object)
    y[:, 0], y[:, 1] = (X[:, 2] > 0) + 5, letters
    model = classifier(**LEARN).fit(X, y)
    assert model.classes_[0].tolist() == [5, 6]
    assert {type(label) for label in model.predict(X)[:, 0]} <= {int, np.int64}
    assert model.score(X, y) > 0.5


def test_missing_classes_are_masked():
    y, gone = holes(several().astype(object), missing=None)
    model = classifier(**LEARN).fit(X, y)
    assert [len(names) for names in model.classes_] == [2, 3]
    right = gone | (model.predict(X) == several())
    assert model.score(X, y) == pytest.approx(right.all(axis=1).mean())
    assert model.score(X, y) > 0.5


def test_missing_labels_of_multilabel_are_masked():
    y, gone = holes(multilabel())
    model = classifier(**LEARN).fit(X, y)
    assert model.predict_proba(X).shape == (40, 3)
    assert set(np.unique(model.predict(X))) <= {0, 1}
    right = gone | (model.predict(X) == multilabel())
    assert model.score(X, y) == pytest.approx(right.all(axis=1).mean())


@pytest.mark.parametrize("make", [regressor, classifier])
def test_task_without_a_label_is_refused(make):
    y = multilabel().astype(float)
    y[:, 1] = NAN
    with pytest.raises(ValueError, match=r"no label at all for task\(s\) \[1\] of y"):
        make().fit(X, y)


@pytest.mark.parametrize("make", [regressor, classifier])
def test_task_whose_labels_are_all_held_out_is_refused(make):
    """A mean of no label would make every prediction of the task NaN."""
    y = multilabel().astype(float)
    y[:30, 1] = NAN
    held_out = [(np.arange(30), np.arange(30, 40))]
    with pytest.raises(ValueError, match=r"task\(s\) \[1\] of the training part of y"):
        make(validation_cv=held_out).fit(X, y)
    weights = np.where(np.arange(40) < 30, 1.0, 0.0)
    with pytest.raises(ValueError, match=r"\[1\] of the rows of y with a positive"):
        make().fit(X, y, sample_weight=weights)


@pytest.mark.parametrize("make", [regressor, classifier])
def test_missing_label_in_one_dimension_is_refused(make):
    y = make_classes()[1].astype(float)
    y[3] = NAN
    with pytest.raises(ValueError, match="Input y contains NaN"):
        make().fit(X, y)


# -- scores ----------------------------------------------------------------------------


@pytest.mark.parametrize("make", [regressor, classifier])
def test_score_of_one_task_is_that_of_scikit_learn(make):
    _, y = make_classes(n_classes=3)
    weights = np.random.default_rng(0).uniform(size=40)
    model = make().fit(X, y)
    metric = r2_score if make is regressor else accuracy_score
    expected = metric(y, model.predict(X), sample_weight=weights)
    assert model.score(X, y, weights) == pytest.approx(expected)


def test_higher_score_is_better(global_random_seed):
    """keras#5577: a score that was a loss, so that a search chose the worst model."""
    _, classes = make_classes()
    for make, y in [(regressor, Y), (regressor, TASKS), (classifier, classes)]:
        trained = make(random_state=global_random_seed, **LEARN).fit(X, y)
        idle = make(random_state=global_random_seed, learning_rate_init=1e-12).fit(X, y)
        assert trained.score(X, y) > idle.score(X, y)


def test_search_chooses_the_better_model():
    grid = {"learning_rate_init": [1e-12, 0.03]}
    search = GridSearchCV(regressor(max_iter=60), grid, cv=3).fit(X, Y)
    assert search.best_params_ == {"learning_rate_init": 0.03}


@pytest.mark.parametrize(
    ("y", "scorer"),
    [
        (holes(TASKS)[0], make_masked_scorer(r2_score)),
        (
            holes(TASKS)[0],
            make_masked_scorer(mean_squared_error, greater_is_better=False),
        ),
    ],
)
def test_search_over_missing_numbers(y, scorer):
    grid = {"learning_rate_init": [1e-12, 0.03]}
    search = GridSearchCV(regressor(max_iter=60), grid, cv=3, scoring=scorer)
    search.fit(X, y)
    assert search.best_params_ == {"learning_rate_init": 0.03}
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    # Which the scorers of scikit-learn cannot do.
    with pytest.raises(ValueError, match="Input contains NaN"):
        make_scorer(r2_score)(search.best_estimator_, X, y)


@pytest.mark.parametrize(
    "scorer",
    [
        make_masked_scorer(accuracy_score),
        make_masked_scorer(
            log_loss,
            response_method="predict_proba",
            greater_is_better=False,
            labels=[0, 1],
        ),
        None,
    ],
)
def test_search_over_missing_classes(scorer):
    y, _ = holes(multilabel())
    grid = {"learning_rate_init": [1e-12, 0.03]}
    # A splitter: with a number scikit-learn looks at the type of y, and NaN has none.
    folds = KFold(3)
    search = GridSearchCV(classifier(max_iter=60), grid, cv=folds, scoring=scorer)
    search.fit(X, y)
    assert search.best_params_ == {"learning_rate_init": 0.03}


def test_cross_validation_over_missing_numbers_by_the_own_score():
    scores = cross_val_score(regressor(**LEARN), X, holes(TASKS)[0], cv=3)
    assert scores.min() > 0.3


# -- tasks beside each other -----------------------------------------------------------


def test_order_of_tasks_does_not_matter():
    first, second = (regressor(warm_start=True, max_iter=1) for _ in range(2))
    first.fit(X, TASKS)
    # The other goes on from the same weights, with the tasks in the other order.
    second = swapped(first, second.fit(X, TASKS[:, ::-1]))
    first.set_params(max_iter=20).fit(X, TASKS)
    second.set_params(max_iter=20).fit(X, TASKS[:, ::-1])
    # The outputs are added up in another order.
    np.testing.assert_allclose(first.predict(X), second.predict(X)[:, ::-1], rtol=1e-9)


def swapped(model, other):
    """Return `other` with the weights of `model`, whose two tasks have the other order."""
    [member], [source] = other._fitted.members, model._fitted.members
    network = source.network
    member = member._replace(
        network=network._replace(
            coefs=[*network.coefs[:-1], network.coefs[-1][:, ::-1].copy()],
            intercepts=[*network.intercepts[:-1], network.intercepts[-1][::-1].copy()],
        ),
        coefficients=source.coefficients,
    )
    return other._with_fitted(other._fitted._replace(members=[member]))


def test_task_weight_of_one_task_trains_that_alone():
    both = regressor(task_weight=(1, 0), penalty=None, **LEARN)
    both.fit(X, TASKS)
    assert both.intercepts_[-1][0] != 0
    assert both.intercepts_[-1][1] == 0  # no gradient has reached it
    found = r2_score(TASKS, both.predict(X), multioutput="raw_values")
    assert found[0] > 0.8
    assert found[1] < 0.3


def test_labels_of_a_task_of_no_weight_do_not_matter():
    other = TASKS.copy()
    other[:, 1] = np.random.default_rng(0).permutation(other[:, 1])
    fits = [regressor(task_weight=(1, 0)).fit(X, y) for y in (TASKS, other)]
    assert_same_fit(*fits)


def test_task_weights_are_in_proportion():
    fits = [regressor(task_weight=w).fit(X, TASKS) for w in [(1, 1), (7, 7), None]]
    assert_same_fit(fits[0], fits[1])
    assert_same_fit(fits[0], fits[2])


def test_missing_labels_do_not_lower_the_weight_of_their_task():
    """A task counts by its weight, however few of its labels are known."""
    y = np.column_stack([Y, Y])
    y[::2, 1] = NAN
    model = regressor()
    labels, options = model._labels(), model._parameters().input_options
    table, rows, _ = read_training(Arguments(X, y), labels, options)
    table = table.rows(rows)
    target = labels.fit(*table[1:])
    data = encode_rows(labels, target, table, table.X, task_weight=None)
    np.testing.assert_allclose(data.weights.mean(axis=0), [0.5, 0.5])


# -- how good it is --------------------------------------------------------------------


@pytest.mark.optimized
def test_diabetes_is_better_than_the_mean():
    X, y = load_diabetes(return_X_y=True)
    scores = cross_val_score(RLNRegressor(n_estimators=2, random_state=0), X, y, cv=3)
    assert scores.min() > 0.3


@pytest.mark.optimized
def test_breast_cancer():
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    scores = cross_val_score(RLNClassifier(n_estimators=2, random_state=0), X, y, cv=3)
    assert scores.min() > 0.9

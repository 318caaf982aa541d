# SPDX-License-Identifier: BSD-3-Clause
"""Early stopping on validation data of all origins."""

import doctest
import inspect

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import make_scorer, r2_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupShuffleSplit,
    TimeSeriesSplit,
    cross_validate,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from skrln import (
    PerTaskEarlyStopping,
    RLNMultiTask,
    RLNRegressor,
    RLNRegressorCV,
)

from ._tables import (
    arrays,
    assert_close_fit,
    assert_same_fit,
    classifier,
    encoder_of,
    make_classes,
    make_table,
    regressor,
    target_of,
)

X_ALL, Y_ALL = make_table(50)
X, Y, X_VAL, Y_VAL = X_ALL[:40], Y_ALL[:40], X_ALL[40:], Y_ALL[40:]
_, CLASSES_ALL = make_classes(50)
CLASSES, CLASSES_VAL = CLASSES_ALL[:40], CLASSES_ALL[40:]
VALIDATION = {"X_val": X_VAL, "y_val": Y_VAL}
LAST_TEN = [(np.arange(40), np.arange(40, 50))]


def validation_loss(model, X=X_VAL, y=Y_VAL):
    """Half the squared residual of the scaled target, as the network is trained on."""
    return np.mean(0.5 * ((model.predict(X) - y) / target_of(model).scale) ** 2)


# -- where they come from --------------------------------------------------------------


def test_data_and_splitter_and_their_loss():
    by_data = regressor().fit(X, Y, **VALIDATION)
    by_splitter = regressor(validation_cv=LAST_TEN).fit(X_ALL, Y_ALL)
    assert_same_fit(by_data, by_splitter)
    best = by_data.validation_loss_curve_[by_data.best_iteration_]
    assert validation_loss(by_data) == pytest.approx(best)
    # Neither inputs nor targets are scaled by rows that are held out.
    np.testing.assert_allclose(encoder_of(by_data).table.scaler.center, X.mean(axis=0))
    assert target_of(by_data).center == pytest.approx(Y.mean())


def test_loss_of_classes():
    given = {"X_val": X_VAL, "y_val": CLASSES_VAL}
    model = classifier().fit(X, CLASSES, **given)
    chosen = model.predict_proba(X_VAL)[np.arange(10), CLASSES_VAL]
    best = model.validation_loss_curve_[model.best_iteration_]
    assert -np.log(chosen).mean() == pytest.approx(best)


def test_validation_data_train_nothing():
    plain = regressor().fit(X, Y)
    judged = regressor(n_iter_no_change=100).fit(X, Y, **VALIDATION)
    np.testing.assert_allclose(plain.loss_curve_, judged.loss_curve_, rtol=1e-12)


def test_groups_stay_together():
    groups = np.repeat(np.arange(10), 5)
    splitter = GroupShuffleSplit(1, test_size=0.2, random_state=0)
    by_groups = regressor(validation_cv=splitter).fit(X_ALL, Y_ALL, groups=groups)
    train, held_out = next(splitter.split(X_ALL, Y_ALL, groups))
    assert not set(groups[train]) & set(groups[held_out])
    held_out_rows = {"X_val": X_ALL[held_out], "y_val": Y_ALL[held_out]}
    assert_same_fit(
        by_groups, regressor().fit(X_ALL[train], Y_ALL[train], **held_out_rows)
    )


def test_groups_that_are_not_passed():
    with pytest.raises(ValueError, match="'groups' parameter should not be None"):
        regressor(validation_cv=GroupShuffleSplit(1)).fit(X_ALL, Y_ALL)


def test_time_order():
    splitter = TimeSeriesSplit(2, max_train_size=40, test_size=10)
    model = regressor(validation_cv=splitter).fit(X_ALL, Y_ALL)
    # The last split, which trains on the rows before the last ten.
    held_out_rows = {"X_val": X_VAL, "y_val": Y_VAL}
    np.testing.assert_allclose(
        model.validation_loss_curve_,
        regressor().fit(X, Y, **held_out_rows).validation_loss_curve_,
        rtol=1e-9,
    )


# -- the best epoch --------------------------------------------------------------------

# A rate at which the validation loss turns up again.
OVERFIT = {"theta": -9, "learning_rate_init": 0.05, "learning_rate": "constant"}
NOISE = np.random.default_rng(3).normal(size=50)


def test_best_epoch_is_restored_with_its_coefficients():
    held_out_rows = {"X_val": X_VAL, "y_val": NOISE[40:]}
    model = regressor(max_iter=60, **OVERFIT).fit(X, NOISE[:40], **held_out_rows)
    best = model.best_iteration_
    assert best == np.argmin(model.validation_loss_curve_)
    assert 0 < best < model.n_iter_ - 1
    # A fit that goes no further, with validation data and without.
    shorter = regressor(max_iter=best + 1, **OVERFIT)
    assert_same_fit(model, shorter.fit(X, NOISE[:40], **held_out_rows))
    assert_close_fit(model, shorter.fit(X, NOISE[:40]), rtol=1e-9, atol=1e-12)
    found = validation_loss(model, X_VAL, NOISE[40:])
    assert found == pytest.approx(model.validation_loss_curve_.min())


def test_curves_go_on_to_the_last_epoch():
    held_out_rows = {"X_val": X_VAL, "y_val": NOISE[40:]}
    model = regressor(max_iter=60, n_iter_no_change=7, tol=0, **OVERFIT)
    model.fit(X, NOISE[:40], **held_out_rows)
    assert model.n_iter_ == model.best_iteration_ + 1 + 7
    for curve in (model.loss_curve_, model.validation_loss_curve_):
        assert curve.shape == (model.n_iter_,)
    assert model.sparsity_curve_.shape == (model.n_iter_, 2)


def initial(make, y, **held_out_rows):
    """The network before its first step."""
    return make(learning_rate_init=1e-200, max_iter=1).fit(X, y, **held_out_rows)


# The rates are absurd on purpose: the best epoch counts, not the last.
@pytest.mark.filterwarnings("ignore:Training diverged")
@pytest.mark.parametrize("rate", [0.01, 3.0, 1000.0])
def test_early_stopping_is_no_worse_than_the_start(rate):
    """TabPFN#1064: early stopping gave a worse model than the one it began with."""
    held_out_rows = {"X_val": X_VAL, "y_val": NOISE[40:]}
    start = initial(regressor, NOISE[:40], **held_out_rows)
    model = regressor(penalty=None, learning_rate_init=rate, learning_rate="constant")
    model.fit(X, NOISE[:40], **held_out_rows)
    losses = [validation_loss(m, X_VAL, NOISE[40:]) for m in (start, model)]
    assert losses[1] <= losses[0]
    assert (model.best_iteration_ == -1) == (losses[1] == losses[0])


# The rate is absurd on purpose.
@pytest.mark.filterwarnings("ignore:Training diverged")
def test_early_stopping_that_goes_on_is_no_worse_than_before():
    good = regressor(warm_start=True, theta=-9, learning_rate_init=0.03, max_iter=80)
    before = validation_loss(good.fit(X, Y))
    coefs = [weight.copy() for weight in good.coefs_]
    good.set_params(learning_rate_init=3.0, max_iter=10).fit(X, Y, **VALIDATION)
    assert validation_loss(good) == pytest.approx(before, rel=1e-12)
    assert good.best_iteration_ == -1
    for old, new in zip(coefs, good.coefs_, strict=True):
        np.testing.assert_array_equal(old, new)


def test_dense_start_of_a_penalized_network_is_no_candidate():
    """With labels of noise the start would win, and no input would be dropped."""
    held_out_rows = {"X_val": X_VAL, "y_val": NOISE[40:]}
    model = regressor(theta=-5, learning_rate_init=0.1, max_iter=60)
    with pytest.warns(ConvergenceWarning, match="No input reaches the output"):
        model.fit(X, NOISE[:40], **held_out_rows)
    assert model.best_iteration_ >= 0
    assert model.n_active_features_ == 0


# -- where they go ---------------------------------------------------------------------


def test_search_over_a_pipeline_with_validation_data():
    """xgboost#2039, sklearn#18748: transformed as the training data are, and no others."""
    wide = {"X_val": 1000 * X_VAL + 500, "y_val": Y_VAL}
    network = regressor(input_clip=None)
    with config_context(enable_metadata_routing=True):
        network.set_fit_request(X_val=True, y_val=True)
        pipeline = Pipeline(
            [("scale", StandardScaler()), ("network", network)],
            transform_input=["X_val"],
        )
        grid = {"network__learning_rate_init": [1e-12, 0.01]}
        search = GridSearchCV(pipeline, grid, cv=2)
        search.fit(1000 * X + 500, Y, **wide)
    assert search.best_params_ == {"network__learning_rate_init": 0.01}
    inside = search.best_estimator_["network"]
    alone = regressor(input_clip=None).fit(X, Y, **VALIDATION)
    assert_close_fit(inside, alone, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(
        inside.validation_loss_curve_, alone.validation_loss_curve_, rtol=1e-6
    )


def test_recipe_of_the_docstring():
    """Its code as it stands, and the fit on rows that are transformed by hand."""
    text = inspect.getdoc(RLNRegressor.fit)
    examples = doctest.DocTestParser().get_examples(text)
    assert any("transform_input" in example.source for example in examples)
    place = {}
    for example in examples:
        exec(example.source, place)
    X, y, inside = place["X"], place["y"], place["model"][-1]
    scaler = StandardScaler().fit(X[:300])
    held_out_rows = {"X_val": scaler.transform(X[300:]), "y_val": y[300:]}
    alone = clone(inside).fit(scaler.transform(X[:300]), y[:300], **held_out_rows)
    assert_same_fit(inside, alone)


def raw_rows():
    """Rows in other units, which a StandardScaler changes."""
    return 30 * X + 200, 30 * X_VAL + 200


@pytest.mark.parametrize(
    "network",
    [
        regressor(),
        regressor(n_estimators=2, validation_fraction=0.1),
        RLNRegressorCV((5,), thetas=[-8], cv=2, max_iter=3, random_state=0),
        RLNMultiTask((5,), max_iter=3, n_estimators=1, random_state=0),
        PerTaskEarlyStopping(regressor(), smoothing_window=1, random_state=0),
    ],
    ids=lambda network: type(network).__name__,
)
def test_rows_that_skipped_a_transformer_are_noticed(network):
    """As they do by parameters of a step, without metadata routing."""
    raw, raw_val = raw_rows()
    pipeline = Pipeline([("scale", StandardScaler()), ("network", network)])
    y, y_val = Y, Y_VAL
    if isinstance(network, RLNMultiTask):
        y, y_val = np.column_stack([Y, Y > 0]), np.column_stack([Y_VAL, Y_VAL > 0])
    message = r"Got X_val whose numbers lie far outside .* in 4 of 4 column\(s\): 0 \("
    given = {"network__X_val": raw_val, "network__y_val": y_val}
    with pytest.warns(UserWarning, match=message) as warned:
        clone(pipeline).fit(raw, y, **given)
    assert sum("X_val" in str(one.message) for one in warned) == 1
    given["network__X_val"] = StandardScaler().fit(raw).transform(raw_val)
    clone(pipeline).fit(raw, y, **given)  # warnings are errors


def test_columns_that_skipped_a_transformer_are_refused():
    raw, raw_val = raw_rows()
    pipeline = Pipeline([("widen", PolynomialFeatures()), ("network", regressor())])
    message = (
        r"Got X_val .*X has 4 features.*expecting 15.*transform_input=\[\"X_val\"\]"
    )
    with pytest.raises(ValueError, match=message):
        pipeline.fit(raw, Y, network__X_val=raw_val, network__y_val=Y_VAL)


@pytest.mark.parametrize("make", [regressor, classifier])
def test_everything_that_fit_takes_can_be_routed(make):
    names = ("X_val", "groups", "sample_weight", "sample_weight_val", "y_val")
    with config_context(enable_metadata_routing=True):
        model = make().set_fit_request(**dict.fromkeys(names, True))
        assert model.get_metadata_routing().fit.requests == dict.fromkeys(names, True)
        model.set_score_request(sample_weight=True)
        model.set_partial_fit_request(sample_weight=True)


def test_weights_are_routed_through_a_cross_validation():
    weights = np.where(np.arange(50) < 5, 0.0, 1.0)
    with config_context(enable_metadata_routing=True):
        model = regressor().set_fit_request(sample_weight=True)
        # A scorer of its own: pipelines of scikit-learn 1.7 do not ask their last step.
        scorer = make_scorer(r2_score).set_score_request(sample_weight=True)
        folds = [(np.arange(45), np.arange(45, 50))]
        found = cross_validate(
            make_pipeline(model),
            X_ALL,
            Y_ALL,
            cv=folds,
            scoring=scorer,
            params={"sample_weight": weights},
            return_estimator=True,
        )
    inside = found["estimator"][0][-1]
    assert_same_fit(inside, regressor().fit(X_ALL[5:45], Y_ALL[5:45]))


# -- what they hold --------------------------------------------------------------------


def test_class_that_only_validation_data_hold_is_refused():
    labels = np.array(["a", "b", "c"])
    message = (
        r"Got the class\(es\) \['c'\] in y_val, but training knows only \['a', 'b'\]"
    )
    with pytest.raises(ValueError, match=message):
        classifier().fit(X, labels[CLASSES], X_val=X_VAL, y_val=labels[CLASSES_VAL + 1])


def test_class_that_only_the_rows_held_out_hold_is_known():
    y = CLASSES_ALL.copy()
    y[45:] = 2
    model = classifier(validation_cv=LAST_TEN).fit(X_ALL, y)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])
    assert model.predict_proba(X).shape == (40, 3)


def test_class_weight_of_a_class_that_validation_lacks():
    y_val = np.ones(10, int)
    for class_weight in ({0: 2.0}, "balanced"):
        model = classifier(class_weight=class_weight)
        model.fit(X, CLASSES, X_val=X_VAL, y_val=y_val)
        assert np.isfinite(model.validation_loss_curve_).all()


def test_category_that_only_validation_data_hold_is_none():
    train = pd.DataFrame({"number": Y, "kind": np.tile(["a", "b"], 20)})
    held_out = pd.DataFrame({"number": Y_VAL, "kind": ["c"] * 10})
    model = regressor().fit(train, Y, X_val=held_out, y_val=Y_VAL)
    assert model.coefs_[0].shape == (3, 5)
    assert np.isfinite(model.validation_loss_curve_).all()


def test_missing_values_that_only_validation_data_hold():
    held_out = X_VAL.copy()
    held_out[:3, 1] = np.nan
    model = regressor().fit(X, Y, X_val=held_out, y_val=Y_VAL)
    filled = np.where(np.isnan(held_out), X.mean(axis=0), held_out)
    filled_fit = regressor().fit(X, Y, X_val=filled, y_val=Y_VAL)
    np.testing.assert_allclose(
        model.validation_loss_curve_, filled_fit.validation_loss_curve_
    )


def test_missing_labels_of_validation_data():
    tasks = np.column_stack([Y_ALL, X_ALL[:, 2]])
    y_val = tasks[40:].copy()
    y_val[::2, 1] = np.nan
    model = regressor().fit(X, tasks[:40], X_val=X_VAL, y_val=y_val)
    residual = (model.predict(X_VAL) - y_val) / target_of(model).scale
    expected = np.nanmean(0.5 * residual**2, axis=0).mean()
    assert model.validation_loss_curve_.min() == pytest.approx(expected)


@pytest.mark.parametrize("sparse_tables", [["X"], ["X_val"], ["X", "X_val"]])
def test_sparse_and_dense_may_be_mixed(sparse_tables):
    tables = {"X": np.where(np.abs(X) < 0.5, 0, X), "X_val": X_VAL}
    for name in sparse_tables:
        tables[name] = sparse.csr_matrix(tables[name])
    model = regressor().fit(y=Y, y_val=Y_VAL, **tables)
    best = model.validation_loss_curve_[model.best_iteration_]
    assert validation_loss(model) == pytest.approx(best)


def test_names_of_columns_are_checked():
    names = list("abcd")
    train = pd.DataFrame(X.copy(), columns=names)
    held_out = pd.DataFrame(X_VAL, columns=names[::-1])
    with pytest.raises(ValueError, match=r"Got X_val .*feature names should match"):
        regressor().fit(train, Y, X_val=held_out, y_val=Y_VAL)


# -- what is refused -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "arguments", "message"),
    [
        ({}, {"X_val": X_VAL}, "X_val is provided, but y_val was not provided"),
        ({}, {"y_val": Y_VAL}, "y_val is provided, but X_val was not provided"),
        ({}, {"sample_weight_val": Y_VAL}, "sample_weight_val is provided, but X_val"),
        ({"early_stopping": False}, VALIDATION, "Got early_stopping=False together"),
        (
            {"early_stopping": False, "validation_cv": 3},
            {},
            "Got early_stopping=False together with validation_cv",
        ),
        ({}, {**VALIDATION, "X_val": X_VAL[:5]}, "inconsistent numbers of samples"),
        (
            {},
            {**VALIDATION, "X_val": X_VAL[:, :2]},
            "X has 2 features, but .* expecting 4",
        ),
        (
            {},
            {**VALIDATION, "y_val": np.full(10, np.nan)},
            "Input y_val contains NaN",
        ),
        (
            {},
            {**VALIDATION, "y_val": np.ones((10, 3))},
            r"Got y_val with 3 task\(s\), but expected 1",
        ),
        (
            {},
            {**VALIDATION, "sample_weight_val": np.zeros(10)},
            "Got sample_weight_val that is zero everywhere",
        ),
        (
            {"early_stopping": True, "validation_fraction": 0.999},
            {},
            r"Got validation_fraction=0\.999, which leaves no row of 40",
        ),
        ({"validation_cv": [(np.arange(40), [])]}, {}, "0 validation rows"),
    ],
)
def test_arguments_that_are_refused(params, arguments, message):
    model = regressor(**params)
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y, **arguments)
    assert set(vars(model)) == set(model.get_params(deep=False))


def test_one_task_is_not_two():
    """A column of targets must not be broadcast to all tasks."""
    with pytest.raises(ValueError, match=r"Got y_val with 1 task\(s\), but expected 2"):
        regressor().fit(X, np.column_stack([Y, Y]), **VALIDATION)


def test_task_without_a_label_in_validation_data():
    y_val = np.column_stack([Y_VAL, np.full(10, np.nan)])
    with pytest.raises(
        ValueError, match=r"no label at all for task\(s\) \[1\] of y_val"
    ):
        regressor().fit(X, np.column_stack([Y, Y]), X_val=X_VAL, y_val=y_val)


def test_diverging_fit_keeps_the_best_epoch():
    # The rate rises from zero, and the loss with it.
    model = regressor(
        learning_rate=lambda step: 20.0 * step / 60, learning_rate_init=20.0, theta=-20
    )
    model.set_params(solver="sgd", max_iter=60)
    with pytest.warns(ConvergenceWarning, match="diverged in epoch"):
        model.fit(X, Y, **VALIDATION)
    assert model.n_iter_ < 60
    assert all(np.isfinite(array).all() for array in arrays(model)[:4])
    assert model.best_iteration_ == np.nanargmin(model.validation_loss_curve_)
    best = np.nanmin(model.validation_loss_curve_)
    assert validation_loss(model) == pytest.approx(best)

# SPDX-License-Identifier: BSD-3-Clause
"""A weight is a number of repetitions."""

import numpy as np
import pytest

from ._tables import (
    arrays,
    assert_close_fit,
    assert_same_fit,
    classifier,
    is_same_fit,
    make_classes,
    make_inputs,
    make_table,
    regressor,
)

X, Y = make_table()
_, CLASSES = make_classes(n_classes=3)
COUNTS = np.repeat([1, 2], [24, 16])  # 56 repeated rows
TASKS = np.column_stack([Y, X[:, 2]])
TASKS[::5, 1] = np.nan
MIXED = np.column_stack([CLASSES, CLASSES % 2]).astype(float)
MIXED[::5, 1] = np.nan

CASES = {
    "regression": (regressor(), Y),
    "several tasks": (regressor(), TASKS),
    "poisson": (regressor(loss="poisson"), np.exp(Y / 5)),
    "classes": (classifier(), CLASSES),
    "several tasks of classes": (classifier(), MIXED),
    "balanced classes": (classifier(class_weight="balanced"), CLASSES),
}


def repeat(*tables):
    return (np.repeat(table, COUNTS, axis=0) for table in tables)


@pytest.mark.parametrize("case", CASES)
def test_weight_is_a_repetition_in_a_full_batch(case):
    model, y = CASES[case]
    model.fit(X, y, sample_weight=COUNTS)
    weighted = arrays(model)
    repeated = arrays(model.fit(*repeat(X, y)))
    for a, b in zip(weighted, repeated, strict=True):
        # Ten steps, each with a sum over rows in another order.
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("make", [regressor, classifier])
def test_weight_is_a_repetition_in_single_precision(make):
    model = make(dtype="float32")
    weighted = model.fit(X, CLASSES, sample_weight=COUNTS).predict(X)
    repeated = model.fit(*repeat(X, CLASSES)).predict(X)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-4)


def test_weight_is_a_repetition_of_missing_inputs():
    table = X.copy()
    table[::7, 1] = np.nan
    model = regressor()
    weighted = arrays(model.fit(table, Y, sample_weight=COUNTS))
    repeated = arrays(model.fit(*repeat(table, Y)))
    for a, b in zip(weighted, repeated, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_row_of_no_weight_is_not_there(case):
    """Bit for bit, whatever stands in it."""
    model, y = CASES[case]
    kept = np.arange(40) % 6 != 0
    table = X.copy()
    table[~kept] = 1e20
    without = arrays(model.fit(X[kept], y[kept]))
    with_rows = arrays(model.fit(table, y, sample_weight=kept.astype(float)))
    for a, b in zip(with_rows, without, strict=True):
        np.testing.assert_array_equal(a, b)


def test_row_of_no_weight_is_not_held_out():
    kept = np.arange(40) % 5 != 0
    model = regressor(early_stopping=True, validation_fraction=0.25)
    weighted = model.fit(X, Y, sample_weight=kept.astype(float)).validation_loss_curve_
    without = model.fit(X[kept], Y[kept]).validation_loss_curve_
    np.testing.assert_array_equal(weighted, without)


@pytest.mark.parametrize("case", CASES)
def test_only_the_proportion_of_weights_counts(case):
    model, y = CASES[case]
    once = arrays(model.fit(X, y, sample_weight=COUNTS))
    thousands = arrays(model.fit(X, y, sample_weight=4096.0 * COUNTS))
    for a, b in zip(once, thousands, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_no_weights_are_equal_weights():
    assert_same_fit(
        regressor().fit(X, Y), regressor().fit(X, Y, sample_weight=np.ones(40))
    )
    assert_same_fit(regressor().fit(X, Y), regressor().fit(X, Y, sample_weight=4))


def test_weights_change_the_fit():
    weighted = regressor().fit(X, Y, sample_weight=COUNTS)
    assert not is_same_fit(weighted, regressor().fit(X, Y))


# -- classes ---------------------------------------------------------------------------


def balanced_inputs():
    """Both classes have the mean and the variances of the table, to which X is scaled."""
    a = make_inputs(10, 4, seed=3)
    b = a * [1, 1, -1, -1]
    return np.concatenate([a, -a, b, -b]), np.repeat([0, 1], 20)


def test_class_weight_is_a_sample_weight():
    """But for the scaling of the inputs, on which class weights have no bearing."""
    table, y = balanced_inputs()
    by_class = classifier(class_weight={0: 1.0, 1: 3.0}).fit(table, y)
    by_row = classifier().fit(table, y, sample_weight=np.where(y, 3.0, 1.0))
    assert_close_fit(by_class, by_row, rtol=1e-9, atol=1e-12)
    assert not is_same_fit(by_class, classifier().fit(table, y))


def test_class_weight_and_sample_weight_are_multiplied():
    table, y = balanced_inputs()
    weights = np.tile([1.0, 2.0], 20)
    both = classifier(class_weight={1: 3.0}).fit(table, y, sample_weight=weights)
    product = classifier().fit(table, y, sample_weight=weights * np.where(y, 3.0, 1.0))
    # Scaled by other weights: of the same sign, and no more.
    agree = np.corrcoef(
        both.predict_proba(table)[:, 1], product.predict_proba(table)[:, 1]
    )
    assert agree[0, 1] > 0.9


def test_balanced_is_the_dict_of_the_inverse_counts():
    y = np.where(CLASSES == 2, 1, 0)  # a third and two thirds
    share = y.mean()
    by_name = classifier(class_weight="balanced").fit(X, y)
    by_dict = classifier(class_weight={0: 0.5 / (1 - share), 1: 0.5 / share}).fit(X, y)
    assert_close_fit(by_name, by_dict, rtol=1e-9, atol=1e-12)


def test_balanced_finds_the_rare_class():
    y = make_classes(n_classes=7)[1] == 0
    plain = classifier().fit(X, y).predict_proba(X)[:, 1].mean()
    balanced = (
        classifier(class_weight="balanced").fit(X, y).predict_proba(X)[:, 1].mean()
    )
    assert plain < balanced


def test_class_weights_of_several_tasks():
    y = MIXED.astype(object)
    y[::5, 1] = None
    per_task = classifier(class_weight=[{0: 1.0, 1: 1.0, 2: 5.0}, None]).fit(X, y)
    assert not is_same_fit(per_task, classifier().fit(X, y))
    neutral = classifier(class_weight=[{0: 2.0, 1: 2.0, 2: 2.0}, {0: 3, 1: 3}]).fit(
        X, y
    )
    assert_close_fit(neutral, classifier().fit(X, y), rtol=1e-9, atol=1e-12)


def test_class_of_no_weight_needs_no_row_of_its_own():
    y = np.where(CLASSES == 2, 1, 0)
    model = classifier(class_weight={0: 0.0, 1: 1.0}).fit(X, y)
    assert (
        model.predict_proba(X)[:, 1].mean()
        > classifier().fit(X, y).predict_proba(X)[:, 1].mean()
    )


# -- validation ------------------------------------------------------------------------


def test_validation_weights_are_repetitions():
    X_val, y_val = make_table(10, seed=1)
    weights = np.array([0, 2, 1, 1, 1, 1, 1, 1, 1, 1.0])
    weighted = regressor().fit(
        X, Y, X_val=X_val, y_val=y_val, sample_weight_val=weights
    )
    rows = np.repeat(np.arange(10), weights.astype(int))
    repeated = regressor().fit(X, Y, X_val=X_val[rows], y_val=y_val[rows])
    np.testing.assert_allclose(
        weighted.validation_loss_curve_, repeated.validation_loss_curve_
    )
    plain = regressor().fit(X, Y, X_val=X_val, y_val=y_val)
    assert np.all(weighted.validation_loss_curve_ != plain.validation_loss_curve_)
    # They do not change the training loss.
    np.testing.assert_array_equal(weighted.loss_curve_, plain.loss_curve_)


def test_rows_given_to_a_splitter_keep_their_places():
    """Positions mean the rows as passed, also where some have no weight."""
    X_all, y_all = make_table(48)
    weights = np.where(np.arange(48) < 8, 0.0, 1.0)
    parts = [(np.arange(38), np.arange(38, 48))]
    model = regressor(validation_cv=parts).fit(X_all, y_all, sample_weight=weights)
    alone = regressor().fit(
        X_all[8:38], y_all[8:38], X_val=X_all[38:], y_val=y_all[38:]
    )
    np.testing.assert_allclose(
        model.validation_loss_curve_, alone.validation_loss_curve_, rtol=1e-12
    )


# -- what is refused -------------------------------------------------------------------


@pytest.mark.parametrize("make", [regressor, classifier])
@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.zeros(40), "Got sample_weight that is zero everywhere, but at least one"),
        (
            -np.ones(40),
            r"Got sample_weight with a smallest value of -1\.0, but expected",
        ),
        (np.full(40, np.nan), "Input sample_weight contains NaN"),
        (np.full(40, np.inf), "Input sample_weight contains infinity"),
        (np.ones(39), r"sample_weight\.shape == \(39,\), expected \(40,\)"),
        (np.arange(40) == 3, "Got 1 sample with a positive weight and a label, but"),
    ],
)
def test_weights_that_are_refused(make, weights, message):
    with pytest.raises(ValueError, match=message):
        make().fit(X, CLASSES, sample_weight=weights)


def test_one_class_of_positive_weight_is_refused():
    y = np.where(CLASSES == 2, 1, 0)
    with pytest.raises(
        ValueError, match=r"Got 1 class \(\[1\]\) in y, .* positive weight"
    ):
        classifier().fit(X, y, sample_weight=y)


@pytest.mark.parametrize(
    "class_weight", [{0: 0, 1: 0, 2: 0}, {0: -1.0}, {0: np.nan}, {7: 1.0}]
)
def test_class_weights_that_are_refused(class_weight):
    with pytest.raises(ValueError, match=r"Got (class_weight=|weights that leave)"):
        classifier(class_weight=class_weight).fit(X, CLASSES)


def test_task_weights_that_are_refused():
    with pytest.raises(ValueError, match=r"Got task_weight of shape \(2,\)"):
        regressor(task_weight=[1, 2]).fit(X, Y)
    with pytest.raises(ValueError, match=r"Got task_weight=\[-1\.0, 1\.0\]"):
        regressor(task_weight=[-1, 1]).fit(X, TASKS)

# SPDX-License-Identifier: BSD-3-Clause
"""From targets to codes and back."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import compute_sample_weight

from skrln._kernels import LOSSES
from skrln._table._label_checks import check_class_target, check_regression_target
from skrln._table._targets import (
    NUMBER_LOSSES,
    ClassTarget,
    RegressionTarget,
    check_labelled,
    effective_weights,
)

NAN = np.nan
RNG = np.random.default_rng(0)
Y = RNG.normal(3, 5, size=(30, 2))


def table(*rows):
    """Labels of any type, as they are."""
    found = np.empty((len(rows), len(rows[0])), dtype=object)
    for i, row in enumerate(rows):
        found[i] = row
    return found


def fit_classes(y):
    return ClassTarget().fit(*check_class_target(y))


def with_missing(y):
    y = y.copy()
    y[::4, 1] = NAN
    return y


# -- numbers ---------------------------------------------------------------------------


@pytest.mark.parametrize("y", [Y, Y[:, 0], with_missing(Y)])
@pytest.mark.parametrize("loss", ["squared_error", "huber", "quantile"])
def test_regression_target_and_back(y, loss):
    target = RegressionTarget(loss).fit(y, np.ones(len(y)))
    encoded, known = target.encode(y)
    np.testing.assert_array_equal(known, ~np.isnan(y.reshape(len(y), -1)))
    assert np.isfinite(encoded).all()
    decoded = target.decode(encoded)
    there = ~np.isnan(y)
    assert decoded.shape == y.shape
    np.testing.assert_allclose(decoded[there], y[there], rtol=1e-12)


def test_regression_target_is_scaled_by_known_labels():
    y = with_missing(Y)
    encoded, known = RegressionTarget("squared_error").fit(y, np.ones(30)).encode(y)
    for task in range(2):
        column = encoded[known[:, task], task]
        assert column.mean() == pytest.approx(0, abs=1e-12)
        assert column.std() == pytest.approx(1)


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_weights_of_targets_are_repetitions(loss):
    y = np.exp(Y / 10)
    y[::4, 1] = NAN
    counts = RNG.integers(1, 4, len(y))
    weighted = RegressionTarget(loss).fit(y, counts.astype(float))
    repeated = np.repeat(y, counts, axis=0)
    repeated = RegressionTarget(loss).fit(repeated, np.ones(len(repeated)))
    np.testing.assert_allclose(weighted.center, repeated.center, rtol=1e-12)
    np.testing.assert_allclose(weighted.scale, repeated.scale, rtol=1e-12)


def test_poisson_target_is_divided_by_its_mean():
    y = np.array([0.0, 2.0, 4.0])
    target = RegressionTarget("poisson").fit(y, np.ones(3))
    encoded, _ = target.encode(y)
    np.testing.assert_allclose(encoded.ravel(), [0, 1, 2])
    # The network gives the logarithm, zero for the mean.
    means = target.means(np.zeros((3, 1)))
    np.testing.assert_allclose(target.decode(means), [2, 2, 2])


@pytest.mark.parametrize("y", [[-1.0, 3.0], [0.0, 0.0]])
def test_poisson_target_must_be_counts(y):
    with pytest.raises(ValueError, match=r"Got loss='poisson' with y between .* shift"):
        RegressionTarget("poisson").fit(np.array(y), np.ones(2))


@pytest.mark.parametrize("value", [0.0, 5.0, 1e30 / 3, -7.7e29])
@pytest.mark.parametrize("n_rows", [37, 40])
def test_constant_target_is_zero(value, n_rows):
    """A mean that is off by a rounding error would be 1e14 here."""
    y = np.full(n_rows, value)
    target = RegressionTarget("squared_error").fit(y, np.ones(n_rows))
    encoded, _ = target.encode(y)
    np.testing.assert_array_equal(encoded, np.zeros((n_rows, 1)))
    np.testing.assert_array_equal(target.decode(encoded), y)


def test_column_of_numbers_warns_and_is_flattened():
    with pytest.warns(DataConversionWarning, match="column-vector y was passed"):
        y = check_regression_target([[1.0], [2.0]])
    assert y.shape == (2,)


def test_missing_number_is_refused_in_one_dimension_only():
    with pytest.raises(ValueError, match="Input y_val contains NaN"):
        check_regression_target([1.0, NAN], "y_val")
    y = check_regression_target([[1.0, NAN], [2.0, 3.0]])
    assert np.isnan(y[0, 1])


def test_nullable_numbers():
    y = pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [1.5, 2.5]})
    np.testing.assert_array_equal(check_regression_target(y), [[1, 1.5], [NAN, 2.5]])


def test_task_without_a_label_is_refused():
    known = np.array([[True, False, False], [False, False, False]])
    with pytest.raises(
        ValueError, match=r"no label at all for task\(s\) \[1, 2\] of y_"
    ):
        check_labelled(known, "y_val")


def test_every_loss_of_the_kernel_is_in_the_table():
    assert {*NUMBER_LOSSES, "log_loss"} == set(LOSSES)


def test_unknown_loss_raises():
    with pytest.raises(KeyError, match="gamma"):
        RegressionTarget("gamma").fit(Y, np.ones(30))


@pytest.mark.parametrize("loss", NUMBER_LOSSES)
def test_outputs_of_zero_predict_the_mean(loss):
    y = np.array([1.0, 2.0, 6.0])
    target = RegressionTarget(loss).fit(y, np.ones(3))
    means = target.means(np.zeros((2, 1)))
    np.testing.assert_allclose(target.predictions(means), [3, 3])


def test_parts_of_a_target_of_two_tasks():
    target = RegressionTarget("squared_error").fit(Y, np.ones(30))
    assert target.heads == (1, 1)
    assert target.class_tasks.tolist() == [False, False]
    means = np.arange(6.0).reshape(3, 2)
    first, second = target.split(means)
    np.testing.assert_array_equal(first, means[:, :1])
    np.testing.assert_array_equal(second, means[:, 1:])


def test_indicators_of_numbers_have_no_gaps():
    y = with_missing(Y)
    target = RegressionTarget("squared_error").fit(y, np.ones(30))
    indicators = target.indicators(y, ~np.isnan(y))
    np.testing.assert_array_equal(indicators[::4, 1], 0)
    assert np.isfinite(indicators).all()


# -- classes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "y",
    [
        np.array([0, 1, 1, 0]),
        np.array([3, -1, 7, 3]),
        np.array([True, False, True, True]),
        np.array([1.0, 2.0, 1.0, 1.0]),
        np.array(["a", "bcd", "a", "e"]),
        np.array(["a", "bcd", "a", "e"], dtype=object),
        pd.Series(["x", "y", "x", "y"], dtype="category"),
        np.array([[0, 1], [1, 1], [0, 0], [1, 0]]),
        np.array([[0, 5], [1, 6], [0, 7], [2, 5]]),
        np.array([["a", "x"], ["b", "y"], ["a", "z"], ["b", "x"]]),
        table(["a", 1], ["b", 2], ["a", 3], ["b", 1]),
    ],
)
def test_classes_and_back(y):
    checked, known = check_class_target(y)
    target = ClassTarget().fit(checked, known)
    codes = target.encode(checked, known)
    assert codes.shape == known.shape
    probabilities = [
        np.eye(len(names))[column.astype(int)]
        for names, column in zip(target.task_classes, codes.T, strict=True)
    ]
    np.testing.assert_array_equal(target.decode(probabilities), checked)


def test_labels_of_several_types_keep_them():
    """A column of numbers beside one of strings must not become strings."""
    y = table(["a", 1], ["b", 2], ["a", 2])
    target = fit_classes(y)
    assert [names.dtype.kind for names in target.classes] == ["U", "i"]
    decoded = target.decode([np.eye(2), np.eye(2)])
    assert decoded.tolist() == [["a", 1], ["b", 2]]


@pytest.mark.parametrize(
    ("y", "heads", "multilabel"),
    [
        (np.array([0, 1, 1]), (1,), False),
        (np.array([0, 1, 2]), (3,), False),
        (np.array([[0, 1], [1, 0]]), (1, 1), True),
        (np.array([[0.0, NAN], [1, 0], [0, 1]]), (1, 1), True),
        # A label that all rows have is a label all the same.
        (np.array([[0, 1], [1, 1]]), (1, 1), True),
        (np.array([[0, 1], [1, 2], [0, 3]]), (1, 3), False),
        (table(["a", 0], ["b", 1]), (1, 1), False),
    ],
)
def test_outputs_per_task(y, heads, multilabel):
    target = fit_classes(y)
    assert target.heads == heads
    assert target.multilabel is multilabel


def test_classes_of_multilabel_are_positions():
    np.testing.assert_array_equal(fit_classes(np.eye(3, dtype=int)).classes, [0, 1, 2])


@pytest.mark.parametrize(
    "y",
    [
        np.array([[2.0, 1.0], [NAN, 3.0], [5.0, NAN]]),
        table([2, 1], [None, 3], [5, None]),
        table([2, 1], [NAN, 3], [5, None]),
        pd.DataFrame({"a": pd.array([2, None, 5], dtype="Int64"), "b": [1, 3, NAN]}),
    ],
)
def test_missing_labels_in_any_kind_of_table(y):
    checked, known = check_class_target(y)
    np.testing.assert_array_equal(known, [[True, True], [False, True], [True, False]])
    target = ClassTarget().fit(checked, known)
    assert [names.tolist() for names in target.classes] == [[2, 5], [1, 3]]
    np.testing.assert_array_equal(
        target.encode(checked, known), [[0, 0], [0, 1], [1, 0]]
    )


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.array([NAN, 1.0]), "Input y contains NaN"),
        (np.array(["a", None], dtype=object), "Input y contains None"),
        (np.array([0.5, 1.7]), "Unknown label type: continuous"),
        (RNG.normal(size=(9, 2)), "Unknown label type: continuous"),
        (np.zeros((2, 2, 2)), r"Got y of shape \(2, 2, 2\), but expected"),
        (None, "requires y to be passed"),
    ],
)
def test_labels_that_are_none(y, message):
    with pytest.raises(ValueError, match=message):
        check_class_target(y)


def test_column_of_labels_warns_and_is_flattened():
    with pytest.warns(DataConversionWarning, match="column-vector y was passed"):
        y, known = check_class_target(np.array([["a"], ["b"]]))
    assert y.shape == (2,)
    assert known.shape == (2, 1)


@pytest.mark.parametrize(
    ("y", "where"),
    [(np.array(["a", "a"]), "y,"), (table(["a", 1], ["b", 1]), "task 1 of y")],
)
def test_one_class_is_refused(y, where):
    with pytest.raises(ValueError, match=rf"Got 1 class \(.*\) in {where}"):
        fit_classes(y)


def test_class_that_training_does_not_know_is_refused():
    target = fit_classes(np.array(["a", "b"]))
    y, known = check_class_target(np.array(["a", "c"]))
    message = r"Got the class\(es\) \['c'\] in y_val, but .* only \['a', 'b'\]"
    with pytest.raises(ValueError, match=message):
        target.encode(y, known, "y_val")


def test_other_number_of_tasks_is_refused():
    target = fit_classes(np.array([[0, 1], [1, 0]]))
    y, known = check_class_target(np.array([0, 1]))
    with pytest.raises(
        ValueError, match=r"Got y_val with 1 task\(s\), but expected 2. Pass a"
    ):
        target.encode(y, known, "y_val")


def test_probabilities_of_one_and_of_several_outputs():
    target = fit_classes(table(["a", 1], ["b", 2], ["a", 3]))
    outputs = np.array([[np.log(3), 0.0, np.log(2), 0.0]])
    binary, multiclass = target.probabilities(outputs)
    np.testing.assert_allclose(binary, [[0.25, 0.75]])
    np.testing.assert_allclose(multiclass, [[0.25, 0.5, 0.25]])


def test_predictions_of_one_and_of_several_tasks():
    means = np.array([[0.3, 0.7], [0.9, 0.1]])
    single = fit_classes(np.array(["a", "b"]))
    np.testing.assert_array_equal(single.predictions(means), means)
    both = fit_classes(table(["a", 1], ["b", 2]))
    first, second = both.predictions(np.hstack([means, means[::-1]]))
    np.testing.assert_array_equal(first, means)
    np.testing.assert_array_equal(second, means[::-1])
    labels = fit_classes(np.array([[0, 1], [1, 0]]))
    found = labels.predictions(np.hstack([means, means[::-1]]))
    np.testing.assert_array_equal(found, [[0.7, 0.1], [0.1, 0.7]])


def test_indicators_are_a_column_per_class():
    y = np.array([[2.0, 1.0], [NAN, 3.0], [5.0, NAN]])
    checked, known = check_class_target(y)
    target = ClassTarget().fit(checked, known)
    expected = [[1, 0, 1, 0], [0, 0, 0, 1], [0, 1, 0, 0]]
    np.testing.assert_array_equal(target.indicators(checked, known), expected)


# -- weights ---------------------------------------------------------------------------

LABELS = np.array(["a", "b", "b", "c", "b", "c"])


def factors(class_weight, y=LABELS, sample_weight=None):
    y, known = check_class_target(y)
    target = ClassTarget().fit(y, known)
    weights = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight)
    codes = target.encode(y, known)
    return target.class_weights(class_weight, codes, known, weights)


@pytest.mark.parametrize(
    "class_weight",
    [None, "balanced", {"a": 2, "b": 3, "c": 0.5}, {"c": 4.0}],
)
def test_class_weights_are_those_of_scikit_learn(class_weight):
    expected = compute_sample_weight(class_weight, LABELS)
    np.testing.assert_allclose(factors(class_weight).ravel(), expected)


def test_class_weight_of_a_class_that_is_not_there():
    """Folds of a search may lack a class that the dict knows."""
    weights = {"a": 2, "b": 3, "c": 0.5, "rare": 7}
    expected = compute_sample_weight(weights, LABELS)
    np.testing.assert_allclose(factors(weights).ravel(), expected)


def test_class_weight_of_rows_of_one_class():
    """Validation rows need not hold the class that the dict names."""
    target = fit_classes(LABELS)
    y, known = check_class_target(np.array(["b", "b"]))
    codes = target.encode(y, known)
    found = target.class_weights({"a": 2.0}, codes, known, np.ones(2))
    np.testing.assert_array_equal(found, [[1], [1]])
    found = target.class_weights("balanced", codes, known, np.ones(2))
    np.testing.assert_array_equal(found, [[1], [1]])


def test_balanced_weights_know_sample_weights():
    counts = np.array([1, 2, 1, 3, 1, 1])
    weighted = factors("balanced", sample_weight=counts)
    repeated = factors("balanced", np.repeat(LABELS, counts))
    np.testing.assert_allclose(np.repeat(weighted, counts, axis=0), repeated)


def test_class_weights_per_task():
    y = table(["a", 1], ["b", 2], [None, 2])
    found = factors([{"a": 3}, None], y)
    np.testing.assert_array_equal(found, [[3, 1], [1, 1], [1, 1]])
    found = factors([{"a": 3}, {2: 5}], y)
    np.testing.assert_array_equal(found, [[3, 1], [1, 5], [1, 5]])


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ([{"a": 1}, {"b": 1}], "with 2 entries, but expected one per task: y has 1"),
        (
            {"a": -1},
            "Got class_weight={'a': -1}, but expected finite, non-negative weights. Pass 0",
        ),
        ({"a": NAN}, "Got class_weight={'a': nan}, but expected finite, non-negative"),
        (["balance"], "Got class_weight='balance', but expected None, 'balanced', or"),
        ([3.0], r"Got class_weight=3\.0, but expected None, 'balanced', or a dict"),
        (
            {"z": 1},
            r"Got class_weight={'z': 1}, but expected .* \['a', 'b', 'c'\] as its keys. Rem",
        ),
        (
            {"a": 1, "z": 1},
            r"but expected classes out of \['a', 'b', 'c'\] as its keys",
        ),
    ],
)
def test_class_weights_that_are_none(class_weight, message):
    with pytest.raises(ValueError, match=message):
        factors(class_weight)


def test_effective_weights_by_hand():
    known = np.array([[True, True], [True, False], [True, True]])
    weights = np.array([1.0, 2.0, 3.0])
    found = effective_weights(known, weights, None, np.array([0.5, 0.5]))
    # The weights of a task have the mean of its task weight, here over three rows.
    np.testing.assert_allclose(found, [[0.25, 0.375], [0.5, 0], [0.75, 1.125]])


def test_effective_weights_of_a_task_that_does_not_count():
    known = np.ones((2, 2), bool)
    factor = np.array([[1.0, 1.0], [3.0, 1.0]])
    found = effective_weights(known, np.ones(2), factor, np.array([1.0, 0.0]))
    np.testing.assert_allclose(found, [[0.5, 0], [1.5, 0]])


def test_effective_weights_of_a_task_without_labels_are_zero():
    known = np.array([[True, False], [True, False]])
    found = effective_weights(known, np.ones(2), None, np.array([0.5, 0.5]))
    np.testing.assert_allclose(found, [[0.5, 0], [0.5, 0]])

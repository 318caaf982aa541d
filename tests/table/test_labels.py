# SPDX-License-Identifier: BSD-3-Clause
"""Kinds of labels: numbers, classes, or both."""

import numpy as np
import pytest

from skrln._table._labels import ClassLabels, MixedLabels, NumberLabels
from skrln._table._mixed_target import MixedTarget
from skrln._table._targets import NUMBER_LOSSES, ClassTarget, RegressionTarget

ONES = np.ones(4)
NUMBERS = np.array([1.0, 3.0, 5.0, 7.0])
CLASSES = np.array(["a", "b", "a", "b"])
BOTH = np.array([[1.0, 0], [3.0, 1], [np.nan, 0], [5.5, 2]])


def fit(labels, y):
    y, known = labels.read(y)
    return labels.fit(y, known, ONES), y, known


@pytest.mark.parametrize(
    ("labels", "y", "kind"),
    [
        (NumberLabels(), NUMBERS, RegressionTarget),
        (ClassLabels(), CLASSES, ClassTarget),
        (MixedLabels(), BOTH, MixedTarget),
    ],
)
def test_target(labels, y, kind):
    target, y, known = fit(labels, y)
    assert type(target) is labels.target_type is kind
    codes, known, factors = labels.encode(target, y, known, ONES, "y")
    assert codes.shape == known.shape == (4, 1 if np.ndim(y) == 1 else y.shape[1])
    if factors is not None:
        np.testing.assert_array_equal(factors, 1)


# -- numbers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "parameter"),
    [
        ("squared_error", 0.0),
        ("absolute_error", 0.0),
        ("huber", 2.5),
        ("quantile", 0.9),
        ("poisson", 0.0),
    ],
)
def test_loss_and_its_number(loss, parameter):
    labels = NumberLabels(loss, quantile=0.9, huber_threshold=2.5)
    assert labels.losses() == (loss, parameter)


def test_all_losses_have_their_numbers():
    for name, loss in NUMBER_LOSSES.items():
        labels = NumberLabels(name)
        expected = 0.0 if loss.parameter is None else getattr(labels, loss.parameter)
        assert labels.loss_parameter == expected


def test_unknown_loss_raises():
    with pytest.raises(KeyError, match="gamma"):
        NumberLabels("gamma").losses()


def test_numbers_are_scaled_by_the_rows_of_the_refit():
    labels = NumberLabels()
    target, y, known = fit(labels, NUMBERS)
    np.testing.assert_allclose(target.center, [4])
    part = labels.refit(target, y[:2], known[:2], ONES[:2])
    np.testing.assert_allclose([part.center, part.scale], [[2], [1]])
    first = labels.fit_first_batch(y[:2], known[:2], ONES[:2], None)
    np.testing.assert_allclose(first.center, part.center)


def test_numbers_have_no_strata():
    assert NumberLabels().strata(NUMBERS) is None


def test_number_of_tasks_stays():
    labels = NumberLabels()
    target, _, _ = fit(labels, NUMBERS)
    later, known = labels.read(BOTH)
    with pytest.raises(
        ValueError, match=r"Got y_val with 2 task\(s\), but expected 1. Pass a"
    ):
        labels.encode(target, later, known, ONES, "y_val")


# -- classes ---------------------------------------------------------------------------


def test_classes_of_one_task_are_strata():
    labels = ClassLabels()
    np.testing.assert_array_equal(labels.strata(CLASSES), CLASSES)
    assert labels.strata(np.zeros((4, 2))) is None
    assert labels.losses() == ("log_loss", 0.0)


def test_refit_keeps_classes():
    labels = ClassLabels()
    target, y, known = fit(labels, CLASSES)
    assert labels.refit(target, y[:1], known[:1], ONES[:1]) is target


def test_class_weights():
    labels = ClassLabels({"a": 3.0})
    target, y, known = fit(labels, CLASSES)
    _, _, factors = labels.encode(target, y, known, ONES, "y")
    np.testing.assert_array_equal(factors, [[3], [1], [3], [1]])


def test_first_batch_takes_the_classes_of_the_user():
    labels = ClassLabels()
    y, known = labels.read(np.array(["b", "b"]))
    target = labels.fit_first_batch(y, known, ONES, ["c", "b", "a", "b"])
    assert target.classes.tolist() == ["a", "b", "c"]
    y, known = labels.read(np.array([[0, 5], [1, 5]]))
    target = labels.fit_first_batch(y, known, ONES, [[0, 1], [5, 6, 7]])
    assert [names.tolist() for names in target.classes] == [[0, 1], [5, 6, 7]]
    assert not target.multilabel
    target = labels.fit_first_batch(y, known, ONES, [[0, 1], [0, 1]])
    assert target.multilabel


# -- both ------------------------------------------------------------------------------


def test_losses_per_task():
    labels = MixedLabels("huber", huber_threshold=2.0)
    target, y, known = fit(labels, BOTH)
    assert labels.losses(target) == (("huber", "log_loss"), 2.0)
    only = MixedLabels("huber", task_types=["regression"] * 2)
    assert only.losses(only.fit(y, known, ONES))[0] == "huber"
    classes, _, _ = fit(labels, BOTH[:, [1, 1]])
    assert labels.losses(classes)[0] == "log_loss"


def test_refit_scales_numbers_and_keeps_classes():
    labels = MixedLabels()
    target, y, known = fit(labels, BOTH)
    part = labels.refit(target, y[:2], known[:2], ONES[:2])
    assert part.heads == (1, 3)
    np.testing.assert_allclose(part.encoders[0].center, [2])


def test_first_batch_of_both():
    labels = MixedLabels()
    y, known = labels.read(BOTH[:2])
    target = labels.fit_first_batch(y, known, ONES[:2], [None, [0, 1, 2]])
    assert target.heads == (1, 3)
    assert labels.fit_first_batch(y, known, ONES[:2], None).heads == (1, 1)
    named = MixedLabels(task_types=["regression", "classification"])
    assert named.fit_first_batch(y, known, ONES[:2], [None, [0, 1]]).heads == (1, 1)


@pytest.mark.parametrize(
    ("task_types", "classes"),
    [
        ("auto", [[0, 1, 2]]),
        (["classification", "regression"], [None, [0, 1, 2]]),
    ],
)
def test_first_batch_with_contradicting_classes(task_types, classes):
    labels = MixedLabels(task_types=task_types)
    y, known = labels.read(BOTH[:2])
    with pytest.raises(ValueError, match=r"Got classes=.* an entry for each task"):
        labels.fit_first_batch(y, known, ONES[:2], classes)


def test_strata_of_both_are_none():
    assert MixedLabels().strata(BOTH) is None

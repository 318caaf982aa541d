# SPDX-License-Identifier: BSD-3-Clause
"""Numbers and classes in one target."""

import numpy as np
import pandas as pd
import pytest

from skrln._table._mixed_target import (
    MixedTarget,
    check_mixed_target,
    resolve_task_types,
)

RNG = np.random.default_rng(0)
N_ROWS = 30
FRAME = pd.DataFrame(
    {
        "size": RNG.normal(50, 9, N_ROWS),
        "kind": RNG.choice(["a", "b", "cc"], N_ROWS),
        "alive": RNG.integers(2, size=N_ROWS).astype(bool),
        "grade": np.arange(N_ROWS) % 4,
    }
)
ONES = np.ones(N_ROWS)


def fitted(frame=FRAME, types="auto", loss="squared_error"):
    y, known = check_mixed_target(frame)
    target = MixedTarget(resolve_task_types(types, y, known), loss)
    return target.fit(y, known, ONES), y, known


@pytest.fixture(scope="module")
def target():
    return fitted()[0]


def test_types_by_what_the_labels_are(target):
    assert target.class_tasks.tolist() == [False, True, True, True]
    assert target.heads == (1, 3, 1, 4)
    assert target.classes[0] is None
    assert target.classes[1].tolist() == ["a", "b", "cc"]
    assert target.classes[2].tolist() == [False, True]
    named, _, _ = fitted(
        types=["regression", "classification", "classification", "regression"]
    )
    assert named.heads == (1, 3, 1, 1)


def test_there_and_back(target):
    """Outputs that say the codes are decoded to the labels."""
    _, y, known = fitted()
    codes = target.encode(y, known)
    np.testing.assert_allclose(codes[:, 0].mean(), 0, atol=1e-12)
    np.testing.assert_allclose(codes[:, 0].std(), 1)
    outputs = np.column_stack(
        [
            codes[:, 0],
            50 * np.eye(3)[codes[:, 1].astype(int)],
            50 * (2 * codes[:, 2] - 1),
            50 * np.eye(4)[codes[:, 3].astype(int)],
        ]
    )
    means = target.means(outputs)
    assert [p.shape[1] for p in target.split(means)] == [1, 3, 2, 4]
    found = target.decode(means)
    assert found.dtype == object
    np.testing.assert_allclose(found[:, 0].astype(float), FRAME["size"])
    assert (found[:, 1:] == y[:, 1:]).all()
    indicators = target.indicators(y, known)
    assert indicators.shape == (N_ROWS, 1 + 3 + 2 + 4)
    np.testing.assert_array_equal(indicators[:, 1:].sum(axis=1), 3)


def test_predictions_are_numbers_where_all_labels_are():
    target, y, known = fitted(FRAME[["size", "grade"]])
    assert y.dtype == float
    means = target.means(np.zeros((5, 5)))
    found = target.decode(means)
    assert found.dtype == float
    assert set(found[:, 1]) <= {0.0, 1.0, 2.0, 3.0}
    assert target.encode(y, known).shape == (N_ROWS, 2)


def test_missing_labels():
    frame = FRAME.astype(object)
    frame.iloc[::3, 0], frame.iloc[1::3, 1], frame.iloc[2::3, 3] = np.nan, None, pd.NA
    target, y, known = fitted(frame)
    assert known.mean(axis=0).tolist() == [2 / 3, 2 / 3, 1, 2 / 3]
    assert target.heads == (1, 3, 1, 4)
    codes = target.encode(y, known)
    assert np.isfinite(codes).all()
    assert (codes[~known] == 0).all()


def test_refitted_scales_numbers_and_keeps_classes():
    target, y, known = fitted()
    rows = np.flatnonzero(FRAME["grade"] < 2)
    part = target.refitted(y[rows], known[rows], ONES[rows])
    assert part.heads == target.heads
    codes = part.encode(y[rows], known[rows])
    np.testing.assert_allclose(codes[:, 0].mean(), 0, atol=1e-12)
    assert abs(target.encode(y[rows], known[rows])[:, 0].mean()) > 1e-3


def test_class_weights_are_of_classes_alone():
    target, y, known = fitted()
    codes = target.encode(y, known)
    given = [None, {"a": 2.0}, None, "balanced"]
    factors = target.class_weights(given, codes, known, ONES)
    np.testing.assert_array_equal(factors[:, 0], 1)
    np.testing.assert_array_equal(factors[:, 1], 1 + (FRAME["kind"] == "a"))
    totals = np.bincount(codes[:, 3].astype(int), factors[:, 3])
    np.testing.assert_allclose(totals, totals[0])
    with pytest.raises(ValueError, match="class_weight with 2 entries"):
        target.class_weights([None, None], codes, known, ONES)


@pytest.mark.parametrize(
    ("change", "types", "message"),
    [
        (lambda y: y["size"], "auto", r"shape \(30,\), but expected"),
        (lambda y: y.assign(kind="a"), "auto", "1 class.*about task 1"),
        (lambda y: y, ["regression"], "each column of y, which has 4"),
        (
            lambda y: y,
            ["regression"] * 3 + ["rank"],
            "'classification' or 'regression'",
        ),
        (lambda y: y, ["regression"] * 4, "no numbers.*about task 1"),
        (lambda y: y, ["classification"] * 4, "continuous.*about task 0"),
        (
            lambda y: y.assign(size=np.inf),
            ["regression", *["classification"] * 3],
            "inf",
        ),
        (
            lambda y: y.assign(kind=[1.5, "a"] * 15),
            "auto",
            r"task 1 of y with float \(such as 1\.5\) and str .* classes of one type",
        ),
    ],
)
def test_bad_targets(change, types, message):
    with pytest.raises(ValueError, match=message):
        fitted(change(FRAME), types)


def test_other_targets_than_those_of_the_fit(target):
    y, known = check_mixed_target(FRAME.assign(kind="d"), "y_val")
    with pytest.raises(ValueError, match=r"'d'.*in y_val.*about task 1 of y_val"):
        target.encode(y, known, "y_val")
    with pytest.raises(ValueError, match=r"3 task\(s\), but expected 4. Pass a"):
        target.encode(y[:, :3], known[:, :3])

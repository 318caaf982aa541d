# SPDX-License-Identifier: BSD-3-Clause
"""Combination of networks by their loss on held-out rows."""

import numpy as np
import pytest

from skrln._ensemble import _combine
from skrln._ensemble._combine import (
    Combination,
    HeldOut,
    by_kind,
    calibrate,
    combine,
    held_out_rows,
)
from skrln._ensemble._jobs import Trained
from skrln._network._settings import Kind
from skrln._table._splits import Split
from skrln._table._targets import ClassTarget, RegressionTarget

from ._values import (
    CLASS_LABELS,
    CLASSES,
    MEMBERS,
    X,
    Y,
    draw_trained,
    make_parameters,
    make_shared,
    plan_jobs,
)

NUMBERS = RegressionTarget("squared_error").fit(np.array([-1.0, 1.0]), np.ones(2))
SQUARED = ("squared_error", 0.0)
A, B = Kind(-7.0, None, 1, 1, 0.0), Kind(-8.0, "piecewise", 1, 1, 0.0)


def draw(labels=None, y=Y, weights=None, **changes):
    """Networks of an ensemble, and the table that they share."""
    labels = make_parameters().labels if labels is None else labels
    parameters = make_parameters(labels, **MEMBERS | changes)
    jobs = plan_jobs(make_shared(parameters, y=y, sample_weight=weights))
    return jobs[0].shared, [draw_trained(job, k) for k, job in enumerate(jobs)]


def fake(kind, rows, means=(), number=0):
    """Trained network of a kind with these held-out rows and predictions."""
    one = draw()[1][0]
    job = one.job._replace(
        kind=kind, number=number, split=Split(np.arange(24), np.array(rows))
    )
    means = np.asarray(means, float).reshape(-1, 1)
    return Trained(job, one.fitted, means)


def held_out_of(rows, targets):
    targets = np.asarray(targets, float)[:, None]
    return HeldOut(np.array(rows), targets, np.ones_like(targets), SQUARED, NUMBERS)


def places(trained, part):
    """Positions of some of the networks."""
    numbers = {id(one): k for k, one in enumerate(trained)}
    return [numbers[id(one)] for one in part]


# -- groups and rows -------------------------------------------------------------------


def test_groups_by_theta_and_embedding():
    trained = [fake(kind, []) for kind in (A, B, A, A._replace(theta=-6.0))]
    groups = by_kind(trained)
    assert [places(trained, group) for group in groups] == [[0, 2], [1], [3]]


def test_rows_that_every_kind_holds_out():
    shared, trained = draw(numeric_embedding="auto")
    held_out = held_out_rows(shared, trained)
    assert len(trained) == 6
    own = [set(one.held_out_rows.tolist()) for one in trained]
    assert set(held_out.rows.tolist()) == set.union(*own)
    # A fit that was stopped lacks some networks of the second kind.
    held_out = held_out_rows(shared, trained[:4])
    assert held_out.rows.tolist() == sorted(own[3])
    assert held_out.losses == SQUARED
    targets = (Y - Y.mean()) / Y.std()
    np.testing.assert_allclose(held_out.targets[:, 0], targets[held_out.rows])


def test_validation_rows_of_the_user():
    parameters = make_parameters(**MEMBERS)
    shared = make_shared(
        parameters, X_val=X[:5], y_val=Y[:5], sample_weight_val=[1, 2, 1, 1, 1]
    )
    jobs = plan_jobs(shared)
    held_out = held_out_rows(shared, [draw_trained(job) for job in jobs])
    assert held_out.rows.tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(held_out.weights[1], 2 * held_out.weights[0])


def test_networks_without_held_out_rows():
    shared, trained = draw()
    assert held_out_rows(shared, [trained[0]._replace(means=None)]) is None


def test_kinds_without_a_common_row():
    shared, _ = draw()
    trained = [fake(A, [0, 1], [0, 0]), fake(B, [2], [0])]
    assert held_out_rows(shared, trained) is None


def test_positions_by_hand():
    held_out = held_out_of([3, 5, 8], [0, 0, 0])
    here, own = held_out.positions(fake(A, [8, 1, 3]))
    assert here.tolist() == [2, 0]
    assert own.tolist() == [0, 2]


def test_average_by_hand():
    """Row 5 is held out twice, the others once."""
    held_out = held_out_of([3, 5, 8], [0, 0, 0])
    group = [fake(A, [3, 5]), fake(A, [8, 5, 1])]
    means = [np.array([[1.0], [2.0]]), np.array([[3.0], [4.0], [9.0]])]
    np.testing.assert_array_equal(held_out.average(group, means), [[1], [3], [3]])


def test_losses_by_hand():
    held_out = held_out_of([0, 1], [1, 3])
    held_out = held_out._replace(weights=np.array([[3.0], [1.0]]))
    means = np.array([[0.0], [1.0]])
    # The losses are 1/2 and 2: the mean is (3 * 1/2 + 1 * 2) / 4.
    assert held_out.mean_loss(means) == pytest.approx(0.875)
    assert held_out.row_losses(means).mean() == pytest.approx(0.875)


# -- weights ---------------------------------------------------------------------------


def test_without_held_out_rows_all_networks_count_the_same():
    shared, _ = draw()
    trained = [fake(A, []), fake(A, []), fake(B, [])]
    combination = combine(shared, trained, None)
    assert combination.weights.tolist() == [0.25, 0.25, 0.5]  # kinds count the same
    assert combination.temperature == 1
    assert combination.losses is None
    assert places(trained, combination.trained) == [0, 1, 2]
    pairs = zip(combination.members, trained, strict=True)
    assert all(member is one.fitted for member, one in pairs)


def test_weight_of_a_kind_is_shared_by_its_networks(monkeypatch):
    monkeypatch.setattr(
        _combine, "convex_weights", lambda *_: np.array([0.75, 0.24, 0.01])
    )
    shared, _ = draw()
    kinds = (A, B, B, A._replace(theta=-6.0))
    trained = [fake(kind, [0, 1], [1, 3]) for kind in kinds]
    combination = combine(shared, trained, held_out_of([0, 1], [1, 3]))
    # The last kind, with less than 0.02, is dropped.
    assert places(trained, combination.trained) == [0, 1, 2]
    expected = np.array([0.75, 0.12, 0.12]) / 0.99
    np.testing.assert_allclose(combination.weights, expected)
    np.testing.assert_allclose(combination.losses, 0)


def test_better_kind_has_more_weight():
    shared, _ = draw()
    rows, targets = np.arange(20), np.linspace(-1, 1, 20)
    trained = [fake(A, rows, targets), fake(B, rows, targets[::-1])]
    combination = combine(shared, trained, held_out_of(rows, targets))
    assert combination.weights[0] > 0.9
    assert combination.weights.sum() == pytest.approx(1)


def test_single_network_is_the_one_with_the_lowest_loss():
    shared, _ = draw(n_estimators=1, theta="auto", early_stopping=True)
    trained = [fake(A, [0, 1], [3, 3]), fake(B, [0, 1], [1, 2])]
    combination = combine(shared, trained, held_out_of([0, 1], [1, 3]))
    assert places(trained, combination.trained) == [1]
    assert combination.weights.tolist() == [1]
    np.testing.assert_allclose(combination.losses, [0, 0.5])


# -- temperature -----------------------------------------------------------------------


def test_numbers_have_no_temperature():
    temperature, losses = calibrate(np.zeros((2, 1)), held_out_of([0, 1], [1, 3]))
    assert temperature == 1
    np.testing.assert_allclose(losses, [0.5, 4.5])


def test_probabilities_that_are_too_sure_are_evened_out():
    target = ClassTarget()
    target.one_dimensional = True
    target.set_classes([np.array([0, 1])])
    codes = (np.arange(4000) % 4 == 0).astype(float)[:, None]
    sure = np.tile([0.99, 0.01], (4000, 1))
    held_out = HeldOut(
        np.arange(4000), codes, np.ones_like(codes), ("log_loss", 0.0), target
    )
    temperature, losses = calibrate(sure, held_out)
    # A quarter of the rows is of class 1: log(99) / log(3) would be right.
    assert temperature == pytest.approx(np.log(99) / np.log(3), rel=0.05)
    assert losses.mean() < held_out.row_losses(sure).mean()


def test_classes():
    shared, trained = draw(CLASS_LABELS, CLASSES)
    held_out = held_out_rows(shared, trained)
    combination = combine(shared, trained, held_out)
    assert isinstance(combination, Combination)
    assert combination.temperature > 1  # the networks are drawn, not trained
    assert len(combination.losses) == len(held_out.rows)

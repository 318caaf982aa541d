# SPDX-License-Identifier: BSD-3-Clause
"""Warnings about the outcome of a fit."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skrln._kernels import StopReason
from skrln._network._outcome import Outcome, outcome_of, warn_outcome

from ._values import draw_fitted, make_parameters

FULL = np.ones((2, 2))


def finish(reason=StopReason.MAX_ITER, weights=(FULL, FULL), best_epoch=3, **params):
    coefs = [np.asarray(weight, float) for weight in weights]
    outcome = Outcome(reason, best_epoch, 7, coefs)
    warn_outcome([outcome], make_parameters(**params))


@pytest.mark.parametrize(
    "reason", [StopReason.MAX_ITER, StopReason.PATIENCE, StopReason.CALLBACK]
)
def test_nothing_to_say(reason):
    finish(reason)


@pytest.mark.parametrize(
    ("best_epoch", "kept"), [(3, "the weights of epoch 4"), (-1, "the initial weights")]
)
def test_diverged(best_epoch, kept):
    message = rf"diverged in epoch 7: .* Kept {kept}. Got learning_rate_init=9; lower"
    with pytest.warns(ConvergenceWarning, match=message):
        finish(StopReason.DIVERGED, best_epoch=best_epoch, learning_rate_init=9)


def test_interrupted():
    with pytest.warns(
        ConvergenceWarning, match="interrupted by the user after 7 epochs"
    ):
        finish(StopReason.INTERRUPTED)


@pytest.mark.parametrize(
    "weights",
    [
        ([[0, 0], [0, 0]], FULL),
        (FULL, [[0, 0], [0, 0]]),
        # A path into one unit and a path out of the other one are no path.
        ([[1, 0], [1, 0]], [[0, 0], [1, 1]]),
    ],
)
def test_no_survivor(weights):
    message = r"No input reaches the output: .* Got theta=-1 and penalty step=0.5; lower theta"
    with pytest.warns(ConvergenceWarning, match=message):
        finish(weights=weights, theta=-1, step=0.5)


def test_one_path_is_enough():
    finish(weights=([[0, 0], [1, 0]], [[0, 1], [0, 0]]))


def test_network_without_penalty_is_not_told_to_lower_theta():
    finish(weights=(FULL, np.zeros((2, 2))), penalty=None)


def test_several_networks_are_counted():
    """One warning for all of them; a network that survives is enough to predict with."""
    fine = Outcome(StopReason.PATIENCE, 3, 7, [FULL])
    lost = Outcome(StopReason.DIVERGED, -1, 2, [0 * FULL])
    with pytest.warns(ConvergenceWarning, match=r"in 1 of 2 networks in epoch 2"):
        warn_outcome([fine, lost], make_parameters())


def test_interrupt_of_several_networks_names_the_longest():
    outcomes = [Outcome(StopReason.INTERRUPTED, -1, n, [FULL]) for n in (3, 5)]
    with pytest.warns(ConvergenceWarning, match="by the user after 5 epochs"):
        warn_outcome(outcomes, make_parameters())


def test_divergence_hides_the_interrupt():
    outcomes = [
        Outcome(StopReason.DIVERGED, 0, 2, [FULL]),
        Outcome(StopReason.INTERRUPTED, 0, 3, [FULL]),
    ]
    with pytest.warns(ConvergenceWarning) as warned:
        warn_outcome(outcomes, make_parameters())
    assert len(warned) == 1


def test_selection_that_dropped_every_column():
    fine = Outcome(StopReason.MAX_ITER, 3, 7, [FULL])
    message = "Input selection dropped every column: .* Got input_selection='auto'; check that"
    with pytest.warns(ConvergenceWarning, match=message):
        warn_outcome([fine], make_parameters(input_selection="auto"), [[0 * FULL]])
    warn_outcome([fine], make_parameters(), [[0 * FULL], [FULL]])


def test_outcome_of_a_network():
    fitted = draw_fitted(reason=StopReason.PATIENCE, best_epoch=0)
    outcome = outcome_of(fitted)
    assert outcome[:3] == (StopReason.PATIENCE, 0, 2)
    assert outcome.coefs is fitted.network.coefs

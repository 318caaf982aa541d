# SPDX-License-Identifier: BSD-3-Clause
"""What a fit says when it ends."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skrln import RLNRegressor
from skrln._core._outcome import warn_outcome
from skrln._kernels import Layer, StopReason

FULL = np.ones((2, 2))


def finish(reason=StopReason.MAX_ITER, weights=(FULL, FULL), best_epoch=3, **params):
    layers = tuple(Layer(np.asarray(w, float), np.zeros(2)) for w in weights)
    result = SimpleNamespace(
        reason=reason, best_epoch=best_epoch, n_epochs=7, params=layers
    )
    warn_outcome(RLNRegressor(**params), [result])


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
    message = r"No input reaches the output: .* Got theta=-1, reg_step=0.5; lower theta"
    with pytest.warns(ConvergenceWarning, match=message):
        finish(weights=weights, theta=-1, reg_step=0.5)


def test_one_path_is_enough():
    finish(weights=([[0, 0], [1, 0]], [[0, 1], [0, 0]]))


def test_network_without_penalty_is_not_told_to_lower_theta():
    finish(weights=(FULL, np.zeros((2, 2))), regularization=None)


def test_several_networks_are_counted():
    """One warning for all of them; a network that survives is enough to predict with."""
    fine = SimpleNamespace(
        reason=StopReason.PATIENCE,
        best_epoch=3,
        n_epochs=7,
        params=(Layer(FULL, np.zeros(2)),),
    )
    lost = SimpleNamespace(
        reason=StopReason.DIVERGED,
        best_epoch=-1,
        n_epochs=2,
        params=(Layer(0 * FULL, np.zeros(2)),),
    )
    with pytest.warns(ConvergenceWarning, match=r"in 1 of 2 networks in epoch 2"):
        warn_outcome(RLNRegressor(), [fine, lost])

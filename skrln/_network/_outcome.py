# SPDX-License-Identifier: BSD-3-Clause
"""Warnings about the outcome of a fit."""

import warnings
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skrln._kernels import StopReason


class Outcome(NamedTuple):
    """Part of a trained network that the warnings depend on."""

    reason: int
    best_epoch: int
    n_epochs: int
    coefs: list


def outcome_of(fitted):
    """Outcome of a FittedNetwork."""
    return Outcome(
        fitted.reason, fitted.best_epoch, fitted.n_epochs, fitted.network.coefs
    )


def warn_outcome(outcomes, parameters, kept=None):
    """Warn about fits that diverged, were interrupted, or lost all their inputs.

    Parameters
    ----------
    outcomes : list of Outcome
        Of all networks that were trained.
    parameters : Parameters
        Of the fit, for the advice.
    kept : list of list of ndarray, default=None
        Weights of the networks that the fit kept; by default all that were trained.
    """
    diverged = [one for one in outcomes if one.reason == StopReason.DIVERGED]
    interrupted = [one for one in outcomes if one.reason == StopReason.INTERRUPTED]
    if diverged:
        _warn(_describe_divergence(diverged, len(outcomes), parameters))
    elif interrupted:
        n_epochs = max(outcome.n_epochs for outcome in outcomes)
        _warn(
            f"Training was interrupted by the user after {n_epochs} epochs; the "
            "weights reached by then are kept."
        )
    survived = any(_has_survivor(outcome.coefs) for outcome in outcomes)
    if survived and kept and not any(map(_has_survivor, kept)):
        _warn(
            "Input selection dropped every column: no subset lowered the held-out loss, and "
            "predictions are constant. Got input_selection="
            f"{parameters.input_selection!r}; check that X predicts y, or pass "
            "input_selection=False to keep the columns."
        )
    elif not survived and parameters.penalty is not None:
        _warn(
            "No input reaches the output: every path through the network has a weight of "
            f"zero, and predictions are constant. Got theta={parameters.theta!r} and "
            f"penalty step={parameters.penalty.step}; lower theta (weaker regularization), "
            "raise the step, or check that X predicts y."
        )


def _describe_divergence(diverged, n_networks, parameters):
    first = diverged[0]
    share = f" in {len(diverged)} of {n_networks} networks" if n_networks > 1 else ""
    kept = "the initial weights"
    if first.best_epoch >= 0:
        kept = f"the weights of epoch {first.best_epoch + 1}"
    return (
        f"Training diverged{share} in epoch {first.n_epochs}: the loss or a weight was no "
        f"longer finite, or exceeded the bound of a plausible loss. Kept {kept}. Got "
        f"learning_rate_init={parameters.learning_rate_init}; lower it."
    )


def _warn(message):
    # The frames above: warn_outcome, the estimator's fit, and the user's call.
    warnings.warn(message, ConvergenceWarning, stacklevel=4)


def _has_survivor(coefs):
    """Return True if a path of non-zero weights leads from an input to an output."""
    is_reached = np.ones(len(coefs[0]), bool)
    for weight in coefs:
        is_reached = (weight[is_reached] != 0).any(axis=0)
    return bool(is_reached.any())

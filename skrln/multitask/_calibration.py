# SPDX-License-Identifier: BSD-3-Clause
"""Calibration of class probabilities that come from different stages.

Columns from different stages are not on one scale and do not sum to 1. Each class gets a
slope and an intercept of its log odds, fitted on held-out rows.
"""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from ._scoring import LEAST_PROBABILITY

#: Slope and intercept that leave the log odds unchanged.
IDENTITY = (1.0, 0.0)
#: L2 penalty on the distance from IDENTITY, in units of the loss of one row: a few rows do
#: not determine slope and intercept.
PENALTY = 1.0


def fit_columns(columns, truth, weights):
    """Fit slope and intercept of the log odds of each class, (n_classes, 2).

    Each class is calibrated against the rest by Platt scaling. A class that none of the
    weighted rows has, or all of them, keeps IDENTITY.
    """
    calibration = np.tile(IDENTITY, (columns.shape[1], 1))
    for k in range(columns.shape[1]):
        if np.ptp(truth[weights > 0, k]) > 0:
            calibration[k] = _fit_platt(_log_odds(columns[:, k]), truth[:, k], weights)
    return calibration


def combine(columns, calibration):
    """Calibrate the columns, and divide each row by its sum."""
    slope, intercept = calibration.T
    scaled = expit(slope * _log_odds(columns) + intercept)
    return scaled / scaled.sum(axis=1, keepdims=True)


def _log_odds(probability):
    """Log odds in double precision; the clipping keeps them finite at 0 and 1."""
    clipped = np.clip(probability, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    return logit(np.asarray(clipped, float))


def _fit_platt(odds, truth, weights):
    """Slope and intercept with the lowest penalized log loss."""
    identity = np.array(IDENTITY)

    def objective(line):
        """Penalized log loss, and its gradient."""
        slope, intercept = line
        values = slope * odds + intercept
        # -log(expit(v)) of a row of the class, -log(1 - expit(v)) of any other row.
        losses = np.logaddexp(0, np.where(truth, -values, values))
        residuals = weights * (expit(values) - truth)
        shift = line - identity
        loss = weights @ losses + PENALTY / 2 * (shift @ shift)
        return loss, np.array([residuals @ odds, residuals.sum()]) + PENALTY * shift

    # Fitted on few rows, a negative slope would reverse the order of the probabilities.
    bounds = [(0, None), (None, None)]
    return minimize(objective, identity, jac=True, method="L-BFGS-B", bounds=bounds).x

# SPDX-License-Identifier: BSD-3-Clause
"""Columns of one multiclass prediction that come from different stages."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from ._scoring import LEAST_PROBABILITY

#: Pull of slope and intercept towards no change, in rows: few rows do not tell them.
PULL = 1.0


def fit_columns(columns, truth, weights):
    """Slope and intercept of the log odds of each class, (n_classes, 2).

    Platt's calibration of each class against the rest. A class without rows stays as it is.
    """
    found = np.tile([1.0, 0.0], (columns.shape[1], 1))
    for k in range(columns.shape[1]):
        if np.ptp(truth[weights > 0, k]) > 0:
            found[k] = _platt(_log_odds(columns[:, k]), truth[:, k], weights)
    return found


def combine(columns, calibration):
    """Calibrated columns, divided by their sum."""
    slope, intercept = calibration.T
    scaled = expit(slope * _log_odds(columns) + intercept)
    return scaled / scaled.sum(axis=1, keepdims=True)


def _log_odds(probability):
    clipped = np.clip(probability, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    return logit(np.asarray(clipped, float))


def _platt(odds, truth, weights):
    start = np.array([1.0, 0.0])

    def objective(line):
        slope, intercept = line
        values = slope * odds + intercept
        loss = np.logaddexp(0, np.where(truth, -values, values))
        slack = weights * (expit(values) - truth)
        away = line - start
        value = weights @ loss + PULL / 2 * (away @ away)
        return value, np.array([slack @ odds, slack.sum()]) + PULL * away

    # A negative slope would turn a class around on the strength of few rows.
    bounds = [(0, None), (None, None)]
    return minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds).x

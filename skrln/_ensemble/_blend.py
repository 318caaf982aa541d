# SPDX-License-Identifier: BSD-3-Clause
"""Weights of the predictions of several networks, and the temperature of their mean."""

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import softmax

#: Pull towards equal weights, in rows: with few held-out rows the weights stay nearly equal.
EQUAL_PULL = 3.0
#: Pull of the temperature towards 1, in rows, and bounds of the temperature.
TEMPERATURE_PULL, TEMPERATURES = 5.0, (0.25, 20.0)
#: Temperatures of a coarse search, and the loss by which its best must be lower to count.
N_TEMPERATURES, LEAST_GAIN = 12, 1e-3
#: Bound of residuals whose squares are added up. Held-out targets may have any size.
LARGEST_RESIDUAL = 1e150
#: Lower bound of probabilities in the loss: a single row must not dominate.
LEAST_PROBABILITY = 1e-4


def mean_loss(target, loss, means, targets, weights):
    """Return the weighted mean loss of predictions.

    Parameters
    ----------
    target : RegressionTarget, ClassTarget or MixedTarget
    loss : tuple
        Name of the loss, or a name per task, and the parameter of the loss.
    means : ndarray of shape (n_samples, n_columns)
        Predictions as `target.means` makes them.
    targets : ndarray of shape (n_samples, n_tasks)
        Encoded targets.
    weights : ndarray of shape (n_samples, n_tasks)
        Weights of the labels; zero for missing labels.
    """
    return row_losses(target, loss, means, targets, weights).mean()


def row_losses(target, loss, means, targets, weights):
    """Return losses of rows, (n_samples,), whose plain mean is the weighted mean loss."""
    values = _losses(target, loss, means, targets)
    weighted = np.where(weights > 0, values, 0) * weights
    return weighted.sum(axis=1) * (len(weights) / weights.sum())


def _losses(target, loss, means, targets):
    name, parameter = loss
    if isinstance(name, str) and name != LOG_LOSS:
        return LOSSES[name](means, targets, parameter)
    names = [name] * targets.shape[1] if isinstance(name, str) else name
    columns = []
    pairs = zip(names, target.split(means), strict=True)
    for task, (task_loss, prediction) in enumerate(pairs):
        truth = targets[:, [task]]
        if task_loss == LOG_LOSS:
            likelihood = np.take_along_axis(prediction, truth.astype(int), axis=1)
            columns.append(-np.log(np.maximum(likelihood, LEAST_PROBABILITY)))
        else:
            columns.append(LOSSES[task_loss](prediction, truth, parameter))
    return np.hstack(columns)


def _squared_error(means, targets, parameter):
    del parameter
    residual = np.clip(targets - means, -LARGEST_RESIDUAL, LARGEST_RESIDUAL)
    return 0.5 * residual**2


def _absolute_error(means, targets, parameter):
    del parameter
    return np.abs(targets - means)


def _huber(means, targets, parameter):
    size = np.abs(targets - means)
    inner = np.minimum(size, parameter)
    return 0.5 * inner**2 + parameter * (size - inner)


def _quantile(means, targets, parameter):
    residual = targets - means
    return np.maximum(parameter * residual, (parameter - 1) * residual)


def _poisson(means, targets, parameter):
    del parameter
    return means - targets * np.log(np.maximum(means, LEAST_PROBABILITY))


#: Loss of class tasks, on probabilities.
LOG_LOSS = "log_loss"
#: Losses of number tasks, by name. Each takes predictions in the space in which networks are
#: averaged, encoded targets and the parameter of the loss.
LOSSES = {
    "squared_error": _squared_error,
    "absolute_error": _absolute_error,
    "huber": _huber,
    "quantile": _quantile,
    "poisson": _poisson,
}


def convex_weights(
    target, loss, candidates, targets, weights, *, equal_pull=EQUAL_PULL
):
    """Return weights of candidates, which sum to 1, with the lowest loss of the weighted mean.

    Parameters
    ----------
    candidates : list of ndarray of shape (n_samples, n_columns)
        Predictions of each candidate for held-out rows.
    equal_pull : float
        Pull towards equal weights, in rows.

    Returns
    -------
    ndarray of shape (n_candidates,)
    """
    count = len(candidates)
    equal = np.full(count, 1 / count)
    if count == 1:
        return equal
    stack = np.stack(candidates)
    # Losses are taken relative to that of equal weights, so that the pull has no unit.
    scale = abs(
        mean_loss(target, loss, np.tensordot(equal, stack, 1), targets, weights)
    )
    pull = equal_pull * count / len(targets)

    def objective(share):
        blended = np.tensordot(share, stack, 1)
        fit = mean_loss(target, loss, blended, targets, weights) / max(scale, 1e-12)
        return fit + pull * np.sum((share - equal) ** 2)

    optimum = minimize(
        objective,
        equal,
        method="SLSQP",
        bounds=[(0, 1)] * count,
        constraints={"type": "eq", "fun": lambda share: share.sum() - 1},
    )
    share = np.clip(optimum.x, 0, 1)
    # SLSQP can fail, and then equal weights are safe.
    if not np.all(np.isfinite(share)) or objective(share) > objective(equal):
        return equal
    return share / share.sum()


def best_temperature(target, means, targets, weights, loss=("log_loss", 0.0)):
    """Return the temperature with the lowest loss; above 1 it evens out probabilities."""

    def objective(log_temperature):
        tempered = temper(target, means, np.exp(log_temperature))
        fit = mean_loss(target, loss, tempered, targets, weights)
        pull = TEMPERATURE_PULL / 2 / len(targets)
        return fit + pull * log_temperature**2

    low, high = np.log(TEMPERATURES)
    optimum = minimize_scalar(objective, bounds=(low, high), method="bounded")
    # The bound of probabilities makes the loss flat, where the search can stop too early.
    grid = np.linspace(low, high, N_TEMPERATURES)
    losses = [objective(log_temperature) for log_temperature in grid]
    best = int(np.argmin(losses))
    if losses[best] < optimum.fun - LEAST_GAIN:
        around = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
        optimum = minimize_scalar(objective, bounds=around, method="bounded")
    return float(np.exp(optimum.x))


def temper(target, means, temperature):
    """Return probabilities at another temperature; predicted numbers stay unchanged."""
    pairs = zip(target.split(means), target.class_tasks, strict=True)
    columns = [
        softmax(np.log(np.maximum(own, 1e-30)) / temperature, axis=1)
        if is_class
        else own
        for own, is_class in pairs
    ]
    return np.hstack(columns)

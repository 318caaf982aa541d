# SPDX-License-Identifier: BSD-3-Clause
"""One prediction out of those of several networks: their weights, and its temperature."""

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import softmax

#: Pull of the weights towards equal ones, in rows: with few rows they stay near them.
EQUAL_PULL = 3.0
#: Pull of the temperature towards one, in rows, and its bounds.
TEMPERATURE_PULL, TEMPERATURES = 5.0, (0.25, 20.0)
#: Probabilities below this count as this: one row must not decide.
LEAST_PROBABILITY = 1e-4


def mean_loss(target, loss, means, targets, weights):
    """Weighted mean loss of predictions.

    Parameters
    ----------
    target : RegressionTarget, ClassTarget or MixedTarget
    loss : tuple
        Name of the loss, or one of each task, and its number.
    means : ndarray of shape (n_samples, n_columns)
        Predictions as `target.means` makes them.
    targets : ndarray of shape (n_samples, n_tasks)
        Encoded.
    weights : ndarray of shape (n_samples, n_tasks)
        Zero where a label is unknown.
    """
    return row_losses(target, loss, means, targets, weights).mean()


def row_losses(target, loss, means, targets, weights):
    """What each row adds to it, (n_samples,): their plain mean is the weighted mean loss."""
    values = _losses(target, loss, means, targets)
    weighted = np.where(weights > 0, values, 0) * weights
    return weighted.sum(axis=1) * (len(weights) / weights.sum())


def _losses(target, loss, means, targets):
    name, parameter = loss
    if isinstance(name, str) and name != "log_loss":
        return _number_losses(name, parameter, means, targets)
    names = [name] * targets.shape[1] if isinstance(name, str) else name
    columns = []
    for task, (one, found) in enumerate(zip(names, target.split(means), strict=True)):
        truth = targets[:, [task]]
        if one == "log_loss":
            chosen = np.take_along_axis(found, truth.astype(int), axis=1)
            columns.append(-np.log(np.maximum(chosen, LEAST_PROBABILITY)))
        else:
            columns.append(_number_losses(one, parameter, found, truth))
    return np.hstack(columns)


def _number_losses(name, parameter, means, targets):
    residual = targets - means
    if name == "squared_error":
        return 0.5 * residual**2
    if name == "absolute_error":
        return np.abs(residual)
    if name == "huber":
        inner = np.minimum(np.abs(residual), parameter)
        return 0.5 * inner**2 + parameter * (np.abs(residual) - inner)
    if name == "quantile":
        return np.maximum(parameter * residual, (parameter - 1) * residual)
    return means - targets * np.log(np.maximum(means, LEAST_PROBABILITY))  # poisson


def convex_weights(
    target, loss, candidates, targets, weights, *, equal_pull=EQUAL_PULL
):
    """Weights of candidates, summing to one, with the lowest loss of their mean.

    Parameters
    ----------
    candidates : list of ndarray of shape (n_samples, n_columns)
        Predictions of each for rows that it was not trained on.
    equal_pull : float
        Pull of the weights towards equal ones, in rows.

    Returns
    -------
    ndarray of shape (n_candidates,)
    """
    count = len(candidates)
    equal = np.full(count, 1 / count)
    if count == 1:
        return equal
    stack = np.stack(candidates)
    scale = abs(
        mean_loss(target, loss, np.tensordot(equal, stack, 1), targets, weights)
    )
    pull = equal_pull * count / len(targets)

    def objective(share):
        blended = np.tensordot(share, stack, 1)
        fit = mean_loss(target, loss, blended, targets, weights) / max(scale, 1e-12)
        return fit + pull * np.sum((share - equal) ** 2)

    found = minimize(
        objective,
        equal,
        method="SLSQP",
        bounds=[(0, 1)] * count,
        constraints={"type": "eq", "fun": lambda share: share.sum() - 1},
    )
    share = np.clip(found.x, 0, 1)
    if not np.all(np.isfinite(share)) or objective(share) > objective(equal):
        return equal
    return share / share.sum()


def best_temperature(target, means, targets, weights, loss=("log_loss", 0.0)):
    """Temperature with the lowest loss; above one it makes probabilities more even."""

    def objective(log_temperature):
        tempered = temper(target, means, np.exp(log_temperature))
        found = mean_loss(target, loss, tempered, targets, weights)
        pull = TEMPERATURE_PULL / 2 / len(targets)
        return found + pull * log_temperature**2

    found = minimize_scalar(
        objective, bounds=tuple(np.log(TEMPERATURES)), method="bounded"
    )
    return float(np.exp(found.x))


def temper(target, means, temperature):
    """Probabilities of each task at another temperature; numbers stay as they are."""
    found = [
        softmax(np.log(np.maximum(p, 1e-30)) / temperature, axis=1) if of_classes else p
        for p, of_classes in zip(target.split(means), target.class_tasks, strict=True)
    ]
    return np.hstack(found)

# SPDX-License-Identifier: BSD-3-Clause
"""Scores of several tasks with missing labels."""

import numpy as np
from sklearn.metrics import accuracy_score, r2_score

from ._arguments import check_weights, find_missing
from ._label_checks import read_labels, read_numbers, refuse_missing
from ._scaling import find_exponents


def task_scores(y, prediction, class_tasks, sample_weight=None):
    """Return the accuracy, or the coefficient of determination, of each task.

    Missing labels are ignored.

    Parameters
    ----------
    y, prediction : array-like of shape (n_samples,) or (n_samples, n_tasks)
    class_tasks : ndarray of bool of shape (n_tasks,)
    sample_weight : array-like of shape (n_samples,), default=None

    Returns
    -------
    ndarray of shape (n_tasks,)
        Scores; NaN for a task without any label of positive weight.
    """
    y, prediction = as_columns(read_labels(y)), as_columns(prediction)
    weights_of_rows = _read_weights(y, prediction, sample_weight)
    scores = np.full(len(class_tasks), np.nan)
    if y.shape[1] != len(scores):
        raise ValueError(
            f"Got y with {y.shape[1]} task(s), but expected {len(scores)}. Pass a column "
            "for each task of the fit."
        )
    known = ~find_missing(y)
    for task in _tasks_with_score(known, weights_of_rows):
        rows = known[:, task]
        weights = None if weights_of_rows is None else weights_of_rows[rows]
        truth, guess = _typed(y[rows, task]), _typed(prediction[rows, task])
        metric = accuracy_score if class_tasks[task] else _r2
        scores[task] = metric(truth, guess, sample_weight=weights)
    return scores


def mean_score(scores):
    """Mean of the scores of the tasks that have a score."""
    if np.isnan(scores).all():
        raise ValueError(
            "Got y without a single label of positive weight, but a score needs at "
            "least one. Pass rows with labels."
        )
    return float(np.nanmean(scores))


def as_columns(y):
    """Return labels as a dense array of shape (n_samples, n_tasks)."""
    y = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    return y[:, None] if y.ndim == 1 else y


def score_known(score_func, y, prediction, sample_weight=None, **kwargs):
    """Mean over the tasks of `score_func`, each on the rows with a label."""
    y = as_columns(read_labels(y))
    rows_of = prediction[0] if isinstance(prediction, list) else prediction
    weights_of_rows = _read_weights(y, rows_of, sample_weight)
    per_task = _columns_of(prediction, y.shape[1])
    known = ~find_missing(y)
    scores = []
    for task in _tasks_with_score(known, weights_of_rows):
        rows = known[:, task]
        weights = {}
        if weights_of_rows is not None:
            weights = {"sample_weight": weights_of_rows[rows]}
        truth, guess = _typed(y[rows, task]), _typed(per_task[task][rows])
        scores.append(score_func(truth, guess, **weights, **kwargs))
    return mean_score(np.array(scores))


def _tasks_with_score(known, weights):
    """Positions of the tasks with a label of positive weight."""
    counts = known if weights is None else known & (weights > 0)[:, None]
    return np.flatnonzero(counts.any(axis=0))


def _typed(labels):
    """Convert an object array to the type of its entries: metrics refuse objects."""
    return np.array(labels.tolist()) if labels.dtype.kind == "O" else labels


def _columns_of(prediction, n_tasks):
    """Return the predictions of each task, from any response method."""
    if isinstance(prediction, list):  # probabilities of several tasks
        return [proba[:, 1] if proba.shape[1] == 2 else proba for proba in prediction]
    prediction = np.asarray(prediction)
    if prediction.ndim == 1:
        return [prediction]
    if n_tasks == 1:
        return [prediction[:, 1] if prediction.shape[1] == 2 else prediction]
    return list(prediction.T)


def exact_match(y, prediction, sample_weight=None):
    """Return the share of rows whose labels are all predicted; missing labels are ignored."""
    y, prediction = read_labels(y), np.asarray(prediction)
    weights = _read_weights(y, prediction, sample_weight)
    missing = find_missing(y)
    if prediction.ndim == 1:
        y = y.ravel()
        refuse_missing(missing.ravel(), "y", "None or NaN")
        return float(accuracy_score(y, prediction, sample_weight=weights))
    if y.shape != prediction.shape:
        raise ValueError(
            f"Got y of shape {y.shape}, but expected {prediction.shape}: a column for each "
            "task."
        )
    is_right = (missing | (y == prediction)).all(axis=1)
    rows = ~missing.all(axis=1)  # a row without any label would count as right
    if weights is not None:
        rows &= weights > 0
    if not rows.any():
        raise ValueError(
            "Got y without a single label of positive weight, but a score needs at "
            "least one. Pass rows with labels."
        )
    weights = None if weights is None else weights[rows]
    return float(np.average(is_right[rows], weights=weights))


def mean_r2(y, prediction, sample_weight=None):
    """Mean coefficient of determination over the tasks; missing labels are ignored."""
    y, prediction = read_numbers(y), np.asarray(prediction)
    weights = _read_weights(y, prediction, sample_weight)
    if y.ndim == 1:
        refuse_missing(np.isnan(y), "y", "NaN")
    if not np.isnan(y).any():
        return float(_r2(y, prediction, sample_weight=weights))
    return score_known(_r2, y, prediction, sample_weight)


def _r2(y, prediction, sample_weight=None):
    """Coefficient of determination; numbers whose squares overflow are scaled before."""
    y, prediction = np.asarray(y, float), np.asarray(prediction, float)
    largest = np.maximum(np.abs(y).max(axis=0), np.abs(prediction).max(axis=0))
    exponents = find_exponents(largest)
    if np.any(exponents):
        y, prediction = np.ldexp(y, exponents), np.ldexp(prediction, exponents)
    return r2_score(y, prediction, sample_weight=sample_weight)


def _read_weights(y, prediction, sample_weight):
    """Check that all arguments have as many rows; return weights or None."""
    if len(y) != len(prediction):
        raise ValueError(
            f"Got y with {len(y)} rows, but X has {len(prediction)}: inconsistent numbers of "
            "samples. Pass a label for each row."
        )
    return None if sample_weight is None else check_weights(sample_weight, y)

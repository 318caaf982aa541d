# SPDX-License-Identifier: BSD-3-Clause
"""Scores of several tasks with missing labels."""

import numpy as np
from sklearn.metrics import accuracy_score, r2_score

from ._arguments import find_missing


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
        Scores; NaN for a task without any label.
    """
    y, prediction = as_columns(y), as_columns(prediction)
    scores = np.full(len(class_tasks), np.nan)
    if y.shape[1] != len(scores):
        raise ValueError(
            f"Got y with {y.shape[1]} task(s), but expected {len(scores)}."
        )
    known = ~find_missing(y)
    for task in np.flatnonzero(known.any(axis=0)):
        rows = known[:, task]
        weights = None
        if sample_weight is not None:
            weights = np.asarray(sample_weight)[rows]
        truth, guess = _typed(y[rows, task]), _typed(prediction[rows, task])
        metric = accuracy_score if class_tasks[task] else r2_score
        scores[task] = metric(truth, guess, sample_weight=weights)
    return scores


def mean_score(scores):
    """Mean of the scores of the tasks that have a score."""
    if np.isnan(scores).all():
        raise ValueError(
            "Got y without a single label, but a score needs at least one."
        )
    return float(np.nanmean(scores))


def as_columns(y):
    """Return labels as a dense array of shape (n_samples, n_tasks)."""
    y = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    return y[:, None] if y.ndim == 1 else y


def score_known(score_func, y, prediction, sample_weight=None, **kwargs):
    """Mean over the tasks of `score_func`, each on the rows with a label."""
    y = np.asarray(y)
    if y.ndim == 1:
        y = y[:, None]
    per_task = _columns_of(prediction, y.shape[1])
    known = ~find_missing(y)
    scores = []
    for task in np.flatnonzero(known.any(axis=0)):
        rows = known[:, task]
        weights = {}
        if sample_weight is not None:
            weights = {"sample_weight": np.asarray(sample_weight)[rows]}
        truth, guess = _typed(y[rows, task]), _typed(per_task[task][rows])
        scores.append(score_func(truth, guess, **weights, **kwargs))
    return mean_score(np.array(scores))


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
    y = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    prediction = np.asarray(prediction)
    if prediction.ndim == 1:
        return float(accuracy_score(y.ravel(), prediction, sample_weight=sample_weight))
    missing = find_missing(y)
    is_right = (missing | (y == prediction)).all(axis=1)
    rows = ~missing.all(axis=1)  # a row without any label would count as right
    weights = None if sample_weight is None else np.asarray(sample_weight)[rows]
    return float(np.average(is_right[rows], weights=weights))


def mean_r2(y, prediction, sample_weight=None):
    """Mean coefficient of determination over the tasks; missing labels are ignored."""
    y = np.asarray(y, float)
    if y.ndim == 1 or not np.isnan(y).any():
        return float(r2_score(y, prediction, sample_weight=sample_weight))
    return score_known(r2_score, y, prediction, sample_weight)

# SPDX-License-Identifier: BSD-3-Clause
"""Variance between fits of one kind of model, and the gain of averaging the fits."""

from functools import partial

import numpy as np
from sklearn.base import is_classifier
from sklearn.metrics import r2_score


def predict_values(model, X):
    """Predictions of a regressor, or probabilities of a classifier."""
    if not is_classifier(model):
        return model.predict(X)
    if not hasattr(model, "predict_proba"):
        raise ValueError(
            f"Got {type(model).__name__}, but expected a classifier with predict_proba: "
            "labels cannot be averaged. Wrap the classifier in CalibratedClassifierCV."
        )
    return model.predict_proba(X)


def variance_and_gain(y_true, values, classes, score_func, single):
    """Variance between fits and gain of their mean prediction, for one kind of model.

    Parameters
    ----------
    y_true : ndarray of shape (n_samples,) or (n_samples, n_outputs)
    values : array-like of shape (n_models, n_samples) or (n_models, n_samples, n_columns)
        Predictions or probabilities of each model.
    classes : array-like of shape (n_classes,) or None
        Class of each column of probabilities.
    score_func : callable or None
        None is R2, of probabilities the Brier skill score.
    single : {"mean", "first"}
    """
    values = np.asarray(values, float)
    if values.ndim not in (2, 3) or len(values) < 2 or values.shape[1] != len(y_true):
        raise ValueError(
            f"Got predictions of shape {values.shape}, but expected (n_models, "
            f"{len(y_true)}) or (n_models, {len(y_true)}, n_columns) with at least 2 models."
        )
    # A column per class beside one column of labels can only be probabilities.
    probabilities = values.ndim == 3 and y_true.ndim == 1
    columns = values.reshape(*values.shape[:2], -1)
    target = _indicators(y_true, values.shape[2], classes) if probabilities else y_true
    target = _to_float(target).reshape(len(y_true), -1)
    total = target.var(axis=0).sum()
    if total == 0:
        raise ValueError(
            "Got a constant y_true, but expected targets with a variance above zero. Pass "
            "rows with different targets."
        )
    # Unbiased variance over the models, in units of the total variance of the targets.
    variance = columns.var(axis=0, ddof=1).mean(axis=0).sum() / total

    if score_func is None:
        # R2 of class indicators, weighted by their variances, is the Brier skill score.
        true, scored = target, columns
        score_func = partial(r2_score, multioutput="variance_weighted")
    elif probabilities and values.shape[2] == 2:
        # Scorers of binary classifiers expect the probability of the second class.
        true, scored = y_true, values[..., 1]
    else:
        true, scored = y_true, values
    references = scored[:1] if single == "first" else scored
    single_score = np.mean([score_func(true, prediction) for prediction in references])
    return variance, score_func(true, scored.mean(axis=0)) - single_score


def _to_float(target):
    """Target as floats; ValueError if it holds labels."""
    try:
        return np.asarray(target, float)
    except ValueError as error:
        raise ValueError(
            f"Got y_true of type {target.dtype}, but expected numbers, because the "
            "predictions are no probabilities. Encode the positive class as 1, the other as 0."
        ) from error


def _indicators(y_true, n_columns, classes):
    """Indicator of each class, (n_samples, n_classes)."""
    classes = np.unique(y_true) if classes is None else np.asarray(classes)
    if len(classes) != n_columns or not np.all(np.isin(y_true, classes)):
        raise ValueError(
            f"Got probabilities of {n_columns} classes, but {len(classes)} classes. Pass "
            "`classes` with the class of each column, including all classes of y_true."
        )
    return y_true[:, None] == classes

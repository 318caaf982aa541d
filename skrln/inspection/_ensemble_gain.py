# SPDX-License-Identifier: BSD-3-Clause
"""How far fits of a kind of model differ, and what averaging them gains."""

from functools import partial

import numpy as np
from sklearn.base import is_classifier
from sklearn.metrics import r2_score


def predicted(model, X):
    """Predictions, or the probabilities of a classifier."""
    if not is_classifier(model):
        return model.predict(X)
    if not hasattr(model, "predict_proba"):
        raise ValueError(
            f"Got {type(model).__name__}, but expected classifiers with predict_proba: labels "
            "cannot be averaged. Wrap it in CalibratedClassifierCV."
        )
    return model.predict_proba(X)


def variance_and_gain(y_true, values, classes, score_func, single):
    """Both numbers of one kind of model."""
    values = np.asarray(values, float)
    if values.ndim not in (2, 3) or len(values) < 2 or values.shape[1] != len(y_true):
        raise ValueError(
            f"Got predictions of shape {values.shape}, but expected (n_models, "
            f"{len(y_true)}) or (n_models, {len(y_true)}, n_columns) with at least 2 models."
        )
    probabilities = values.ndim == 3 and y_true.ndim == 1
    columns = values.reshape(*values.shape[:2], -1)
    target = _indicators(y_true, values.shape[2], classes) if probabilities else y_true
    target = _as_numbers(target).reshape(len(y_true), -1)
    total = target.var(axis=0).sum()
    if total == 0:
        raise ValueError("Got y_true that is constant, but a share needs a variance.")
    variance = columns.var(axis=0, ddof=1).mean(axis=0).sum() / total

    if score_func is None:
        true, scored = target, columns
        score_func = partial(r2_score, multioutput="variance_weighted")
    elif probabilities and values.shape[2] == 2:
        true, scored = y_true, values[..., 1]
    else:
        true, scored = y_true, values
    singles = scored[:1] if single == "first" else scored
    alone = np.mean([score_func(true, one) for one in singles])
    return variance, score_func(true, scored.mean(axis=0)) - alone


def _as_numbers(target):
    try:
        return np.asarray(target, float)
    except ValueError as error:
        raise ValueError(
            f"Got y_true of type {target.dtype}, but expected numbers beside predictions "
            "without probabilities. Encode the positive class as 1 and the other as 0."
        ) from error


def _indicators(y_true, n_columns, classes):
    """One column for each class."""
    classes = np.unique(y_true) if classes is None else np.asarray(classes)
    if len(classes) != n_columns or not np.all(np.isin(y_true, classes)):
        raise ValueError(
            f"Got probabilities of {n_columns} classes, but {len(classes)} classes: pass the "
            "class of each column as `classes`, with all those of y_true."
        )
    return y_true[:, None] == classes

# SPDX-License-Identifier: BSD-3-Clause
"""How well a fitted model predicts rows that it has not seen."""

import numpy as np
from sklearn.metrics import log_loss, r2_score, roc_auc_score

#: A class that the model rules out still gets this, and one it has never seen gets less: one
#: wrong row costs much, but not everything.
LEAST, UNSEEN = 1e-7, 1e-9


def score(model, table, train, test):
    """Measures of a fitted model on the rows `test`; a smaller loss is better.

    Parameters
    ----------
    model : fitted estimator
    table : Table
    train : ndarray of int
        What the model was fitted on, which says what classes it knows.
    test : ndarray of int

    Returns
    -------
    dict of str to float
        ``loss``: RMSE over the standard deviation of the target, or log loss; ``score``:
        R2, or the area under the ROC curve; ``error`` of classes: the share of wrong ones.
    """
    X, y = table.X.iloc[test], table.y[test]
    if table.kind == "reg":
        return of_numbers(y, np.ravel(model.predict(X)))
    shares = np.asarray(model.predict_proba(X), float)
    return of_classes(y, shares, np.unique(table.y[train]), np.unique(table.y))


def of_numbers(y, predicted):
    """Measures of predicted numbers."""
    r2 = r2_score(y, predicted)
    return {"loss": float(np.sqrt(max(0, 1 - r2))), "score": float(r2)}


def of_classes(y, probabilities, known, labels):
    """Measures of predicted probabilities.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
    probabilities : ndarray of shape (n_rows, n_known)
    known : ndarray of shape (n_known,)
        Classes of the columns, sorted.
    labels : ndarray of shape (n_classes,)
        All classes of the task, sorted.
    """
    full = np.full((len(y), len(labels)), UNSEEN)
    full[:, np.searchsorted(labels, known)] = np.clip(probabilities, LEAST, 1)
    full /= full.sum(axis=1, keepdims=True)
    wrong = full.argmax(axis=1) != np.searchsorted(labels, y)
    return {
        "loss": float(log_loss(y, full, labels=labels)),
        "score": _area(y, full, labels),
        "error": float(np.mean(wrong)),
    }


def _area(y, probabilities, labels):
    """Area under the ROC curve, the mean over one class against the rest."""
    if len(np.unique(y)) < len(labels):
        return float("nan")  # that of a class without a row is not defined
    if len(labels) == 2:
        return float(roc_auc_score(y, probabilities[:, 1]))
    return float(roc_auc_score(y, probabilities, multi_class="ovr", labels=labels))

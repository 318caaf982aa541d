# SPDX-License-Identifier: BSD-3-Clause
"""Scores of several tasks where some labels are missing."""

import numpy as np
from sklearn.metrics import accuracy_score, r2_score

from ._validation import find_missing


def task_scores(y, prediction, class_tasks, sample_weight=None):
    """Accuracy or coefficient of determination of each task, on the known labels.

    Parameters
    ----------
    y, prediction : array-like of shape (n_samples,) or (n_samples, n_tasks)
    class_tasks : ndarray of bool of shape (n_tasks,)
    sample_weight : array-like of shape (n_samples,), default=None

    Returns
    -------
    ndarray of shape (n_tasks,)
        NaN where no label is known.
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
        truth, guess = _plain(y[rows, task]), _plain(prediction[rows, task])
        metric = accuracy_score if class_tasks[task] else r2_score
        scores[task] = metric(truth, guess, sample_weight=weights)
    return scores


def mean_score(scores):
    """Mean over the tasks that have a score."""
    if np.isnan(scores).all():
        raise ValueError(
            "Got y without a single label, but a score needs at least one."
        )
    return float(np.nanmean(scores))


def as_columns(y):
    """Labels as an array of shape (n_samples, n_tasks); sparse ones made dense."""
    y = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    return y[:, None] if y.ndim == 1 else y


def score_known(score_func, y, prediction, sample_weight=None, **kwargs):
    """Mean over the tasks of `score_func` on the rows whose label is known."""
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
        truth, guess = _plain(y[rows, task]), _plain(per_task[task][rows])
        scores.append(score_func(truth, guess, **weights, **kwargs))
    return mean_score(np.array(scores))


def _plain(labels):
    """An object array in the type that its entries have."""
    return np.array(labels.tolist()) if labels.dtype.kind == "O" else labels


def _columns_of(prediction, n_tasks):
    """Predictions per task, of any response method."""
    if isinstance(prediction, list):  # probabilities of several tasks
        return [p[:, 1] if p.shape[1] == 2 else p for p in prediction]
    prediction = np.asarray(prediction)
    if prediction.ndim == 1:
        return [prediction]
    if n_tasks == 1:
        return [prediction[:, 1] if prediction.shape[1] == 2 else prediction]
    return list(prediction.T)


class MaskedScorer:
    """A scorer that leaves out missing labels; see `make_masked_scorer`."""

    def __init__(self, score_func, sign, response_method, kwargs):
        self.score_func, self.sign = score_func, sign
        self.response_method, self.kwargs = response_method, kwargs

    def __call__(self, estimator, X, y, sample_weight=None):
        """Score of `estimator` on the labels of `y` that are known; higher is better."""
        methods = self.response_method
        methods = [methods] if isinstance(methods, str) else methods
        respond = next(getattr(estimator, m) for m in methods if hasattr(estimator, m))
        value = score_known(
            self.score_func, y, respond(X), sample_weight, **self.kwargs
        )
        return self.sign * value

    def __repr__(self):
        """As the call that makes it."""
        return f"make_masked_scorer({self.score_func.__name__})"


def make_masked_scorer(
    score_func, *, response_method="predict", greater_is_better=True, **kwargs
):
    """Make a scorer that knows missing labels.

    scikit-learn's scorers refuse NaN in `y`. This one scores each task on the rows whose
    label is there, and averages over the tasks.

    Parameters
    ----------
    score_func : callable
        ``score_func(y_true, y_pred, **kwargs)`` for one task, such as
        :func:`sklearn.metrics.r2_score`.

    response_method : str or list of str, default="predict"
        Method of the estimator, or the first of several that it has. For probabilities of
        two classes `score_func` gets those of the second.

    greater_is_better : bool, default=True
        Pass False for a loss: the scorer gives its negative.

    **kwargs
        More arguments of `score_func`.

    Returns
    -------
    callable
        ``scorer(estimator, X, y, sample_weight=None)``, for the `scoring` of a search.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_regression
    >>> from sklearn.metrics import r2_score
    >>> from sklearn.model_selection import cross_val_score
    >>> from skrln import RLNRegressor, make_masked_scorer
    >>> X, y = make_regression(n_samples=80, n_features=5, n_targets=2, random_state=0)
    >>> y[::4, 1] = np.nan
    >>> model = RLNRegressor(n_estimators=2, random_state=0)
    >>> scores = cross_val_score(model, X, y, cv=3, scoring=make_masked_scorer(r2_score))
    >>> bool(scores.min() > 0.5)
    True
    """
    sign = 1 if greater_is_better else -1
    return MaskedScorer(score_func, sign, response_method, kwargs)


def exact_match(y, prediction, sample_weight=None):
    """Share of rows whose every known label is predicted; rows without labels do not count."""
    y = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    prediction = np.asarray(prediction)
    if prediction.ndim == 1:
        return float(accuracy_score(y.ravel(), prediction, sample_weight=sample_weight))
    missing = find_missing(y)
    right = (missing | (y == prediction)).all(axis=1)
    counts = ~missing.all(axis=1)
    weights = None if sample_weight is None else np.asarray(sample_weight)[counts]
    return float(np.average(right[counts], weights=weights))


def mean_r2(y, prediction, sample_weight=None):
    """Coefficient of determination, averaged over the tasks, on the labels that are known."""
    y = np.asarray(y, float)
    if y.ndim == 1 or not np.isnan(y).any():
        return float(r2_score(y, prediction, sample_weight=sample_weight))
    return score_known(r2_score, y, prediction, sample_weight)

# SPDX-License-Identifier: BSD-3-Clause
"""Scorer of estimators that ignores missing labels."""

from collections.abc import Callable
from typing import Any

from skrln._table._scoring import score_known


class MaskedScorer:
    """Scorer that ignores missing labels; see `make_masked_scorer`."""

    def __init__(self, score_func, sign, response_method, kwargs):
        self.score_func, self.sign = score_func, sign
        self.response_method, self.kwargs = response_method, kwargs

    def __call__(self, estimator, X, y, sample_weight=None):
        """Score `estimator` on the labels of `y` that are not missing; higher is better."""
        methods = self.response_method
        methods = [methods] if isinstance(methods, str) else methods
        name = next(name for name in methods if hasattr(estimator, name))
        prediction = getattr(estimator, name)(X)
        value = score_known(
            self.score_func, y, prediction, sample_weight, **self.kwargs
        )
        return self.sign * value

    def __repr__(self):
        """Return the call that makes this scorer."""
        return f"make_masked_scorer({self.score_func.__name__})"


def make_masked_scorer(
    score_func: Callable[..., Any],
    *,
    response_method: str | list[str] = "predict",
    greater_is_better: bool = True,
    **kwargs: Any,
) -> Callable[..., Any]:
    """Make a scorer that ignores missing labels.

    The scorers of scikit-learn refuse NaN in `y`. The masked scorer scores each task on its
    rows with a label, and averages over the tasks.

    Parameters
    ----------
    score_func : callable
        ``score_func(y_true, y_pred, **kwargs)`` for one task, such as
        :func:`sklearn.metrics.r2_score`.

    response_method : str or list of str, default="predict"
        Method of the estimator that makes the predictions; of a list, the first method that the
        estimator has. For two classes, `score_func` receives the probabilities of the second
        class.

    greater_is_better : bool, default=True
        If False, `score_func` is a loss, and the scorer returns its negative.

    **kwargs
        Further arguments of `score_func`.

    Returns
    -------
    callable
        Scorer ``scorer(estimator, X, y, sample_weight=None)``, for the `scoring` of a search.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_regression
    >>> from sklearn.metrics import r2_score
    >>> from sklearn.model_selection import cross_val_score
    >>> from skrln import RLNRegressor, make_masked_scorer
    >>> from skrln.presets import READABLE
    >>> X, y = make_regression(n_samples=80, n_features=5, n_targets=2, random_state=0)
    >>> y[::4, 1] = np.nan
    >>> model = RLNRegressor(**READABLE).set_params(hidden_layer_sizes=(16,), random_state=0)
    >>> scores = cross_val_score(model, X, y, cv=3, scoring=make_masked_scorer(r2_score))
    >>> bool(scores.min() > 0.5)
    True
    """
    sign = 1 if greater_is_better else -1
    return MaskedScorer(score_func, sign, response_method, kwargs)

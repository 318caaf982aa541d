# SPDX-License-Identifier: BSD-3-Clause
"""Stack of regressors that averages predictions with learned weights."""

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.ensemble import StackingRegressor

from skrln._ensemble._blend import EQUAL_PULL
from skrln._table._arguments import find_missing
from skrln._table._sklearn import Interval, check_method_params, take
from skrln._table._user_splits import is_iterable_of_splits, iterate_splits
from skrln._typing import TableLike

from ._blend import Blend, constraints_of
from ._mean_pool import MeanPool


class BlendingRegressor(Blend, StackingRegressor):
    r"""Stack of regressors that averages their predictions with learned weights.

    Typical members are a network and gradient boosted trees. As in
    :class:`~sklearn.ensemble.StackingRegressor`, every regressor is fitted on all rows, and a
    cross-validation gives its predictions for held-out rows. The default combiner there is a
    ridge regression, with an intercept and weights of any sign. The combiner here is a
    weighted mean, which never leaves the range of the predictions, and which few rows suffice
    to estimate. The folds are shuffled, because rows of many tables are sorted.

    Read more in the :ref:`User Guide <blending>`.

    .. versionadded:: 0.1

    Parameters
    ----------
    estimators : list of (str, estimator)
        Names and regressors. The string "drop" in place of a regressor removes it.

    cv : int, splitter, iterable or "prefit", default=None
        Cross-validation that gives the predictions for held-out rows. An int makes so many
        shuffled folds, and None five. Every row has to be held out once: a splitter whose
        test parts leave rows out, such as :class:`~sklearn.model_selection.TimeSeriesSplit`,
        is refused. With "prefit" the regressors are already fitted, and `fit` expects rows
        that they were not fitted on: for time order, the last ones.

    n_jobs : int, default=None
        Number of parallel fits. A network of this package uses all processors by itself.

    equal_pull : float, default=3.0
        Strength of the pull of the weights towards equal weights, in rows per regressor: with
        few rows the weights stay nearly equal. 0 minimizes the squared error alone.

    random_state : int, RandomState instance or None, default=None
        Seed of the shuffled folds. The regressors have seeds of their own.

    verbose : int, default=0
        Verbosity of the cross-validation.

    Attributes
    ----------
    weights_ : ndarray of shape (n_estimators,)
        Weight of each regressor; the weights sum to one.

    estimators_ : list of estimators
        Fitted regressors; ``named_estimators_`` holds them by name.

    final_estimator_ : estimator
        Combiner, with the weights.

    stack_method_ : list of str
        "predict" for each regressor.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all are strings.

    See Also
    --------
    BlendingClassifier : For classes.
    sklearn.ensemble.VotingRegressor : Equal weights, without cross-validation.

    Notes
    -----
    With the predictions :math:`f_k` of regressor :math:`k` for held-out rows, the weights
    minimize the squared error of :math:`\sum_k w_k f_k` plus the pull, with
    :math:`w_k \ge 0` and :math:`\sum_k w_k = 1`: stacking with convex weights [1]_.

    References
    ----------
    .. [1] Breiman, "Stacked Regressions", Machine Learning 24, 1996.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import HistGradientBoostingRegressor
    >>> from skrln import BlendingRegressor, RLNRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> models = [
    ...     ("rln", RLNRegressor(n_estimators=2, numeric_embedding=None, random_state=0)),
    ...     ("trees", HistGradientBoostingRegressor(max_iter=20, random_state=0)),
    ... ]
    >>> blend = BlendingRegressor(models, cv=2, random_state=0).fit(X[:300], y[:300])
    >>> float(blend.weights_.sum().round(6))
    1.0
    >>> bool(blend.score(X[300:], y[300:]) > 0.4)
    True
    """

    _parameter_constraints: ClassVar[dict] = constraints_of(
        StackingRegressor,
        equal_pull=[Interval(Real, 0, None, closed="left")],
        random_state=["random_state"],
    )
    stack_method = "predict"

    def __init__(
        self,
        estimators: list[tuple[str, Any]],
        *,
        cv: Any = None,
        n_jobs: int | None = None,
        equal_pull: float = EQUAL_PULL,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ):
        self.estimators = estimators
        self.cv = cv
        self.n_jobs = n_jobs
        self.equal_pull = equal_pull
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: TableLike, y: ArrayLike, **fit_params: Any) -> Self:
        """Fit the regressors, and estimate the weights.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Training inputs, in a form that all regressors accept.

        y : array-like of shape (n_samples,)
            Targets of one task. Rows whose target is missing (NaN or None) are left out.

        **fit_params : dict
            ``sample_weight`` of shape (n_samples,); with metadata routing also other metadata
            that the regressors request.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If `y` has several tasks, or `cv` does not hold out every row once. The blend then
            stays as it was.
        """
        self._check_arguments(y, ", or a network of several tasks")
        cv, rows = self.cv, _find_labelled(y)
        if rows is not None:
            if is_iterable_of_splits(cv):
                cv = _splits_of_rows(iterate_splits(cv, X, y, "cv"), rows)
            fit_params = check_method_params(X, fit_params, rows)
            X, y = take(X, rows), np.asarray(y)[rows].astype(float)
        return self._fit_copy(X, y, self._shuffled(cv), fit_params)

    @property
    def final_estimator(self) -> Any:
        """Unfitted combiner of the predictions."""
        return MeanPool(self.equal_pull)

    def score(
        self, X: TableLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Coefficient of determination of the predictions.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        y : array-like of shape (n_samples,)
            True targets.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        float
            At most 1.
        """
        return super().score(X, y, sample_weight)


def _find_labelled(y):
    """Rows with a target; None if all rows have one, or none has."""
    targets = np.asarray(y)
    if targets.ndim != 1:
        return None
    missing = find_missing(targets)
    return np.flatnonzero(~missing) if missing.any() and not missing.all() else None


def _splits_of_rows(splits, rows):
    """Splits of some rows of a table, from those of the table."""
    return [
        tuple(np.flatnonzero(np.isin(rows, part)) for part in split) for split in splits
    ]

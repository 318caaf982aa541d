# SPDX-License-Identifier: BSD-3-Clause
"""Stack of classifiers that averages probabilities with learned weights."""

from numbers import Real
from typing import Any, ClassVar, Self

from numpy.typing import ArrayLike
from sklearn.ensemble import StackingClassifier
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from skrln._ensemble._blend import EQUAL_PULL
from skrln._table._sklearn import Interval
from skrln._typing import TableLike

from ._blend import Blend, constraints_of
from ._linear_pool import LinearPool


class BlendingClassifier(Blend, StackingClassifier):
    r"""Stack of classifiers that averages their probabilities with learned weights.

    Typical members are a network and gradient boosted trees. As in
    :class:`~sklearn.ensemble.StackingClassifier`, every classifier is fitted on all rows, and
    a cross-validation gives its probabilities for held-out rows. The default combiner there
    is a logistic regression with one coefficient per class and column of probabilities. The
    combiner here is a weighted mean with a temperature: one number per classifier and one
    more, which few rows suffice to estimate. The logistic regression is the better combiner
    where no weighted mean can express the joint information of the classifiers. The folds are
    shuffled, because rows of many tables are sorted.

    Read more in the :ref:`User Guide <blending>`.

    Parameters
    ----------
    estimators : list of (str, estimator)
        Names and classifiers with ``predict_proba``. The string "drop" in place of a
        classifier removes it.

    cv : int, splitter, iterable or "prefit", default=None
        Cross-validation that gives the probabilities for held-out rows. An int makes so many
        shuffled, stratified folds, and None five. Every row has to be held out once: a
        splitter whose test parts leave rows out, such as
        :class:`~sklearn.model_selection.TimeSeriesSplit`, is refused. With "prefit" the
        classifiers are already fitted, and `fit` expects rows that they were not fitted on:
        for time order, the last ones.

    n_jobs : int, default=None
        Number of parallel fits. A network of this package uses all processors by itself.

    equal_pull : float, default=3.0
        Strength of the pull of the weights towards equal weights, in rows per classifier:
        with few rows the weights stay nearly equal. 0 minimizes the log loss alone.

    calibrate : bool, default=True
        Scale the logarithms of the mean by the temperature with the lowest log loss. A mean
        of probabilities is usually less confident than its members.

    random_state : int, RandomState instance or None, default=None
        Seed of the shuffled folds. The classifiers have seeds of their own.

    verbose : int, default=0
        Verbosity of the cross-validation.

    Attributes
    ----------
    weights_ : ndarray of shape (n_estimators,)
        Weight of each classifier; the weights sum to one.

    temperature_ : float
        Divisor of the logarithms of the mean: below one the mean becomes more confident, above
        one less confident.

    estimators_ : list of estimators
        Fitted classifiers; ``named_estimators_`` holds them by name.

    final_estimator_ : estimator
        Combiner, with weights and temperature.

    classes_ : ndarray of shape (n_classes,)
        Class labels.

    stack_method_ : list of str
        "predict_proba" for each classifier.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all are strings.

    See Also
    --------
    BlendingRegressor : For regression.
    sklearn.ensemble.VotingClassifier : Equal weights, without cross-validation.

    Notes
    -----
    With the probabilities :math:`p_k` of classifier :math:`k` for held-out rows, the weights
    minimize the log loss of :math:`\sum_k w_k p_k` plus the pull, with :math:`w_k \ge 0` and
    :math:`\sum_k w_k = 1`. This is stacking with convex weights [1]_, also called a linear
    opinion pool. The logarithms of the mean are then divided by the temperature, and the
    result is normalized.

    References
    ----------
    .. [1] Breiman, "Stacked Regressions", Machine Learning 24, 1996.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> from skrln import BlendingClassifier, RLNClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> models = [
    ...     ("rln", RLNClassifier(n_estimators=2, numeric_embedding=None, random_state=0)),
    ...     ("trees", HistGradientBoostingClassifier(max_iter=20, random_state=0)),
    ... ]
    >>> blend = BlendingClassifier(models, cv=2, random_state=0).fit(X[:300], y[:300])
    >>> float(blend.weights_.sum().round(6))
    1.0
    >>> bool(blend.score(X[300:], y[300:]) > 0.95)
    True
    """

    _parameter_constraints: ClassVar[dict] = constraints_of(
        StackingClassifier,
        equal_pull=[Interval(Real, 0, None, closed="left")],
        calibrate=["boolean"],
        random_state=["random_state"],
    )
    stack_method = "predict_proba"

    def __init__(
        self,
        estimators: list[tuple[str, Any]],
        *,
        cv: Any = None,
        n_jobs: int | None = None,
        equal_pull: float = EQUAL_PULL,
        calibrate: bool = True,
        random_state: Any = None,
        verbose: int = 0,
    ):
        self.estimators = estimators
        self.cv = cv
        self.n_jobs = n_jobs
        self.equal_pull = equal_pull
        self.calibrate = calibrate
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: TableLike, y: ArrayLike, **fit_params: Any) -> Self:
        """Fit the classifiers, and estimate weights and temperature.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Training inputs, in a form that all classifiers accept.

        y : array-like of shape (n_samples,)
            Class labels of one task.

        **fit_params : dict
            ``sample_weight`` of shape (n_samples,); with metadata routing also other metadata
            that the classifiers request.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If `y` has several tasks, a classifier has no ``predict_proba``, or `cv` does not
            hold out every row once. The blend then stays as it was.
        """
        self._check_arguments(y, ", or use a StackingClassifier")
        return self._fit_copy(X, y, self._shuffled(self.cv), fit_params)

    def _check_labels(self, y):
        check_classification_targets(y)

    @property
    def final_estimator(self) -> Any:
        """Unfitted combiner of the probabilities."""
        return LinearPool(self.equal_pull, self.calibrate)

    @property
    def temperature_(self) -> float:
        """Divisor of the logarithms of the mean."""
        check_is_fitted(self, "final_estimator_")
        return self.final_estimator_.temperature_

    def score(
        self, X: TableLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Accuracy of the predictions.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Inputs.

        y : array-like of shape (n_samples,)
            True labels.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        float
            Between 0 and 1.
        """
        return super().score(X, y, sample_weight)

# SPDX-License-Identifier: BSD-3-Clause
"""Selection of input columns with a bound on the share or the number of false ones."""

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import false_discovery_control
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.feature_selection import SelectorMixin
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold
from sklearn.utils import check_random_state, column_or_1d, get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.parallel import delayed
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skrln._interrupts import Calls
from skrln._table._arguments import about_argument
from skrln._table._columns import check_dimensions
from skrln._table._frames import is_frame
from skrln._table._sklearn import (
    HasMethods,
    Interval,
    check_feature_names,
    check_method_params,
    check_n_features,
    fit_context,
    refuse_unrouted,
    routing_enabled,
    take,
)
from skrln._table._user_splits import iterate_splits, refuse_generator
from skrln._typing import TableLike
from skrln.networks._whole import all_or_nothing

from ._conditional_association import evidence_test, row_evidence
from ._conditional_draws import ConditionalDraws
from ._cross_validated import make_parallel
from ._tested_columns import predictor, read_groups, read_truth, read_values


class ErrorRateSelector(SelectorMixin, MetaEstimatorMixin, BaseEstimator):
    r"""Select the input columns that matter, with a bound on the false ones among them.

    A column is false if, given all other columns, it tells nothing about the target. Each
    column is tested: a cross-validation predicts every row by a model that has not seen its
    target, once with the value of the column and once with values drawn given all other
    columns. The column counts if its own values predict better than drawn ones by more than
    chance. Two columns that tell the same are each expendable given the other: put them into
    one group.

    Read more in the :ref:`User Guide <error_rate>`.

    .. versionadded:: 0.1

    Parameters
    ----------
    estimator : estimator
        Regressor, or classifier with ``predict_proba``. The better it predicts, the more
        columns are found; the bound holds for any estimator. It sees the rows and columns as
        they are passed to `fit`.

    fdr : float or None, default=0.1
        Bound on the false discovery rate: the expected share of false columns among the
        selected ones, above 0 and below 1. A larger share selects more columns. None if
        `max_false_positives` is the bound.

    max_false_positives : float or None, default=None
        Bound on the expected number of false columns among the selected ones, above 0. Unlike
        `fdr`, it holds however the columns depend on each other. It needs ``fdr=None``.

    feature_groups : array-like of shape (n_features,), default=None
        Label of the group of each column, for columns that are tested and selected together,
        such as correlated ones, or all that were made of one measurement. The bound then
        counts groups. By default every column is its own group.

    cv : int, splitter or iterable, default=5
        Cross-validation. An int makes so many shuffled folds, stratified for classifiers, and
        of whole groups where `fit` gets `groups`. More folds train on more rows and take
        longer. Rows that are never held out do not count; those held out several times count
        with their mean.

    n_jobs : int, default=None
        Number of parallel fits. Networks of this package run in threads and use all
        processors by themselves.

    random_state : int, RandomState instance or None, default=None
        Seed of the folds and of the drawn values. `estimator` has a seed of its own.

    Attributes
    ----------
    support_ : ndarray of bool of shape (`n_features_in_`,)
        Mask of the selected columns.

    scores_ : ndarray of shape (`n_features_in_`,)
        Evidence for each column, or its group, in standard errors: about standard normal for
        a false column, larger for one that matters, and 0 for one that no model uses.

    pvalues_ : ndarray of shape (`n_features_in_`,)
        Probability of such a score for a false column; 1 for a column that no model uses.

    qvalues_ : ndarray of shape (`n_features_in_`,)
        Smallest `fdr` that selects the column.

    expected_false_positives_ : float
        Number of false columns, or groups, that the tests let pass in the mean at the largest
        selected p-value; 0 if none is selected.

    selection_frequencies_ : ndarray of shape (`n_features_in_`,)
        Share of the models of the cross-validation whose predictions depend on the column.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns; only if `X` has names that are all strings.

    See Also
    --------
    GeneticSelector : A fixed number of columns that predict well together.
    sklearn.feature_selection.SelectFdr : Tests each column without regard to the others.
    skrln.inspection.SelectionDisplay : Scores of the columns, and the bound.

    Notes
    -----
    With the prediction :math:`f`, and its mean :math:`\bar f` over drawn values of a column,
    the evidence of a row is :math:`(y - \bar f)(f - \bar f)`. Its mean over the rows, divided
    by its standard error, is the score [1]_. Where the column is false, the expectation of the
    evidence is zero up to the product of two errors: of the draws, and of :math:`\bar f` as a
    prediction without the column. Rows of one group add up before the standard error is
    taken. The p-values are those of Student's t distribution; `fdr` is that of Benjamini and
    Hochberg [2]_, and `max_false_positives` selects p-values up to that number divided by the
    number of groups.

    Drawn values follow a Gaussian copula, and categories a logistic regression on the other
    columns. The model of a row leaves this row out, so that wide tables can be tested. Where
    columns depend on each other in another way, more of them may be false than the bound says.

    References
    ----------
    .. [1] Lundborg, Kim, Shah and Samworth, "The projected covariance measure for assumption-
       lean variable significance testing", Annals of Statistics 52(6), 2024.
    .. [2] Benjamini and Hochberg, "Controlling the false discovery rate", Journal of the Royal
       Statistical Society B 57(1), 1995.

    Examples
    --------
    >>> from sklearn.linear_model import LassoCV
    >>> from skrln import ErrorRateSelector
    >>> from skrln.datasets import make_friedman1_noise
    >>> X, y = make_friedman1_noise(n_samples=200, n_noise=20, random_state=0)
    >>> selector = ErrorRateSelector(LassoCV(), random_state=0).fit(X, y)
    >>> selector.get_support(indices=True)
    array([0, 1, 3, 4])
    >>> selector.transform(X).shape
    (200, 4)
    """

    support_: np.ndarray
    scores_: np.ndarray
    pvalues_: np.ndarray
    selection_frequencies_: np.ndarray
    qvalues_: np.ndarray
    expected_false_positives_: float

    _parameter_constraints: ClassVar[dict] = {
        "estimator": [HasMethods(["fit", "predict"])],
        "fdr": [Interval(Real, 0, 1, closed="neither"), None],
        "max_false_positives": [Interval(Real, 0, None, closed="neither"), None],
        "feature_groups": ["array-like", None],
        "cv": ["cv_object"],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        fdr: float | None = 0.1,
        max_false_positives: float | None = None,
        feature_groups: ArrayLike | None = None,
        cv: Any = 5,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.estimator = estimator
        self.fdr = fdr
        self.max_false_positives = max_false_positives
        self.feature_groups = feature_groups
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: TableLike,
        y: ArrayLike,
        *,
        groups: ArrayLike | None = None,
        **params: Any,
    ) -> Self:
        """Test and select columns.

        Parameters
        ----------
        X : {array-like, data frame} of shape (n_samples, n_features)
            Input columns: numbers, and categories in a data frame.

        y : array-like of shape (n_samples,)
            Target: numbers, or labels of classes.

        groups : array-like of shape (n_samples,), default=None
            Groups of rows that depend on each other, such as the rows of one person.

        **params : dict
            Metadata for `estimator`, such as `sample_weight`; only with
            ``sklearn.set_config(enable_metadata_routing=True)``.

        Returns
        -------
        self : object
            Fitted selector.

        Raises
        ------
        ValueError
            If both bounds are set or neither, `feature_groups` does not have a label for each
            column, or `estimator` is a classifier without ``predict_proba``.

        Warns
        -----
        UserWarning
            If no column is selected.
        """
        refuse_unrouted(params, self, "fit")
        self._check_bound()
        with all_or_nothing(self):
            X, values = self._read_table(X)
            truth, y = self._read_target(X, y)
            rng = np.random.default_rng(
                check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
            )
            labels = read_groups(self.feature_groups, X.shape[1])
            column_groups = [
                (own.tolist(), values.order[own].tolist())
                for own in (np.flatnonzero(labels == k) for k in np.unique(labels))
            ]
            draws = ConditionalDraws(values.numbers, values.categories, rng)
            splits = self._splits(X, y, groups, rng)
            fit_params = self._fit_params(params)
            evidence = self._evidence(
                X, y, truth, splits, fit_params, column_groups, draws, rng
            )
            self._store(evidence, splits, groups, labels, len(y))
        if not self.support_.any():
            warnings.warn(
                f"No column is selected with {self._bound()}: the smallest q-value is "
                f"{self.qvalues_.min():.2g}. Raise the bound, pass more rows or a better "
                "estimator, or put columns that tell the same into one group.",
                UserWarning,
                stacklevel=2,
            )
        return self

    # -- arguments -----------------------------------------------------------------------

    def _bound(self):
        if self.fdr is not None:
            return f"fdr={self.fdr}"
        return f"max_false_positives={self.max_false_positives}"

    def _check_bound(self):
        if (self.fdr is None) == (self.max_false_positives is None):
            raise ValueError(
                f"Got fdr={self.fdr} and max_false_positives={self.max_false_positives}, but "
                "expected one bound: set the other to None."
            )

    def _read_table(self, X):
        """Return the table, and the values that its columns are drawn from."""
        X = check_dimensions(X)
        values = read_values(X, type(self).__name__)
        check_feature_names(self, X, reset=True)
        check_n_features(self, X, reset=True)
        return (X if is_frame(X) else values.checked), values

    def _read_target(self, X, y):
        """Columns to predict, (n_samples, n_outputs), and the target for the estimator."""
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        with about_argument("X or y"):
            check_consistent_length(X, y)
            y = column_or_1d(y, warn=True)
        return read_truth(y, self.estimator), y

    def _splits(self, X, y, groups, rng):
        classifier = is_classifier(self.estimator)
        cv = self.cv
        if isinstance(cv, Integral) or cv is None:
            n_folds = 5 if cv is None else int(cv)
            kind = StratifiedKFold if classifier else KFold
            cv = kind(n_folds, shuffle=True, random_state=int(rng.integers(2**31)))
            if groups is not None:
                cv = GroupKFold(n_folds)
        return list(
            iterate_splits(
                cv, X, y, "cv", classifier=classifier, metadata={"groups": groups}
            )
        )

    def _fit_params(self, params):
        """Metadata of the estimator."""
        if not routing_enabled():
            return {}
        return process_routing(self, "fit", **params).estimator.fit

    # -- tests ---------------------------------------------------------------------------

    def _evidence(self, X, y, truth, splits, fit_params, column_groups, draws, rng):
        """Evidence of the held-out rows of each split."""
        seeds = rng.integers(2**31, size=len(splits))

        def test(split, seed):
            train, places = split
            model = clone(self.estimator)
            own = check_method_params(X, fit_params, train)
            model.fit(take(X, train), take(y, train), **own)
            predict = predictor(model, np.unique(y), self.estimator)
            rng = np.random.default_rng(seed)
            return row_evidence(
                predict, X, truth[places], places, column_groups, draws, rng
            )

        calls = Calls()
        with calls.ended():
            # Networks use all processors by themselves: side by side they only wait.
            n_jobs = 1 if self.n_jobs is None else self.n_jobs
            return make_parallel(self.estimator, n_jobs)(
                delayed(calls.run)(test, split, seed)
                for split, seed in zip(splits, seeds, strict=True)
            )

    def _store(self, evidence, splits, groups, labels, n_rows):
        total = np.zeros((n_rows, evidence[0].shape[1]))
        counts = np.zeros(n_rows)
        for own, (_, places) in zip(evidence, splits, strict=True):
            np.add.at(total, places, own)
            np.add.at(counts, places, 1)
        tested = counts > 0
        clusters = None
        if groups is not None:
            clusters = np.unique(np.asarray(groups)[tested], return_inverse=True)[1]
        mean = total[tested] / counts[tested, None]
        scores, pvalues = evidence_test(mean, clusters)
        qvalues = false_discovery_control(pvalues)
        n_groups = len(pvalues)
        if self.fdr is not None:
            selected = qvalues <= self.fdr
        else:
            selected = pvalues * n_groups <= self.max_false_positives
        used = np.mean([np.any(own != 0, axis=0) for own in evidence], axis=0)
        self.scores_, self.pvalues_ = scores[labels], pvalues[labels]
        self.qvalues_, self.support_ = qvalues[labels], selected[labels]
        self.selection_frequencies_ = used[labels]
        self.expected_false_positives_ = float(
            n_groups * pvalues[selected].max(initial=0)
        )

    # -- selecting -----------------------------------------------------------------------

    def _get_support_mask(self):
        check_is_fitted(self)
        return self.support_

    def transform(self, X: TableLike) -> Any:
        """Keep the selected columns.

        Parameters
        ----------
        X : {array-like, data frame} of shape (n_samples, n_features)
            Inputs, with the columns of `fit`.

        Returns
        -------
        array of shape (n_samples, n_selected_features)
            The selected columns.

        Raises
        ------
        ValueError
            If no column is selected.
        """
        check_is_fitted(self)
        if not self.support_.any():
            raise ValueError(
                f"Got no selected column with {self._bound()}, and a table without columns "
                "is of no use to the next step. Raise the bound, or pass more rows or a "
                "better estimator."
            )
        with about_argument("X"):
            return super().transform(X)

    def get_metadata_routing(self) -> MetadataRouter:
        """Metadata routing to the estimator. The splitter always gets the groups.

        Returns
        -------
        MetadataRouter
        """
        fit = MethodMapping().add(caller="fit", callee="fit")
        return MetadataRouter(owner=self).add(
            estimator=self.estimator, method_mapping=fit
        )

    def __sklearn_clone__(self) -> Any:
        """Copy the parameters."""
        refuse_generator(self.cv, "cv")
        return super().__sklearn_clone__()

    def __sklearn_tags__(self) -> Any:
        """Estimator tags of scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        if self.estimator is not None:
            inner = get_tags(self.estimator)
            tags.input_tags = inner.input_tags
            tags.target_tags.single_output = True
        tags.input_tags.sparse = False
        return tags

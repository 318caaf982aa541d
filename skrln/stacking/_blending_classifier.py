# SPDX-License-Identifier: BSD-3-Clause
"""A stack whose combiner keeps probabilities probabilities."""

from numbers import Real
from typing import ClassVar

import numpy as np
from sklearn.ensemble import StackingClassifier
from sklearn.utils.validation import check_is_fitted

from skrln._core._blend import EQUAL_PULL
from skrln._core._sklearn import Interval

from ._linear_pool import LinearPool


class BlendingClassifier(StackingClassifier):
    r"""Classifiers whose probabilities are averaged by weights that are learned.

    The stack of a network and gradient boosted trees. As in
    :class:`~sklearn.ensemble.StackingClassifier` all classifiers are fitted on all rows, and
    their probabilities for rows that they have not seen come from a cross-validation. What
    combines them there is a logistic regression on probabilities, which has to learn from few
    rows what a probability is, and class by class. Here it is a weighted mean with one
    temperature: as many numbers as there are classifiers, which few rows can tell. Where the
    classifiers together say more than a mean of them can, the regression is the better one.

    Read more in the :ref:`User Guide <blending>`.

    Parameters
    ----------
    estimators : list of (str, estimator)
        Classifiers with ``predict_proba``, by name; "drop" leaves one out.

    cv : int, splitter, iterable or "prefit", default=None
        Cross-validation that makes the probabilities for unseen rows; None for five stratified
        folds. With "prefit" the estimators are fitted already and `fit` wants rows that they
        have not seen.

    n_jobs : int, default=None
        Fits at the same time. The networks of this package use all processors by themselves.

    equal_pull : float, default=3.0
        How strongly the weights are drawn towards equal ones, in rows for each classifier: a
        few rows hardly move them. 0 goes by the loss alone.

    calibrate : bool, default=True
        Whether the mean is made sharper or softer by the temperature with the lowest log
        loss. A mean is softer than what it is made of.

    verbose : int, default=0
        How much the fits of the cross-validation tell.

    Attributes
    ----------
    weights_ : ndarray of shape (n_estimators,)
        What each classifier counts; they sum to one.

    temperature_ : float
        Below one the mean is sharpened, above one softened.

    estimators_ : list of estimators
        The fitted classifiers, and by name ``named_estimators_``.

    final_estimator_ : estimator
        What holds weights and temperature.

    classes_ : ndarray of shape (n_classes,)
        Labels.

    stack_method_ : list of str
        "predict_proba" for each.

    n_features_in_ : int
        Columns of `X`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where all are strings.

    See Also
    --------
    sklearn.ensemble.StackingRegressor : For numbers; its default combiner does as well there.
    sklearn.ensemble.VotingClassifier : With equal weights, and no cross-validation.

    Notes
    -----
    With the probabilities :math:`p_k` of classifier :math:`k` for unseen rows, the weights
    minimize the log loss of :math:`\sum_k w_k p_k` with :math:`w_k \ge 0` and
    :math:`\sum_k w_k = 1`, known as stacking with convex weights [1]_ or a linear opinion
    pool. The logarithms of the mean are then divided by the temperature and normalized.

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
    >>> blend = BlendingClassifier(models, cv=2).fit(X[:300], y[:300])
    >>> float(blend.weights_.sum().round(6))
    1.0
    >>> bool(blend.score(X[300:], y[300:]) > 0.95)
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        **{
            name: rule
            for name, rule in StackingClassifier._parameter_constraints.items()
            if name not in ("final_estimator", "stack_method", "passthrough")
        },
        "equal_pull": [Interval(Real, 0, None, closed="left")],
        "calibrate": ["boolean"],
    }
    #: What a stack has as parameters, and this one needs to be so.
    stack_method, passthrough = "predict_proba", False

    def __init__(
        self,
        estimators,
        *,
        cv=None,
        n_jobs=None,
        equal_pull=EQUAL_PULL,
        calibrate=True,
        verbose=0,
    ):
        self.estimators = estimators
        self.cv = cv
        self.n_jobs = n_jobs
        self.equal_pull = equal_pull
        self.calibrate = calibrate
        self.verbose = verbose

    def fit(self, X, y, **fit_params):
        """Fit the classifiers, and find weights and temperature.

        Parameters
        ----------
        X : {array-like, sparse matrix, data frame} of shape (n_samples, n_features)
            Training inputs, as all of the classifiers take them.

        y : array-like of shape (n_samples,)
            Labels of one task.

        **fit_params : dict
            ``sample_weight``, of shape (n_samples,); with metadata routing also what else the
            classifiers ask for.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            For several tasks, and for classifiers without ``predict_proba``.
        """
        shape = np.asarray(y).shape
        if len(shape) == 2 and shape[1] > 1:
            raise ValueError(
                f"Got y of shape {shape}, but expected (n_samples,): one task. Blend "
                "each task by itself, or take a StackingClassifier."
            )
        return super().fit(X, y, **fit_params)

    @property
    def final_estimator(self):
        """What combines the columns, unfitted."""
        return LinearPool(self.equal_pull, self.calibrate)

    @property
    def weights_(self):
        """What each classifier counts."""
        check_is_fitted(self, "final_estimator_")
        return self.final_estimator_.weights_

    @property
    def temperature_(self):
        """What the logarithms of the mean are divided by."""
        check_is_fitted(self, "final_estimator_")
        return self.final_estimator_.temperature_

    def score(self, X, y, sample_weight=None):
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

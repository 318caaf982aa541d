# SPDX-License-Identifier: BSD-3-Clause
"""The meta-estimator: fit once, read every stage, keep those that tasks are best at."""

import warnings
from copy import deepcopy
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state, get_tags, indexable
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skrln._core._scoring import exact_match, mean_r2
from skrln._core._sklearn import HasMethods, Interval, StrOptions, fit_context, take
from skrln._core._splits import split_rows
from skrln._core._validation import (
    all_or_nothing,
    check_validation_arguments,
    check_weights,
)

from ._calibration import combine, fit_columns
from ._curves import check_window, fraction_outside
from ._record import Recorder
from ._selection import Settings, choose
from ._sources import Rows, make_source
from ._tasks import ClassTasks, read_tasks


def _wraps_classifier(self):
    if not is_classifier(self.estimator):
        raise AttributeError("Only a wrapped classifier has probabilities.")
    return True


class PerTaskEarlyStopping(MetaEstimatorMixin, BaseEstimator):
    """Stop every task of a model at a stage of its own.

    A model of several outputs is usually stopped where their mean is best, which is the best
    stage of hardly any of them. This meta-estimator fits once, scores every task on validation
    rows after every stage (an epoch, an iteration of boosting), and predicts each task from
    its own best stage, or from one of a few that the tasks share. A task is one output, one
    label, or one class of a single output.

    It is a classifier or a regressor as the estimator that it wraps. Read more in the
    :ref:`User Guide <per_task>`.

    Parameters
    ----------
    estimator : object
        What to fit, left as it is. One of, in this order:

        - a single network of this package (``n_estimators=1``, a number as `theta`,
          `numeric_embedding` not "auto"; :data:`skrln.presets.READABLE` is one). The default
          ensembles are refused: each of their networks has epochs of its own. All epochs are
          from one fit, in which the network's own early stopping does not count;
        - an estimator of XGBoost, LightGBM or CatBoost, or any with `staged_predict` and, of
          classes, `staged_predict_proba`, also in a
          :class:`~sklearn.multioutput.MultiOutputRegressor` or its twin for classes: the
          fitted ensemble is read up to the best iteration, and nothing is copied;
        - one with `partial_fit`: a call over all rows is a stage;
        - one with `warm_start` and `max_iter` or `n_estimators`: one more of these is a stage.

    strategy : {"kmeans", "best_k", "brute_force"}, default="kmeans"
        Which stages are kept. "kmeans" clusters the best stages of the tasks (exactly, in one
        dimension), "best_k" takes those stages that the sum of the tasks' validation scores is
        highest with, "brute_force" gives every task its own: that needs many validation rows,
        and can be worse than a single stage.

    n_clusters : int, "auto" or None, default=None
        Number of stages to keep. 1 is usual early stopping, bit for bit. "auto", the same as
        None with "kmeans" and "best_k", takes the smallest number that is within a standard
        error of the best on validation rows that did not choose the stages; 1 where there are
        fewer than 10 rows. With "brute_force", None or 1.

    cluster_stage : {"centre", "medoid"}, default="centre"
        Stage of a cluster of "kmeans": the mean of its stages, rounded, or the middle one.

    smoothing_window : int, default=10
        Width of the centred moving mean over the curves, in stages; 1 does not smooth. At
        most the number of stages.

    tolerance : float, default=0.02
        How much lower than its best score a task may be in its interval of `intervals_`, in
        the units of the score. Chooses nothing.

    burn_in : float or "auto", default="auto"
        Share of the stages, from the first on, that are never the best. "auto" leaves out the
        epochs in which the penalty of a network grows, as its own early stopping does, and
        none of any other estimator.

    scoring : str, callable or None, default=None
        Score of a task, the higher the better. Of classes "neg_log_loss" (the default),
        "neg_brier_score", "roc_auc" or "average_precision"; of numbers "r2" (the default) or
        "neg_mean_absolute_error", both in units of the spread of the labels passed to fit. A
        function of ``(y_true, y_pred, sample_weight)``, arrays of shape (n_samples, n_tasks),
        has to return one number per task.

    max_iter : int, default=None
        Number of stages; by default the estimator's own `max_iter`, `n_estimators` or
        `iterations`, and 200 where it has none.

    validation_fraction : float, default=0.2
        Share of the rows to validate on, where neither `X_val` nor `cv` is passed. They are
        not trained on.

    cv : int, splitter or iterable, default=None
        Choose the stages by cross-validation: one fit for each fold, curves that are the mean
        of the folds, and a last fit on all rows.

    max_snapshot_bytes : int, default=2**30
        Memory that copies of stages may take during the fit, beside 64 MiB of a network's
        chunk of epochs. Past it only scores are kept, and the fit is repeated from its seed
        for the chosen stages (on a CPU with the same result, bit for bit): slower by one fit.

    random_state : int, RandomState instance or None, default=None
        Seeds the validation part, and estimators that have no seed of their own.

    Attributes
    ----------
    estimators_ : list
        Fitted estimators at the chosen stages, or the one ensemble that is read at all of
        them. `predict` of such an ensemble itself is that of its last stage.

    validation_curves_ : ndarray of shape (n_tasks, `n_iter_`)
        Score of every task after every stage; NaN for tasks that cannot be scored.

    smoothed_curves_ : ndarray of shape (n_tasks, `n_iter_`)
        The same, smoothed: what stages are chosen by.

    summary_curve_ : ndarray of shape (`n_iter_`,)
        Mean of the smoothed curves.

    best_stage_ : int
        Stage at which the mean is best, counted from 0 as all stages are.

    task_best_stage_ : ndarray of shape (n_tasks,)
        Stage at which each task is best.

    stage_of_cluster_ : ndarray of shape (n_clusters,)
        Stages that are kept.

    task_cluster_ : ndarray of shape (n_tasks,)
        Which of them each task is predicted from.

    intervals_ : ndarray of shape (n_tasks, 2)
        First and last of the stages around the best at which a task is nearly as good.

    discrepancy_ : ndarray of shape (n_tasks,)
        ``task_best_stage_ - best_stage_``.

    fraction_outside_ : float
        Share of the intervals that `best_stage_` is not in.

    fallback_tasks_ : ndarray
        Tasks without validation labels, or with labels of one class; they take
        `best_stage_`, and a warning names them.

    tradeoff_ : dict or None
        Gain over a single stage by number of stages, on validation rows that did not choose:
        "n_clusters", "mean_gain", "std_error" and "scores" of each part of the rows.

    calibration_ : ndarray of shape (n_classes, 2) or None
        Slope and intercept of the log odds of each class of a single output whose classes are
        from several stages.

    first_stage_ : int
        First stage that could be chosen.

    n_iter_ : int
        Number of stages.

    replayed_ : bool
        Whether a fit was repeated to stay under `max_snapshot_bytes`.

    task_names_ : ndarray of shape (n_tasks,)
        Names of the columns of `y`, classes, or numbers.

    scoring_name_ : str
        Name of the score.

    See Also
    --------
    skrln.multitask.quasi_optimal_intervals : Intervals of any curves.
    skrln.multitask.oracle_recall : The score that uses the label that is to be predicted.

    Notes
    -----
    The label of a row is never used to choose the stage that predicts it. Stages are chosen on
    the validation rows, so the validation score of the chosen ones is too good: judge them on
    other rows.

    Examples
    --------
    >>> from sklearn.datasets import load_linnerud
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> from sklearn.multioutput import MultiOutputRegressor
    >>> from skrln import PerTaskEarlyStopping
    >>> X, y = load_linnerud(return_X_y=True)
    >>> trees = MultiOutputRegressor(GradientBoostingRegressor(random_state=0))
    >>> model = PerTaskEarlyStopping(trees, random_state=0).fit(X, y)
    >>> model.predict(X).shape, model.task_best_stage_.shape
    ((20, 3), (3,))
    """

    _parameter_constraints: ClassVar[dict] = {
        "estimator": [HasMethods(["fit", "predict"])],
        "strategy": [StrOptions({"brute_force", "kmeans", "best_k"})],
        "n_clusters": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
            None,
        ],
        "cluster_stage": [StrOptions({"centre", "medoid"})],
        "smoothing_window": [Interval(Integral, 1, None, closed="left")],
        "tolerance": [Interval(Real, 0, None, closed="left")],
        "burn_in": [Interval(Real, 0, 1, closed="left"), StrOptions({"auto"})],
        "scoring": [str, callable, None],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "cv": ["cv_object"],
        "max_snapshot_bytes": [Interval(Integral, 0, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator,
        *,
        strategy="kmeans",
        n_clusters=None,
        cluster_stage="centre",
        smoothing_window=10,
        tolerance=0.02,
        burn_in="auto",
        scoring=None,
        max_iter=None,
        validation_fraction=0.2,
        cv=None,
        max_snapshot_bytes=2**30,
        random_state=None,
    ):
        self.estimator = estimator
        self.strategy = strategy
        self.n_clusters = n_clusters
        self.cluster_stage = cluster_stage
        self.smoothing_window = smoothing_window
        self.tolerance = tolerance
        self.burn_in = burn_in
        self.scoring = scoring
        self.max_iter = max_iter
        self.validation_fraction = validation_fraction
        self.cv = cv
        self.max_snapshot_bytes = max_snapshot_bytes
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
        groups=None,
    ):
        """Fit the estimator, and find the best stage of each task.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training inputs, in any form that the estimator takes.

        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets. In two dimensions a missing label (NaN) does not count in the scores;
            whether it can be trained on is the estimator's to say.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row, in the fit and in the scores.

        X_val, y_val : array-like, default=None
            Validation data, in the form of `X` and `y`; by default a part of those, see
            `validation_fraction` and `cv`.

        sample_weight_val : array-like of shape (n_val,), default=None
            Weight of each validation row.

        groups : array-like of shape (n_samples,), default=None
            Groups for a `cv` that needs them.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            For arguments that no stage can be chosen by; the estimator stays as it was.
        """
        self._check_arguments(X_val, y_val, sample_weight_val)
        with all_or_nothing(self):
            X, y = indexable(X, y)
            tasks = read_tasks(self.estimator, y)
            weights = check_weights(sample_weight, X)
            rng = check_random_state(self.random_state)
            recorder = Recorder(tasks, self, rng, y)
            parts = self._split(X, y, weights, groups, rng)
            if X_val is not None:
                parts = [(None, None)]
            seed = rng.randint(np.iinfo(np.int32).max)  # the same for all folds
            told_weights = None if sample_weight is None else weights
            whole = Rows(X, y, told_weights)
            sources = []
            for train, held_out in parts:
                source = self._make_source(seed)
                check_window(self.smoothing_window, source.n_stages)
                if X_val is not None:
                    pair = whole, Rows(X_val, y_val, sample_weight_val)
                else:
                    pair = _take(whole, train), _take(whole, held_out)
                recorder.record(source, *pair)
                sources.append(source)
            self._choose(recorder, sources[0].first_stage)
            self._keep(recorder, sources, whole, seed)
        return self

    def _check_arguments(self, X_val, y_val, sample_weight_val):
        check_validation_arguments(X_val, y_val, sample_weight_val, True, None)
        if X_val is not None and self.cv is not None:
            raise ValueError(
                f"Got X_val and y_val together with cv={self.cv!r}, but stages are chosen "
                "on one or the other. Leave one of them out."
            )
        if self.strategy == "brute_force" and self.n_clusters not in (None, 1):
            raise ValueError(
                f"Got n_clusters={self.n_clusters!r} with strategy='brute_force', which "
                "gives every task its own stage. Pass strategy='kmeans' or 'best_k', or "
                "n_clusters=None."
            )

    def _split(self, X, y, weights, groups, rng):
        """(train, held out) rows of each fit."""
        rows = np.flatnonzero(weights > 0)
        if len(rows) < 2:
            raise ValueError(
                f"Got n_samples = {len(rows)} of positive weight, but at least 2 are "
                "needed, one of them to validate on."
            )
        labels = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
        one = labels.ndim == 1 or labels.shape[1] == 1
        classes = labels.ravel() if is_classifier(self.estimator) and one else None
        if self.cv is None:
            pair = split_rows(
                X,
                labels,
                rows,
                fraction=self.validation_fraction,
                validation_cv=None,
                groups=None,
                stratify=classes,
                random_state=rng.randint(np.iinfo(np.int32).max),
            )
            return [pair]
        splitter = check_cv(self.cv, y, classifier=classes is not None)
        return [
            (train[weights[train] > 0], held_out[weights[held_out] > 0])
            for train, held_out in splitter.split(X, y, groups)
        ]

    def _make_source(self, seed):
        return make_source(
            self.estimator,
            self.max_iter,
            np.random.RandomState(seed),
            self.max_snapshot_bytes,
        )

    def _choose(self, recorder, first_stage):
        curves, parts = recorder.curves()
        check_window(self.smoothing_window, curves.shape[1])
        if self.burn_in != "auto":
            first_stage = int(self.burn_in * curves.shape[1])
        number = self.n_clusters
        if self.strategy != "brute_force" and number is None:
            number = "auto"
        settings = Settings(
            self.strategy,
            number,
            self.cluster_stage,
            self.smoothing_window,
            first_stage,
            self.tolerance,
        )
        choice = choose(curves, parts, settings)
        found = choice.reading
        self.validation_curves_ = curves
        self.smoothed_curves_ = found.smoothed
        self.summary_curve_ = found.summary
        self.n_iter_ = curves.shape[1]
        self.first_stage_ = first_stage
        self.best_stage_ = found.best
        self.task_best_stage_ = found.task_best
        self.discrepancy_ = found.task_best - found.best
        self.intervals_ = choice.intervals
        self.fraction_outside_ = fraction_outside(
            choice.intervals, found.best, found.scored
        )
        self.stage_of_cluster_, self.task_cluster_ = choice.plan
        self.scoring_name_ = recorder.scorer.name
        self.fallback_tasks_ = np.flatnonzero(~found.scored)
        self.tradeoff_ = choice.tradeoff
        self.task_names_ = recorder.tasks.names
        self._tasks = recorder.tasks
        _report(self, found.scored)

    def _keep(self, recorder, sources, whole, seed):
        """Models of the chosen stages, and the calibration where one is needed."""
        stages = self.stage_of_cluster_.tolist()
        self.calibration_ = None
        crossed = self.cv is not None
        if isinstance(self._tasks, ClassTasks) and len(stages) > 1:
            # Nobody has a say in the calibration of rows that it was trained on.
            told = [
                (self._assemble(source.models(stages), held_out.X), held_out)
                for source, held_out in zip(sources, recorder.held_out, strict=True)
            ]
            columns = np.concatenate([found for found, _ in told])
            pairs = [recorder.told_of(held_out) for _, held_out in told]
            truth, weights = (np.concatenate(part) for part in zip(*pairs, strict=True))
            self.calibration_ = fit_columns(columns, truth, weights)
        source = sources[0]
        if crossed:
            source = self._make_source(seed)
            train = _take(whole, np.flatnonzero(recorder.weights_of(whole) > 0))
            source.fit(train, None, None, keep=set(stages))
        self._models = source.models(stages)
        self.estimators_ = self._models.estimators
        self.replayed_ = any(one.replayed for one in sources)

    # -- predicting ----------------------------------------------------------------------

    def _assemble(self, models, X):
        """Columns, each from the stage of its task, before any calibration."""
        tasks, classes = self._tasks, models.classes
        found = [tasks.columns(output, classes) for output in models.outputs(X)]
        if len(found) == 1:
            return found[0]
        source = np.repeat(self.task_cluster_, tasks.widths)
        return np.stack(found)[source, :, np.arange(len(source))].T

    def _columns(self, X):
        check_is_fitted(self)
        columns = self._assemble(self._models, X)
        if self.calibration_ is None:
            return columns
        return combine(columns, self.calibration_)

    def predict(self, X):
        """Predict every task from its own stage.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_tasks)
            Numbers, or the most likely labels.
        """
        columns = self._columns(X)
        if is_classifier(self.estimator):
            return self._tasks.labels(columns)
        return self._tasks.output(columns)

    @available_if(_wraps_classifier)
    def predict_proba(self, X):
        """Probabilities, those of every task from its own stage.

        Classes of a single output that come from different stages are calibrated one by one
        and divided by their sum; all else is the estimator's own.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or list of them
            In the form of the estimator's `predict_proba`.
        """
        columns = self._columns(X)
        return self._tasks.output(columns)

    @available_if(_wraps_classifier)
    def predict_log_proba(self, X):
        """Logarithms of the probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray, or list of them
            Shaped as the result of `predict_proba`.
        """
        found = self.predict_proba(X)
        with np.errstate(divide="ignore"):
            if isinstance(found, list):
                return [np.log(proba) for proba in found]
            return np.log(found)

    def score(self, X, y, sample_weight=None):
        """Accuracy (of several labels: all right) or R2 (the mean over the tasks).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            True targets; in two dimensions a missing one does not count.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        float
            The higher the better, at most 1.
        """
        measure = exact_match if is_classifier(self.estimator) else mean_r2
        return measure(y, self.predict(X), sample_weight)

    @available_if(_wraps_classifier)
    def _classes(self):
        check_is_fitted(self)
        return self._tasks.classes

    @property
    def classes_(self):
        """Classes of the labels, a list of them for several outputs."""
        return self._classes()

    @property
    def n_features_in_(self):
        """Number of input columns."""
        return self._first_fitted().n_features_in_

    @property
    def feature_names_in_(self):
        """Names of the input columns, where all are strings."""
        return self._first_fitted().feature_names_in_

    def _first_fitted(self):
        if "estimators_" not in vars(self):
            raise AttributeError(f"This {type(self).__name__} is not fitted.")
        return self.estimators_[0]

    def __sklearn_tags__(self):
        """What the wrapped estimator can do, for scikit-learn."""
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        for name in ("estimator_type", "classifier_tags", "regressor_tags"):
            setattr(tags, name, deepcopy(getattr(inner, name)))
        tags.input_tags = deepcopy(inner.input_tags)
        tags.target_tags = deepcopy(inner.target_tags)
        return tags


def _take(table, rows):
    weights = None if table.weights is None else table.weights[rows]
    return Rows(take(table.X, rows, axis=0), take(table.y, rows, axis=0), weights)


def _report(estimator, scored):
    """Say which tasks could not choose."""
    if scored.all():
        return
    names = [str(name) for name in estimator.task_names_[~scored]]
    few = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    warnings.warn(
        f"{len(names)} of {len(scored)} tasks ({few}) have no labels, or those of one class "
        "only, in the validation part, and take the stage that is best on average over the "
        f"others ({estimator.best_stage_}). Pass X_val with labels of every task, or cv.",
        UserWarning,
        stacklevel=4,
    )

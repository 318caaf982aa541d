# SPDX-License-Identifier: BSD-3-Clause
"""Meta-estimator that fits once, scores every stage, and keeps the best stages of tasks."""

import warnings
from collections.abc import Callable
from copy import deepcopy
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, is_classifier
from sklearn.utils import check_random_state, get_tags, indexable
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skrln._table._arguments import (
    about_argument,
    check_validation_arguments,
    check_weights,
)
from skrln._table._scoring import exact_match, mean_r2
from skrln._table._sklearn import HasMethods, Interval, StrOptions, fit_context, take
from skrln._table._splits import HoldOut, split_once
from skrln._table._user_splits import iterate_splits, refuse_generator
from skrln.networks._whole import all_or_nothing

from ._calibration import combine, fit_columns
from ._curves import check_window, fraction_outside
from ._record import Recorder
from ._selection import Settings, choose
from ._sources import Rows, make_source
from ._tasks import ClassTasks, read_tasks


def _wraps_classifier(self):
    if not is_classifier(self.estimator):
        raise AttributeError(
            f"Got {type(self).__name__} around {type(self.estimator).__name__}, but only a "
            "classifier has classes and probabilities. Wrap a classifier, or call predict."
        )
    return True


class PerTaskEarlyStopping(MetaEstimatorMixin, BaseEstimator):
    """Stop every task of a model at its own best stage.

    Early stopping usually ends the fit of a multi-output model where the mean score is best.
    Hardly any task is at its own best stage there. This meta-estimator fits once and scores
    every task on validation rows after every stage (an epoch, or a boosting iteration). It
    then predicts each task from the task's own best stage, or from one of a few stages that
    tasks share. A task is one output, one label, or one class of a single output.

    The meta-estimator is a classifier or a regressor, as the wrapped estimator is. Read more
    in the :ref:`User Guide <per_task>`.

    Parameters
    ----------
    estimator : object
        Estimator to clone and fit. The first matching kind of this list applies:

        - A single network of this package (``n_estimators=1``, a number as `theta`,
          `numeric_embedding` not "auto"; for example :data:`skrln.presets.READABLE`). The
          default ensembles are refused, because each of their networks has its own epochs.
          One fit trains all epochs, without the network's own early stopping.
        - An estimator of XGBoost, LightGBM or CatBoost, or any regressor with
          `staged_predict` or classifier with `staged_predict_proba`, also inside a
          :class:`~sklearn.multioutput.MultiOutputRegressor` or
          :class:`~sklearn.multioutput.MultiOutputClassifier`. The fitted ensemble predicts up
          to the best iteration, and no stage is copied.
        - An estimator with `partial_fit`. One call over all rows is a stage.
        - An estimator with `warm_start` and `max_iter` or `n_estimators`. One more iteration
          or ensemble member is a stage.

    strategy : {"kmeans", "best_k", "brute_force"}, default="kmeans"
        Rule that selects the stages to keep. "kmeans" clusters the best stages of the tasks
        by exact K-means in one dimension. "best_k" searches for the stages with the highest
        sum of the tasks' validation scores (greedily, then by exchanges). "brute_force" keeps
        either a single stage or the best stage of each task.

    n_clusters : int, "auto" or "all", default="auto"
        Number of stages to keep. 1 is ordinary early stopping, bit for bit. "auto" scores
        numbers of stages on validation rows that did not choose the stages. It selects 1
        unless several stages gain by more than one standard error on average over the numbers;
        then it selects the smallest number within one standard error of the best. With fewer
        than 10 validation rows it selects 1. "all" gives every task its own best stage without
        this check, which needs many validation rows and can be worse than a single stage.
        "brute_force" accepts "auto", "all" and 1.

    cluster_stage : {"centre", "medoid"}, default="centre"
        Stage of a cluster of "kmeans": the rounded mean of the best stages in the cluster, or
        their lower median.

    smoothing_window : int, default=10
        Width of the centred moving mean that smooths the curves, in stages. At most the
        number of stages; 1 does not smooth.

    tolerance : float, default=0.02
        Largest drop below the best score of a task inside its interval of `intervals_`, in
        the units of the score. `tolerance` does not influence the chosen stages.

    burn_in : float or "auto", default="auto"
        Share of the stages, from the first on, that cannot be chosen. "auto" excludes the
        epochs of a network in which its penalty grows, as the network's own early stopping
        does, and excludes no stage of any other estimator.

    scoring : str, callable or None, default=None
        Score of a task; higher is better. For a classifier "neg_log_loss" (the default),
        "neg_brier_score", "roc_auc" or "average_precision". For a regressor "r2" (the
        default) or "neg_mean_absolute_error", whose errors are divided by the standard
        deviation of the labels passed to fit. A function of
        ``(y_true, y_pred, sample_weight)``, with `y_true` and `y_pred` of shape
        (n_samples, n_tasks), must return one number per task.

    max_iter : int, default=None
        Number of stages. By default, the `max_iter`, `n_estimators` or `iterations` of the
        estimator, or 200 if the estimator has none of these parameters.

    validation_fraction : float, default=0.2
        Share of the rows to hold out for validation if neither `X_val` nor `cv` is passed.

    cv : int, splitter or iterable, default=None
        Cross-validation that chooses the stages: one fit for each fold, curves averaged over
        the folds by the weight of their labels, and a final fit on all rows.

    max_snapshot_bytes : int, default=2**30
        Memory in bytes for copies of stages during the fit; a network needs up to 64 MiB
        more for a chunk of epochs. A fit that would exceed the limit keeps only scores, and
        is repeated from its seed to recover the chosen stages (bit for bit on a CPU), which
        costs one more fit.

    random_state : int, RandomState instance or None, default=None
        Seeds the draw of the validation rows, and a network or stepwise estimator whose
        `random_state` is None. A boosted ensemble keeps its own `random_state`.

    Attributes
    ----------
    estimators_ : list
        Fitted estimators at the kept stages. For a boosted ensemble, the list has one entry
        that serves all stages; the entry's own `predict` is that of its last stage.

    validation_curves_ : ndarray of shape (n_tasks, `n_iter_`)
        Score of every task after every stage; NaN for a task without a score.

    smoothed_curves_ : ndarray of shape (n_tasks, `n_iter_`)
        `validation_curves_` after smoothing. These curves choose the stages.

    summary_curve_ : ndarray of shape (`n_iter_`,)
        Mean of the smoothed curves over the scored tasks.

    best_stage_ : int
        Stage with the highest `summary_curve_`. All stages count from 0.

    task_best_stage_ : ndarray of shape (n_tasks,)
        Best stage of each task on `smoothed_curves_`.

    stage_of_cluster_ : ndarray of shape (n_clusters,)
        Kept stages, ascending.

    task_cluster_ : ndarray of shape (n_tasks,)
        Position in `stage_of_cluster_` of the stage that predicts each task.

    intervals_ : ndarray of shape (n_tasks, 2)
        First and last stage of the interval around the best stage in which a task scores at
        most `tolerance` below its best.

    discrepancy_ : ndarray of shape (n_tasks,)
        ``task_best_stage_ - best_stage_``.

    fraction_outside_ : float
        Share of the scored tasks whose interval does not contain `best_stage_`.

    fallback_tasks_ : ndarray
        Positions of the tasks without validation labels, or with labels of one class only.
        These tasks take `best_stage_`, and a warning names them.

    tradeoff_ : dict or None
        Gain over a single stage for several numbers of stages, on validation rows that did
        not choose the stages: "n_clusters", "mean_gain", "std_error", and "scores" of each
        part of the validation rows.

    calibration_ : ndarray of shape (n_classes, 2) or None
        Slope and intercept of the log odds of each class. None unless the classes of a single
        output come from several stages.

    first_stage_ : int
        First stage that can be chosen.

    n_iter_ : int
        Number of stages.

    replayed_ : bool
        True if a fit was repeated to stay below `max_snapshot_bytes`.

    task_names_ : ndarray of shape (n_tasks,)
        Column names of `y`, classes, or positions.

    scoring_name_ : str
        Name of the score.

    See Also
    --------
    skrln.multitask.quasi_optimal_intervals : Intervals of any curves.
    skrln.multitask.oracle_recall : A score that leaks the label of the predicted row.

    Notes
    -----
    The label of a row never influences the stage that predicts the row. The validation rows
    choose the stages, so the validation scores of the chosen stages are optimistic. Evaluate
    the model on other rows.

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

    estimators_: list[Any]
    validation_curves_: np.ndarray
    smoothed_curves_: np.ndarray
    summary_curve_: np.ndarray
    best_stage_: int
    task_best_stage_: np.ndarray
    stage_of_cluster_: np.ndarray
    task_cluster_: np.ndarray
    intervals_: np.ndarray
    discrepancy_: np.ndarray
    fraction_outside_: float
    fallback_tasks_: np.ndarray
    tradeoff_: dict[str, Any] | None
    calibration_: np.ndarray | None
    first_stage_: int
    n_iter_: int
    replayed_: bool
    task_names_: np.ndarray
    scoring_name_: str

    _parameter_constraints: ClassVar[dict] = {
        "estimator": [HasMethods(["fit", "predict"])],
        "strategy": [StrOptions({"brute_force", "kmeans", "best_k"})],
        "n_clusters": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto", "all"}),
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
        estimator: Any,
        *,
        strategy: Literal["kmeans", "best_k", "brute_force"] = "kmeans",
        n_clusters: int | Literal["auto", "all"] = "auto",
        cluster_stage: Literal["centre", "medoid"] = "centre",
        smoothing_window: int = 10,
        tolerance: float = 0.02,
        burn_in: float | Literal["auto"] = "auto",
        scoring: str | Callable[..., Any] | None = None,
        max_iter: int | None = None,
        validation_fraction: float = 0.2,
        cv: Any = None,
        max_snapshot_bytes: int = 2**30,
        random_state: int | np.random.RandomState | None = None,
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
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit the estimator, and choose the stage of each task.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training inputs, in any form that the estimator accepts.

        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets. In two dimensions, a missing label (NaN) does not count in the scores; the
            estimator accepts or refuses missing labels in the fit.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row, in the fit and in the scores.

        X_val, y_val : array-like, default=None
            Validation data, in the form of `X` and `y`. By default, rows of `X` and `y` are
            held out; see `validation_fraction` and `cv`.

        sample_weight_val : array-like of shape (n_val,), default=None
            Weight of each validation row.

        groups : array-like of shape (n_samples,), default=None
            Groups for a `cv` that splits by group.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ValueError
            If the arguments do not allow a choice of stages. The estimator then keeps the
            attributes of any earlier fit.
        """
        self._check_arguments(X_val, y_val, sample_weight_val)
        with all_or_nothing(self):
            with about_argument("X or y"):
                X, y = indexable(X, y)
            tasks = read_tasks(self.estimator, y)
            weights = check_weights(sample_weight, X)
            rng = check_random_state(self.random_state)
            recorder = Recorder(tasks, self, rng, y)
            whole = Rows(X, y, None if sample_weight is None else weights)
            # With X_val the split is not used, but it still checks the number of rows and
            # advances `rng`: the seed of the fit is the same with and without X_val.
            splits = self._split(X, y, weights, groups, rng)
            pairs = ([_take(whole, rows) for rows in split] for split in splits)
            if X_val is not None:
                pairs = [(whole, Rows(X_val, y_val, sample_weight_val))]
            seed = rng.randint(np.iinfo(np.int32).max)  # the same for all folds
            sources = []
            for train, held_out in pairs:
                source = self._make_source(seed)
                check_window(self.smoothing_window, source.n_stages)
                recorder.record(source, train, held_out)
                sources.append(source)
            self._choose(recorder, sources[0].first_stage)
            self._keep(recorder, sources, whole, seed)
        return self

    def _check_arguments(self, X_val, y_val, sample_weight_val):
        check_validation_arguments(X_val, y_val, sample_weight_val, True, None)
        if X_val is not None and self.cv is not None:
            raise ValueError(
                f"Got X_val and y_val together with cv={self.cv!r}, but only one of the two "
                "can choose the stages. Leave out either X_val and y_val, or cv."
            )
        if self.strategy == "brute_force" and self.n_clusters not in ("auto", "all", 1):
            raise ValueError(
                f"Got n_clusters={self.n_clusters!r} with strategy='brute_force', which "
                "keeps one stage, or the best stage of every task. Pass strategy='kmeans' "
                "or 'best_k', or n_clusters='auto'."
            )

    def _split(self, X, y, weights, groups, rng):
        """Positions of training and held-out rows, a pair for each fit."""
        rows = np.flatnonzero(weights > 0)
        if len(rows) < 2:
            raise ValueError(
                f"Got n_samples = {len(rows)} of positive weight, but expected at least 2: "
                "one to train on and one to validate on. Pass more rows."
            )
        labels = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
        # Only a single output can be stratified.
        single = labels.ndim == 1 or labels.shape[1] == 1
        classes = labels.ravel() if is_classifier(self.estimator) and single else None
        if self.cv is None:
            seed = rng.randint(np.iinfo(np.int32).max)
            rule = HoldOut(True, self.validation_fraction, None, None, classes, seed)
            return [tuple(split_once(X, labels, rows, rule))]
        of_classes, metadata = classes is not None, {"groups": groups}
        splits = iterate_splits(
            self.cv, X, y, "cv", classifier=of_classes, metadata=metadata
        )
        return [
            (train[weights[train] > 0], held_out[weights[held_out] > 0])
            for train, held_out in splits
        ]

    def _make_source(self, seed):
        """Unfitted source; equal seeds make equal sources."""
        return make_source(
            self.estimator,
            self.max_iter,
            np.random.RandomState(seed),
            self.max_snapshot_bytes,
        )

    def _choose(self, recorder, first_stage):
        """Choose the stages by the recorded curves, and store the results."""
        curves, parts = recorder.curves()
        # Folds may end at different stages: the curves can be shorter than the first source.
        check_window(self.smoothing_window, curves.shape[1])
        if self.burn_in != "auto":
            first_stage = int(self.burn_in * curves.shape[1])
        settings = Settings(
            self.strategy,
            self.n_clusters,
            self.cluster_stage,
            self.smoothing_window,
            first_stage,
            self.tolerance,
        )
        choice = choose(curves, parts, settings)
        reading = choice.reading
        self.validation_curves_ = curves
        self.smoothed_curves_ = reading.smoothed
        self.summary_curve_ = reading.summary
        self.n_iter_ = curves.shape[1]
        self.first_stage_ = first_stage
        self.best_stage_ = reading.best
        self.task_best_stage_ = reading.task_best
        self.discrepancy_ = reading.task_best - reading.best
        self.intervals_ = choice.intervals
        self.fraction_outside_ = fraction_outside(
            choice.intervals, reading.best, reading.scored
        )
        self.stage_of_cluster_, self.task_cluster_ = choice.plan
        self.scoring_name_ = recorder.scorer.name
        self.fallback_tasks_ = np.flatnonzero(~reading.scored)
        self.tradeoff_ = choice.tradeoff
        self.task_names_ = recorder.tasks.names
        self._tasks = recorder.tasks
        _warn_of_fallbacks(self, reading.scored)

    def _keep(self, recorder, sources, whole, seed):
        """Keep the models of the chosen stages, and calibrate them if necessary."""
        stages = self.stage_of_cluster_.tolist()
        self.calibration_ = None
        if isinstance(self._tasks, ClassTasks) and len(stages) > 1:
            # Held-out rows of each fold only: on its training rows a model is overconfident.
            folds = [
                (
                    self._assemble(source.models(stages), held_out.X),
                    *recorder.truth_and_weights(held_out),
                )
                for source, held_out in zip(sources, recorder.held_out, strict=True)
            ]
            columns, truth, weights = map(np.concatenate, zip(*folds, strict=True))
            self.calibration_ = fit_columns(columns, truth, weights)
        source = sources[0]
        if self.cv is not None:
            # The stages are known, so the final fit on all rows copies no other ones.
            source = self._make_source(seed)
            train = _take(whole, np.flatnonzero(recorder.weights_of(whole) > 0))
            source.fit(train, None, None, keep=set(stages))
        self._models = source.models(stages)
        self.estimators_ = self._models.estimators
        self.replayed_ = any(source.replayed for source in sources)

    # -- predicting ----------------------------------------------------------------------

    def _assemble(self, models, X):
        """Columns of all tasks, each from the stage of its task, uncalibrated."""
        tasks, classes = self._tasks, models.classes
        by_stage = [tasks.columns(output, classes) for output in models.outputs(X)]
        if len(by_stage) == 1:
            return by_stage[0]
        # A task with the probabilities of several classes takes all of them from one stage.
        cluster = np.repeat(self.task_cluster_, tasks.widths)
        return np.stack(by_stage)[cluster, :, np.arange(len(cluster))].T

    def _columns(self, X):
        """Columns of all tasks, calibrated if the fit calibrated them."""
        check_is_fitted(self)
        columns = self._assemble(self._models, X)
        if self.calibration_ is None:
            return columns
        return combine(columns, self.calibration_)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict every task from its own stage.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_tasks)
            Numbers for a regressor, the most likely labels for a classifier.
        """
        columns = self._columns(X)
        if is_classifier(self.estimator):
            return self._tasks.labels(columns)
        return self._tasks.output(columns)

    @available_if(_wraps_classifier)
    def predict_proba(self, X: ArrayLike) -> np.ndarray | list[np.ndarray]:
        """Probabilities of every task from its own stage.

        Classes of a single output that come from different stages are calibrated one by one
        and divided by their sum. All other probabilities are those of the estimator.

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
    def predict_log_proba(self, X: ArrayLike) -> np.ndarray | list[np.ndarray]:
        """Logarithms of the probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray, or list of them
            In the form of `predict_proba`.
        """
        proba = self.predict_proba(X)
        with np.errstate(divide="ignore"):  # log(0) is -inf
            if isinstance(proba, list):
                return [np.log(of_output) for of_output in proba]
            return np.log(proba)

    def score(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Accuracy of a classifier, or R2 of a regressor.

        Of several labels, the accuracy is the share of rows with all labels right. Of several
        tasks, R2 is the mean over the tasks.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            True targets. In two dimensions, a missing label (NaN) does not count.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        float
            Score of at most 1; higher is better.
        """
        measure = exact_match if is_classifier(self.estimator) else mean_r2
        return measure(y, self.predict(X), sample_weight)

    @available_if(_wraps_classifier)
    def _classes(self):
        check_is_fitted(self)
        return self._tasks.classes

    @property
    def classes_(self) -> Any:
        """Classes of the labels; a list of arrays for several outputs."""
        return self._classes()

    @property
    def n_features_in_(self) -> int:
        """Number of input columns."""
        return self._first_fitted().n_features_in_

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the input columns, if all names are strings."""
        return self._first_fitted().feature_names_in_

    def _first_fitted(self):
        if not hasattr(self, "estimators_"):
            raise AttributeError(
                f"Got {type(self).__name__} that is not fitted yet. Call fit first."
            )
        return self.estimators_[0]

    def __sklearn_clone__(self) -> Any:
        """Copy the parameters."""
        refuse_generator(self.cv, "cv")
        return super().__sklearn_clone__()

    def __sklearn_tags__(self) -> Any:
        """Tags of the wrapped estimator, for scikit-learn."""
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        for name in ("estimator_type", "classifier_tags", "regressor_tags"):
            setattr(tags, name, deepcopy(getattr(inner, name)))
        tags.input_tags = deepcopy(inner.input_tags)
        tags.target_tags = deepcopy(inner.target_tags)
        return tags


def _take(table, rows):
    """Rows at the given positions."""
    weights = None if table.weights is None else table.weights[rows]
    return Rows(take(table.X, rows, axis=0), take(table.y, rows, axis=0), weights)


def _warn_of_fallbacks(estimator, scored):
    """Warn of the tasks that could not choose a stage."""
    if scored.all():
        return
    names = [str(name) for name in estimator.task_names_[~scored]]
    few = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    warnings.warn(
        f"{len(names)} of {len(scored)} tasks ({few}) have no validation labels, or labels "
        "of one class only, and take the stage with the best mean score of the other tasks "
        f"({estimator.best_stage_}). Pass X_val with labels of every task, or cv.",
        UserWarning,
        stacklevel=4,
    )

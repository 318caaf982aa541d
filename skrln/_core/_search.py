# SPDX-License-Identifier: BSD-3-Clause
"""The cross-validated choice of theta and reg_step: all fits of the grid in one pool."""

import warnings
from copy import copy, deepcopy
from numbers import Integral, Number
from time import perf_counter
from typing import Any, ClassVar, NamedTuple

import numpy as np
from scipy.stats import rankdata
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import get_scorer
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state, indexable
from sklearn.utils.metadata_routing import get_routing_for_object

from skrln._kernels import StopReason

from ._blend import mean_loss
from ._importance import active_columns
from ._members import run_members
from ._outcome import Watch, listener
from ._params import SEARCH
from ._predicting import means_of
from ._preparation import Problem, encode, prepare, read_training
from ._settings import resolve_epochs
from ._sklearn import take
from ._validation import check_validation_arguments

#: What thetas="auto" tries. A uniform penalty spares nothing, and so has to be weaker.
AUTO_GRIDS = {
    "rln": (-8.5, -8.0, -7.5, -7.0, -6.5, -6.0, -5.5, -5.0),
    "uniform": (-10.0, -9.5, -9.0, -8.5, -8.0, -7.5, -7.0, -6.5),
    None: (-7.0,),
}
#: What a single network of the grid does without; the fit on all rows has it.
OF_THE_REFIT = {
    "n_estimators": 1,
    "bootstrap": False,
    "store_reg_path": 0,
    "verbose": False,
}


class Candidate(NamedTuple):
    """A point of the grid."""

    reg_step: float
    theta: float


class Fold(NamedTuple):
    """What the fits on one fold have in common."""

    network: Any  #: with the parameters of all, and what it knows of the inputs
    problem: Problem
    rng: np.random.RandomState  #: as training takes it over from the preparation
    X: Any  #: held out, as the user has it
    y: Any
    weights: np.ndarray | None
    inputs: Any  #: held out, encoded
    held_out: Any  #: Data


class Attempt(NamedTuple):
    """A fit of the grid."""

    fold: Fold
    candidate: Candidate
    number: int  #: of the candidate: they take turns as the kinds of an ensemble do


class Outcome(NamedTuple):
    """What is kept of a fit."""

    score: float
    fit_time: float
    score_time: float
    n_active: int
    reason: StopReason


class SearchMixin:
    """A network that chooses theta and reg_step by cross-validation as it is fitted."""

    _network_type: ClassVar[Any]
    warm_start: ClassVar[bool] = False

    @property
    def theta(self):
        """Chosen `theta`; only after `fit`."""
        return self.theta_

    @property
    def reg_step(self):
        """Chosen `reg_step`; only after `fit`."""
        return self.reg_step_

    @property
    def partial_fit(self):
        """Not there: rows that come one part after the other cannot be cross-validated."""
        raise AttributeError(
            f"{type(self).__name__} has no partial_fit: it needs all rows to choose theta. "
            f"Give the theta_ and reg_step_ that it finds to {self._network_type.__name__}."
        )

    def _count_epochs(self):
        """Those of the fit on all rows."""
        return self._network_at(theta=0.0)._count_epochs()

    def _network_at(self, **changes):
        """Estimator of the network itself with the parameters of this search."""
        params = self.get_params(deep=False)
        params = {name: value for name, value in params.items() if name not in SEARCH}
        return self._network_type(**(params | changes))

    def _fit_all(self, X, y, sample_weight, validation, groups, rng, watch):
        """Fitted attributes of the best of the grid on all rows, and its FitResults."""
        candidates = make_grid(self)
        check_arguments(self, validation)
        seed = self.random_state
        if not isinstance(seed, Integral):
            seed = rng.randint(np.iinfo(np.int32).max)
        folds = make_folds(self, X, y, sample_weight, validation, groups, seed)
        outcomes = run_grid(self, folds, candidates, watch)
        found = describe_grid(candidates, outcomes)
        best = choose(found, one_standard_error=self.one_standard_error)
        chosen = candidates[best]._asdict()
        network = self._network_at(random_state=seed, **chosen)
        arguments = (X, y, sample_weight, validation, groups)
        fitted, results = network._fit_all(*arguments, check_random_state(seed), watch)
        fitted |= {
            "theta_": chosen["theta"],
            "reg_step_": chosen["reg_step"],
            "cv_results_": found,
            "best_index_": best,
            "best_score_": float(found["mean_test_score"][best]),
            "n_splits_": len(folds),
        }
        return fitted, results


# -- arguments ---------------------------------------------------------------------------


def make_grid(estimator):
    """All pairs of reg_step and theta, in the order of scikit-learn's ParameterGrid."""
    thetas = estimator.thetas
    if isinstance(thetas, str):
        thetas = AUTO_GRIDS[estimator.regularization]
    thetas = _numbers(thetas, "thetas", "(-7.0, -6.0)")
    steps = _numbers(estimator.reg_steps, "reg_steps", "(0.03,)", least=0)
    return [Candidate(step, theta) for step in steps for theta in thetas]


def _numbers(values, name, example, least=-np.inf):
    try:
        found = np.asarray(values, float)
    except (TypeError, ValueError):
        found = np.zeros(0)
    good = found.ndim == 1 and found.size and np.isfinite(found).all()
    if not good or found.min() < least:
        kind = "finite numbers" if least < 0 else "finite, non-negative numbers"
        raise ValueError(
            f"Got {name}={values!r}, but expected one or more {kind}, e.g. {example}."
        )
    return found.tolist()


def check_arguments(estimator, validation):
    """Refuse what no fold could be fitted with."""
    cv = estimator.validation_cv
    check_validation_arguments(*validation, estimator.early_stopping, cv)
    if not (cv is None or isinstance(cv, Integral) or hasattr(cv, "split")):
        raise ValueError(
            f"Got validation_cv of type {type(cv).__name__}, but expected an int or a "
            "splitter: it splits the training rows of each fold, and fixed rows mean "
            "others there. Pass a splitter such as sklearn.model_selection.ShuffleSplit."
        )


# -- folds -------------------------------------------------------------------------------


def make_folds(estimator, X, y, sample_weight, validation, groups, seed):
    """Prepare the folds, each with encoders that know its training rows alone."""
    table, rows = read_training(estimator, X, y, sample_weight, reset=True)
    target = estimator._fit_target(*table.rows(rows)[1:])
    X, y, groups = indexable(X, y, groups)
    weights = None if sample_weight is None else table.weights
    folds = []
    for k, (train, test) in enumerate(_splits(estimator, X, table.y, groups)):
        network = estimator._network_at(random_state=seed, **_changes(estimator))
        rng = check_random_state(seed)
        part, held_out = (
            [None if one is None else take(one, chosen) for one in (X, y, weights)]
            for chosen in (train, test)
        )
        known = None if groups is None else take(groups, train)
        try:
            problem = prepare(network, *part, validation, known, rng, target)
            inputs, data = _encode_held_out(network, problem, table.rows(test))
        except ValueError as error:
            raise ValueError(
                f"{error} This is about split {k} of cv={estimator.cv!r}, with "
                f"{len(train)} training and {len(test)} test rows; lower cv, or pass a "
                "splitter whose training parts suffice."
            ) from error
        folds.append(Fold(network, problem, rng, *held_out, inputs, data))
    return folds


def _changes(estimator):
    """What a network of the grid has other than the one that is fitted on all rows."""
    embedding = estimator.numeric_embedding
    return OF_THE_REFIT | {
        "theta": 0.0,
        "numeric_embedding": None if embedding == "auto" else embedding,
    }


def _splits(estimator, X, y, groups):
    """(train, test) positions of each fold, checked."""
    classes = estimator._stratify_by(y)
    cv, n_rows = estimator.cv, len(y)
    if isinstance(cv, Integral) and int(cv) > n_rows:
        raise ValueError(
            f"Got cv={cv} with {n_rows} rows (n_samples={n_rows}), but expected at most as "
            "many folds as rows. Lower cv, or pass more rows."
        )
    splitter = check_cv(cv, classes, classifier=classes is not None)
    positions = np.arange(n_rows)
    found = [(positions[a], positions[b]) for a, b in splitter.split(X, y, groups)]
    empty = [k for k, parts in enumerate(found) if not all(map(len, parts))]
    if empty or not found:
        which = f"split(s) {empty} without rows" if found else "no splits"
        raise ValueError(
            f"Got cv={cv!r} with {which}, but expected training and test rows in each of "
            "one or more splits. Pass an int or another splitter."
        )
    return found


def _encode_held_out(network, problem, table):
    inputs = problem.encoder.transform(table.X)
    return inputs, encode(network, problem.encoder, problem.target, table, "y", inputs)


# -- fits --------------------------------------------------------------------------------


def run_grid(estimator, folds, candidates, watch):
    """Outcome of each candidate on each fold, in this order."""
    scoring = estimator.scoring
    scorer = get_scorer(scoring) if isinstance(scoring, str) else scoring

    def fit(job, on_epoch, cancelled):
        return _fit_candidate(job.fold, job.candidate, scorer, on_epoch, cancelled)

    jobs = [
        Attempt(fold, candidate, number)
        for number, candidate in enumerate(candidates)
        for fold in folds
    ]
    # Callbacks hear of the fit on all rows: those of the grid run at the same time.
    quiet = Watch(estimator, None, watch.X, watch.y, {})
    max_epochs = resolve_epochs(estimator)
    with quiet.epochs(max_epochs * len(jobs)) as on_epoch:
        outcomes = run_members(fit, jobs, estimator.device, on_epoch)
    reasons = [one.reason for one in outcomes]
    if StopReason.INTERRUPTED in reasons:  # scores of unfinished fits choose nothing
        raise KeyboardInterrupt
    n_diverged = reasons.count(StopReason.DIVERGED)
    if n_diverged:
        warnings.warn(
            f"Training diverged in {n_diverged} of the {len(reasons)} fits of the search, "
            "whose scores are those of the weights before. Got learning_rate_init="
            f"{estimator.learning_rate_init}; lower it.",
            ConvergenceWarning,
            stacklevel=5,
        )
    return [outcomes[i : i + len(folds)] for i in range(0, len(jobs), len(folds))]


def _fit_candidate(fold, candidate, scorer, on_epoch, cancelled):
    """Outcome of one fit; its rows, start and order of the rows are those of its fold."""
    start = perf_counter()
    network = copy(fold.network).set_params(**candidate._asdict())
    problem = fold.problem
    listen = listener(on_epoch, lambda result: network._describe(problem, result))
    rng = deepcopy(fold.rng)
    result, _ = network._train(
        problem, rng, resolve_epochs(network), listen, cancelled=cancelled
    )
    vars(network).update(network._describe(problem, result))
    fitted = perf_counter()
    if result.reason == StopReason.INTERRUPTED:
        return Outcome(np.nan, fitted - start, 0.0, 0, result.reason)
    score = _score(network, fold, scorer)
    n_active = int(np.sum(active_columns(network)))
    scored = perf_counter()
    return Outcome(score, fitted - start, scored - fitted, n_active, result.reason)


def _score(network, fold, scorer):
    """Score of a fitted network on the rows that its fold holds out."""
    if scorer is None:
        means, target = means_of(network, fold.inputs), network._target
        targets, weights = fold.held_out.targets, fold.held_out.weights
        return -float(mean_loss(target, network._loss(target), means, targets, weights))
    weights = {}
    if fold.weights is not None and _asks_for_weights(scorer):
        weights = {"sample_weight": fold.weights}
    score = scorer(network, fold.X, fold.y, **weights)
    if not isinstance(score, Number):
        raise ValueError(
            f"Got scoring={scorer!r}, which gives {score!r} of type "
            f"{type(score).__name__}, but expected a single number per fold."
        )
    return float(score)


def _asks_for_weights(scorer):
    """Whether a scorer requests weights, as GridSearchCV goes by with metadata routing."""
    return bool(get_routing_for_object(scorer).consumes("score", {"sample_weight"}))


# -- results -----------------------------------------------------------------------------


def describe_grid(candidates, outcomes):
    """Results in the shape of scikit-learn's searches."""
    table = {
        name: np.array([[getattr(one, name) for one in row] for row in outcomes])
        for name in ("fit_time", "score_time", "score", "n_active")
    }
    found = {}
    for name in ("fit_time", "score_time"):
        found[f"mean_{name}"] = table[name].mean(axis=1)
        found[f"std_{name}"] = table[name].std(axis=1)
    for name in Candidate._fields:
        values = np.array([getattr(one, name) for one in candidates])
        found[f"param_{name}"] = np.ma.array(values, mask=np.zeros(len(values), bool))
    found["params"] = [one._asdict() for one in candidates]
    scores = table["score"]
    for k, split in enumerate(scores.T):
        found[f"split{k}_test_score"] = split.copy()
    mean = scores.mean(axis=1)
    found["mean_test_score"] = mean
    found["std_test_score"] = scores.std(axis=1)
    # Scores that are no number come last.
    filled = np.where(np.isnan(mean), -np.inf, mean)
    found["rank_test_score"] = rankdata(-filled, method="min").astype(np.int32)
    found["mean_n_active_features"] = table["n_active"].mean(axis=1)
    return found


def choose(found, *, one_standard_error):
    """Position of the best candidate, or of the sparsest that is about as good."""
    best = int(np.argmin(found["rank_test_score"]))
    n_splits = sum(name.startswith("split") for name in found)
    if not one_standard_error or n_splits < 2:
        return best
    mean, thetas = found["mean_test_score"], found["param_theta"].data
    error = found["std_test_score"][best] / np.sqrt(n_splits - 1)
    near = np.flatnonzero(mean >= mean[best] - error)
    if not len(near):  # no score is a number
        return best
    strongest = near[thetas[near] == thetas[near].max()]
    return int(strongest[np.argmax(mean[strongest])])

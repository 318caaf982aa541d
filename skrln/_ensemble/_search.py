# SPDX-License-Identifier: BSD-3-Clause
"""Cross-validated choice of theta and the penalty's step: all fits of a grid in one pool."""

import warnings
from dataclasses import replace
from functools import partial
from numbers import Integral, Number
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import get_scorer
from sklearn.utils import check_random_state, indexable
from sklearn.utils.metadata_routing import get_routing_for_object

from skrln._kernels import StopReason
from skrln._network._importance import active_columns
from skrln._network._settings import resolve_epochs
from skrln._network._train import Listener
from skrln._table._arguments import check_validation_arguments
from skrln._table._problem import Arguments, fit_target, read_training
from skrln._table._sklearn import take
from skrln._table._user_splits import (
    is_iterable_of_splits,
    iterate_splits,
    shorten,
)

from ._blend import mean_loss
from ._fit import fit_ensemble, plan, prepare
from ._fitted import FittedEnsemble, make_ensemble
from ._grid_results import Attempted, Candidate, choose, describe_grid
from ._jobs import Job, train_job

#: Thetas of thetas="auto". A uniform penalty spares no weight and has to be weaker.
AUTO_GRIDS = {
    "rln": (-8.5, -8.0, -7.5, -7.0, -6.5, -6.0, -5.5, -5.0),
    "uniform": (-10.0, -9.5, -9.0, -8.5, -8.0, -7.5, -7.0, -6.5),
    None: (-7.0,),
}


class Grid(NamedTuple):
    """The user's parameters of the search."""

    thetas: Any
    reg_steps: Any
    cv: Any
    scoring: Any
    one_standard_error: bool


class Fold(NamedTuple):
    """Prepared rows that the fits on one fold share."""

    job: Job  #: at the first candidate
    X: Any  #: held-out rows in the user's types
    y: Any
    weights: np.ndarray | None
    rows: Any  #: held-out rows, compressed
    held_out: Any  #: Data


class Attempt(NamedTuple):
    """Fit of one candidate on one fold."""

    fold: Fold
    candidate: Candidate
    number: int  #: of the candidate
    slot: Any  #: place of the state of the fit; None without a checkpoint


class Search(NamedTuple):
    """Result of a search."""

    ensemble: FittedEnsemble  #: of the best candidate, on all rows
    outcomes: list
    attributes: dict  #: fitted attributes of the search


def search_ensemble(parameters, grid, arguments, random_state, engine, make_model):
    """Choose theta and the step by cross-validation, and fit them on all rows.

    Parameters
    ----------
    parameters : Parameters
    grid : Grid
    arguments : Arguments
    random_state : int, RandomState instance or None
    engine : Engine
    make_model : callable
        Makes the estimator of a FittedEnsemble, for scorers.

    Returns
    -------
    Search
    """
    rng = check_random_state(random_state)
    candidates = make_grid(grid, parameters.penalty)
    _check_arguments(parameters, arguments)
    seed = random_state
    if not isinstance(seed, Integral):
        seed = rng.randint(np.iinfo(np.int32).max)
    folds = make_folds(parameters, grid.cv, arguments, seed)
    attempts = run_grid(parameters, grid, folds, candidates, engine, make_model)
    results = describe_grid(candidates, attempts)
    best = choose(results, one_standard_error=grid.one_standard_error)
    chosen = candidates[best]
    penalty = with_step(parameters.penalty, chosen.reg_step)
    parameters = replace(parameters, theta=chosen.theta, penalty=penalty)
    fit = fit_ensemble(parameters, arguments, check_random_state(seed), engine)
    attributes = {
        "theta_": chosen.theta,
        "reg_step_": chosen.reg_step,
        "cv_results_": results,
        "best_index_": best,
        "best_score_": float(results["mean_test_score"][best]),
        "n_splits_": len(folds),
    }
    return Search(fit.ensemble, fit.outcomes, attributes)


def make_grid(grid, penalty):
    """Make all pairs of step and theta, in the order of scikit-learn's ParameterGrid.

    Parameters
    ----------
    grid : Grid
        Without `reg_steps` the step is that of `penalty`.
    penalty : Penalty or None
    """
    thetas, steps = grid.thetas, grid.reg_steps
    if isinstance(thetas, str):
        thetas = AUTO_GRIDS[penalty and penalty.kind]
    if steps is None:
        steps = (penalty.step if penalty else 0.0,)
    thetas = _read_numbers(thetas, "thetas", "(-7.0, -6.0)")
    steps = _read_numbers(steps, "reg_steps", "(0.03,)", least=0)
    return [Candidate(step, theta) for step in steps for theta in thetas]


def _read_numbers(values, name, example, least=-np.inf):
    try:
        numbers = np.asarray(values, float)
    except (TypeError, ValueError):
        numbers = np.zeros(0)
    is_valid = numbers.ndim == 1 and numbers.size and np.isfinite(numbers).all()
    if not is_valid or numbers.min() < least:
        kind = "finite numbers" if least < 0 else "finite, non-negative numbers"
        raise ValueError(
            f"Got {name}={values!r}, but expected one or more {kind}, e.g. {example}."
        )
    return numbers.tolist()


def _check_arguments(parameters, arguments):
    """Raise a ValueError for arguments that no fold could be fitted with."""
    cv = parameters.validation_cv
    check_validation_arguments(
        arguments.X_val,
        arguments.y_val,
        arguments.sample_weight_val,
        parameters.early_stopping,
        cv,
    )
    if is_iterable_of_splits(cv):
        raise ValueError(
            f"Got validation_cv of type {type(cv).__name__}, but expected an int or a "
            "splitter: it splits the training rows of each fold, and fixed rows mean "
            "others there. Pass a splitter such as sklearn.model_selection.ShuffleSplit."
        )


def make_folds(parameters, cv, arguments, seed):
    """Prepare the folds, each with encoders that are fitted on its training rows alone."""
    labels = parameters.labels
    table, rows, _ = read_training(arguments, labels, parameters.input_options)
    target = fit_target(labels, table, rows)
    X, y, groups = indexable(arguments.X, arguments.y, arguments.groups)
    weights = None if arguments.sample_weight is None else table.weights
    single = _grid_parameters(parameters)
    folds = []
    for k, (train, test) in enumerate(_splits(labels, cv, X, table.y, groups)):
        part, held_out = (
            [None if array is None else take(array, rows) for array in (X, y, weights)]
            for rows in (train, test)
        )
        own_groups = None if groups is None else take(groups, train)
        own = Arguments(*part, own_groups, *arguments[4:])
        try:
            job = _first_job(single, own, seed, target)
            compact, data = _encode_held_out(job, _without_idle(table, test))
        except ValueError as error:
            raise ValueError(
                f"{error} This is about split {k} of cv={shorten(cv)}, with "
                f"{len(train)} training and {len(test)} test rows; lower cv, or pass a "
                "splitter whose training parts suffice."
            ) from error
        folds.append(Fold(job, *held_out, compact, data))
    return folds


def with_step(penalty, step):
    """Penalty with another step, if it learns coefficients."""
    learns = penalty is not None and penalty.kind == "rln"
    return penalty._replace(step=step) if learns else penalty


def _grid_parameters(parameters):
    """Parameters of the networks of the grid, apart from what the grid varies."""
    is_auto = parameters.numeric_embedding == "auto"
    penalty = parameters.penalty
    return replace(
        parameters,
        penalty=penalty and penalty._replace(n_path_edges=0),
        theta=0.0,
        n_estimators=1,
        input_selection=False,
        warm_start=False,
        numeric_embedding=None if is_auto else parameters.numeric_embedding,
    )


def _first_job(parameters, arguments, seed, target):
    """Job of one fold; its candidates differ in theta and step only."""
    rng = check_random_state(seed)
    prepared = prepare(parameters, arguments, rng, target=target)
    jobs, _ = plan(prepared, rng)
    return jobs[0]


def _splits(labels, cv, X, y, groups):
    """Return (train, test) positions of each fold, checked."""
    has_classes = labels.strata(y) is not None
    metadata = {"groups": groups}
    splits = list(
        iterate_splits(cv, X, y, "cv", classifier=has_classes, metadata=metadata)
    )
    empty = [k for k, parts in enumerate(splits) if not all(map(len, parts))]
    if empty:
        raise ValueError(
            f"Got cv={shorten(cv)} with split(s) {empty} without rows, but expected training "
            "and test rows in each of one or more splits. Pass an int or another splitter."
        )
    return splits


def _without_idle(table, test):
    """Test rows of positive weight, whose classes all have an output; all if there are none."""
    counted = test[table.weights[test] > 0]
    return table.rows(counted if len(counted) else test)


def _encode_held_out(job, table):
    shared = job.shared
    encoder = shared.encodings[job.kind.numeric_embedding].encoder
    rows = encoder.compress(table.X, job.settings.dtype)
    return rows, shared.encode(table, rows, "y")


def run_grid(parameters, grid, folds, candidates, engine, make_model):
    """Run each candidate on each fold; return lists of Attempted in this order."""
    scoring = grid.scoring
    scorer = get_scorer(scoring) if isinstance(scoring, str) else scoring
    slots = iter(engine.checkpoints.slots(len(candidates) * len(folds)))
    attempts = [
        Attempt(fold, candidate, number, next(slots))
        for number, candidate in enumerate(candidates)
        for fold in folds
    ]
    # Callbacks follow the fit on all rows: the fits of the grid run at the same time.
    run = partial(_run_attempt, scorer=scorer, make_model=make_model)
    n_epochs = resolve_epochs(parameters.max_iter) * len(attempts)
    done, was_interrupted = engine.run_each(run, attempts, n_epochs)
    if was_interrupted:  # scores of unfinished fits choose nothing
        raise KeyboardInterrupt
    reasons = [attempted.reason for attempted in done]
    n_diverged = reasons.count(StopReason.DIVERGED)
    if n_diverged:
        warnings.warn(
            f"Training diverged in {n_diverged} of the {len(reasons)} fits of the search, "
            "whose scores are those of the weights before. Got learning_rate_init="
            f"{parameters.learning_rate_init}; lower it.",
            ConvergenceWarning,
            stacklevel=5,
        )
    n_folds = len(folds)
    return [done[i : i + n_folds] for i in range(0, len(done), n_folds)]


def _run_attempt(attempt, *, scorer, make_model, device, on_epoch=None):
    """Fit and score one candidate on one fold."""
    start = perf_counter()
    fold, job = attempt.fold, attempt.fold.job
    settings, candidate = job.settings, attempt.candidate
    settings = settings._replace(
        theta=float(candidate.theta),
        penalty=with_step(settings.penalty, candidate.reg_step),
    )
    listener = Listener(on_epoch, slot=attempt.slot)
    fitted = train_job(job._replace(settings=settings), listener, device).fitted
    end = perf_counter()
    reason = StopReason(fitted.reason)
    if reason == StopReason.INTERRUPTED:
        return Attempted(np.nan, end - start, 0.0, 0, reason)
    score = _score(fitted, fold, scorer, make_model)
    n_active = int(np.sum(active_columns(fitted)))
    return Attempted(score, end - start, perf_counter() - end, n_active, reason)


def _score(fitted, fold, scorer, make_model):
    """Score of a fitted network on the held-out rows of its fold."""
    shared = fold.job.shared
    if scorer is None:
        losses = shared.parameters.labels.losses(fitted.target)
        means, data = fitted.means_of_rows(fold.rows), fold.held_out
        loss = mean_loss(fitted.target, losses, means, data.targets, data.weights)
        return -float(loss)
    weights = {}
    if fold.weights is not None and _requests_weights(scorer):
        weights = {"sample_weight": fold.weights}
    model = make_model(make_ensemble(shared.columns, [fitted]))
    score = scorer(model, fold.X, fold.y, **weights)
    if not isinstance(score, Number):
        raise ValueError(
            f"Got scoring={scorer!r}, which gives {score!r} of type "
            f"{type(score).__name__}, but expected a single number per fold."
        )
    return float(score)


def _requests_weights(scorer):
    """Return True if metadata routing passes weights to a scorer."""
    return bool(get_routing_for_object(scorer).consumes("score", {"sample_weight"}))

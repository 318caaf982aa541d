# SPDX-License-Identifier: BSD-3-Clause
"""Several networks from one fit: of which kinds, on which rows, and what is left of them."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event

import numpy as np
from joblib import effective_n_jobs
from scipy import sparse
from sklearn.utils import check_random_state

from skrln._kernels import default_platform

from ._assembly import Trained, assemble, unseen_rows
from ._elimination import (
    eliminate,
    insists,
    is_better,
    reduced,
    selects_inputs,
    supports,
    was_stopped,
)
from ._jobs import Cell, Job, Shared, inputs_of, make_member
from ._preparation import known_target, read_training
from ._preprocessing import find_categorical, plain_columns
from ._screening import screened, screens
from ._settings import resolve_epochs, resolve_patience
from ._splits import member_splits
from ._transfer import pretrained_members
from ._validation import check_validation_arguments

#: theta="auto" up to so many rows; beyond, it falls as the strength of a lasso does that is to
#: keep out noise, by half the logarithm of the rows. A uniform penalty spares nothing, and has
#: to be weaker.
AUTO_THETA, AUTO_THETA_ROWS = {"rln": -7.0, "uniform": -8.0, None: -7.0}, 3_000
#: A single network cannot weigh several thetas, and takes the best of these beside that one.
AUTO_THETA_STEPS = (-1.0, 0.0, 1.0)
#: n_estimators="auto" is the first up to so many rows, and the second beyond.
AUTO_MEMBERS, AUTO_MEMBERS_ROWS = (8, 4), 1_000
#: Tables with more numeric columns than this get no embedding from "auto".
EMBEDDED_COLUMNS = 150
#: How much stronger the second theta of wide tables is.
STRONGER = 1.25
#: How much weaker theta="auto" is for networks with pieces of numbers: each of them takes part
#: in fewer rows than a number does.
WEAKER_PIECES = 1.0
#: max_iter="auto" of networks that get numbers alone where others have pieces: without these
#: it takes more steps to come to a jump.
AUTO_EPOCHS_NUMBERS = 200
#: n_iter_no_change="auto" of ensembles on wide tables, whose networks are at their best early.
AUTO_PATIENCE_WIDE = 20


def is_plain(estimator):
    """Whether a fit is that of a single network."""
    return (
        estimator.n_estimators == 1
        and estimator.theta != "auto"
        and estimator.numeric_embedding != "auto"
        and not insists(estimator)
    )


def make_cells(estimator, X, n_rows, sources, columns=None):
    """Kinds of networks that "auto" stands for; those of fitted ones to go on from.

    Dense tables with few numbers get a kind with pieces of them; wide tables, in which few
    columns may matter, one with a strong penalty. `columns` are those that count.
    """
    columns = _columns_of_table(estimator, X, columns)
    asked = estimator.numeric_embedding
    known = tuple(dict.fromkeys(one.numeric_embedding for one in sources))
    penalized = estimator.regularization is not None and estimator.theta == "auto"
    stronger = penalized and len(columns) > EMBEDDED_COLUMNS and not known
    if asked != "auto":
        embeddings, stronger = (asked,), False
    else:
        embeddings = known or _auto_embeddings(estimator, X, columns)
    cells = []
    for embedding in embeddings:
        thetas = auto_thetas(estimator, n_rows, embedding)
        if stronger:
            thetas = (*thetas, thetas[-1] + STRONGER)
        cells += [Cell(theta, embedding) for theta in thetas]
    return cells


def _columns_of_table(estimator, X, columns):
    """Columns that are to be chosen among, of all or of these."""
    columns = np.arange(X.shape[1]) if columns is None else columns
    return np.setdiff1d(columns, plain_columns(estimator, X))


def _auto_embeddings(estimator, X, columns):
    if sparse.issparse(X):
        return (None,)
    categorical = find_categorical(X, estimator.categorical_features)
    n_numeric = len(np.setdiff1d(columns, categorical))
    return (None, "piecewise") if 0 < n_numeric <= EMBEDDED_COLUMNS else (None,)


def auto_thetas(estimator, n_rows, embedding=None):
    """Thetas to train networks with this embedding of numbers at."""
    if estimator.theta != "auto":
        return (estimator.theta,)
    middle = AUTO_THETA[estimator.regularization]
    if embedding == "piecewise":
        middle -= WEAKER_PIECES
    middle -= max(0.0, np.log(n_rows / AUTO_THETA_ROWS) / 2)
    alone = estimator.n_estimators == 1 and estimator.regularization is not None
    steps = AUTO_THETA_STEPS if alone else (0.0,)
    return tuple(float(middle + step) for step in steps)


def epochs_of(estimator, cell, cells):
    """Epochs of the networks of a kind, beside the other kinds of an ensemble."""
    several = estimator.n_estimators != 1
    numbers = cell.numeric_embedding is None
    beside_pieces = any(one.numeric_embedding == "piecewise" for one in cells)
    if estimator.max_iter == "auto" and several and numbers and beside_pieces:
        return AUTO_EPOCHS_NUMBERS
    return resolve_epochs(estimator)


def patience_of(estimator, X, columns=None):
    """Epochs that networks which get these columns, or all, wait for a better one."""
    wide = len(_columns_of_table(estimator, X, columns)) > EMBEDDED_COLUMNS
    # Networks that are read lose their edges late, in epochs that need not be better.
    predicts = estimator.n_estimators != 1 and estimator.early_stopping != "sparsest"
    if estimator.n_iter_no_change == "auto" and predicts and wide:
        return AUTO_PATIENCE_WIDE
    return resolve_patience(estimator)


def count_members(estimator, n_rows):
    """Networks of each kind."""
    if estimator.n_estimators == "auto":
        return AUTO_MEMBERS[n_rows > AUTO_MEMBERS_ROWS]
    return estimator.n_estimators


def fit_members(estimator, X, y, sample_weight, validation, groups, rng, run):
    """Train all members, and find what each of them counts.

    Parameters
    ----------
    estimator : BaseRLN
    X, y, sample_weight, groups
        As passed to fit.
    validation : tuple
        X_val, y_val and sample_weight_val.
    rng : RandomState
    run : callable
        Takes the function that trains one member and the list of jobs, and gives the list of
        what came of them: whoever shows progress decides how they run.

    Returns
    -------
    Ensemble, list of FitResult
    """
    check_validation_arguments(
        *validation, estimator.early_stopping, estimator.validation_cv
    )
    choosing = estimator.theta == "auto" and estimator.n_estimators == 1
    if choosing and estimator.early_stopping is False:
        raise ValueError(
            "Got theta='auto' with early_stopping=False, but a single network's theta is "
            "chosen by the loss on rows that are held out. Pass a number as theta, or "
            "early_stopping='auto'."
        )
    warm = estimator.warm_start and hasattr(estimator, "_members")
    sources = estimator._members if warm else pretrained_members(estimator)
    table, rows = read_training(estimator, X, y, sample_weight, reset=not warm)
    target = estimator._target if warm else known_target(estimator, sources[:1])
    if target is None:
        target = estimator._fit_target(*table.rows(rows)[1:])
    shared = Shared(estimator, table, target, sources, rows)
    if validation[0] is not None:
        shared.hold_out(validation)
    parts = _splits(estimator, table, rows, groups, shared.held_out, rng)
    held_out = shared.held_out is not None or parts[0][1] is not None
    if insists(estimator) and not (held_out or sources):
        raise ValueError(
            f"Got input_selection=True with early_stopping={estimator.early_stopping!r} "
            f"and {len(rows)} rows, but no rows are held out to choose inputs by. Pass "
            "early_stopping='auto' and more rows, or X_val and y_val, or "
            "input_selection='auto'."
        )
    if warm:
        jobs = _jobs_going_on(estimator, table.X, parts, rng)
    else:
        cells = make_cells(estimator, table.X, len(rows), sources)
        seeds = rng.randint(np.iinfo(np.int32).max, size=len(parts))
        patience = patience_of(estimator, table.X)
        jobs = _jobs(estimator, cells, patience, seeds, parts)
    shared.encode_inputs(jobs)
    trained = [Trained(*one) for one in run(shared.train, jobs)]
    unseen = unseen_rows(estimator, shared, trained)
    ensemble = assemble(estimator, shared, trained, unseen)
    results = [one.result for one in trained]
    if selects_inputs(estimator, sources, results, unseen):
        fit = partial(_fit_narrow, estimator, shared, parts, seeds, run)
        ensemble, more = _select(estimator, shared, ensemble, unseen, fit, rng)
        results += more
    return ensemble, results


def _select(estimator, shared, ensemble, unseen, fit, rng):
    """Ensemble without the inputs that it can do without, and results of further fits."""
    found = eliminate(estimator, shared, ensemble, unseen, rng)
    ensemble, results = reduced(estimator, shared, ensemble, unseen, found), []
    for columns in _fewer_columns(shared, ensemble, found):
        again, more = fit(columns)
        results += more
        if was_stopped(more):
            break
        if is_better(again.losses, ensemble.losses):
            return again, results
    return ensemble, results


def _fewer_columns(shared, ensemble, found):
    """Few columns to train the networks on once more, one proposal after the other."""
    if screens(shared, found):
        columns = screened(shared, ensemble.trained)
        if any(map(len, columns.values())):
            yield columns
    if found.narrows:
        yield supports(found)


def _fit_narrow(estimator, wide, parts, seeds, run, columns):
    """Ensemble whose networks are each trained on some columns alone."""
    shared = wide.narrowed(columns)
    X, known = wide.table.X, shared.columns
    cells = make_cells(estimator, X, len(wide.rows), [], known)
    jobs = _jobs(estimator, cells, patience_of(estimator, X, known), seeds, parts)
    shared.encode_inputs(jobs)
    trained = [Trained(*one) for one in run(shared.train, jobs)]
    unseen = unseen_rows(estimator, shared, trained)
    ensemble = assemble(estimator, shared, trained, unseen)
    return ensemble, [one.result for one in trained]


def _jobs(estimator, cells, patience, seeds, parts):
    """Jobs of an ensemble; the same seeds in all cells, so that nothing else differs."""
    return [
        Job(cell, k, epochs_of(estimator, cell, cells), patience, int(seed), *part)
        for cell in cells
        for k, (seed, part) in enumerate(zip(seeds, parts, strict=True))
    ]


def _jobs_going_on(estimator, X, parts, rng):
    """Jobs for the members that are there."""
    patience = patience_of(estimator, X)
    members, numbers, jobs = estimator._members, {}, []
    cells = [Cell(member.theta, member.numeric_embedding) for member in members]
    for cell, member in zip(cells, members, strict=True):
        number = numbers[cell] = numbers.get(cell, -1) + 1
        max_iter = epochs_of(estimator, cell, cells)
        seed, part = rng.randint(np.iinfo(np.int32).max), parts[number % len(parts)]
        jobs.append(Job(cell, number, max_iter, patience, seed, *part, member))
    return jobs


def _splits(estimator, table, rows, groups, held_out, rng):
    """(train, validation) of each member of a cell."""
    count = count_members(estimator, len(rows))
    seed = rng.randint(np.iinfo(np.int32).max)
    if held_out is not None or estimator.early_stopping is False:
        parts = [(rows, None)] * count
    else:
        parts = member_splits(
            table.X,
            table.y,
            rows,
            count,
            fraction=estimator.validation_fraction,
            validation_cv=estimator.validation_cv,
            groups=groups,
            stratify=estimator._stratify_by(table.y),
            random_state=seed,
        )
    if not estimator.bootstrap:
        return parts
    draws = check_random_state(seed)
    return [(draws.choice(train, len(train)), val) for train, val in parts]


def online_members(estimator):
    """Members for partial_fit, which holds nothing out: one theta, and no embedding."""
    thetas = auto_thetas(estimator, n_rows=1)
    theta = thetas[len(thetas) // 2]
    embedding = estimator.numeric_embedding
    embedding = None if embedding == "auto" else embedding
    members = []
    for _ in range(count_members(estimator, np.inf)):
        member = make_member(estimator, theta=theta, numeric_embedding=embedding)
        vars(member).update(inputs_of(estimator))
        members.append(member)
    return members


def run_members(train, jobs, device, on_epoch=None):
    """Train in threads.

    Programs of small networks leave a processor idle, and JAX waits without holding the
    interpreter. Kinds of networks take turns, so that the programs of two are compiled side
    by side. An interrupt ends all members, and keeps what they have.
    """
    on_cpu = default_platform(device) == "cpu"
    n_threads = min(len(jobs), effective_n_jobs(-1)) if on_cpu else 1
    stop = Event()
    in_turns = sorted(range(len(jobs)), key=lambda k: jobs[k].number)
    with ThreadPoolExecutor(n_threads) as pool:
        submitted = {
            k: pool.submit(train, jobs[k], on_epoch, stop.is_set) for k in in_turns
        }
        futures = [submitted[k] for k in range(len(jobs))]
        try:
            return [future.result() for future in futures]
        except KeyboardInterrupt:
            stop.set()
            return [future.result() for future in futures]
        except BaseException:
            stop.set()
            for future in futures:
                future.cancel()
            raise


def run_in_turn(train, jobs, on_epoch):
    """Train one after the other, for callbacks; one that says stop ends all."""
    found = []
    for job in jobs:
        found.append(train(job, on_epoch))
        result = found[-1][2]
        if was_stopped([result]):
            break
    return found

# SPDX-License-Identifier: BSD-3-Clause
"""Several networks from one fit: who is trained on what, and what each counts."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, NamedTuple

import numpy as np
from joblib import effective_n_jobs
from scipy import sparse
from sklearn.utils import check_random_state

from skrln._kernels import StopReason, default_platform

from ._blend import best_temperature, convex_weights, mean_loss
from ._forward import forward, row_blocks
from ._outcome import listener
from ._preparation import (
    Problem,
    encode,
    fit_encoder,
    known_target,
    read_training,
    read_validation,
)
from ._preprocessing import InputEncoder, find_categorical
from ._sklearn import take
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
#: dropout="auto" of networks for classes that get numbers without an embedding.
AUTO_DROPOUT = 0.15
#: Tables with more numeric columns than this get no embedding from "auto".
EMBEDDED_COLUMNS = 150
#: How much stronger the second theta of wide tables is.
STRONGER = 1.25
#: Kinds of networks that count less than this are left out.
LEAST_WEIGHT = 0.02


class Cell(NamedTuple):
    """What distinguishes one kind of networks from another."""

    theta: float
    numeric_embedding: str | None


class Ensemble(NamedTuple):
    """Networks that predict together."""

    members: list[Any]
    weights: np.ndarray  #: (n_members,); sum to one
    temperature: float


def is_plain(estimator):
    """Whether a fit is that of a single network."""
    return (
        estimator.n_estimators == 1
        and estimator.theta != "auto"
        and estimator.numeric_embedding != "auto"
    )


def make_cells(estimator, X, n_rows, sources):
    """Kinds of networks that "auto" stands for; those of fitted ones to go on from.

    Dense tables with few numbers get a kind with pieces of them; wide tables, in which few
    columns may matter, one with a strong penalty.
    """
    thetas = auto_thetas(estimator, n_rows)
    if estimator.numeric_embedding != "auto":
        return [Cell(theta, estimator.numeric_embedding) for theta in thetas]
    known = tuple(dict.fromkeys(one.numeric_embedding for one in sources))
    embeddings = known or _auto_embeddings(estimator, X)
    wide = X.shape[1] > EMBEDDED_COLUMNS and estimator.regularization is not None
    if estimator.theta == "auto" and wide and not known:
        thetas = (*thetas, thetas[-1] + STRONGER)
    return [Cell(theta, one) for one in embeddings for theta in thetas]


def _auto_embeddings(estimator, X):
    if sparse.issparse(X):
        return (None,)
    n_numeric = X.shape[1] - len(find_categorical(X, estimator.categorical_features))
    return (None, "piecewise") if 0 < n_numeric <= EMBEDDED_COLUMNS else (None,)


def auto_thetas(estimator, n_rows):
    """Thetas to train at."""
    if estimator.theta != "auto":
        return (estimator.theta,)
    middle = AUTO_THETA[estimator.regularization]
    middle -= max(0.0, np.log(n_rows / AUTO_THETA_ROWS) / 2)
    alone = estimator.n_estimators == 1 and estimator.regularization is not None
    steps = AUTO_THETA_STEPS if alone else (0.0,)
    return tuple(float(middle + step) for step in steps)


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
    shared = _Shared(estimator, table, target, sources, rows)
    if validation[0] is not None:
        shared.hold_out(validation)
    parts = _splits(estimator, table, rows, groups, shared.held_out, rng)
    if warm:
        jobs = _jobs_going_on(estimator, parts, rng)
    else:
        cells = make_cells(estimator, table.X, len(rows), sources)
        # The same seeds in all cells: they differ in nothing but what they are there for.
        seeds = rng.randint(np.iinfo(np.int32).max, size=len(parts))
        jobs = [
            _Job(cell, k, int(seed), *part)
            for cell in cells
            for k, (seed, part) in enumerate(zip(seeds, parts, strict=True))
        ]
    for embedding in dict.fromkeys(job.cell.numeric_embedding for job in jobs):
        shared.encode_inputs(embedding)
    found = run(shared.train, jobs)
    return _assemble(estimator, shared, jobs[: len(found)], found)


def _jobs_going_on(estimator, parts, rng):
    """Jobs for the members that are there."""
    numbers, jobs = {}, []
    for member in estimator._members:
        cell = Cell(member.theta, member.numeric_embedding)
        number = numbers[cell] = numbers.get(cell, -1) + 1
        seed = rng.randint(np.iinfo(np.int32).max)
        jobs.append(_Job(cell, number, seed, *parts[number % len(parts)], member))
    return jobs


class _Job(NamedTuple):
    """One network to train."""

    cell: Cell
    number: int  #: of the member in its cell
    seed: int
    train: np.ndarray  #: rows
    validation: np.ndarray | None  #: rows; None where all members share what was passed
    going_on: Any = None  #: member of the last fit, with a warm start


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


class _Shared:
    """What the members of an ensemble have in common while they are trained."""

    def __init__(self, estimator, table, target, sources, rows):
        self.estimator, self.table, self.target = estimator, table, target
        self.sources, self.rows = sources, rows
        self.held_out = None
        self.encoded = {}

    def hold_out(self, validation):
        """Take validation data that were passed."""
        reader = _make_member(self.estimator)
        vars(reader).update(_inputs_of(self.estimator))
        categorical = find_categorical(self.table.X, reader.categorical_features)
        reader._encoder = InputEncoder(categorical)
        self.held_out = read_validation(reader, *validation)

    def encode_inputs(self, embedding):
        """Encode the inputs, once for all members with this embedding."""
        member = _make_member(self.estimator, numeric_embedding=embedding)
        vars(member).update(_inputs_of(self.estimator))
        same = [one for one in self.sources if one.numeric_embedding == embedding]
        source, part = (same or [None])[0], self.table.rows(self.rows)
        encoder = fit_encoder(member, source, self.target, part)
        told = None if self.held_out is None else encoder.transform(self.held_out.X)
        self.encoded[embedding] = (encoder, encoder.transform(self.table.X), told)

    def _dropout(self, embedding):
        """Pieces of numbers already keep a network from learning rows by heart."""
        if self.estimator.dropout != "auto":
            return self.estimator.dropout
        classes = self.estimator._loss()[0] == "log_loss"
        return AUTO_DROPOUT if classes and embedding is None else 0.0

    def _source_of(self, job):
        """Network that a member starts from; an ensemble has one for each."""
        if job.going_on is not None:
            return {"pretrained": job.going_on, "reuse_head": True}
        embedding = job.cell.numeric_embedding
        same = [one for one in self.sources if one.numeric_embedding == embedding]
        return {"pretrained": same[job.number % len(same)] if same else None}

    def train(self, job, on_epoch=None, cancelled=None):
        """Trained member, its FitResult, and its predictions for rows it has not seen."""
        embedding = job.cell.numeric_embedding
        encoder, inputs, told = self.encoded[embedding]
        member = _make_member(
            self.estimator,
            theta=job.cell.theta,
            numeric_embedding=embedding,
            dropout=self._dropout(embedding),
            random_state=job.seed,
            **self._source_of(job),
        )
        vars(member).update(_inputs_of(self.estimator))
        problem = self._problem(job, encoder, inputs, told)
        rng = check_random_state(job.seed)
        listen = listener(on_epoch, lambda result: member._describe(problem, result))
        several = self.estimator.n_estimators != 1
        result, edges = member._train(
            problem, rng, member.max_iter, listen, cancelled=cancelled, member=several
        )
        vars(member).update(member._describe(problem, result, edges))
        member.set_params(pretrained=None, n_frozen_layers=0, reuse_head=False)
        unseen = inputs[job.validation] if job.validation is not None else told
        means = None if unseen is None else means_of(member, unseen)
        return member, result, means, problem.validation

    def _problem(self, job, encoder, inputs, told):
        estimator, target = self.estimator, self.target
        part = self.table.rows(job.train)
        data = encode(estimator, encoder, target, part, "y", inputs[job.train])
        if job.validation is not None:
            val = self.table.rows(job.validation)
            val = encode(
                estimator, encoder, target, val, "y_val", inputs[job.validation]
            )
        elif self.held_out is not None:
            val = encode(estimator, encoder, target, self.held_out, "y_val", told)
        else:
            val = None
        return Problem(encoder, target, data, val, len(part.y))


def _make_member(estimator, **changes):
    """Estimator of a single network with the parameters of `estimator`."""
    params = estimator.get_params(deep=False) | {
        "n_estimators": 1,
        "bootstrap": False,
        "warm_start": False,
        "verbose": False,
    }
    return type(estimator)(**(params | changes))


def _inputs_of(estimator):
    """What an estimator knows of the columns of its inputs."""
    names = ("n_features_in_", "feature_names_in_")
    return {name: vars(estimator)[name] for name in names if name in vars(estimator)}


def online_members(estimator):
    """Members for partial_fit, which holds nothing out: one theta, and no embedding."""
    thetas = auto_thetas(estimator, n_rows=1)
    theta = thetas[len(thetas) // 2]
    embedding = estimator.numeric_embedding
    embedding = None if embedding == "auto" else embedding
    members = []
    for _ in range(count_members(estimator, np.inf)):
        member = _make_member(estimator, theta=theta, numeric_embedding=embedding)
        vars(member).update(_inputs_of(estimator))
        members.append(member)
    return members


def encoded_blocks(members, X, n_columns=0):
    """Block after block of rows as each encoder encodes them, by the id of the encoder.

    No array of a block is larger than `row_blocks` has it; `n_columns` is the width of what
    the caller makes of it.
    """
    widths = [w.shape[1] for member in members for w in member.coefs_]
    blocks = row_blocks(X.shape[0], max(n_columns, X.shape[1], *widths))
    encoders = {id(member._encoder): member._encoder for member in members}
    for rows in blocks:
        part = X if len(blocks) == 1 else take(X, rows, axis=0)
        if sparse.issparse(part):
            part = part.toarray()
        yield {key: encoder.transform(part) for key, encoder in encoders.items()}


def dense_inputs(network, inputs):
    """Encoded rows as the network takes them: in its precision, and not sparse."""
    dense = inputs.toarray() if sparse.issparse(inputs) else inputs
    return dense.astype(network.coefs[0].dtype, copy=False)


def means_of(member, inputs):
    """Predictions of one network for encoded rows, in the space that is averaged in."""
    network = member._network
    outputs = forward(dense_inputs(network, inputs), network)
    return member._target.means(outputs.astype(np.float64, copy=False))


def run_members(train, jobs, device, on_epoch=None):
    """Train in threads.

    Programs of small networks leave a processor idle, and JAX waits without holding the
    interpreter. An interrupt ends all members, and keeps what they have.
    """
    on_cpu = default_platform(device) == "cpu"
    n_threads = min(len(jobs), effective_n_jobs(-1)) if on_cpu else 1
    stop = Event()
    with ThreadPoolExecutor(n_threads) as pool:
        futures = [pool.submit(train, job, on_epoch, stop.is_set) for job in jobs]
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
        if found[-1][1].reason == StopReason.CALLBACK:
            break
    return found


def _assemble(estimator, shared, jobs, found):
    """Weights of the members, by their loss on rows that they have not seen."""
    cells = list(dict.fromkeys(job.cell for job in jobs))
    of_cell = [[i for i, job in enumerate(jobs) if job.cell == cell] for cell in cells]
    share, temperature = np.full(len(cells), 1 / len(cells)), 1.0
    if all(one[2] is not None for one in found):
        unseen = [_unseen_means(shared, jobs, found, group) for group in of_cell]
        targets, weights = _unseen_labels(shared, jobs, found, of_cell[0])
        loss, target = estimator._loss(), shared.target
        if estimator.n_estimators == 1:  # one network to read: the best of the kinds
            losses = [mean_loss(target, loss, m, targets, weights) for m in unseen]
            share = (np.arange(len(cells)) == np.argmin(losses)).astype(float)
        else:
            share = convex_weights(target, loss, unseen, targets, weights)
        share = np.where(share < LEAST_WEIGHT, 0, share)
        share /= share.sum()
        if loss[0] == "log_loss":
            blended = np.tensordot(share, np.stack(unseen), 1)
            temperature = best_temperature(target, blended, targets, weights)
    members, counts = [], []
    for part, group in zip(share, of_cell, strict=True):
        if part > 0:
            members += [found[i][0] for i in group]
            counts += [part / len(group)] * len(group)
    ensemble = Ensemble(
        members,
        np.array(counts),
        temperature,
    )
    return ensemble, [one[1] for one in found]


def _unseen_means(shared, jobs, found, group):
    """Predictions of the members of a cell for every row that one of them has not seen."""
    if shared.held_out is not None:
        return np.mean([found[i][2] for i in group], axis=0)
    width = found[group[0]][2].shape[1]
    n_rows = len(shared.table.y)
    total, count = np.zeros((n_rows, width)), np.zeros(n_rows)
    for i in group:
        np.add.at(total, jobs[i].validation, found[i][2])
        np.add.at(count, jobs[i].validation, 1)
    return total[count > 0] / count[count > 0, None]


def _unseen_labels(shared, jobs, found, group):
    """Encoded labels of those rows, and their weights."""
    if shared.held_out is not None:
        data = found[group[0]][3]
        return data.targets, data.weights
    rows = np.unique(np.concatenate([jobs[i].validation for i in group]))
    part = shared.table.rows(rows)
    data = encode(
        shared.estimator,
        None,
        shared.target,
        part,
        "y",
        np.zeros((len(rows), 0)),
    )
    return data.targets, data.weights

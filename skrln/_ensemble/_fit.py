# SPDX-License-Identifier: BSD-3-Clause
"""The one path through `fit`: from parameters and arguments to a fitted ensemble."""

from typing import NamedTuple

import numpy as np

from skrln._interrupts import current_scope
from skrln._kernels import StopReason
from skrln._network._outcome import outcome_of
from skrln._network._transfer import (
    FRESH,
    Origin,
    Start,
    check_same_columns,
    check_same_target,
)
from skrln._table._arguments import check_validation_arguments
from skrln._table._problem import (
    fit_target,
    read_training,
    read_validation,
    table_rows,
)
from skrln._table._splits import HoldOut, Split, split_members, split_once
from skrln._table._suspects import warn_other_scale, warn_suspects
from skrln._table._targets import check_labelled

from ._combine import combine, held_out_rows
from ._elimination import (
    eliminate,
    is_better,
    reduced,
    selects_inputs,
    supports,
)
from ._fitted import FittedEnsemble, make_ensemble
from ._jobs import (
    draw_seed,
    kernel_seed,
    make_jobs,
    make_jobs_going_on,
    pretrained_starts,
)
from ._kinds import (
    complete_kinds,
    count_members,
    is_single,
    make_kinds,
    must_select,
    read_facts,
)
from ._rounds import Rounds, train_in_rounds
from ._screening import screened, screens
from ._shared import SharedTable


class Fit(NamedTuple):
    """Result of a fit."""

    ensemble: FittedEnsemble
    outcomes: list  #: an Outcome of each network that was trained


class Prepared(NamedTuple):
    """Rows of a fit, before its networks are planned."""

    shared: SharedTable
    splits: list[Split]
    sources: list  #: FittedNetworks to start from
    goes_on: bool  #: whether `sources` are the members of the last fit


def fit_ensemble(parameters, arguments, rng, engine, before=None):
    """Fit a single network or an ensemble.

    Parameters
    ----------
    parameters : Parameters
    arguments : Arguments
    rng : RandomState
    engine : Engine
    before : FittedEnsemble, default=None
        Last fit of the estimator, which a warm start continues.

    Returns
    -------
    Fit
    """
    check_arguments(parameters, arguments)
    prepared = prepare(parameters, arguments, rng, before)
    shared = prepared.shared
    warn_suspects(shared.table.rows(shared.rows).X, shared.columns)
    warn_validation(shared)
    jobs, seeds = plan(prepared, rng)
    is_fresh = not prepared.sources
    rounds = train_in_rounds(jobs, engine) if is_fresh else Rounds(engine.run(jobs), [])
    trained, shared = rounds.kept, jobs[0].shared
    outcomes = [outcome_of(member.fitted) for member in trained + rounds.dropped]
    if is_single(parameters):
        return Fit(make_ensemble(shared.columns, [trained[0].fitted]), outcomes)
    held_out = held_out_rows(shared, trained)
    combination = combine(shared, trained, held_out)
    if is_fresh and selects_inputs(parameters, trained, held_out):
        fits = _Refits(shared, prepared.splits, seeds, engine)
        combination, refit_outcomes = _select_inputs(
            shared, combination, held_out, fits, rng
        )
        outcomes += refit_outcomes
    ensemble = make_ensemble(
        shared.columns,
        combination.members,
        combination.weights,
        combination.temperature,
    )
    return Fit(ensemble, outcomes)


def warn_validation(shared):
    """Warn of validation rows of the user that are on another scale."""
    if shared.held_out is not None:
        X = shared.table.rows(shared.rows).X
        X_val = shared.held_out.rows(table_rows(shared.held_out)).X
        warn_other_scale(X, X_val, shared.columns)


def check_arguments(parameters, arguments):
    """Raise a ValueError for parameters and arguments that contradict each other."""
    check_validation_arguments(
        arguments.X_val,
        arguments.y_val,
        arguments.sample_weight_val,
        parameters.early_stopping,
        parameters.validation_cv,
    )
    chooses = parameters.theta == "auto" and parameters.n_estimators == 1
    if chooses and parameters.early_stopping is False:
        raise ValueError(
            "Got theta='auto' with early_stopping=False, but a single network's theta is "
            "chosen by the loss on held-out rows. Pass a number as theta, or "
            "early_stopping='auto'."
        )


def prepare(parameters, arguments, rng, before=None, target=None):
    """Validate the arguments, find the sources, and hold rows out.

    Parameters
    ----------
    parameters : Parameters
    arguments : Arguments
    rng : RandomState
    before : FittedEnsemble, default=None
    target : RegressionTarget, ClassTarget or MixedTarget, default=None
        Encoder of a larger table that the rows are from, whose classes are kept.

    Returns
    -------
    Prepared
    """
    labels, single = parameters.labels, is_single(parameters)
    # One network does not continue an ensemble, nor the other way round.
    goes_on = (
        parameters.warm_start
        and before is not None
        and before.is_single == (parameters.n_estimators == 1)
    )
    columns = before.columns if goes_on else None
    table, rows, columns = read_training(
        arguments, labels, parameters.input_options, columns
    )
    sources = _find_sources(parameters, before, goes_on)
    if sources and not goes_on:
        check_same_columns(columns, parameters.source.columns)
    kept_target = _kept_target(parameters, sources, goes_on)
    is_new = kept_target is None
    if not is_new:
        target = kept_target
    elif target is None:
        target = fit_target(labels, table, rows)
    else:
        target = labels.refit(target, *table.rows(rows)[1:])
    held_out = read_validation(arguments, labels, columns)
    splits = _hold_out(
        parameters, table, columns, rows, held_out, arguments.groups, rng
    )
    _check_selection(parameters, rows, held_out, splits, sources)
    if single and splits[0].validation is not None:
        rows = splits[0].train
        check_labelled(table.known[rows], "the training part of y")
        if is_new:
            target = labels.refit(target, *table.rows(rows)[1:])
    shared = SharedTable(parameters, columns, table, rows, target, held_out)
    return Prepared(shared, splits, sources, goes_on)


def _find_sources(parameters, before, goes_on):
    """Networks to start from: those of the last fit, or the pretrained ones."""
    if goes_on:
        return before.members
    source = parameters.source
    if source.members and is_single(parameters):
        return [best_source(source)]
    return list(source.members)


def best_source(source):
    """Pretrained network with the largest weight."""
    return source.members[int(np.argmax(source.weights))]


def _kept_target(parameters, sources, goes_on):
    """Target encoder of the sources if their last layers are kept; else None."""
    if not sources or not (goes_on or parameters.freezing.reuse_head):
        return None
    if not goes_on:
        check_same_target(parameters.labels, sources[0])
    return sources[0].target


def _hold_out(parameters, table, columns, rows, held_out, groups, rng):
    """Split of each network of a kind."""
    seed = draw_seed(rng)
    rule = HoldOut(
        parameters.early_stopping,
        parameters.validation_fraction,
        parameters.validation_cv,
        groups,
        parameters.labels.strata(table.y),
        seed,
    )
    if is_single(parameters):
        if held_out is None and rule.applies(len(rows)):
            return [split_once(table.X, table.y, rows, rule)]
        return [Split(rows, None)]
    facts = read_facts(table.X, columns, len(rows))
    n_members = count_members(parameters, facts.n_rows, facts.n_columns)
    if held_out is not None or parameters.early_stopping is False:
        return [Split(rows, None)] * n_members
    return split_members(table.X, table.y, rows, n_members, rule)


def _check_selection(parameters, rows, held_out, splits, sources):
    has_rows = held_out is not None or splits[0].validation is not None
    if must_select(parameters) and not (has_rows or sources):
        raise ValueError(
            f"Got input_selection=True with early_stopping={parameters.early_stopping!r} "
            f"and {len(rows)} rows, but no rows are held out to choose inputs by. Pass "
            "early_stopping='auto' and more rows, or X_val and y_val, or "
            "input_selection='auto'."
        )


def plan(prepared, rng):
    """Make the jobs of a fit, and the random seeds of the networks of a kind."""
    shared, splits, sources, goes_on = prepared
    parameters = shared.parameters
    facts = read_facts(shared.table.X, shared.columns, len(shared.rows))
    if is_single(parameters):
        kinds = make_kinds(parameters, facts, shared.target)
        shared = shared.encoded([kinds[0].numeric_embedding], sources, splits)
        origin = Origin.LAST_FIT if goes_on else Origin.PRETRAINED
        start = Start(origin, sources[0]) if sources else FRESH
        seeds = [draw_seed(rng)]
        return make_jobs(shared, kinds, splits, seeds, lambda *_: start), seeds
    if goes_on:
        pairs = [
            (source.settings.theta, source.settings.numeric_embedding)
            for source in sources
        ]
        kinds = complete_kinds(parameters, facts, shared.target, pairs)
        embeddings = [embedding for _, embedding in pairs]
        shared = shared.encoded(embeddings, sources, splits)
        return make_jobs_going_on(shared, kinds, splits, sources, rng), []
    kinds = make_kinds(parameters, facts, shared.target, sources)
    embeddings = [kind.numeric_embedding for kind in kinds]
    shared = shared.encoded(embeddings, sources, splits)
    drawn = rng.randint(np.iinfo(np.int32).max, size=len(splits))
    seeds = [kernel_seed(seed) for seed in drawn]
    starts = pretrained_starts(parameters)
    return make_jobs(shared, kinds, splits, seeds, starts), seeds


class _Refits(NamedTuple):
    """Trains the networks of a fit once more, on fewer columns."""

    shared: SharedTable
    splits: list[Split]
    seeds: list[int]
    engine: object

    def on(self, supports):
        """Train on the columns of `supports`; return all networks and a combination."""
        shared = self.shared._replace(supports=supports)
        X, n_rows = shared.table.X, len(shared.rows)
        facts = read_facts(X, shared.columns, n_rows, shared.subset)
        kinds = make_kinds(shared.parameters, facts, shared.target)
        embeddings = [kind.numeric_embedding for kind in kinds]
        shared = shared.encoded(embeddings, splits=self.splits)
        jobs = make_jobs(shared, kinds, self.splits, self.seeds, lambda *_: FRESH)
        kept, dropped = train_in_rounds(jobs, self.engine)
        held_out = held_out_rows(shared, kept)
        return kept + dropped, combine(shared, kept, held_out)


def _select_inputs(shared, combination, held_out, refits, rng):
    """Drop columns; return the combination and an Outcome of each further network.

    After an interrupt, return the combination of the first training.
    """
    refit_outcomes = []
    try:
        elimination = eliminate(shared, combination, held_out, rng)
        combination = reduced(shared, combination, held_out, elimination)
        for columns in _proposals(shared, combination, elimination):
            trained, refit_combination = refits.on(columns)
            refit_outcomes += [outcome_of(member.fitted) for member in trained]
            if any(member.fitted.was_stopped for member in trained):
                break
            if is_better(refit_combination.losses, combination.losses):
                return refit_combination, refit_outcomes
    except KeyboardInterrupt:
        if current_scope().whole:
            raise
        reason = int(StopReason.INTERRUPTED)
        refit_outcomes += [
            outcome_of(member)._replace(reason=reason) for member in combination.members
        ]
    return combination, refit_outcomes


def _proposals(shared, combination, elimination):
    """Yield columns to train the networks on once more, one proposal after the other."""
    if screens(shared, elimination):
        columns = screened(shared, combination.trained)
        if any(map(len, columns.values())):
            yield columns
    if elimination.narrows:
        yield supports(elimination)

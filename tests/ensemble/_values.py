# SPDX-License-Identifier: BSD-3-Clause
"""Smallest values of ensembles: shared tables, jobs, and networks that need no training."""

from types import SimpleNamespace

import numpy as np
from scipy import sparse

from skrln._ensemble._combine import combine, held_out_rows
from skrln._ensemble._fitted import make_ensemble
from skrln._ensemble._jobs import Trained, held_out_means, make_jobs
from skrln._ensemble._kinds import make_kinds, read_facts
from skrln._ensemble._shared import SharedTable
from skrln._kernels import CompactRows, expand
from skrln._network._transfer import FRESH
from skrln._table._problem import Arguments, read_training, read_validation
from skrln._table._splits import HoldOut, Split, split_members
from tests.network._values import (
    CLASS_LABELS,
    CLASSES,
    HELD_OUT,
    NUMBERS,
    TRAIN,
    X,
    Y,
    assert_same,
    draw_fitted,
    make_parameters,
    make_problem,
)

__all__ = [
    "CLASSES",
    "CLASS_LABELS",
    "HELD_OUT",
    "MEMBERS",
    "NUMBERS",
    "SPLIT",
    "TRAIN",
    "X",
    "Y",
    "assert_same",
    "assert_same_ensemble",
    "dense",
    "draw_combination",
    "draw_ensemble",
    "draw_fitted",
    "draw_trained",
    "make_parameters",
    "make_problem",
    "make_shared",
    "plan_jobs",
]

SPLIT = Split(TRAIN, HELD_OUT)
#: Parameters of an ensemble of three networks.
MEMBERS = {"n_estimators": 3, "validation_fraction": 0.25, "input_selection": False}


def make_shared(
    parameters=None,
    X=X,
    y=Y,
    sample_weight=None,
    embeddings=(None,),
    supports=None,
    **validation,
):
    """Shared table of all rows, with encodings."""
    parameters = make_parameters() if parameters is None else parameters
    labels = parameters.labels
    arguments = Arguments(X, y, sample_weight, **validation)
    table, rows, columns = read_training(arguments, labels, parameters.input_options)
    target = labels.fit(*table.rows(rows)[1:])
    held_out = read_validation(arguments, labels, columns)
    shared = SharedTable(parameters, columns, table, rows, target, held_out, supports)
    return shared.encoded(embeddings)


def dense(rows):
    """Inputs that a kernel makes of the rows of a shared table."""
    table, places, expansion, allowed = rows
    if expansion is None:
        stored = sparse.csr_matrix(tuple(table.rows))
        inputs = stored[places].toarray()
    else:
        part = CompactRows(*(array[places] for array in table.rows))
        inputs = expand(part, expansion)
    return inputs if allowed is None else inputs * allowed


def plan_jobs(shared, n_members=3, seeds=None):
    """Jobs of all kinds of an ensemble."""
    parameters, rows = shared.parameters, shared.rows
    facts = read_facts(shared.table.X, shared.columns, len(rows))
    kinds = make_kinds(parameters, facts, shared.target)
    splits = [Split(rows, None)] * n_members
    if shared.held_out is None:
        strata = parameters.labels.strata(shared.table.y)
        rule = HoldOut("auto", 0.25, None, None, strata, 0)
        splits = split_members(shared.table.X, shared.table.y, rows, n_members, rule)
    shared = shared.encoded([kind.numeric_embedding for kind in kinds], splits=splits)
    seeds = range(n_members) if seeds is None else seeds
    return make_jobs(shared, kinds, splits, seeds, lambda kind, number: FRESH)


def draw_trained(job, seed=0):
    """Draw the network of a job, and predict its held-out rows."""
    problem = job.shared.problem(job.kind, job.number, job.split)
    fitted = draw_fitted(job.shared.parameters, problem, seed, job.settings)
    return Trained(job, fitted, held_out_means(job, fitted))


def draw_combination(parameters=None, **table):
    """Draw the networks of an ensemble, and combine them."""
    if parameters is None:
        parameters = make_parameters(**MEMBERS)
    jobs = plan_jobs(make_shared(parameters, **table))
    trained = [draw_trained(job, seed) for seed, job in enumerate(jobs)]
    shared = jobs[0].shared
    held_out = held_out_rows(shared, trained)
    combination = combine(shared, trained, held_out)
    return SimpleNamespace(shared=shared, combination=combination, held_out=held_out)


def draw_ensemble(n_members=3, weights=None, **changes):
    """Draw a fitted ensemble; its members share an encoder."""
    parameters = make_parameters(n_estimators=n_members, **changes)
    shared = make_shared(parameters)
    problem = make_problem(parameters)
    members = [draw_fitted(parameters, problem, seed) for seed in range(n_members)]
    return make_ensemble(shared.columns, members, weights)


def assert_same_ensemble(ensemble, other):
    """Assert that two ensembles have the same networks and weights, to the bit."""
    np.testing.assert_array_equal(ensemble.weights, other.weights)
    assert ensemble.temperature == other.temperature
    for one, two in zip(ensemble.members, other.members, strict=True):
        assert_same(one, two)

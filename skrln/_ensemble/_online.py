# SPDX-License-Identifier: BSD-3-Clause
"""The path through `partial_fit`: one epoch over each batch of rows."""

import numpy as np

from skrln._interrupts import whole_fits
from skrln._kernels import Data, DeviceTable
from skrln._network._outcome import outcome_of
from skrln._network._settings import Kind, Mode, make_settings
from skrln._network._train import continue_online, join_online, train_network
from skrln._network._transfer import (
    FRESH,
    Origin,
    Start,
    check_same_columns,
    check_same_target,
)
from skrln._table._problem import (
    Problem,
    as_kernel_inputs,
    encode_rows,
    fit_encoder,
    make_encoder,
    read_batch,
    shared_rows,
)
from skrln._table._suspects import warn_suspects, warn_unknown
from skrln._table._targets import check_labelled

from ._fit import Fit, best_source
from ._fitted import make_ensemble
from ._jobs import draw_seed, kernel_seed
from ._kinds import auto_thetas, count_members, is_single


def fit_online(parameters, arguments, rng, before=None, classes=None):
    """Train every network one epoch on a batch of rows.

    Parameters
    ----------
    parameters : Parameters
    arguments : Arguments
    rng : RandomState
    before : FittedEnsemble, default=None
        The networks after the last call, or after `fit`; None at the first call.
    classes : array-like, default=None
        Classes of the labels, at the first call.

    Returns
    -------
    Fit
    """
    columns = None if before is None else before.columns
    table, columns = read_batch(
        arguments, parameters.labels, parameters.input_options, columns
    )
    if before is None:
        warn_suspects(table.X, columns)
        starts, target, encoder = _first_call(parameters, table, columns, classes)
        encoders = [encoder] * len(starts)
    else:
        members = before.members
        starts = [Start(Origin.LAST_FIT, member) for member in members]
        target, encoders = before.target, [member.encoder for member in members]
        columns = warn_unknown(dict.fromkeys(encoders), table.X, columns)
    seeds = _draw_seeds(parameters, len(starts), rng)
    problems = _make_problems(parameters, table, target, encoders)
    with whole_fits():  # a network that misses a batch would differ from the others
        members = [
            _train(parameters, problem, start, seed)
            for problem, start, seed in zip(problems, starts, seeds, strict=True)
        ]
    weights = temperature = None
    if before is not None:
        weights, temperature = before.weights, before.temperature
    ensemble = make_ensemble(columns, members, weights, temperature or 1.0)
    return Fit(ensemble, [outcome_of(member) for member in members])


def _first_call(parameters, table, columns, classes):
    """Start of each network, target encoder and input encoder."""
    labels = parameters.labels
    start, target, encoder = FRESH, None, None
    if parameters.source.members:
        # All networks start from the best source: later calls do not weigh them.
        source = best_source(parameters.source)
        check_same_columns(columns, parameters.source.columns)
        start, encoder = Start(Origin.PRETRAINED, source), source.encoder
        if parameters.freezing.reuse_head:
            check_same_target(labels, source)
            target = source.target
    if target is None:
        check_labelled(table.known)
        target = labels.fit_first_batch(*table[1:], classes)
    if encoder is None:
        # Later batches are unknown, so "auto" embeds nothing.
        embedding = parameters.numeric_embedding
        embedding = None if embedding == "auto" else embedding
        clip = parameters.input_clip
        encoder = make_encoder(table.X, columns, clip=clip, embedding=embedding)
        encoder = fit_encoder(encoder, target, table)
    # Later batches may have any number of rows.
    n_members = 1
    if not is_single(parameters):
        n_members = count_members(parameters, n_rows=np.inf, n_columns=0)
    return [start] * n_members, target, encoder


def _draw_seeds(parameters, n_members, rng):
    if is_single(parameters) and n_members == 1:
        return [draw_seed(rng)]
    seeds = rng.randint(np.iinfo(np.int32).max, size=n_members)
    return [kernel_seed(seed) for seed in seeds]


def _make_problems(parameters, table, target, encoders):
    """Problem of each network; networks that share an encoder share its inputs."""
    problems: list[Problem] = []
    for encoder in encoders:
        same = [other for other in problems if other.encoder is encoder]
        data = same[0].data if same else _encode(parameters, table, target, encoder)
        problems.append(Problem(encoder, target, data, None, len(table.y)))
    return problems


def _encode(parameters, table, target, encoder) -> Data:
    # Double precision, because the networks that share the rows may train in any.
    rows = DeviceTable(as_kernel_inputs(encoder.compress(table.X)))
    inputs = shared_rows(rows, encoder, np.arange(len(table.y)))
    return encode_rows(parameters.labels, target, table, inputs, parameters.task_weight)


def _train(parameters, problem, start, seed):
    """Train one network one epoch."""
    settings = make_settings(
        parameters,
        _kind_of(parameters, start),
        Mode.ONLINE,
        target=problem.target,
        n_rows=problem.n_rows,
        n_inputs=problem.encoder.n_inputs,
    )
    before = None
    if start.origin == Origin.LAST_FIT:
        before = start.source
        start = continue_online(before, settings)
    fitted = train_network(settings, problem, start, seed)
    return join_online(before, fitted)


def _kind_of(parameters, start):
    """Kind of a network that holds no rows out: its theta is not chosen by a loss."""
    theta, dropout = parameters.theta, parameters.dropout
    if start.origin == Origin.LAST_FIT:
        source = start.source.settings
        theta = source.theta if theta == "auto" else theta
        dropout = source.dropout if isinstance(dropout, str) else dropout
        return Kind(theta, source.numeric_embedding, 1, np.inf, dropout)
    if theta == "auto":
        thetas = auto_thetas(parameters, n_rows=1)
        theta = thetas[len(thetas) // 2]
    embedding = parameters.numeric_embedding
    if embedding == "auto":  # later batches are unknown, so pieces cannot be chosen
        embedding = None
    dropout = 0.0 if isinstance(dropout, str) else dropout
    return Kind(theta, embedding, 1, np.inf, dropout)

# SPDX-License-Identifier: BSD-3-Clause
"""Conversion of the arguments of `fit` to one encoded table of all domains."""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_consistent_length

from skrln._kernels import Data
from skrln._table._arguments import check_weights
from skrln._table._columns import Columns, check_columns, read_columns
from skrln._table._memory import check_memory, training_bytes
from skrln._table._problem import (
    Problem,
    Table,
    as_kernel_inputs,
    encode_rows,
    make_encoder,
)
from skrln._table._splits import HoldOut, split_once
from skrln._table._suspects import warn_suspects
from skrln._table._targets import check_labelled

from ._domains import check_domains

#: Fewest rows of a domain of which some are held out.
LEAST_ROWS_HELD_OUT = 4


class Domains(NamedTuple):
    """Validated rows, grouped by domain."""

    names: np.ndarray
    columns: Columns
    table: Table
    rows: list[np.ndarray]  #: rows of each domain with a weight and a label


class JointProblem(NamedTuple):
    """A joint fit, ready for the kernel."""

    problem: Problem  #: `n_rows` counts the largest domain, which sets the batch size
    n_rows: int  #: rows of all domains


def read_domains(parameters, X, y, sample_weight, sample_domain, columns=None):
    """Validate the arguments of fit.

    Parameters
    ----------
    parameters : Parameters
    X, y, sample_weight, sample_domain
        As the user passed them.
    columns : Columns, default=None
        Columns of an earlier fit; by default `X` defines them.
    """
    if columns is None:
        owner, categorical = parameters.owner, parameters.categorical_features
        X, columns = read_columns(X, owner, categorical)
    else:
        X = check_columns(X, columns)
    y, known = parameters.labels.read(y)
    check_consistent_length(X, y)
    check_labelled(known)
    weights = check_weights(sample_weight, X)
    names, numbers = check_domains(sample_domain, len(weights))
    is_usable = (weights > 0) & known.any(axis=1)
    rows = [np.flatnonzero(is_usable & (numbers == k)) for k in range(len(names))]
    # Rows of weight zero are ignored, and so are domains without any other row.
    has_rows = np.array([len(domain_rows) > 0 for domain_rows in rows])
    if not has_rows.any():
        raise ValueError(
            "Got 0 samples with a positive weight and a label, but every domain needs at "
            "least 1 to fit its network."
        )
    rows = [domain_rows for domain_rows in rows if len(domain_rows)]
    return Domains(names[has_rows], columns, Table(X, y, known, weights), rows)


def hold_out(parameters, domains, rng):
    """Split of each domain into training rows and held-out rows.

    Returns
    -------
    train : list of ndarray of int
    held_out : list of ndarray of int or None
        None if no domain holds rows out.
    """
    table, rows = domains.table, domains.rows
    fraction, strata = parameters.validation_fraction, parameters.labels.strata(table.y)
    rule = HoldOut(parameters.early_stopping, fraction, None, None, strata, 0)
    if not rule.applies(sum(map(len, rows))):
        return rows, None
    splits = []
    for domain_rows in rows:
        seed = rng.randint(np.iinfo(np.int32).max)
        n_held_out = np.ceil(fraction * len(domain_rows))
        if len(domain_rows) < LEAST_ROWS_HELD_OUT or n_held_out >= len(domain_rows):
            splits.append((domain_rows, np.zeros(0, int)))
            continue
        own_rule = rule._replace(seed=seed)
        splits.append(split_once(table.X, table.y, domain_rows, own_rule))
    train, held_out = ([split[k] for split in splits] for k in range(2))
    return train, held_out if any(map(len, held_out)) else None


def prepare_domains(parameters, domains, train, held_out, targets, encoder=None):
    """Encode the rows of all domains, ordered by domain.

    Parameters
    ----------
    parameters : Parameters
    domains : Domains
    train, held_out : list of ndarray of int
        Rows of each domain; `held_out` may be None.
    targets : list
        Target encoder of each domain.
    encoder : InputEncoder, default=None
        Encoder of an earlier fit; by default it is fitted to the training rows.

    Returns
    -------
    JointProblem
    """
    table = domains.table
    if encoder is None:
        part, clip = table.rows(np.concatenate(train)), parameters.input_clip
        warn_suspects(part.X, domains.columns)
        encoder = make_encoder(table.X, domains.columns, clip=clip)
        encoder = encoder.fit(part.X, part.weights)
    if not sparse.issparse(table.X):
        shape = (len(table.y), encoder.n_inputs)
        itemsize = 8 if parameters.dtype == "float64" else 4
        check_memory(training_bytes(*shape, itemsize), shape, ["a sparse X"])
    labels = parameters.labels
    data = _encode_all(labels, encoder, targets, table, train, "y")
    validation = None
    if held_out is not None:
        name = "the held-out rows of y"
        validation = _encode_all(labels, encoder, targets, table, held_out, name)
    largest = max(map(len, train))
    problem = Problem(encoder, targets[0], data, validation, largest)
    return JointProblem(problem, sum(map(len, train)))


def _encode_all(labels, encoder, targets, table, rows, name):
    """Encode rows; `n_rows` of the result counts the rows of each domain.

    Weights are relative within a domain, because the loss of a domain is a mean over its rows.
    """
    part = table.rows(np.concatenate(rows))
    inputs = as_kernel_inputs(encoder.transform(part.X))
    part = part._replace(X=None)  # rows of domains need no copy of the table
    data, first = [], 0
    for target, domain_rows in zip(targets, rows, strict=True):
        n_rows = len(domain_rows)
        if not n_rows:
            continue
        own = part.rows(np.arange(first, first + n_rows))
        first += n_rows
        data.append(encode_rows(labels, target, own, None, None, name))
    return Data(
        inputs,
        np.concatenate([domain.targets for domain in data]),
        np.concatenate([domain.weights for domain in data]),
        np.array([len(domain_rows) for domain_rows in rows]),
    )

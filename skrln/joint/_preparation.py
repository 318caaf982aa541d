# SPDX-License-Identifier: BSD-3-Clause
"""From the arguments of fit to one table of all domains, as the kernel takes it."""

from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import check_consistent_length

from skrln._core._preparation import (
    Problem,
    Table,
    as_kernel_inputs,
    encode,
    new_encoder,
)
from skrln._core._preprocessing import check_inputs
from skrln._core._splits import split_rows, wants_validation
from skrln._core._targets import check_labelled
from skrln._core._validation import check_weights
from skrln._kernels import Data

from ._domains import check_domains

#: Domains with fewer rows hold none of them out.
LEAST_ROWS_HELD_OUT = 4


class Domains(NamedTuple):
    """Validated rows, and which domain each of them belongs to."""

    names: np.ndarray
    table: Table
    rows: list[np.ndarray]  #: of each domain, those that can teach anything


class JointProblem(NamedTuple):
    """A joint fit, ready for the kernel."""

    problem: Problem  #: `n_rows` is that of the largest domain, for batch sizes
    n_rows: int  #: of all domains


def read_domains(estimator, network, X, y, sample_weight, sample_domain, *, reset=True):
    """Validate the arguments of fit.

    Parameters
    ----------
    estimator : BaseJoint
    network : BaseRLN
        Network of a domain; it knows what labels are.
    X, y, sample_weight, sample_domain
        As passed to fit.
    reset : bool
        Whether `estimator` learns the columns of `X`.
    """
    X = check_inputs(estimator, X, reset=reset)
    y, known = network._check_target(y)
    check_consistent_length(X, y)
    check_labelled(known)
    weights = check_weights(sample_weight, X)
    names, numbers = check_domains(sample_domain, len(weights))
    counts = (weights > 0) & known.any(axis=1)
    rows = [np.flatnonzero(counts & (numbers == k)) for k in range(len(names))]
    # A row of weight zero is as good as not there, and so is a domain of such rows.
    there = np.array([len(one) > 0 for one in rows])
    if not there.any():
        raise ValueError(
            "Got 0 samples with a positive weight and a label, but every domain needs at "
            "least 1 to fit its network."
        )
    rows = [one for one, is_there in zip(rows, there, strict=True) if is_there]
    return Domains(names[there], Table(X, y, known, weights), rows)


def hold_out(network, domains, rng):
    """Rows to train on and to validate on, of each domain."""
    table, rows = domains.table, domains.rows
    nothing = np.zeros(0, int)
    total = sum(map(len, rows))
    if not wants_validation(network.early_stopping, total, None):
        return rows, None
    parts = []
    for one in rows:
        seed = rng.randint(np.iinfo(np.int32).max)
        n_held_out = np.ceil(network.validation_fraction * len(one))
        if len(one) < LEAST_ROWS_HELD_OUT or n_held_out >= len(one):
            parts.append((one, nothing))
            continue
        parts.append(
            split_rows(
                table.X,
                table.y,
                one,
                fraction=network.validation_fraction,
                validation_cv=None,
                groups=None,
                stratify=network._stratify_by(table.y),
                random_state=seed,
            )
        )
    train, held_out = ([part[k] for part in parts] for k in range(2))
    return train, held_out if any(map(len, held_out)) else None


def prepare_domains(network, domains, train, held_out, targets, encoder=None):
    """Encode the rows of all domains, one after the other.

    Parameters
    ----------
    network : BaseRLN
    domains : Domains
    train, held_out : list of ndarray of int
        Rows of each domain; `held_out` may be None.
    targets : list
        Target encoder of each domain.
    encoder : InputEncoder, default=None
        One that was fitted before; by default it is learned from the rows to train on.
    """
    table = domains.table
    if encoder is None:
        part = table.rows(np.concatenate(train))
        encoder = new_encoder(network, table.X).fit(part.X, part.weights)
    data = _encode_all(network, encoder, targets, table, train, "y")
    validation = None
    if held_out is not None:
        validation = _encode_all(network, encoder, targets, table, held_out, "y_val")
    largest = max(map(len, train))
    problem = Problem(encoder, targets[0], data, validation, largest)
    return JointProblem(problem, sum(map(len, train)))


def _encode_all(network, encoder, targets, table, rows, name):
    """Data of all domains; `n_rows` has the rows of each.

    Weights are relative within a domain: its loss is a mean over its rows.
    """
    part = table.rows(np.concatenate(rows))
    inputs = as_kernel_inputs(encoder.transform(part.X))
    found, first = [], 0
    for target, one in zip(targets, rows, strict=True):
        if not len(one):
            continue
        inside = np.arange(first, first + len(one))
        first += len(one)
        own = part.rows(inside)._replace(X=None)
        found.append(encode(network, None, target, own, name, np.zeros((len(one), 0))))
    return Data(
        inputs,
        np.concatenate([data.targets for data in found]),
        np.concatenate([data.weights for data in found]),
        np.array([len(one) for one in rows]),
    )

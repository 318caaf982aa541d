# SPDX-License-Identifier: BSD-3-Clause
"""From the arguments of fit to what the kernel takes: validate, split, encode."""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_consistent_length

from skrln._kernels import Data, SparseRows

from ._preprocessing import (
    InputEncoder,
    check_inputs,
    check_plain,
    find_categorical,
    plain_columns,
)
from ._splits import split_rows, take_rows, wants_validation
from ._targets import check_labelled, effective_weights
from ._transfer import check_same_columns, check_same_target, find_source
from ._validation import (
    check_validation_arguments,
    check_weights,
    resolve_task_weight,
)


class Problem(NamedTuple):
    """A fit, ready for the kernel."""

    encoder: InputEncoder
    target: Any
    data: Data
    validation: Data | None
    n_rows: int


class Table(NamedTuple):
    """Rows of inputs and labels, validated but as the user has them."""

    X: Any
    y: np.ndarray
    known: np.ndarray  #: (n_samples, n_tasks); which labels are there
    weights: np.ndarray  #: (n_samples,)

    def rows(self, rows):
        """The rows given."""
        return Table(*take_rows(rows, *self))


def prepare(estimator, X, y, sample_weight, validation, groups, rng, target=None):
    """Validate the arguments of fit, hold rows out, and learn both encoders.

    Parameters
    ----------
    estimator : BaseRLN
    X, y, sample_weight, groups
        As passed to fit.
    validation : tuple
        X_val, y_val and sample_weight_val.
    rng : RandomState
    target : RegressionTarget or ClassTarget, default=None
        Encoder of a larger table that these rows are from: its classes are kept.

    Returns
    -------
    Problem
    """
    check_validation_arguments(
        *validation, estimator.early_stopping, estimator.validation_cv
    )
    source = find_source(estimator)
    going_on = source is estimator
    table, rows = read_training(estimator, X, y, sample_weight, reset=not going_on)
    known = known_target(estimator, [source] if source is not None else [])
    new_target = known is None
    if not new_target:
        target = known
    elif target is not None:
        target = estimator._refit_target(target, *table.rows(rows)[1:])
    else:
        # Classes are those of all rows: validation may hold some that training lacks.
        target = estimator._fit_target(*table.rows(rows)[1:])
    seed = rng.randint(np.iinfo(np.int32).max)
    train, held_out = rows, None
    if validation[0] is not None:
        if not going_on:
            estimator._encoder = new_encoder(estimator, table.X)
        held_out = read_validation(estimator, *validation)
    elif wants_validation(estimator.early_stopping, len(rows), estimator.validation_cv):
        train, val = split_rows(
            table.X,
            table.y,
            rows,
            fraction=estimator.validation_fraction,
            validation_cv=estimator.validation_cv,
            groups=groups,
            stratify=estimator._stratify_by(table.y),
            random_state=seed,
        )
        held_out = table.rows(val)
        check_labelled(table.known[train], "the training part of y")
        if new_target:
            target = estimator._refit_target(target, *table.rows(train)[1:])
    if len(train) < len(table.weights):
        table = table.rows(train)
    encoder = fit_encoder(estimator, source, target, table)
    data = encode(estimator, encoder, target, table, "y")
    val = None
    if held_out is not None:
        val = encode(estimator, encoder, target, held_out, "y_val")
        if isinstance(data.inputs, SparseRows):
            val = val._replace(inputs=_sparse_rows(val.inputs))
    return Problem(encoder, target, data, val, len(table.y))


def read_training(estimator, X, y, sample_weight, *, reset):
    """Validated table, and the rows of it that can teach anything."""
    X = check_inputs(estimator, X, reset=reset)
    y, known = estimator._check_target(y)
    check_labelled(known)
    check_consistent_length(X, y)
    weights = check_weights(sample_weight, X)
    rows = np.flatnonzero((weights > 0) & known.any(axis=1))
    if len(rows) < 2:
        raise ValueError(
            f"Got {len(rows)} sample with a positive weight and a label, but "
            "at least 2 samples are needed to fit a network."
        )
    check_labelled(known[rows], "the rows of y with a positive weight")
    return Table(X, y, known, weights), rows


def read_validation(estimator, X_val, y_val, sample_weight_val):
    X_val = check_inputs(estimator, X_val, reset=False)
    y_val, known = estimator._check_target(y_val, "y_val")
    check_labelled(known, "y_val")
    weights = check_weights(sample_weight_val, X_val, name="sample_weight_val")
    return Table(X_val, y_val, known, weights)


def prepare_batch(estimator, X, y, sample_weight, classes):
    """The same for a call of partial_fit: nothing is held out, encoders are kept."""
    first = not hasattr(estimator, "_target")
    X = check_inputs(estimator, X, reset=first)
    y, known = estimator._check_target(y)
    check_consistent_length(X, y)
    weights = check_weights(sample_weight, X)
    rows = np.flatnonzero((weights > 0) & known.any(axis=1))
    if not len(rows):
        raise ValueError(
            "Got no sample with a positive weight and a label, but a call of "
            "partial_fit needs at least 1. Leave the call out."
        )
    table = Table(X, y, known, weights).rows(rows)
    source = find_source(estimator) if first else estimator
    target = known_target(estimator, [source] if source is not None else [])
    if target is None:
        check_labelled(table.known)
        target = estimator._first_target(*table[1:], classes)
    encoder = fit_encoder(estimator, source, target, table)
    data = encode(estimator, encoder, target, table, "y")
    return Problem(encoder, target, data, None, len(table.y))


def known_target(estimator, sources):
    """Target encoder of the networks to go on from, where their heads are kept."""
    if not sources or not (sources[0] is estimator or estimator.reuse_head):
        return None
    source = sources[0]
    if source is not estimator:
        check_same_target(estimator, source)
    return source._target


def fit_encoder(estimator, source, target, table, columns=None):
    """Input encoder; first-layer weights make sense only with the one they were fitted with.

    `columns` are those to encode, by default all.
    """
    if source is None:
        encoder, told = new_encoder(estimator, table.X, columns), None
        if encoder.piecewise:
            told = target.indicators(table.y, table.known)
        return encoder.fit(table.X, table.weights, told)
    if source is not estimator:
        check_same_columns(estimator, source)
    return source._encoder


def new_encoder(estimator, X, columns=None):
    """Input encoder that has learned nothing yet but which columns are categories."""
    if sparse.issparse(X) and estimator.numeric_embedding is not None:
        raise ValueError(
            f"Got numeric_embedding={estimator.numeric_embedding!r} with sparse X, which "
            "an embedding would make dense. Pass numeric_embedding=None, or X.toarray()."
        )
    categorical = find_categorical(X, estimator.categorical_features)
    plain = plain_columns(estimator, X)
    check_plain(plain, categorical, X, estimator.plain_features)
    # In partial_fit "auto" stands for no embedding: there is no telling what is to come.
    piecewise = estimator.numeric_embedding == "piecewise"
    clip = estimator.input_clip
    return InputEncoder(categorical, clip, piecewise, columns, plain)


def encode(estimator, encoder, target, table, name, inputs=None):
    """What the kernel takes; `inputs` are those of `table`, where they are encoded."""
    X, y, known, weights = table
    inputs = encoder.transform(X) if inputs is None else inputs
    inputs = as_kernel_inputs(inputs)
    targets, known, factor = estimator._encode_target(target, y, known, weights, name)
    task_weight = resolve_task_weight(estimator.task_weight, targets.shape[1])
    weights = effective_weights(known, weights, factor, task_weight)
    if not np.any(weights > 0):
        raise ValueError(
            f"Got weights that leave no label of {name} to count: those of samples, "
            "classes and tasks are multiplied. Make one of each positive."
        )
    return Data(inputs, targets, weights, len(targets))


def as_kernel_inputs(inputs):
    """Encoded rows as the kernel takes them."""
    return _sparse_rows(inputs) if sparse.issparse(inputs) else inputs


def _sparse_rows(table):
    if isinstance(table, SparseRows):
        return table
    table = sparse.csr_matrix(table)
    return SparseRows(table.data, table.indices, table.indptr)


def constant_inputs(data, n_inputs):
    """Encoded columns that never change: no gradient would ever move their weights.

    A sparse column is not centred, and so has to be zero throughout.
    """
    if isinstance(data.inputs, SparseRows):
        stored = data.inputs.columns[data.inputs.values != 0]
        return np.bincount(stored, minlength=n_inputs) == 0
    return np.ptp(data.inputs, axis=0) == 0

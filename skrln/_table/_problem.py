# SPDX-License-Identifier: BSD-3-Clause
"""From validated tables to the arrays that a kernel trains on."""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_consistent_length

from skrln._kernels import (
    CompactRows,
    Data,
    DeviceTable,
    SparseRows,
    TableRows,
    expand,
)

from ._arguments import about_argument, check_weights, resolve_task_weight
from ._columns import Columns, check_columns, read_columns
from ._inputs import BLOCK, NO_CODE, InputEncoder
from ._levels import find_levels
from ._splits import take_rows
from ._targets import check_labelled, effective_weights


class Arguments(NamedTuple):
    """Arguments of `fit` as the user passed them."""

    X: Any
    y: Any
    sample_weight: Any = None
    groups: Any = None
    X_val: Any = None
    y_val: Any = None
    sample_weight_val: Any = None


class Table(NamedTuple):
    """Validated rows in the user's types."""

    X: Any
    y: np.ndarray
    known: np.ndarray  #: (n_samples, n_tasks); mask of the labels that are known
    weights: np.ndarray  #: (n_samples,)

    def rows(self, rows):
        """Return the given rows."""
        return Table(*take_rows(rows, *self))


class Problem(NamedTuple):
    """Encoded rows of one network, and the encoders that made them."""

    encoder: InputEncoder
    target: Any
    data: Data
    validation: Data | None
    n_rows: int


class InputOptions(NamedTuple):
    """The user's parameters that concern inputs."""

    owner: str  #: class name of the estimator, for error messages
    categorical_features: Any = "from_dtype"
    plain_features: Any = None
    input_clip: float | None = None


def read_training(arguments, labels, options, columns=None):
    """Validate the training rows.

    Parameters
    ----------
    arguments : Arguments
    labels : NumberLabels, ClassLabels or MixedLabels
    options : InputOptions
    columns : Columns, default=None
        Columns of the earlier fit that a warm start continues; by default `X` defines them.

    Returns
    -------
    table : Table
        All rows.
    rows : ndarray of int
        Rows with a positive weight and a label.
    columns : Columns
    """
    if columns is None:
        X, columns = read_columns(
            arguments.X,
            options.owner,
            options.categorical_features,
            options.plain_features,
        )
    else:
        X = check_columns(arguments.X, columns)
    table = _read_table(X, arguments.y, arguments.sample_weight, labels)
    rows = table_rows(table)
    if len(rows) < 2:
        raise ValueError(
            f"Got {len(rows)} sample with a positive weight and a label, but "
            "at least 2 samples are needed to fit a network."
        )
    check_labelled(table.known[rows], "the rows of y with a positive weight")
    return table, rows, with_levels(columns, table.rows(rows))


def with_levels(columns, table):
    """Return the columns with the levels of these rows, unless they have levels already."""
    if columns.levels is not None:
        return columns
    levels = find_levels(table.X, table.weights, columns.categorical)
    return columns._replace(levels=levels)


def _read_table(X, y, sample_weight, labels):
    y, known = labels.read(y)
    check_labelled(known)
    check_consistent_length(X, y)
    return Table(X, y, known, check_weights(sample_weight, X))


def fit_target(labels, table, rows):
    """Make the target encoder of the given rows; it lists the classes of all rows."""
    target = labels.fit(*table.rows(rows)[1:])
    return labels.complete(target, table.y, table.known)


def table_rows(table):
    """Positions of the rows with a positive weight and a label."""
    return np.flatnonzero((table.weights > 0) & table.known.any(axis=1))


def read_validation(arguments, labels, columns):
    """Validate the validation rows that the user passed; None if there are none."""
    if arguments.X_val is None:
        return None
    try:
        with about_argument("X_val"):
            X_val = check_columns(arguments.X_val, columns)
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"{error} Pass X_val in the form of X. In a pipeline, "
            'transform_input=["X_val"] makes it pass the transformers of X.'
        ) from error
    y_val, known = labels.read(arguments.y_val, "y_val")
    check_labelled(known, "y_val")
    name = "sample_weight_val"
    weights = check_weights(arguments.sample_weight_val, X_val, name=name)
    return Table(X_val, y_val, known, weights)


def read_batch(arguments, labels, options, columns=None):
    """Validate the rows of a call of `partial_fit`; drop rows without weight or label.

    Returns
    -------
    table : Table
    columns : Columns
    """
    if columns is None:
        X, columns = read_columns(
            arguments.X,
            options.owner,
            options.categorical_features,
            options.plain_features,
        )
    else:
        X = check_columns(arguments.X, columns)
    y, known = labels.read(arguments.y)
    check_consistent_length(X, y)
    table = Table(X, y, known, check_weights(arguments.sample_weight, X))
    rows = table_rows(table)
    if not len(rows):
        raise ValueError(
            "Got no sample with a positive weight and a label, but a call of "
            "partial_fit needs at least 1. Leave the call out."
        )
    table = table.rows(rows)
    return table, with_levels(columns, table)


def make_encoder(X, columns: Columns, *, clip, embedding=None, subset=None):
    """Make an input encoder that has learned nothing yet but the roles of the columns.

    Parameters
    ----------
    X : array-like or sparse matrix
    columns : Columns
    clip : float or None
    embedding : str or None, default=None
    subset : ndarray of int, default=None
        Columns to encode; by default all.
    """
    refuse_sparse_embedding(X, embedding)
    return InputEncoder(columns.categorical, clip, embedding, subset, columns.plain)


def refuse_sparse_embedding(X, embedding):
    """Raise a ValueError for a sparse table whose numbers are embedded."""
    if embedding is not None and sparse.issparse(X):
        raise ValueError(
            f"Got numeric_embedding={embedding!r} with sparse X, which an embedding would "
            "make dense. Pass numeric_embedding=None, or X.toarray()."
        )


def fit_encoder(encoder, target, table):
    """Fit an input encoder to the rows of `table`."""
    indicators = None
    if encoder.embedding is not None:
        indicators = target.indicators(table.y, table.known)
    return encoder.fit(table.X, table.weights, indicators)


def encode_rows(labels, target, table, inputs, task_weight, name="y"):
    """Make the arrays that a kernel takes.

    Parameters
    ----------
    labels : NumberLabels, ClassLabels or MixedLabels
    target : RegressionTarget, ClassTarget or MixedTarget
    table : Table
    inputs : ndarray or CSR matrix of shape (n_samples, n_inputs), or TableRows
        Encoded inputs of the rows of `table`.
    task_weight : array-like, str or None
        As the user passed it.
    name : str, default="y"
        Name of the labels in error messages.

    Returns
    -------
    Data
    """
    _, y, known, weights = table
    targets, known, factor = labels.encode(target, y, known, weights, name)
    share = resolve_task_weight(task_weight, targets.shape[1])
    weights = effective_weights(known, weights, factor, share)
    if not np.any(weights > 0):
        raise ValueError(
            f"Got weights that leave no label of {name} to count: those of samples, "
            "classes and tasks are multiplied. Make one of each positive."
        )
    return Data(as_kernel_inputs(inputs), targets, weights, len(targets))


def as_kernel_inputs(inputs):
    """Return encoded rows in the types that a kernel takes."""
    if not sparse.issparse(inputs):
        return inputs
    table = sparse.csr_matrix(inputs)
    return SparseRows(table.data, table.indices, table.indptr)


def shared_rows(table: DeviceTable, encoder, places, allowed=None) -> TableRows:
    """Make the inputs that a kernel takes of some rows of a shared table.

    Parameters
    ----------
    table : DeviceTable
    encoder : InputEncoder
    places : ndarray of int
        Rows of the table.
    allowed : ndarray of bool of shape (n_inputs,), default=None
        Inputs that the network may use; the others are zero.
    """
    expansion = encoder.expansion if isinstance(table.rows, CompactRows) else None
    return TableRows(table, places, expansion, allowed)


def constant_inputs(data, n_inputs):
    """Mask of the encoded inputs that never change, whose weights get no gradient.

    A sparse input is not centred, so only an input of zeros is constant in effect.
    """
    inputs = data.inputs
    if isinstance(inputs, TableRows):
        rows = inputs.table.rows
        if isinstance(rows, SparseRows):
            constant = _constant_stored(_stored_of(rows, inputs.places), n_inputs)
        else:
            constant = _constant_expanded(rows, inputs.places, inputs.expansion)
        return constant if inputs.allowed is None else constant | ~inputs.allowed
    if isinstance(inputs, SparseRows):
        return _constant_stored(inputs.columns[inputs.values != 0], n_inputs)
    return np.ptp(inputs, axis=0) == 0


def _stored_of(rows, places):
    """Columns of the values that are not zero in some rows."""
    is_used = np.zeros(len(rows.starts) - 1, bool)
    is_used[places] = True
    is_stored = np.repeat(is_used, np.diff(rows.starts)) & (rows.values != 0)
    return rows.columns[is_stored]


def _constant_stored(stored, n_inputs):
    return np.bincount(stored, minlength=n_inputs) == 0


def _constant_expanded(rows, places, expansion):
    """Mask of the constant inputs of compact rows, without making the inputs."""
    lowest, highest, has_gap, is_full = _ranges(rows.numbers, places)
    # Inputs rise with their number: the inputs of its lowest and highest value are enough.
    ends = CompactRows(np.stack([lowest, highest]), np.zeros((2, rows.codes.shape[1])))
    constant = np.ptp(expand(ends, expansion), axis=0) == 0
    marked, (column, code) = expansion.marked, expansion.one_hot
    first = len(lowest) - len(expansion.plain)
    constant[first : first + len(marked)] = ~has_gap[marked] | is_full[marked]
    first += len(marked)
    counts = np.array(
        [np.bincount(own[places], minlength=NO_CODE + 1) for own in rows.codes.T]
    ).reshape(-1, NO_CODE + 1)
    is_constant = np.isin(counts[column, code], [0, len(places)])
    constant[first : first + len(code)] = is_constant
    return constant


def _ranges(numbers, places):
    """Lowest and highest number of each column, and whether some or all are missing.

    A missing number counts as zero. In blocks of rows, which bounds the memory of copies.
    """
    step = max(1, BLOCK // max(1, numbers.shape[1]))
    parts = []
    for start in range(0, len(places), step):
        block = numbers[places[start : start + step]]
        missing = np.isnan(block)
        block[missing] = 0
        parts.append(
            (block.min(0), block.max(0), missing.any(axis=0), missing.all(axis=0))
        )
    lowest, highest, has_gap, is_full = map(np.stack, zip(*parts, strict=True))
    some, every = np.logical_or.reduce(has_gap), np.logical_and.reduce(is_full)
    return lowest.min(0), highest.max(0), some, every

# SPDX-License-Identifier: BSD-3-Clause
"""NumPy tables, padded to shapes that share compiled programs."""

from typing import Any

import numpy as np

from ._batches import bucket, row_bucket, table_bucket
from ._compact import expand
from ._types import CompactRows, Data, Expansion, Pieces, SparseRows, TableRows

#: Tables of up to this many inputs are made on the host, for each network.
EXPANDED_CELLS = 1 << 23


def pad_data(data: Data, dtype: np.dtype, device: str | None = None) -> Data:
    """Copy of `data` in `dtype`, padded to a bucket of rows with weight zero.

    Parameters
    ----------
    data : Data
    dtype : dtype
    device : str or None
        Device on which the rows of a shared table are placed; "all" for all devices.
    """
    n_padded = row_bucket(int(data.n_rows))
    inputs = data.inputs
    if isinstance(inputs, TableRows) and _is_small(inputs):
        inputs = _pad_rows(_expanded(inputs), n_padded, dtype)
    elif isinstance(inputs, TableRows):
        inputs = _place(inputs, n_padded, dtype, device)
    elif isinstance(inputs, SparseRows):
        inputs = _pad_sparse(inputs, n_padded, dtype)
    else:
        inputs = _pad_rows(inputs, n_padded, dtype)
    targets = _pad_rows(data.targets, n_padded, dtype)
    weights = _pad_rows(data.weights, n_padded, dtype)
    return Data(inputs, targets, weights, np.int32(data.n_rows))


def pad_table(
    rows: CompactRows | SparseRows, n_rows: int, dtype: np.dtype
) -> CompactRows | SparseRows:
    """Copy of a shared table in `dtype`, padded to a bucket of rows."""
    n_padded = table_bucket(n_rows)
    if isinstance(rows, SparseRows):
        return _pad_sparse(rows, n_padded, dtype)
    codes = _pad_rows(rows.codes, n_padded, rows.codes.dtype)
    return CompactRows(_pad_rows(rows.numbers, n_padded, dtype), codes)


def row_width(data: Data, validation: Data | None) -> int:
    """Bucket of the most stored values in a row of a sparse table; 0 for a dense table."""
    tables = [_table_of(part) for part in (data, validation) if part is not None]
    stored = [np.diff(t.starts).max(initial=1) for t in tables if type(t) is SparseRows]
    return bucket(int(max(stored)), minimum=4) if stored else 0


def _table_of(data: Data) -> Any:
    inputs = data.inputs
    return inputs.table.rows if isinstance(inputs, TableRows) else inputs


def _is_small(inputs: TableRows) -> bool:
    """Return True where a program is faster if it reads inputs than if it makes them."""
    expansion = inputs.expansion
    if expansion is None:
        return False
    n_inputs = inputs.table.rows.numbers.shape[1] + sum(
        part.shape[-1]
        for part in (expansion.marked, expansion.one_hot, expansion.pieces.column)
    )
    return len(inputs.places) * n_inputs <= EXPANDED_CELLS


def _expanded(inputs: TableRows) -> np.ndarray:
    """Inputs of some rows of a shared table, (n, n_inputs)."""
    rows = CompactRows(*(part[inputs.places] for part in inputs.table.rows))
    dense = expand(rows, inputs.expansion)
    return dense if inputs.allowed is None else dense * inputs.allowed


def _place(
    inputs: TableRows, n_padded: int, dtype: np.dtype, device: str | None
) -> TableRows:
    """Rows of a shared table on the device."""
    return TableRows(
        inputs.table.placed(dtype, device),
        _pad_rows(inputs.places, n_padded, np.dtype(np.int32)),
        None if inputs.expansion is None else _cast(inputs.expansion, dtype),
        None if inputs.allowed is None else np.asarray(inputs.allowed, dtype),
    )


def _cast(expansion: Expansion, dtype: np.dtype) -> Expansion:
    """Expansion with positions of 32 bits and numbers of `dtype`."""
    marked, one_hot, pieces, plain = expansion
    marked, one_hot, column, plain = (
        np.asarray(part, np.int32) for part in (marked, one_hot, pieces.column, plain)
    )
    numbers = (np.asarray(part, dtype) for part in pieces[1:])
    return Expansion(marked, one_hot, Pieces(column, *numbers), plain)


def _pad_rows(array: np.ndarray, n_padded: int, dtype: np.dtype) -> np.ndarray:
    padded = np.zeros((n_padded, *array.shape[1:]), dtype)
    padded[: len(array)] = array
    return padded


def _pad_sparse(table: SparseRows, n_padded: int, dtype: np.dtype) -> SparseRows:
    n_stored = bucket(len(table.values))
    starts = np.full(n_padded + 1, table.starts[-1], np.int32)
    starts[: len(table.starts)] = table.starts
    return SparseRows(
        _pad_rows(table.values, n_stored, dtype),
        _pad_rows(table.columns, n_stored, np.dtype(np.int32)),
        starts,
    )

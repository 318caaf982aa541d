# SPDX-License-Identifier: BSD-3-Clause
"""NumPy tables, padded to shapes that share compiled programs."""

import numpy as np

from ._batches import bucket, row_bucket
from ._types import Data, SparseRows


def pad_data(data: Data, dtype: np.dtype) -> Data:
    """Copy of `data` in `dtype`, padded to a bucket of rows with weight zero."""
    n_padded = row_bucket(int(data.n_rows))
    inputs = data.inputs
    if isinstance(inputs, SparseRows):
        inputs = _pad_sparse(inputs, n_padded, dtype)
    else:
        inputs = _pad_rows(inputs, n_padded, dtype)
    targets = _pad_rows(data.targets, n_padded, dtype)
    weights = _pad_rows(data.weights, n_padded, dtype)
    return Data(inputs, targets, weights, np.int32(data.n_rows))


def row_width(data: Data, validation: Data | None) -> int:
    """Bucket of the most stored values in a row of a sparse table; 0 for a dense table."""
    if not isinstance(data.inputs, SparseRows):
        return 0
    tables = [data.inputs] + ([] if validation is None else [validation.inputs])
    longest = max(int(np.diff(t.starts).max(initial=1)) for t in tables)
    return bucket(longest, minimum=4)


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

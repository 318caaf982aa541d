# SPDX-License-Identifier: BSD-3-Clause
"""Text of parameters and digests of tables, which are the same in another process."""

import hashlib
from numbers import Integral, Real

import numpy as np
from scipy import sparse

#: Parameters that do not change the result of a fit.
IGNORED = frozenset({"checkpoint", "n_jobs", "verbose"})
#: A list of more entries is named by its digest.
MOST_ENTRIES = 20


def describe(value):
    """Text of a parameter that does not depend on the process.

    Objects are described by their class and parameters, functions by their names. The order
    of a dict or of a set does not count.
    """
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Real):
        return repr(float(value)).removesuffix(".0")  # -7.0 is the parameter -7
    if value is None or isinstance(value, str):
        return repr(value)
    if isinstance(value, dict):
        entries = sorted(f"{describe(k)}: {describe(v)}" for k, v in value.items())
        return "{" + ", ".join(entries) + "}"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(describe, value))) + "}"
    if isinstance(value, list | tuple) and len(value) <= MOST_ENTRIES:
        return "[" + ", ".join(map(describe, value)) + "]"
    if hasattr(value, "get_params") and not isinstance(value, type):
        params = value.get_params(deep=False)
        names = sorted(params.keys() - IGNORED)
        entries = ", ".join(f"{name}={describe(params[name])}" for name in names)
        return f"{type(value).__name__}({entries})"
    if isinstance(value, list | tuple) or hasattr(value, "__array__"):
        return f"{type(value).__name__}({digest_table(value)[:12]})"
    if hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    text = repr(value)
    # The default of Python has the address of the object.
    return type(value).__qualname__ if " at 0x" in text else text


def digest_table(table):
    """Digest of a table, a column or None, as a user passes it."""
    digest = hashlib.sha256()
    for chunk in _table_bytes(table):
        digest.update(chunk)
    return digest.hexdigest()


def _table_bytes(table):
    """Yield the bytes of a table."""
    if table is None:
        yield b"None"
    elif sparse.issparse(table):
        table = table.tocsr()
        for array in (table.data, table.indices, table.indptr, np.array(table.shape)):
            yield from _array_bytes(array)
    elif hasattr(table, "columns"):
        for name in table.columns:
            yield from _column_bytes(name, table[name])
    else:
        yield from _array_bytes(table)


def _column_bytes(name, column):
    """Yield the bytes of a column of a data frame."""
    yield f"{name!r} {column.dtype};".encode()
    if hasattr(
        column.dtype, "ordered"
    ):  # categories of pandas, which its text leaves out
        yield f"{column.dtype.ordered};".encode()
        yield from _array_bytes(column.dtype.categories)
    yield from _array_bytes(column)


def _array_bytes(values):
    """Yield the bytes of an array, or of what can be made one."""
    try:
        array = np.asarray(values)
    except (
        ValueError
    ):  # rows of different lengths, which `fit` refuses in its own words
        array = np.asarray(repr(values))
    yield f"{array.dtype.str} {array.shape};".encode()
    if array.dtype.hasobject:
        for cell in array.ravel():
            yield f"{type(cell).__name__} {cell!r};".encode()
    else:
        yield np.ascontiguousarray(array).reshape(-1).view(np.uint8).data

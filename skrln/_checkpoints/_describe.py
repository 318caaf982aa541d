# SPDX-License-Identifier: BSD-3-Clause
"""Text of parameters and digests of tables, which are the same in another process."""

import hashlib
from numbers import Integral, Real

import numpy as np
from scipy import sparse

#: A list of more entries is named by its digest.
MOST_ENTRIES = 20


def describe(value):
    """Text of a parameter that does not depend on the process.

    Objects are described by their class and parameters, functions by their names.
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
        entries = [f"{describe(k)}: {describe(v)}" for k, v in value.items()]
        return "{" + ", ".join(entries) + "}"
    if isinstance(value, list | tuple) and len(value) <= MOST_ENTRIES:
        return "[" + ", ".join(map(describe, value)) + "]"
    if hasattr(value, "get_params") and not isinstance(value, type):
        params = value.get_params(deep=False)
        entries = ", ".join(f"{k}={describe(v)}" for k, v in sorted(params.items()))
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
    for part in _parts(table):
        digest.update(part)
    return digest.hexdigest()


def _parts(table):
    """Yield the bytes of a table."""
    if table is None:
        yield b"None"
    elif sparse.issparse(table):
        table = table.tocsr()
        for part in (table.data, table.indices, table.indptr, np.array(table.shape)):
            yield from _parts(part)
    elif hasattr(table, "columns"):
        for name in table.columns:
            yield f"{name!r} {table[name].dtype};".encode()
            yield from _parts(np.asarray(table[name]))
    else:
        yield from _array_parts(table)


def _array_parts(values):
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

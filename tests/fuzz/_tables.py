# SPDX-License-Identifier: BSD-3-Clause
"""Strategies of the arguments of `fit`: tables, targets, weights, validation data, domains."""

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from scipy import sparse

from ._columns import _object_series, numbers, objects, seeds, series

#: Rows that share compiled programs, and edges.
ROWS = (40, 40, 40, 40, 30, 12, 5, 2, 1, 0)
NAMES = ("a", "b", "c", "$d$", "[e]")
JUNK = (None, 3, "table", [], {}, [[]], object(), np.zeros(0), np.zeros((2, 0)), 1 + 2j)


@st.composite
def tables(draw, n_rows):
    """A table in one of many forms, most of them valid."""
    kind = draw(st.sampled_from(_FORMS))
    n_columns = draw(st.sampled_from((3, 3, 3, 3, 2, 1)))
    if kind == "frame":
        columns = [draw(series(n_rows)) for _ in range(n_columns)]
        names = list(NAMES[:n_columns])
        if draw(st.integers(0, 19)) == 0:
            names = [0, "b", "b"][:n_columns]
        frame = pd.concat(columns, axis=1, ignore_index=True)
        frame.columns = names
        return frame
    if kind == "objects":
        cells = [_object_series(draw(objects(n_rows))) for _ in range(n_columns)]
        return pd.concat(cells, axis=1).to_numpy()
    if kind == "junk":
        return draw(st.sampled_from(JUNK))
    array = np.empty((n_rows, n_columns))
    for k in range(n_columns):
        array[:, k] = draw(numbers(n_rows))
    return _reshape(draw, array, kind)


@st.composite
def plain_tables(draw, n_rows):
    """A table of three columns of ordinary numbers."""
    return np.random.default_rng(draw(seeds())).normal(size=(n_rows, 3))


_FORMS = ("array",) * 8 + ("frame",) * 6 + (
    "objects", "float32", "integers", "csr", "csc", "list", "vector", "cube", "scalar",
    "masked", "strings", "read only", "junk",
)  # fmt: skip


def _reshape(draw, array, kind):
    del draw
    with np.errstate(all="ignore"):
        if kind == "float32":
            return array.astype(np.float32)
        if kind == "integers":
            return np.nan_to_num(array, posinf=3, neginf=3).clip(-9, 9).astype(int)
    if kind in ("csr", "csc"):
        return sparse.csr_matrix(np.where(array > 0, array, 0)).asformat(kind)
    if kind == "list":
        return array.tolist()
    if kind == "vector":
        return array.ravel()
    if kind == "cube":
        return array[:, :, None]
    if kind == "scalar":
        with np.errstate(all="ignore"):
            return float(array.sum())
    if kind == "masked":
        return np.ma.masked_invalid(array)
    if kind == "strings":
        return array.astype(str)
    if kind == "read only":
        array.setflags(write=False)
    return array


@st.composite
def number_targets(draw, n_rows):
    """Targets of a regression."""
    kind = draw(st.sampled_from(("valid",) * 6 + ("odd", "tasks", "objects", "junk")))
    rng = np.random.default_rng(draw(seeds()))
    if kind == "odd":
        return draw(numbers(n_rows))
    if kind == "tasks":
        targets = rng.normal(size=(n_rows, 2))
        if draw(st.booleans()):
            targets[rng.uniform(size=targets.shape) < 0.3] = np.nan
        return targets
    return _others(draw, kind, n_rows, rng.normal(size=n_rows))


@st.composite
def class_targets(draw, n_rows):
    """Targets of a classification."""
    kind = draw(
        st.sampled_from(("valid",) * 6 + ("words", "odd", "tasks", "objects", "junk"))
    )
    rng = np.random.default_rng(draw(seeds()))
    codes = rng.integers(0, draw(st.sampled_from((2, 2, 3, 1))), n_rows)
    if kind == "words":
        return np.array(["x", "y", "$z$"])[codes]
    if kind == "odd":
        return draw(numbers(n_rows))
    if kind == "tasks":
        return rng.integers(0, 2, (n_rows, 2))
    return _others(draw, kind, n_rows, codes)


def _others(draw, kind, n_rows, valid):
    if kind == "objects":
        return _object_series(draw(objects(n_rows))).to_numpy()
    if kind == "junk":
        return draw(st.sampled_from(JUNK))
    form = draw(
        st.sampled_from(("array",) * 5 + ("series", "list", "column", "longer"))
    )
    if form == "series":
        return pd.Series(valid)
    if form == "list":
        return valid.tolist()
    if form == "column":
        return valid[:, None]
    return np.append(valid, valid[:1]) if form == "longer" else valid


@st.composite
def weights(draw, n_rows):
    """Weights of the rows; most are None."""
    kind = draw(st.sampled_from(("none",) * 6 + ("valid", "valid", "odd", "junk")))
    if kind == "none":
        return None
    if kind == "odd":
        return draw(numbers(n_rows))
    if kind == "junk":
        junk = (*JUNK, -1.0, 0, 2, np.ones(n_rows + 1), ["a"] * n_rows, True)
        return draw(st.sampled_from(junk))
    rng = np.random.default_rng(draw(seeds()))
    scale = draw(st.sampled_from((1.0, 1e300, 1e-300)))
    return rng.integers(0, 3, n_rows) * scale


@st.composite
def domains(draw, n_rows):
    """Domains of the rows."""
    kind = draw(st.sampled_from(("valid",) * 6 + ("words", "rows", "missing", "junk")))
    rng = np.random.default_rng(draw(seeds()))
    # Domains of the same sizes share compiled programs.
    n_first = n_rows // draw(st.sampled_from((2, 2, 4, n_rows + 1)))
    codes = (rng.permutation(n_rows) >= n_first).astype(int)
    if kind == "words":
        return np.array(["u", "v"])[codes]
    if kind == "rows":
        return np.arange(n_rows)
    if kind == "missing":
        return np.where(codes == 0, np.nan, 1.0)
    return draw(st.sampled_from(JUNK)) if kind == "junk" else codes

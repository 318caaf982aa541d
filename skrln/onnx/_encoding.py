# SPDX-License-Identifier: BSD-3-Clause
"""Encoding of a table in a graph, as `skrln._table._inputs` encodes it in NumPy."""

from typing import NamedTuple

import numpy as np

from skrln._table._cells import is_missing
from skrln._table._inputs import NO_CODE
from skrln._table._scaling import LARGEST_SCALED

from ._graph import ML_DOMAIN

#: Strings of missing values: what onnxruntime makes of None, NaN and pandas.NA is among them.
MISSING_TEXTS = ("", "None", "nan", "<NA>")
#: Version of the operator that turns texts into whole numbers.
LABELS_VERSION = 2


class CompactNames(NamedTuple):
    """Names of the compact rows of a table in the graph."""

    numbers: str | None  #: scaled numbers, zero if missing
    missing: str | None  #: mask of the missing numbers
    codes: str | None  #: codes of the categories
    number_places: dict  #: place in `numbers` of each number of the table encoder
    code_places: dict  #: place in `codes` of each categorical column


def compact_rows(graph, columns, encoders, dtype):
    """Encode what some encoders of one table need of it.

    Parameters
    ----------
    graph : Graph
    columns : TableColumns
    encoders : list of LiveInputs or InputEncoder
        With the same `table`.
    dtype : dtype
        Of the scaled numbers.

    Returns
    -------
    CompactNames
    """
    table = encoders[0].table
    numbers = np.unique(np.concatenate([_numbers_used(one) for one in encoders]))
    codes = np.unique(
        np.concatenate([one.expansion.one_hot[0] for one in encoders])
    ).astype(int)
    scaled = missing = code_names = None
    if numbers.size:
        scaled, missing = _scale(graph, columns, table, numbers.astype(int))
        scaled = scaled if dtype == np.float64 else graph.cast(scaled, dtype)
    if codes.size:
        code_names = graph.beside([_code(graph, columns, table, k) for k in codes])
    return CompactNames(scaled, missing, code_names, _places(numbers), _places(codes))


def _places(values):
    return {int(value): place for place, value in enumerate(values)}


def _numbers_used(encoder):
    expansion = encoder.expansion
    return np.concatenate(
        [
            numbers_of(encoder),
            expansion.marked,
            expansion.pieces.column,
            expansion.plain,
        ]
    )


def numbers_of(encoder):
    """Return the numbers that are inputs themselves, by their place in the compact rows."""
    numbers = getattr(encoder, "numbers", None)
    return np.arange(encoder.table.numeric.size) if numbers is None else numbers


def _scale(graph, columns, table, numbers):
    """Return scaled numbers as doubles, zero if missing, and the mask of missing ones."""
    scaler = table.scaler
    positions = np.concatenate([table.numeric, table.plain])[numbers]
    values = columns.numbers(positions)
    missing = graph.node("IsNaN", values)
    if scaler.exponents is not None:
        # A power of two may be beyond the doubles, its root is not.
        powers = scaler.exponents[numbers]
        for part in (powers // 2, powers - powers // 2):
            values = graph.node("Mul", values, np.ldexp(1.0, part))
    if scaler.center is not None:
        values = graph.node("Sub", values, scaler.center[numbers].astype(float))
    values = graph.node("Div", values, scaler.scale[numbers].astype(float))
    # Missing values are filled first: a bound of NaN is not defined.
    values = graph.node("Where", missing, np.zeros(1), values)
    bounds = np.array(-LARGEST_SCALED), np.array(LARGEST_SCALED)
    values = graph.node("Clip", values, *bounds)
    if table.clip is not None:
        share = graph.node("Div", values, np.array([float(table.clip)]))
        square = graph.node("Mul", share, share)
        length = graph.node("Sqrt", graph.node("Add", square, np.ones(1)))
        values = graph.node("Div", values, length)
    return values, missing


def _code(graph, columns, table, place):
    """Return the codes of a categorical column, (n_rows, 1)."""
    categories = table.one_hot.categories_[place].tolist()
    codes = category_codes(table, place)
    rare = table.one_hot.infrequent_categories_[place]
    unknown = NO_CODE if rare is None else int(table.widths[place]) - 1
    missing = unknown
    pairs = []
    for name, code in zip(categories, codes, strict=True):
        if is_missing(name):
            missing = code
        else:
            pairs.append((name, code))
    column = int(table.classes[place])
    if pairs and all(isinstance(name, str) for name, _ in pairs):
        return _text_code(graph, columns.texts(column), dict(pairs), missing, unknown)
    try:
        numbers = np.array([float(name) for name, _ in pairs])
    except (TypeError, ValueError) as error:
        raise NotImplementedError(
            f"Got a categorical column at position {column} with the category "
            f"{pairs[0][0]!r} of type {type(pairs[0][0]).__name__}, but ONNX has strings "
            "and numbers only. Convert the column to strings before the fit."
        ) from error
    own = [code for _, code in pairs]
    return _number_code(
        graph, columns.numbers([column]), (numbers, own), missing, unknown
    )


def category_codes(table, place):
    """Return the code of each category of a categorical column."""
    categories = table.one_hot.categories_[place]
    others = [own[0] for own in table.one_hot.categories_]
    block = np.empty((len(categories), len(others)), object)
    block[:] = others
    block[:, place] = categories
    one_hot = table.one_hot.transform(block)
    first = int(table.widths[:place].sum())
    own = one_hot[:, first : first + int(table.widths[place])]
    return np.asarray(own.argmax(axis=1)).ravel().tolist()


def _text_code(graph, texts, codes, missing, unknown):
    codes = dict.fromkeys(MISSING_TEXTS, missing) | codes
    return graph.node(
        "LabelEncoder",
        texts,
        domain=ML_DOMAIN,
        version=LABELS_VERSION,
        keys_strings=list(codes),
        values_int64s=list(codes.values()),
        default_int64=unknown,
    )


def _number_code(graph, values, known, missing, unknown):
    """Return codes by comparison; LabelEncoder takes doubles in recent versions only."""
    categories, codes = known
    shifts = np.array([missing, *codes], np.float32)[:, None] - unknown
    is_missing_value = graph.node("IsNaN", values)
    is_category = graph.node("Equal", values, categories[None])
    found = graph.beside([is_missing_value, is_category])
    shift = graph.node("MatMul", graph.cast(found, "FLOAT"), shifts)
    code = graph.node("Add", shift, np.array([unknown], np.float32))
    return graph.cast(code, "INT64")


def encoded_inputs(graph, rows, encoder, dtype):
    """Return the inputs of an encoder, (n_rows, n_inputs); None without any.

    Parameters
    ----------
    graph : Graph
    rows : CompactNames
    encoder : LiveInputs or InputEncoder
    dtype : dtype
        Of the compact rows, and of the inputs.
    """
    marked, (column, code), pieces, plain = encoder.expansion
    width = len(rows.number_places)

    def take(name, numbers):
        places = [rows.number_places[int(k)] for k in numbers]
        return graph.columns(name, places, width)

    blocks = []
    if numbers_of(encoder).size:
        blocks.append(take(rows.numbers, numbers_of(encoder)))
    if marked.size:
        blocks.append(graph.cast(take(rows.missing, marked), dtype))
    if column.size:
        places = [rows.code_places[int(k)] for k in column]
        codes = graph.columns(rows.codes, places, len(rows.code_places))
        is_code = graph.node("Equal", codes, code.astype(np.int64)[None])
        blocks.append(graph.cast(is_code, dtype))
    if pieces.column.size:
        numbers = take(rows.numbers, pieces.column)
        blocks.append(_positions_in_pieces(graph, numbers, pieces, dtype))
    if plain.size:
        blocks.append(take(rows.numbers, plain))
    return graph.beside(blocks) if blocks else None


def _positions_in_pieces(graph, numbers, pieces, dtype):
    """Return `expand_pieces` of the kernels, which computes in double precision."""
    low, high = pieces.low.astype(float), pieces.high.astype(float)
    if dtype != np.float64:
        numbers = graph.cast(numbers, "DOUBLE")
    distance = graph.node("Sub", numbers, low)
    share = graph.node("Div", distance, high - low)
    share = graph.node("Clip", share, np.array(0.0), np.array(1.0))
    under = graph.node("Min", distance, np.zeros(1))
    under = graph.node("Mul", under, pieces.below.astype(float))
    over = graph.node("Max", graph.node("Sub", numbers, high), np.zeros(1))
    over = graph.node("Mul", over, pieces.above.astype(float))
    share = graph.node("Add", graph.node("Add", share, under), over)
    share = graph.node("Mul", share, np.full(1, 2.0))
    share = graph.node("Sub", share, np.ones(1))
    return share if dtype == np.float64 else graph.cast(share, dtype)

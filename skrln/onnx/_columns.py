# SPDX-License-Identifier: BSD-3-Clause
"""Columns of a table among the inputs of a graph: one array, or an input per column."""

from itertools import groupby
from typing import NamedTuple

import numpy as np

from ._imports import load


class Place(NamedTuple):
    """Place of a column of the table."""

    variable: str  #: name of an array in the graph
    kind: str  #: name of its type in skl2onnx
    position: int
    width: int  #: columns of the array


class TableColumns:
    """Columns of the table that a model reads.

    Parameters
    ----------
    graph : Graph
    places : list of Place
    names : list of str
        Names of the columns, for error messages.
    """

    def __init__(self, graph, places, names):
        self._graph, self._places, self._names = graph, places, names

    def numbers(self, columns):
        """Return some columns as doubles, (n_rows, n_columns)."""
        places = [self._places[k] for k in columns]
        for k, place in zip(columns, places, strict=True):
            if place.kind == "StringTensorType":
                raise NotImplementedError(
                    f"Got the column {self._names[k]!r} as strings in the ONNX graph, but "
                    "the model reads its numbers. Pass a data frame whose column holds "
                    "numbers."
                )
        blocks = []
        for (variable, kind), group in groupby(places, key=lambda place: place[:2]):
            group = list(group)
            positions = [place.position for place in group]
            block = self._graph.columns(variable, positions, group[0].width)
            blocks.append((block, kind))
        kinds = {kind for _, kind in blocks}
        if kinds == {"FloatTensorType"}:  # one conversion instead of one per column
            joined = self._graph.beside([block for block, _ in blocks])
            return self._graph.cast(joined, "DOUBLE")
        doubles = [
            block if kind == "DoubleTensorType" else self._graph.cast(block, "DOUBLE")
            for block, kind in blocks
        ]
        return self._graph.beside(doubles)

    def texts(self, column):
        """Return a column of strings, (n_rows, 1)."""
        place = self._places[column]
        if place.kind != "StringTensorType":
            raise NotImplementedError(
                f"Got the column {self._names[column]!r} as {place.kind} in the ONNX "
                "graph, but its categories are strings. Pass a data frame whose column "
                "holds strings."
            )
        return self._graph.columns(place.variable, [place.position], place.width)

    def zeros(self):
        """Return a column of zeros as doubles, (n_rows, 1)."""
        variable = self._places[0].variable
        shape = self._graph.node("Shape", variable)
        n_rows = self._graph.node("Gather", shape, np.zeros(1, np.int64), axis=0)
        shape = self._graph.node("Concat", n_rows, np.ones(1, np.int64), axis=0)
        zero = load("onnx.helper").make_tensor(
            "value", load("onnx").TensorProto.DOUBLE, [1], [0.0]
        )
        return self._graph.node("ConstantOfShape", shape, value=zero)


def find_columns(graph, inputs, columns, owner):
    """Find the columns of a table among the variables of an operator.

    Parameters
    ----------
    graph : Graph
    inputs : list of skl2onnx Variable
    columns : Columns
        Columns that the model was fitted on.
    owner : str
        Class name of the model, for error messages.
    """
    widths = [_width(variable) for variable in inputs]
    if widths == [None]:
        widths = [columns.n_features]
    if None in widths or sum(widths) != columns.n_features:
        raise NotImplementedError(
            f"Got {len(inputs)} input(s) of {widths} column(s) for {owner}, but the model "
            f"was fitted on {columns.n_features} columns. Pass all columns of the fit, in "
            "their order, with their number in the type of each input."
        )
    places = [
        Place(variable.full_name, type(variable.type).__name__, position, width)
        for variable, width in zip(inputs, widths, strict=True)
        for position in range(width)
    ]
    names = columns.names
    return TableColumns(
        graph, places, list(range(columns.n_features)) if names is None else names
    )


def _width(variable):
    shape = variable.type.shape
    return shape[1] if len(shape) == 2 and isinstance(shape[1], int) else None


def is_single(inputs):
    """Return True if all inputs of numbers are in single precision, and there are some."""
    kinds = {type(variable.type).__name__ for variable in inputs}
    return kinds - {"StringTensorType"} == {"FloatTensorType"}


def tensor_type(kind, shape):
    """Return the type of skl2onnx for "FLOAT", "DOUBLE", "INT64" or "STRING"."""
    names = {
        "FLOAT": "FloatTensorType",
        "DOUBLE": "DoubleTensorType",
        "INT64": "Int64TensorType",
        "STRING": "StringTensorType",
    }
    return getattr(load("skl2onnx.common.data_types"), names[kind])(shape)

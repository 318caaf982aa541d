# SPDX-License-Identifier: BSD-3-Clause
"""Converter of SimpleImputer for numbers in double precision, which skl2onnx lacks."""

import numpy as np

from ._graph import Graph
from ._imports import load


def convert_imputer(scope, operator, container):
    """Add the graph of a SimpleImputer; skl2onnx converts all that are not of doubles."""
    model = operator.raw_operator
    if model.add_indicator:
        raise NotImplementedError(
            "Got SimpleImputer(add_indicator=True), whose indicators skl2onnx does not "
            "convert. Leave the missing values to the network, which marks them itself."
        )
    kinds = {type(variable.type).__name__ for variable in operator.inputs}
    if kinds != {"DoubleTensorType"} or not _is_nan(model.missing_values):
        registry = load("skl2onnx.common._registration")
        return registry.get_converter("SklearnSimpleImputer")(
            scope, operator, container
        )
    graph = Graph(scope, container)
    values = graph.beside([variable.full_name for variable in operator.inputs])
    statistics = np.asarray(model.statistics_, float)
    # Columns without any value have no statistic, and are left out.
    kept = np.flatnonzero(~np.isnan(statistics))
    operator.outputs[0].type.shape = [None, len(kept)]
    values = graph.columns(values, kept, len(statistics))
    missing = graph.node("IsNaN", values)
    output = operator.outputs[0].full_name
    return graph.node("Where", missing, statistics[kept], values, output=output)


def _is_nan(value):
    return isinstance(value, float) and np.isnan(value)

# SPDX-License-Identifier: BSD-3-Clause
"""Nodes and constants of an ONNX graph, added to a container of skl2onnx."""

import numpy as np

from ._imports import load

#: Domain of the operators of machine learning. They are called with their version.
ML_DOMAIN = "ai.onnx.ml"


class Graph:
    """Graph that grows by one node at a time; names of arrays are strings.

    Parameters
    ----------
    scope : skl2onnx Scope
        Gives names that are unique.
    container : skl2onnx ModelComponentContainer
        Keeps nodes and constants.
    """

    def __init__(self, scope, container):
        self._scope, self._container = scope, container
        self._types = load("onnx").TensorProto
        self._constants = {}

    def constant(self, array):
        """Return the name of a constant; equal constants share a name."""
        array = np.asarray(array)
        is_text = array.dtype.kind in "OU"
        content = tuple(array.ravel()) if is_text else array.tobytes()
        key = array.dtype.str, array.shape, content
        if key not in self._constants:
            name = self._scope.get_unique_variable_name("constant")
            if is_text:
                texts = [text.encode() for text in array.ravel()]
                kind = self._types.STRING
                self._container.add_initializer(name, kind, array.shape, texts)
            else:
                tensor = load("onnx.numpy_helper").from_array(array)
                kind = tensor.data_type
                self._container.add_initializer(name, kind, array.shape, tensor)
            self._constants[key] = name
        return self._constants[key]

    def node(self, kind, *inputs, domain="", version=None, output=None, **attributes):
        """Add a node, and return the name of its output.

        Parameters
        ----------
        kind : str
            Name of the operator.
        *inputs : str or ndarray
            Names, or constants.
        domain : str, default=""
        version : int, default=None
            Version of the operator; None takes the latest version that the graph admits.
        output : str, default=None
            Name of the output; by default a new one.
        **attributes : dict
        """
        names = [
            value if isinstance(value, str) else self.constant(value)
            for value in inputs
        ]
        if output is None:
            output = self._scope.get_unique_variable_name(kind.lower())
        label = self._scope.get_unique_operator_name(kind)
        self._container.add_node(
            kind,
            names,
            [output],
            op_domain=domain,
            op_version=version,
            name=label,
            **attributes,
        )
        return output

    def cast(self, name, kind, output=None):
        """Convert an array to a type: "FLOAT", "DOUBLE", "INT64" or a dtype of floats."""
        if not isinstance(kind, str):
            kind = {4: "FLOAT", 8: "DOUBLE"}[np.dtype(kind).itemsize]
        kind = getattr(self._types, kind)
        return self.node("Cast", name, to=kind, output=output)

    def columns(self, name, positions, width):
        """Take columns of an array that has `width` columns."""
        positions = np.asarray(positions, np.int64)
        if np.array_equal(positions, np.arange(width)):
            return name
        return self.node("Gather", name, positions, axis=1)

    def beside(self, names):
        """Join arrays of the same rows."""
        if len(names) == 1:
            return names[0]
        return self.node("Concat", *names, axis=1)

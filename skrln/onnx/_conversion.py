# SPDX-License-Identifier: BSD-3-Clause
"""Conversion of a fitted model or pipeline into an ONNX model."""

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.utils.validation import check_is_fitted

from skrln._table._cells import Role
from skrln._table._columns import check_dimensions
from skrln._table._frames import column_names, has_objects, is_frame, read_table
from skrln._table._sklearn import take

from ._columns import tensor_type
from ._converters import register_converters
from ._graph import ML_DOMAIN
from ._imports import load
from ._imputer import convert_imputer
from ._trees import BOOSTING, SINGLE, TREES_VERSION, convert_boosting, parse_tree
from ._xgboost import parse_xgboost, xgboost_models


def to_onnx(model, X, *, target_opset=None):
    """Convert a fitted model into an ONNX model, which predicts without Python.

    The model is a network or an ensemble of this package, a blend, or a pipeline or other
    estimator of scikit-learn that contains them. The result predicts the same numbers to
    1e-5.

    Read more in the :ref:`User Guide <saving>`.

    Parameters
    ----------
    model : estimator
        Fitted model.

    X : {array-like, data frame} of shape (n_samples, n_features)
        Some rows of the table, as `predict` takes them. An array becomes one input ``X`` of
        shape (n_rows, n_features). Every column of a data frame becomes an input of its name,
        of shape (n_rows, 1): a string for a category, a number otherwise. Numbers are in
        double precision, unless all numbers of `X` are in single precision. An array of
        objects counts as a data frame with the columns ``X0``, ``X1`` and so on.

    target_opset : int or dict, default=None
        Version of the ONNX operators, as skl2onnx takes it; None takes the latest version
        that skl2onnx has tested.

    Returns
    -------
    onnx.ModelProto
        Model with the output ``variable`` of a regressor, of shape (n_rows, n_tasks), or the
        outputs ``label`` and ``probabilities`` of a classifier. For several tasks of classes,
        and for :class:`~skrln.RLNMultiTask`, the names end with the number of the task:
        ``variable_0``, or ``label_0`` and ``probabilities_0``.

    Raises
    ------
    ImportError
        If skl2onnx or onnx are not installed.
    NotImplementedError
        For a model that ONNX cannot express.
    ValueError
        For a table that the model refuses.

    See Also
    --------
    register_converters : For a direct call of ``skl2onnx.to_onnx``.

    Notes
    -----
    A missing number is NaN. A missing category is an empty string. The strings "None", "nan"
    and "<NA>" are missing too, unless a category of the training rows has this name.
    `predict` refuses infinite numbers, and the graph takes them for very large numbers.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skrln import RLNRegressor
    >>> from skrln.onnx import to_onnx
    >>> from skrln.presets import READABLE
    >>> X, y = load_diabetes(return_X_y=True)
    >>> params = READABLE | {"hidden_layer_sizes": (8,), "max_iter": 5}
    >>> model = RLNRegressor(**params, random_state=0).fit(X, y)
    >>> stored = to_onnx(model, X)
    >>> [array.name for array in stored.graph.output]
    ['variable']
    """
    convert = load("skl2onnx").convert_sklearn
    register_converters()
    check_is_fitted(model)
    if not hasattr(model, "predict"):
        raise NotImplementedError(
            f"Got {type(model).__name__}, which does not predict, but expected a model "
            "such as RLNRegressor. Convert the pipeline that it is a step of."
        )
    X = check_dimensions(X)
    exceptions = load("skl2onnx.common.exceptions")
    missing = exceptions.MissingConverter, exceptions.MissingShapeCalculator
    types = _read_types(X)
    if target_opset is None:
        # Converters of others would take operators of trees that skl2onnx does not know.
        latest = load("skl2onnx").__max_supported_opset__
        target_opset = {"": latest, ML_DOMAIN: TREES_VERSION}
    try:
        converted = convert(
            model,
            name=type(model).__name__,
            initial_types=types,
            target_opset=target_opset,
            custom_conversion_functions={
                SimpleImputer: convert_imputer,
                **dict.fromkeys(BOOSTING, convert_boosting),
            },
            custom_parsers={
                **dict.fromkeys(SINGLE, parse_tree),
                **dict.fromkeys(xgboost_models(), parse_xgboost),
            },
        )
    except missing as error:
        raise NotImplementedError(
            f"Got {type(model).__name__} with a part that skl2onnx cannot convert: {error} "
            "Register a converter for the part (XGBoost needs no more than pip install "
            "onnxmltools), or use skops or pickle."
        ) from error
    # Rows that the model refuses, such as columns in another order, would be wrong inputs.
    model.predict(take(X, slice(2), axis=0))
    return _with_names(converted, [name for name, _ in types])


def _with_names(converted, names):
    """Name the inputs after the columns: skl2onnx replaces blanks and the like."""
    graph = converted.graph
    pairs = zip((own.name for own in graph.input), names, strict=True)
    new_names = {old: new for old, new in pairs if new and old != new}
    for own in graph.input:
        own.name = new_names.get(own.name, own.name)
    for node in graph.node:
        for k, name in enumerate(node.input):
            node.input[k] = new_names.get(name, name)
    return converted


def _read_types(X):
    """Return name and type of each input of the graph for a table."""
    if not has_objects(X):
        kind = "FLOAT" if X.dtype == np.float32 else "DOUBLE"
        return [("X", tensor_type(kind, [None, X.shape[1]]))]
    kinds = [_kind_of(column) for column in read_table(X)]
    names = [str(name) for name in column_names(X)]
    if is_frame(X):
        # One precision for all: steps of a pipeline refuse inputs of several.
        pairs = zip(kinds, list(X.dtypes), strict=True)
        dtypes = {str(dtype).lower() for kind, dtype in pairs if kind == "DOUBLE"}
        if dtypes == {"float32"}:
            kinds = ["FLOAT" if kind == "DOUBLE" else kind for kind in kinds]
    else:
        names = [f"X{name}" for name in names]
    return [
        (name, tensor_type(kind, [None, 1]))
        for name, kind in zip(names, kinds, strict=True)
    ]


def _kind_of(column):
    """Return the type of a column from its Cells."""
    if column.role == Role.NUMBERS:
        return "DOUBLE"
    # Levels of a category may be numbers.
    words = [cell for cell in column.examples if isinstance(cell, str | bytes)]
    return "STRING" if words or not column.examples else "DOUBLE"

# SPDX-License-Identifier: BSD-3-Clause
"""Outputs of a graph: their names and types, and their arrays from the means of an ensemble.

- Numbers: ``variable``, (n_rows, n_tasks).
- Classes of one task: ``label``, (n_rows,), and ``probabilities``, (n_rows, n_classes).
- Several labels of 0 and 1: ``label`` and ``probabilities``, both (n_rows, n_labels).
- Several tasks: for task k ``label_k`` and ``probabilities_k``, or ``variable_k`` if the task
  is one of numbers.
"""

from typing import NamedTuple

import numpy as np

from skrln._table._targets import RegressionTarget


class Output(NamedTuple):
    """An output of the graph."""

    name: str
    kind: str  #: "number", or the type of labels: "INT64" or "STRING"
    shape: list


def list_outputs(target):
    """List the outputs of the graph of a target.

    Returns
    -------
    list of Output
    """
    if isinstance(target, RegressionTarget):
        return [Output("variable", "number", [None, len(target.scale)])]
    if getattr(target, "multilabel", False):
        shape = [None, len(target.task_classes)]
        return [
            Output("label", "INT64", shape),
            Output("probabilities", "number", shape),
        ]
    outputs = []
    for task, (classes, listed) in enumerate(_classes_of_tasks(target)):
        suffix = "" if target.one_dimensional else f"_{task}"
        if classes is None:
            outputs.append(Output(f"variable{suffix}", "number", [None, 1]))
            continue
        kind = "INT64" if label_values(classes).dtype.kind == "i" else "STRING"
        outputs += [
            Output(f"label{suffix}", kind, [None]),
            Output(f"probabilities{suffix}", "number", [None, len(listed)]),
        ]
    return outputs


def _classes_of_tasks(target):
    """Return the classes with an output, and all classes, of each task; None of numbers."""
    encoders = getattr(target, "encoders", None)
    if encoders is None:
        return list(zip(target.task_classes, target.listed_classes, strict=True))
    return [
        (encoder.task_classes[0], encoder.listed_classes[0])
        if is_class
        else (None, None)
        for encoder, is_class in zip(encoders, target.class_tasks, strict=True)
    ]


def label_values(classes):
    """Return the labels of classes in the graph: whole numbers, or strings as objects."""
    kind = classes.dtype.kind
    if kind in "biu" or (kind == "f" and np.array_equal(classes, np.round(classes))):
        return classes.astype(np.int64)
    if all(isinstance(name, str) for name in classes.tolist()):
        return classes.astype(object)
    raise NotImplementedError(
        f"Got the classes {classes.tolist()[:5]} of type {classes.dtype}, but labels of "
        "an ONNX graph are strings or whole numbers. Convert the labels to strings before "
        "the fit."
    )


def write_outputs(graph, target, means, names, kind):
    """Write the outputs of a graph.

    Parameters
    ----------
    graph : Graph
    target : RegressionTarget, ClassTarget or MixedTarget
    means : Means
    names : list of str
        Names of the outputs in the order of `list_outputs`.
    kind : str
        Type of numbers and probabilities, "FLOAT" or "DOUBLE".
    """
    names = iter(names)
    if isinstance(target, RegressionTarget):
        values = _in_units(graph, means.numbers, target.scale, target.center)
        graph.cast(values, kind, output=next(names))
        return
    if getattr(target, "multilabel", False):
        negatives = graph.node("Sub", np.ones(1), means.positives)
        label = graph.node("Greater", means.positives, negatives)
        graph.cast(label, "INT64", output=next(names))
        graph.cast(means.positives, kind, output=next(names))
        return
    parts = _split(graph, target, means)
    for task, (classes, listed) in enumerate(_classes_of_tasks(target)):
        if classes is None:
            encoder = target.encoders[task]
            values = _in_units(graph, parts[task], encoder.scale, encoder.center)
            graph.cast(values, kind, output=next(names))
            continue
        write_label(graph, parts[task], classes, output=next(names))
        proba = parts[task]
        if len(classes) < len(listed):  # classes without weight have probability zero
            place = np.isin(listed, classes)
            proba = graph.node("MatMul", proba, np.eye(len(listed))[place])
        graph.cast(proba, kind, output=next(names))


def write_label(graph, proba, classes, output):
    """Write the most likely class of each row, (n_rows,)."""
    best = graph.node("ArgMax", proba, axis=1, keepdims=0)
    graph.node("Gather", label_values(classes), best, axis=0, output=output)


def _in_units(graph, values, scale, center):
    """Return numbers in the units of the targets."""
    values = graph.node("Mul", values, np.asarray(scale, float))
    return graph.node("Add", values, np.asarray(center, float))


def with_negatives(graph, positives):
    """Return the probabilities of both classes from those of the second, (n_rows, 1)."""
    return graph.beside([graph.node("Sub", np.ones(1), positives), positives])


def _split(graph, target, means):
    """Return the means of each task, (n_rows, 1) or (n_rows, n_classes)."""
    counts = {"numbers": 0, "positives": 0}
    widths = {
        "numbers": int(np.sum(~target.class_tasks)),
        "positives": target.heads.count(1) - int(np.sum(~target.class_tasks)),
    }

    def take(field):
        place = counts[field]
        counts[field] += 1
        return graph.columns(getattr(means, field), [place], widths[field])

    classes, parts = iter(means.classes), []
    for width, is_class in zip(target.heads, target.class_tasks, strict=True):
        if not is_class:
            parts.append(take("numbers"))
        elif width == 1:
            parts.append(with_negatives(graph, take("positives")))
        else:
            parts.append(next(classes))
    return parts

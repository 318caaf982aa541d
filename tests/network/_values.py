# SPDX-License-Identifier: BSD-3-Clause
"""Smallest values of the networks: parameters, problems, and networks that need no training.

All problems have 24 rows, 3 columns and one hidden layer of 4 units, in double precision, and
fits take 2 epochs, so that the tests that train share one compiled program.
"""

import numpy as np

from skrln._kernels import StopReason
from skrln._network._fitted import Curves, FittedNetwork
from skrln._network._forward import Network
from skrln._network._parameters import (
    Freezing,
    Optimizer,
    Parameters,
    Penalty,
    Schedule,
)
from skrln._network._settings import Mode, make_settings, single_kind
from skrln._network._specs import network_spec
from skrln._table._labels import ClassLabels, NumberLabels
from skrln._table._problem import (
    Arguments,
    Problem,
    encode_rows,
    fit_encoder,
    make_encoder,
    read_training,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 3))
Y = X[:, 0] - X[:, 1] + 0.1 * RNG.normal(size=24)
CLASSES = (np.median(Y) < Y).astype(int)
TRAIN, HELD_OUT = np.arange(18), np.arange(18, 24)
NUMBERS = NumberLabels()
SMALL = {
    "hidden_layer_sizes": (4,),
    "max_iter": 2,
    "theta": -8.0,
    "dtype": "float64",
}


#: Names of the fields of each option value in `make_parameters`.
SOLVER_FIELDS = {
    "solver": "name",
    "solver_options": "options",
    "clip_norm": "clip_norm",
    "clip_value": "clip_value",
    "weight_decay": "weight_decay",
}
RATE_FIELDS = {
    "learning_rate": "name",
    "schedule_options": "options",
    "rate": "rate",
}


def make_parameters(labels=NUMBERS, **changes):
    """Parameters of a single network; fields of option values are given by their names.

    The fields of a solver and of a schedule are those of SOLVER_FIELDS and RATE_FIELDS.
    """
    values = SMALL | changes
    kind = values.pop("penalty", "rln")
    penalty = _pop(values, {name: name for name in Penalty._fields})
    if kind != "rln":
        penalty = {"step": 0.0} | penalty
    if "rate" in values:
        values["learning_rate"] = "table"
    return Parameters(
        "Model",
        labels,
        penalty=None if kind is None else Penalty(kind, **penalty),
        solver=Optimizer(**_pop(values, SOLVER_FIELDS)),
        learning_rate=Schedule(**_pop(values, RATE_FIELDS)),
        freezing=Freezing(**_pop(values, {name: name for name in Freezing._fields})),
        **values,
    )


def _pop(values, fields):
    """Move values out of a dict, with other names."""
    return {field: values.pop(name) for name, field in fields.items() if name in values}


def make_problem(parameters, X=X, y=Y, sample_weight=None, held_out=None):
    """Problem of all rows, or of the rows that are not in `held_out`."""
    labels = parameters.labels
    arguments = Arguments(X, y, sample_weight)
    table, rows, columns = read_training(arguments, labels, parameters.input_options)
    if held_out is not None:
        rows = np.setdiff1d(rows, held_out)
    target = labels.fit(*table.rows(rows)[1:])
    encoder = make_encoder(
        table.X,
        columns,
        clip=parameters.input_clip,
        embedding=parameters.numeric_embedding,
    )
    fit_encoder(encoder, target, table.rows(rows))

    def encode(part):
        inputs = encoder.transform(part.X)
        return encode_rows(labels, target, part, inputs, parameters.task_weight)

    validation = None if held_out is None else encode(table.rows(held_out))
    return Problem(encoder, target, encode(table.rows(rows)), validation, len(rows))


def settings_of(parameters, problem, mode=Mode.SINGLE, kind=None):
    """Settings of a network of a problem."""
    return make_settings(
        parameters,
        single_kind(parameters) if kind is None else kind,
        mode,
        target=problem.target,
        n_rows=problem.n_rows,
        n_inputs=problem.encoder.n_inputs,
    )


def draw_network(spec, settings, seed=0):
    """Draw a network; a third of its first weights are zero."""
    rng = np.random.default_rng(seed)
    dtype = settings.dtype
    coefs = [rng.normal(size=shape).astype(dtype) for shape in spec.weight_shapes]
    coefs[0][rng.uniform(size=coefs[0].shape) < 1 / 3] = 0
    plain = ()
    if spec.n_plain:
        plain = [
            (rng.normal(size=shape).astype(dtype), rng.normal(size=shape[1]))
            for shape in spec.plain_shapes
        ]
    norms = ()
    if spec.batch_norm:
        sizes = spec.layer_sizes[1:-1]
        norms = [np.abs(rng.normal(1, 0.3, (4, n))).astype(dtype) for n in sizes]
    intercepts = [rng.normal(size=w.shape[1]).astype(dtype) for w in coefs]
    return Network(
        coefs, intercepts, settings.activation, settings.batch_norm, norms, plain
    )


def draw_fitted(parameters=None, problem=None, seed=0, settings=None, **changes):
    """Draw a fitted network that was not trained."""
    parameters = make_parameters() if parameters is None else parameters
    problem = make_problem(parameters) if problem is None else problem
    settings = settings_of(parameters, problem) if settings is None else settings
    network = draw_network(network_spec(settings, problem), settings, seed)
    coefficients = [np.full_like(weight, -np.inf) for weight in network.coefs]
    coefficients[0][:] = settings.theta
    curves = Curves(np.ones(2), None, np.zeros((2, 2)), None, None, None)
    fitted = FittedNetwork(
        settings,
        problem.encoder,
        problem.target,
        network,
        coefficients,
        None,
        curves,
        n_epochs=2,
        best_epoch=1,
        reason=StopReason.MAX_ITER,
        seed=seed,
    )
    return fitted._replace(**changes)


def assert_same(fitted, other):
    """Assert that two fitted networks have the same weights, to the bit."""
    pairs = zip(
        fitted.network.coefs + fitted.network.intercepts,
        other.network.coefs + other.network.intercepts,
        strict=True,
    )
    for one, two in pairs:
        np.testing.assert_array_equal(one, two)


CLASS_LABELS = ClassLabels()

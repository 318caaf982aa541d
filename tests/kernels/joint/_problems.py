# SPDX-License-Identifier: BSD-3-Clause
"""Tables of several domains and the way to the kernel."""

import numpy as np

from skrln._kernels import Data, JointPlan, fit_joint
from tests.kernels._problems import arguments, hyper_of, make_table, run_of, specs
from tests.kernels._reference import Settings

#: Four units between five inputs and an output: two layers to share.
SETTINGS = Settings(batch_size=32, max_epochs=9, solver="sgd", learning_rate=0.05)
ROWS = (12, 9, 16)


def make_tables(settings=SETTINGS, rows=ROWS):
    """Tables of different sizes, each with data of its own."""
    return [make_table(settings, n_rows=n, seed=k) for k, n in enumerate(rows)]


def together(tables):
    """One table of all domains."""
    parts = [np.concatenate(part) for part in zip(*tables, strict=True)]
    return Data(*parts, np.array([len(table.inputs) for table in tables]))


def fit(tables, settings=SETTINGS, *, validation=None, patience=np.inf, **options):
    """Fit of `fit_joint`; in double precision. Options of the plan, then of the fit."""
    plan = {"strategy": "joint", "coupling": 1.0, "n_shared": 2, "tol": 0.0}
    of_plan = {
        k: options.pop(k) for k in list(options) if k in JointPlan.__annotations__
    }
    network, train = specs(settings)
    (*positional, run), options = arguments(
        together(tables),
        network,
        train,
        hyper_of(settings, patience=patience, **options.pop("numbers", {})),
        validation=None if validation is None else together(validation),
        **({"precision": "float64"} | run_of(settings) | options),
    )
    return fit_joint(*positional, JointPlan(**(plan | of_plan)), run, **options)


def arrays(result):
    """All that training has changed."""
    return [
        *(layer.weight for layer in result.params),
        *(layer.bias for layer in result.params),
        *result.coefficients,
        result.history.loss,
    ]


def assert_equal(first, second):
    """Bit for bit."""
    for a, b in zip(arrays(first), arrays(second), strict=True):
        np.testing.assert_array_equal(a, b)


def assert_close(first, second, **tolerance):
    for a, b in zip(arrays(first), arrays(second), strict=True):
        np.testing.assert_allclose(a, b, **tolerance)


def joined(params, layer):
    """Weights and biases of a layer as one row per domain."""
    weight = params[layer].weight
    return np.hstack([weight.reshape(len(weight), -1), params[layer].bias])

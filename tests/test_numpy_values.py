# SPDX-License-Identifier: BSD-3-Clause
"""Parameters as NumPy scalars, which a grid of an array gives, and values that are huge."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skrln import RLNRegressor
from skrln.options import ReduceOnPlateau, RLNPenalty, Solver
from skrln.presets import READABLE

from ._estimators import NUMBERS, X, make_cases

CASES = make_cases()


def as_numpy(value):
    """NumPy scalar of a Python value; tuples as arrays."""
    if isinstance(value, bool):
        return np.bool_(value)
    for kind, scalar in ((int, np.int64), (float, np.float64), (str, np.str_)):
        if isinstance(value, kind):
            return scalar(value)
    return np.array(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("name", CASES)
def test_all_parameters_as_numpy_scalars(name):
    case = CASES[name]
    model = clone(case.model)
    if "batch_size" in model.get_params():
        model.set_params(batch_size=32)
    expected = case.outputs(case.fit(clone(model)))
    params = model.get_params(deep=False)
    model.set_params(**{key: as_numpy(value) for key, value in params.items()})
    np.testing.assert_equal(case.outputs(case.fit(model)), expected)


def test_options_as_numpy_scalars():
    options = {
        "penalty": RLNPenalty(np.float64(0.03), n_path_edges=np.int64(2)),
        "solver": Solver(
            np.str_("sgd"),
            options={"momentum": np.float64(0.5), "nesterov": np.bool_(True)},
        ),
        "learning_rate": ReduceOnPlateau(np.float64(0.5), patience=np.int64(2)),
        "early_stopping": np.bool_(False),
    }
    small = {"hidden_layer_sizes": (5,), "max_iter": 3, "random_state": 0}
    model = RLNRegressor(**READABLE | small | options).fit(X, NUMBERS)
    assert model.n_iter_ == 3
    assert model.validation_loss_curve_ is None


def test_grid_of_arrays():
    small = {"hidden_layer_sizes": (5,), "max_iter": 3, "random_state": 0}
    grid = {"batch_size": np.array([16, 32]), "theta": np.array([-7.0])}
    search = GridSearchCV(RLNRegressor(**READABLE | small), grid, cv=2)
    search.fit(X, NUMBERS)
    assert search.best_params_["batch_size"] in (16, 32)


def test_huge_values():
    small = {"hidden_layer_sizes": (5,), "random_state": 0, "penalty": None}
    model = RLNRegressor(
        **READABLE | small | {"max_iter": 2**40, "n_iter_no_change": 2}
    )
    model.set_params(early_stopping=True, learning_rate_init=0.1, batch_size=2**40)
    assert model.fit(X, NUMBERS).n_iter_ < 2**20
    model.set_params(learning_rate=lambda step: 0.01)
    message = "Got max_iter=1099511627776 with a callable learning_rate.*10,000,000"
    with pytest.raises(ValueError, match=message):
        model.fit(X, NUMBERS)
    with pytest.raises(ValueError, match="'n_estimators' parameter"):
        RLNRegressor(n_estimators=2**40).fit(X, NUMBERS)

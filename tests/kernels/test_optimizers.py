# SPDX-License-Identifier: BSD-3-Clause
"""Directions of the solvers at their first steps, and clipping."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from skrln._kernels import SOLVERS, Hyper, StopReason, solver_options
from skrln._kernels._names import OPTAX_SOLVERS, OWN_SOLVERS
from skrln._kernels._optimizers import _OWN, clip_gradient, init_solver, make_solver

from ._problems import fit, make_table
from ._reference import Settings

#: Solvers that the installed optax has; an older one may lack some.
INSTALLED = [name for name in SOLVERS if name in OWN_SOLVERS or hasattr(optax, name)]


def clipped(clips, **bounds):
    gradient = {"a": jnp.array([0.9]), "b": jnp.array([100.0])}
    hyper = Hyper(*[None] * 6, **bounds)
    with jax.enable_x64(True):
        gradient = clip_gradient(gradient, clips, hyper)
    return [float(gradient["a"][0]), float(gradient["b"][0])]


def test_clipping_by_value_turns_the_gradient():
    np.testing.assert_allclose(clipped(("value",), clip_value=1.0), [0.9, 1], rtol=1e-6)


def test_clipping_by_norm_keeps_its_direction():
    """Over all layers together."""
    gradient = clipped(("norm",), clip_norm=1.0)
    np.testing.assert_allclose(gradient, [0.00899964, 0.9999595], rtol=1e-6)
    assert clipped(("norm",), clip_norm=1e3) == pytest.approx([0.9, 100])


def test_no_clipping():
    assert clipped(()) == pytest.approx([0.9, 100])


def two_directions(name, numbers, flags=()):
    """Directions for the gradients 2 and -1 one after the other."""
    solver = make_solver(name, flags, numbers)
    weight = jnp.ones(1)
    state = init_solver(name, flags, numbers, weight)
    first, state = solver.update(jnp.array([2.0]), state, weight)
    second, _ = solver.update(jnp.array([-1.0]), state, weight)
    return np.concatenate([first, second])


#: For the gradients 2 and -1 one after the other.
DIRECTIONS = {
    "sgd": [2, -1 + 0.5 * 2],
    "adam": [
        1,
        (0.9 * 0.2 - 0.1)
        / (1 - 0.9**2)
        / np.sqrt((0.999 * 0.004 + 0.001) / (1 - 0.999**2)),
    ],
    "rmsprop": [2 / np.sqrt(0.4), -1 / np.sqrt(0.9 * 0.4 + 0.1)],
}


@pytest.mark.parametrize("name", DIRECTIONS)
def test_directions_of_two_steps(name):
    numbers = {"momentum": 0.5} if name == "sgd" else {}
    # Single precision leaves 1e-5 of Adam's 1 - 0.999**2.
    with jax.enable_x64(True):
        directions = two_directions(name, numbers)
    # The epsilons of the solvers: 1e-8 for Adam, 1e-7 in the root for RMSprop.
    np.testing.assert_allclose(directions, DIRECTIONS[name], rtol=1e-6)


def test_nesterov_is_a_flag_of_sgd():
    directions = two_directions("sgd", {"momentum": 0.5}, (("nesterov", True),))
    np.testing.assert_allclose(directions, [2 + 0.5 * 2, -1 + 0.5 * (-1 + 0.5 * 2)])


#: Linear in their numbers, or with no complement ``1 - number`` to round otherwise.
EXACT = {"sgd", "adagrad", "optimistic_gradient_descent", "rprop", "sign_sgd"}


def numbers_of(name):
    return {k: v for k, v in solver_options(name).items() if isinstance(v, float)}


def test_names_are_those_of_the_solvers():
    assert tuple(_OWN) == OWN_SOLVERS
    assert (*OWN_SOLVERS, *OPTAX_SOLVERS) == SOLVERS
    assert len(INSTALLED) >= 20


def test_a_solver_that_optax_lacks(monkeypatch):
    monkeypatch.delattr(optax, "sm3")
    with pytest.raises(
        ValueError, match=r"Got solver='sm3', but .* the installed optax"
    ):
        solver_options("sm3")


def test_solvers_name_their_options():
    assert solver_options("adam") == {"b1": 0.9, "b2": 0.999, "eps": 1e-8}
    assert solver_options("rmsprop") == {"decay": 0.9, "eps": 1e-7}
    assert solver_options("sgd") == {"momentum": 0.9, "nesterov": False}
    for name in INSTALLED:
        assert {type(v) for v in solver_options(name).values()} <= {float, bool, str}


@pytest.mark.parametrize("name", INSTALLED)
def test_numbers_at_their_defaults_change_nothing_but_rounding(name, double_precision):
    defaults = {k: jnp.asarray(v) for k, v in numbers_of(name).items()}
    given, none = two_directions(name, defaults), two_directions(name, {})
    if name in EXACT:
        np.testing.assert_array_equal(given, none)
    np.testing.assert_allclose(given, none, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("name", sorted(set(INSTALLED) - set(OWN_SOLVERS)))
def test_solver_of_optax_is_the_one_of_optax(name):
    solver = getattr(optax, name)(learning_rate=1.0)
    weight = jnp.ones(1)
    state, expected = solver.init(weight), []
    for gradient in (2.0, -1.0):
        update, state = solver.update(jnp.array([gradient]), state, weight)
        expected.append(-float(update[0]))
    np.testing.assert_array_equal(two_directions(name, {}), expected)


@pytest.mark.parametrize("name", INSTALLED)
def test_every_solver_trains_and_its_numbers_compile_once(name, compilations):
    settings = Settings(solver=name, regularized=None, batch_size=24, max_epochs=30)
    numbers = numbers_of(name)
    fits = [
        fit(settings, make_table(), numbers={"solver_numbers": changed})
        for changed in (numbers, {k: 0.9 * v for k, v in numbers.items()})
    ]
    for result in fits:
        assert result.reason == StopReason.MAX_ITER
        assert result.history.loss[-1] < result.history.loss[0]
    assert compilations().count("train_epochs") == 1
    if numbers:
        assert (fits[0].history.loss != fits[1].history.loss).any()

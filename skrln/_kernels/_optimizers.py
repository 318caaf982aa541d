# SPDX-License-Identifier: BSD-3-Clause
"""Solvers and clipping of optax, by name.

A solver returns the direction of a step. The step multiplies it by minus the learning rate, so
that the rate stays a traced number.
"""

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import numpy as np
import optax

from ._types import Hyper, Params

Options = dict[str, float | bool | str]
Flags = tuple[tuple[str, bool | str], ...]

#: Solvers with options of this package: the transformation of optax that returns a direction,
#: and the defaults of the options.
_OWN: dict[str, tuple[Callable[..., optax.GradientTransformation], Options]] = {
    "adam": (optax.scale_by_adam, {"b1": 0.9, "b2": 0.999, "eps": 1e-8}),
    "rmsprop": (optax.scale_by_rms, {"decay": 0.9, "eps": 1e-7}),
    "sgd": (
        lambda momentum, nesterov: optax.trace(decay=momentum, nesterov=nesterov),
        {"momentum": 0.9, "nesterov": False},
    ),
}
#: Options of optax that are integers of structure, or masks of parameters.
_NOT_OPTIONS = {
    "decay_offset",
    "min_dim_size_to_factor",
    "trust_ratio_mask",
    "weight_decay_mask",
}


def solver_options(name: str) -> Options:
    """Return the defaults of the options of a solver, by name.

    A float is the default of a traced number, for ``Hyper.solver_numbers``. A bool or str is
    the default of a static flag, for ``TrainSpec.solver_flags``.
    """
    if name in _OWN:
        return dict(_OWN[name][1])
    if not hasattr(optax, name):
        raise ValueError(
            f"Got solver={name!r}, but expected a solver of the installed optax "
            f"{optax.__version__}, which lacks this one. Install a newer optax, or pass "
            "another solver, such as 'adam'."
        )
    parameters = inspect.signature(getattr(optax, name)).parameters
    defaults = {
        key: parameter.default
        for key, parameter in parameters.items()
        if key != "learning_rate" and key not in _NOT_OPTIONS
    }
    return {
        key: value if isinstance(value, bool | str) else float(value)
        for key, value in defaults.items()
        if isinstance(value, bool | str | int | float)
    }


CLIPS: dict[str, Callable[[Hyper], optax.GradientTransformation]] = {
    "value": lambda hyper: optax.clip(hyper.clip_value),
    "norm": lambda hyper: optax.clip_by_global_norm(hyper.clip_norm),
}


def make_solver(
    name: str, flags: Flags, numbers: dict[str, Any]
) -> optax.GradientTransformation:
    """Transformation of gradients into directions.

    The weight decay of "adamw" and the like is part of the direction, and so of ``u``.

    Parameters
    ----------
    name : str
        Name in ``SOLVERS``.
    flags, numbers
        Options, see `solver_options`; missing options have their defaults.
    """
    given = dict(flags) | numbers
    if name in _OWN:
        make, defaults = _OWN[name]
        return make(**(defaults | given))
    update = getattr(optax, name)(learning_rate=1.0, **given)
    return optax.chain(update, optax.scale(-1.0))


def init_solver(
    name: str, flags: Flags, numbers: dict[str, Any], params: Params
) -> Any:
    """State of a solver before the first step, in NumPy."""
    if name not in _OWN:
        return jax.tree.map(np.asarray, make_solver(name, flags, numbers).init(params))
    leaves, structure = jax.tree.flatten(params)
    shapes = tuple((leaf.shape, leaf.dtype) for leaf in leaves)
    like = _shapes_of_state(name, flags, structure, shapes)
    return jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), like)


@lru_cache(maxsize=64)
def _shapes_of_state(
    name: str, flags: Flags, structure: Any, shapes: tuple[tuple[Any, Any], ...]
) -> Any:
    """Shapes of the state of a solver that starts at zero.

    They compile nothing, but take milliseconds to find.
    """
    leaves = [jax.ShapeDtypeStruct(*shape) for shape in shapes]
    params = jax.tree.unflatten(structure, leaves)
    return jax.eval_shape(make_solver(name, flags, {}).init, params)


def clip_gradient(gradient: Any, clips: tuple[str, ...], hyper: Hyper) -> Any:
    """Bound the entries, or the length over all layers together."""
    for name in clips:
        gradient, _ = CLIPS[name](hyper).update(gradient, optax.EmptyState())
    return gradient

# SPDX-License-Identifier: BSD-3-Clause
"""The rule of Regularization Learning Networks.

Every weight w has a coefficient lambda. After the solver's step u, the penalty takes a step of
strength ``(eta_t / 1e-3) * exp(lambda)``. The solver's update u at the next batch estimates the
change of the loss under another lambda (Theorem 1 of [1]_). Lambda descends this counterfactual
gradient, and all lambda are shifted so that their mean is theta (Eqs. 5 and 6 of [1]_).

References
----------
.. [1] Shavitt and Segal, "Regularization Learning Networks: Deep Learning for Tabular
   Datasets", NeurIPS 2018.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from ._config import PenaltySpec
from ._types import Hyper, Params, Penalty

#: Learning rate at which exp(lambda) is the size of a penalty step.
UNIT_RATE = 1e-3
#: Bound on the change of lambda in one step.
MAX_REG_STEP = 1.0
#: Larger exponents would overflow, and penalize no more.
MAX_EXPONENT = 30.0


def init_penalty(params: Params, spec: PenaltySpec | None) -> Penalty:
    """State with all lambda at theta, in NumPy; slopes are zero before the first step."""
    if spec is None:
        return Penalty((), ())
    weights = [
        layer.weight[spec.penalized(k)]
        for k, layer in enumerate(params[: spec.n_layers])
    ]
    slope = tuple(np.zeros_like(weight) for weight in weights)
    if not spec.n_groups:
        return Penalty(slope, slope)
    counts = (spec.n_groups, *(len(weight) for weight in weights[1:]))
    deviation = tuple(
        np.zeros(count, weight.dtype)
        for count, weight in zip(counts, weights, strict=True)
    )
    return Penalty(deviation, slope)


def update_coefficients(
    penalty: Penalty,
    updates: Params,
    hyper: Hyper,
    groups: Array,
    spec: PenaltySpec,
) -> Penalty:
    """Move lambda down the counterfactual gradient, and its mean back to theta.

    Parameters
    ----------
    penalty : Penalty
        With the slope of the last penalty step.
    updates : tuple of Layer
        Updates of the solver, computed at the new weights on the next batch.
    hyper : Hyper
    groups : Array of shape (n_penalized_rows,)
        Group of each row of the first layer; unused with one lambda per weight.
    spec : PenaltySpec
    """
    moved = []
    for k, (deviation, slope) in enumerate(zip(*penalty, strict=True)):
        gain = updates[k].weight[spec.penalized(k)] * slope / hyper.learning_rate
        if spec.n_groups:
            gain = _group_mean(gain, _groups_of(k, gain, groups), deviation.shape[0])
        move = jnp.clip(hyper.reg_step * gain, -MAX_REG_STEP, MAX_REG_STEP)
        moved.append(deviation - move)
    return penalty._replace(deviation=_project(tuple(moved), spec.scope))


def _project(deviations: tuple[Array, ...], scope: str) -> tuple[Array, ...]:
    """Euclidean projection onto mean zero, over the network or each layer (Eq. 6)."""
    if scope == "layer":
        return tuple(d - jnp.mean(d) for d in deviations)
    total = sum(jnp.sum(d) for d in deviations)
    mean = total / sum(d.size for d in deviations)
    return tuple(d - mean for d in deviations)


def shrink(
    params: Params,
    penalty: Penalty,
    rates: tuple[Array, ...],
    hyper: Hyper,
    groups: Array,
    spec: PenaltySpec,
) -> tuple[Params, Penalty]:
    """Take the penalty step after the solver's step, and keep its slope.

    Parameters
    ----------
    params : tuple of Layer
        After the solver's update.
    penalty : Penalty
    rates : tuple of Array
        eta_t of each layer.
    hyper, groups, spec
        As for `update_coefficients`.
    """
    layers, deviations, slopes = list(params), [], []
    for k, deviation in enumerate(penalty.deviation):
        whole, theta = params[k].weight, hyper.theta[k]
        weight = whole[spec.penalized(k)]
        scale = rates[k] / UNIT_RATE
        if spec.rule == "subgradient":
            step = _subgradient_step(weight, deviation, theta, scale, spec.norm)
            weight, deviation, slope = step
        elif spec.n_groups:
            rows = _groups_of(k, weight, groups)
            relative, unit = _strength(deviation, theta, scale)
            weight, slope = _group_step(weight, relative, unit, rows, spec.norm)
        else:
            relative, unit = _strength(deviation, theta, scale)
            weight, slope = _proximal_step(weight, relative, unit, spec.norm)
        if weight.shape != whole.shape:
            weight = jnp.concatenate([weight, whole[len(weight) :]])
        layers[k] = layers[k]._replace(weight=weight)
        deviations.append(deviation)
        slopes.append(slope)
    return tuple(layers), Penalty(tuple(deviations), tuple(slopes))


def _strength(deviation: Array, theta: Array, scale: Array) -> tuple[Array, Array]:
    """Return exp(lambda - theta), and the length of a penalty step at lambda = theta."""
    relative = jnp.exp(jnp.minimum(theta + deviation, MAX_EXPONENT) - theta)
    return relative, scale * jnp.exp(theta)


def _proximal_step(
    weight: Array, relative: Array, unit: Array, norm: str
) -> tuple[Array, Array]:
    """Proximal step of each weight, with its true derivative: zero in the dead zone."""
    strength = unit * relative
    if norm == "l2":
        new = weight / (1 + 2 * strength)
        return new, relative * 2 * new / (1 + 2 * strength)
    dead = jnp.abs(weight) <= strength
    sign = jnp.sign(weight)
    # A subtraction alone would leave rounding errors instead of zeros.
    new = jnp.where(dead, 0, weight - strength * sign)
    return new, jnp.where(dead, 0, relative * sign)


def _group_step(
    weight: Array, relative: Array, unit: Array, rows: Array, norm: str
) -> tuple[Array, Array]:
    """Proximal step of whole groups of rows.

    The "l1" norm of a group is its Euclidean length times the root of its size, so that theta
    has the same scale per weight as with one lambda per weight.
    """
    n_groups = relative.shape[0]
    if norm == "l2":
        return _proximal_step(weight, relative[rows][:, None], unit, norm)
    lengths = jnp.sqrt(_group_sum(weight**2, rows, n_groups))
    root = jnp.sqrt(_group_sum(jnp.ones_like(weight), rows, n_groups))
    strength = unit * relative * root
    dead = lengths <= strength
    # A dead group may have length zero, which would divide to NaN.
    safe = jnp.where(dead, 1, lengths)
    kept = jnp.where(dead, 0, 1 - strength / safe)[rows][:, None]
    pull = jnp.where(dead, 0, relative * root / safe)[rows][:, None]
    return weight * kept, weight * pull


def _subgradient_step(
    weight: Array, deviation: Array, theta: Array, scale: Array, norm: str
) -> tuple[Array, Array, Array]:
    """Plain step along the gradient of the penalty, as released in 2018.

    Where the step would overshoot zero, lambda is lowered so that the step just reaches zero.
    """
    limit = _limit(weight, theta, scale, norm)
    reached, deviation = deviation >= limit, jnp.minimum(deviation, limit)
    relative, unit = _strength(deviation, theta, scale)
    if norm == "l2":
        return weight - 2 * unit * relative * weight, deviation, relative * 2 * weight
    sign = jnp.sign(weight)
    new = jnp.where(reached, 0, weight - unit * relative * sign)
    return new, deviation, relative * sign


def _limit(weight: Array, theta: Array, scale: Array, norm: str) -> Array:
    """Deviation beyond which the subgradient step would overshoot zero."""
    tiny = jnp.finfo(weight.dtype).tiny
    reach = jnp.maximum(jnp.abs(weight), tiny) if norm == "l1" else 0.5
    # Two logarithms: a subnormal quotient would be zero under XLA.
    limit = jnp.log(reach) - jnp.log(jnp.maximum(scale, tiny)) - theta
    # The penalty has no gradient at zero, and cannot overshoot there.
    return jnp.where(weight == 0, jnp.inf, limit)


def coefficients(
    params: Params, penalty: Penalty, hyper: Hyper, groups: Any, xp: Any = jnp
) -> tuple[Any, ...]:
    """Lambda of every weight; minus infinity, no penalty, for weights without lambda.

    `xp` is the module of the arrays, jax.numpy or numpy.
    """
    layers = []
    for k, layer in enumerate(params):
        shape, dtype = layer.weight.shape, layer.weight.dtype
        if k >= len(penalty.deviation):
            layers.append(xp.full(shape, -xp.inf, dtype))
            continue
        deviation = penalty.deviation[k]
        if deviation.ndim == 1:
            rows = groups if k == 0 else slice(None)
            deviation = deviation[rows][:, None]
        n_free = shape[0] - len(deviation)
        penalized = (shape[0] - n_free, shape[1])
        learned = xp.broadcast_to(hyper.theta[k] + deviation, penalized)
        free = xp.full((n_free, shape[1]), -xp.inf, dtype)
        layers.append(xp.concatenate([learned.astype(dtype), free]))
    return tuple(layers)


def _groups_of(layer: int, weight: Array, groups: Array) -> Array:
    """Group of each row: the input column, or in a deeper layer the row itself."""
    return groups if layer == 0 else jnp.arange(weight.shape[0])


def _group_sum(values: Array, rows: Array, n_groups: int) -> Array:
    return jax.ops.segment_sum(jnp.sum(values, axis=1), rows, num_segments=n_groups)


def _group_mean(values: Array, rows: Array, n_groups: int) -> Array:
    sizes = _group_sum(jnp.ones_like(values), rows, n_groups)
    return _group_sum(values, rows, n_groups) / jnp.maximum(sizes, 1)

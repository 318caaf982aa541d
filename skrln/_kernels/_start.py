# SPDX-License-Identifier: BSD-3-Clause
"""Start of a fit: given or fresh weights, the state of the rule, and numbers."""

from typing import Any

import jax
import numpy as np

from skrln._interrupts import deferred

from ._batches import bucket
from ._coefficients import init_penalty
from ._config import NetworkSpec, PenaltySpec, StopReason, TrainSpec
from ._network import init_moments, init_params
from ._optimizers import init_solver
from ._sharding import put
from ._stopping import init_stopping
from ._types import Hyper, LoopState, Moments, Params, Penalty, Start, TrainState


def complete_start(
    start: Start,
    network: NetworkSpec,
    rng: np.random.Generator,
    dtype: np.dtype,
    dead_inputs: np.ndarray | None,
) -> Start:
    """Draw the layers that `start` leaves open."""
    fresh = init_params(rng, network, dtype)
    if dead_inputs is not None:
        n_read = network.n_read
        fresh[0].weight[:n_read][dead_inputs[:n_read]] = 0
        if fresh[0].plain is not None:
            fresh[0].plain[0].weight[dead_inputs[n_read:]] = 0
    given = start.params or (None,) * network.n_layers
    params = tuple(
        new if old is None else old for old, new in zip(given, fresh, strict=True)
    )
    moments = init_moments(params, network)
    if moments and start.moments:
        pairs = zip(start.moments, moments, strict=True)
        moments = tuple(new if old is None else old for old, new in pairs)
    return start._replace(params=params, moments=moments)


@deferred()
def initial_state(
    start: Start,
    train: TrainSpec,
    hyper: Hyper,
    groups: np.ndarray,
    dtype: np.dtype,
    n_rows: int | None = None,
) -> LoopState:
    """State on the devices, before the first epoch.

    Parameters
    ----------
    start : Start
        Complete.
    train, hyper, groups, dtype
    n_rows : int or None
        Validation rows with padding, where the sparsest epoch is kept.
    """
    params: Params = cast(start.params, dtype)
    moments: tuple[Moments, ...] = cast(start.moments, dtype)
    state = initial_train_state(params, moments, train, hyper.solver_numbers)
    if start.state is not None:
        leaves, structure = jax.tree.flatten(state)
        pairs = zip(start.state, leaves, strict=True)
        state = jax.tree.unflatten(
            structure, [np.asarray(old, new.dtype) for old, new in pairs]
        )
    elif start.coefficients is not None and train.penalty is not None:
        given, spec = start.coefficients, train.penalty
        penalty = _penalty_of(params, given, hyper, groups, spec, dtype)
        state = state._replace(penalty=penalty)
    return put(loop_state(state, dtype, n_rows), train.n_devices)


def initial_train_state(
    params: Params,
    moments: tuple[Moments, ...],
    train: TrainSpec,
    solver_numbers: dict[str, Any],
) -> TrainState:
    """State before the first step, in NumPy."""
    dtype = params[0].weight.dtype
    penalty = init_penalty(params, train.penalty)
    solver = init_solver(train.solver, train.solver_flags, solver_numbers, params)
    return TrainState(params, penalty, solver, np.int32(0), moments, np.ones((), dtype))


def loop_state(
    state: TrainState, dtype: np.dtype, n_rows: int | None = None
) -> LoopState:
    """State of a loop that starts from `state`, with fresh early stopping."""
    best = (state.params, state.moments, state.penalty)
    stopping = init_stopping(dtype, n_rows)
    return LoopState(state, best, stopping, np.int32(0), np.int32(StopReason.RUNNING))


def _penalty_of(
    params: Params,
    given: tuple[np.ndarray | None, ...],
    hyper: Hyper,
    groups: np.ndarray,
    spec: PenaltySpec,
    dtype: np.dtype,
) -> Penalty:
    """State of the rule with the given lambda; slopes are zero."""
    fresh = init_penalty(params, spec)
    deviations = []
    for k in range(spec.n_layers):
        old, rows = given[k], spec.penalized(k)
        shape = params[k].weight[rows].shape
        lam = np.full(shape, hyper.theta[k]) if old is None else old[rows]
        deviation = (lam - hyper.theta[k]).astype(dtype)
        if spec.n_groups:
            rows = np.unique(groups, return_index=True)[1] if k == 0 else slice(None)
            deviation = deviation[rows, 0]
        deviations.append(deviation)
    return fresh._replace(deviation=tuple(deviations))


def scale_table(hyper: Hyper) -> Hyper:
    """Rates of ``schedule.table`` relative to the highest, which becomes eta_0."""
    rates = np.asarray(hyper.schedule.table, float)
    highest = float(np.max(rates, initial=0.0))
    if not np.all(np.isfinite(rates)) or np.any(rates < 0) or highest == 0:
        raise ValueError(
            f"Got a learning_rate schedule with values from {np.min(rates)} to "
            f"{np.max(rates)}, but expected finite, non-negative rates, not all zero. "
            "Check what it returns at steps 0, 1, 2, ..."
        )
    n_padded = bucket(len(rates), minimum=64)
    table = np.full(n_padded, rates[-1] / highest)
    table[: len(rates)] = rates / highest
    schedule = hyper.schedule._replace(table=table)
    return hyper._replace(learning_rate=highest, schedule=schedule)


def cast(tree: Any, dtype: np.dtype) -> Any:
    """All leaves as NumPy arrays of this type."""
    return jax.tree.map(lambda leaf: np.asarray(leaf, dtype), tree)

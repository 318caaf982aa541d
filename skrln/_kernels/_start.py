# SPDX-License-Identifier: BSD-3-Clause
"""What a fit starts from: weights, given or drawn, the state of the rule, and numbers."""

from typing import Any, NamedTuple

import jax
import numpy as np

from ._batches import bucket
from ._config import NetworkSpec, PenaltySpec, TrainSpec
from ._loop import initial_train_state, loop_state
from ._network import init_moments, init_params
from ._types import Hyper, Layer, LoopState, Moments, Params, Penalty, TrainState


class Start(NamedTuple):
    """Where a fit starts from; None, of all or of single layers, for fresh weights.

    `state` (the leaves of a TrainState) goes on exactly; `params` with `moments` (of batch
    normalization) and `coefficients` (lambda per weight) goes on with a fresh solver.
    """

    params: tuple[Layer | None, ...] | None = None
    coefficients: tuple[np.ndarray | None, ...] | None = None
    state: list[np.ndarray] | None = None
    moments: tuple[Moments | None, ...] = ()


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
        dead_numbers = dead_inputs[: network.n_embedded]
        embedded = np.repeat(dead_numbers, network.embedding_width)
        n_tabular = len(dead_inputs) - network.n_plain
        read = np.concatenate([dead_inputs[:n_tabular], embedded])
        fresh[0].weight[: len(read)][read] = 0
        if fresh[0].plain is not None:
            fresh[0].plain[0].weight[dead_inputs[n_tabular:]] = 0
        if fresh[0].embedding is not None:  # its cosines are not zero where inputs are
            fresh[0].embedding.weight[dead_numbers] = 0
            fresh[0].embedding.bias[dead_numbers] = 0
    given = start.params or (None,) * network.n_layers
    params = tuple(
        new if old is None else old for old, new in zip(given, fresh, strict=True)
    )
    moments = init_moments(params, network)
    if moments and start.moments:
        pairs = zip(start.moments, moments, strict=True)
        moments = tuple(new if old is None else old for old, new in pairs)
    return start._replace(params=params, moments=moments)


def initial_state(
    start: Start, train: TrainSpec, hyper: Hyper, groups: np.ndarray, dtype: np.dtype
) -> LoopState:
    """State on the device, before the first epoch."""
    params: Params = cast(start.params, dtype)
    moments: tuple[Moments, ...] = cast(start.moments, dtype)
    fresh = initial_train_state(params, moments, train)
    if train.weighting == "dynamic":
        recent = np.zeros((2, len(hyper.task_weight)), dtype)
        fresh = fresh._replace(task_losses=recent)
    if start.state is not None:
        leaves, structure = jax.tree.flatten(fresh)
        pairs = zip(start.state, leaves, strict=True)
        state: TrainState = jax.tree.unflatten(
            structure, [np.asarray(old, new.dtype) for old, new in pairs]
        )
    elif start.coefficients is not None and train.penalty is not None:
        found = start.coefficients
        penalty = _penalty_of(params, found, hyper, groups, train.penalty, dtype)
        state = fresh._replace(penalty=penalty)
    else:
        state = fresh
    return jax.device_put(loop_state(state, dtype))


def _penalty_of(
    params: Params,
    found: tuple[np.ndarray | None, ...],
    hyper: Hyper,
    groups: np.ndarray,
    spec: PenaltySpec,
    dtype: np.dtype,
) -> Penalty:
    """State of the rule with the lambda given and no slope yet."""
    deviations = []
    for k in range(spec.n_layers):
        known, rows = found[k], spec.penalized(k)
        shape = params[k].weight[rows].shape
        lam = np.full(shape, hyper.theta[k]) if known is None else known[rows]
        deviation = (lam - hyper.theta[k]).astype(dtype)
        if spec.n_groups:
            rows = np.unique(groups, return_index=True)[1] if k == 0 else slice(None)
            deviation = deviation[rows, 0]
        deviations.append(deviation)
    slopes = tuple(
        np.zeros_like(params[k].weight[spec.penalized(k)]) for k in range(spec.n_layers)
    )
    return Penalty(tuple(deviations), slopes)


def with_table(hyper: Hyper, rates: np.ndarray) -> Hyper:
    """Learning rates of all steps, relative to the highest of them."""
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

# SPDX-License-Identifier: BSD-3-Clause
"""NumPy in, NumPy out: padding, precision, device, and the host loop over chunks of epochs."""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import numpy as np

from ._batches import bucket, count_batches, draw_orders
from ._coefficients import coefficients
from ._config import NetworkSpec, PenaltySpec, StopReason, TrainSpec
from ._loop import loop_state, start_loop, train_epochs
from ._network import init_params
from ._types import (
    Data,
    FitResult,
    History,
    Hyper,
    LoopState,
    Params,
    Penalty,
    SparseRows,
    TrainState,
)

#: Row orders of a chunk hold about this many numbers, and at most so many epochs.
ORDERS_PER_CHUNK, EPOCHS_PER_CHUNK = 1 << 20, 64
#: Distinct compiled programs that are kept before all are let go.
MAX_PROGRAMS = 64

_programs: set[Any] = set()
_backend_pid: int | None = None


class Start(NamedTuple):
    """Where a fit starts from; all None for fresh weights.

    `state` (the leaves of a TrainState) goes on exactly; `params` with `coefficients` (lambda
    per weight) goes on with a fresh solver.
    """

    params: Params | None = None
    coefficients: tuple[np.ndarray, ...] | None = None
    state: list[np.ndarray] | None = None


class Snapshot(NamedTuple):
    """What a callback may look at between two epochs."""

    epoch: int
    history: History
    fetch: Callable[[], FitResult]


def fit_network(
    data: Data,
    network: NetworkSpec,
    train: TrainSpec,
    hyper: Hyper,
    *,
    max_epochs: int,
    batch_size: int,
    seed: int,
    validation: Data | None = None,
    groups: np.ndarray | None = None,
    edges: np.ndarray | None = None,
    dead_inputs: np.ndarray | None = None,
    start: Start | None = None,
    restore_best: bool = False,
    precision: str = "float32",
    device: str | None = None,
    on_epoch: Callable[[Snapshot], bool] | None = None,
) -> FitResult:
    """Train one network.

    Parameters
    ----------
    data, validation : Data
        NumPy arrays without padding; sparse inputs as SparseRows.
    network : NetworkSpec
    train : TrainSpec
        `batch_capacity`, `has_validation` and `row_width` are filled in here.
    hyper : Hyper
        `total_steps` is filled in here.
    max_epochs, batch_size : int
    seed : int
        Of the initial weights and the order of the rows.
    groups : ndarray of shape (n_inputs,)
        Input column of each input row.
    edges : ndarray of int
        Flat indices of the first layer's weights to follow.
    dead_inputs : ndarray of bool of shape (n_inputs,)
        Inputs that never change. Their fresh weights are zero: no gradient would move them,
        and they would pass for inputs that the network uses.
    start : Start
    restore_best : bool
        Whether the result is the best epoch's instead of the last one's.
    precision : {"float32", "float64"}
    device : str or None
        "cpu", "gpu", "gpu:1"; None for the default of JAX.
    on_epoch : callable
        Called after every epoch; the fit stops where it returns True. With None, many epochs
        run in one call of the compiled program.

    Returns
    -------
    FitResult
    """
    _check_fork()
    with _placed(device, precision):
        return _fit(
            data,
            network,
            train,
            hyper,
            max_epochs=max_epochs,
            batch_size=batch_size,
            rngs=[np.random.default_rng([seed, k]) for k in range(2)],
            validation=validation,
            groups=_default(groups, np.arange(network.layer_sizes[0])),
            edges=_default(edges, np.zeros(0)),
            dead_inputs=_default(dead_inputs, np.zeros(network.layer_sizes[0], bool)),
            start=start or Start(),
            restore_best=restore_best,
            dtype=np.dtype(precision),
            on_epoch=on_epoch,
        )


def _fit(
    data: Data,
    network: NetworkSpec,
    train: TrainSpec,
    hyper: Hyper,
    *,
    max_epochs: int,
    batch_size: int,
    rngs: list[np.random.Generator],
    validation: Data | None,
    groups: np.ndarray,
    edges: np.ndarray,
    dead_inputs: np.ndarray,
    start: Start,
    restore_best: bool,
    dtype: np.dtype,
    on_epoch: Callable[[Snapshot], bool] | None,
) -> FitResult:
    n_rows = int(data.n_rows)
    n_batches = count_batches(n_rows, batch_size)
    train = replace(
        train,
        batch_capacity=min(bucket(n_rows), bucket(batch_size)),
        has_validation=validation is not None,
        row_width=_row_width(data, validation),
    )
    hyper = _cast(hyper._replace(total_steps=max_epochs * n_batches), dtype)
    table = pad_data(data, dtype)
    held_out = None if validation is None else pad_data(validation, dtype)
    if start.params is None:
        start = start._replace(params=init_params(rngs[0], network, dtype))
        start.params[0].weight[dead_inputs] = 0
    state = _initial_state(start, train, hyper, groups, dtype)
    fixed = jax.device_put(
        (np.int32(n_batches), groups.astype(np.int32), edges.astype(np.int32), hyper)
    )
    table, held_out = jax.device_put((table, held_out))

    n_padded = table.targets.shape[0]
    capacity = int(np.clip(ORDERS_PER_CHUNK // n_padded, 1, EPOCHS_PER_CHUNK))
    shape = (capacity, n_padded + train.batch_capacity)
    _remember(network, train, shape, held_out, dtype, len(edges), capacity)

    def result(state: LoopState, rows: list[History], reason: int) -> FitResult:
        best = restore_best or reason == StopReason.DIVERGED
        return _collect(state, rows, reason, best, fixed[3], fixed[1])

    rows: list[History] = []
    done, reason = 0, int(StopReason.RUNNING)
    try:
        while done < max_epochs and reason == StopReason.RUNNING:
            chunk = min(capacity, max_epochs - done) if on_epoch is None else 1
            if n_batches == 1:  # the order of the rows does not matter
                orders = np.zeros(shape, np.int32)
                orders[:, :n_rows] = np.arange(n_rows)
            else:
                orders = draw_orders(rngs[1], chunk, shape, n_rows)
            new, history = train_epochs(
                state,
                table,
                held_out,
                orders,
                np.int32(chunk),
                *fixed,
                network=network,
                train=train,
            )
            ran = int(new.epoch) - done
            rows.append(jax.tree.map(lambda h, ran=ran: np.asarray(h)[:ran], history))
            state, done, reason = new, done + ran, int(new.reason)
            if on_epoch is not None and reason != StopReason.DIVERGED:
                snapshot = Snapshot(
                    done - 1, rows[-1], lambda: result(state, rows, StopReason.RUNNING)
                )
                if on_epoch(snapshot):
                    reason = int(StopReason.CALLBACK)
    except KeyboardInterrupt:
        reason = int(StopReason.INTERRUPTED)
    if reason == StopReason.RUNNING:
        reason = int(StopReason.MAX_ITER)
    return result(state, rows, reason)


def _collect(
    state: LoopState,
    rows: list[History],
    reason: int,
    best: bool,
    hyper: Hyper,
    groups: Any,
) -> FitResult:
    params, penalty = state.train.params, state.train.penalty
    if best and int(state.patience.best_epoch) >= 0:
        params, penalty = state.best
    elif reason == StopReason.DIVERGED:
        params, penalty = state.best
    kept = state.train._replace(params=params, penalty=penalty)
    found = _lambdas(params, penalty, hyper, groups)
    empty = History(*(np.zeros(0),) * 2, np.zeros((0, 0)), np.zeros((0, 0, 2)))
    history = jax.tree.map(lambda *h: np.concatenate(h), *rows) if rows else empty
    return FitResult(
        jax.tree.map(np.asarray, params),
        found,
        history,
        int(state.epoch),
        int(state.patience.best_epoch),
        reason,
        [np.asarray(leaf) for leaf in jax.tree.leaves(kept)],
    )


@jax.jit
def _lambdas_on_device(
    params: Params, penalty: Penalty, hyper: Hyper, groups: Any
) -> tuple[Any, ...]:
    return coefficients(params, penalty, hyper, groups)


def _lambdas(
    params: Params, penalty: Penalty, hyper: Hyper, groups: Any
) -> tuple[np.ndarray, ...]:
    found = _lambdas_on_device(params, penalty, hyper, groups)
    return tuple(np.asarray(array) for array in found)


def _initial_state(
    start: Start,
    train: TrainSpec,
    hyper: Hyper,
    groups: np.ndarray,
    dtype: np.dtype,
) -> LoopState:
    params = _cast(start.params, dtype)
    penalty = None
    if start.coefficients is not None and train.penalty is not None:
        penalty = _penalty_of(
            params, start.coefficients, hyper, groups, train.penalty, dtype
        )
    fresh = start_loop(params, penalty, hyper, train=train)
    if start.state is None:
        return fresh
    structure = jax.tree.structure(fresh.train)
    leaves = [
        np.asarray(old, new.dtype)
        for old, new in zip(start.state, jax.tree.leaves(fresh.train), strict=True)
    ]
    state: TrainState = jax.tree.unflatten(structure, leaves)
    return jax.device_put(loop_state(state))


def _penalty_of(
    params: Params,
    found: tuple[np.ndarray, ...],
    hyper: Hyper,
    groups: np.ndarray,
    spec: PenaltySpec,
    dtype: np.dtype,
) -> Penalty:
    """State of the rule with the lambda given and no slope yet."""
    deviations = []
    for k in range(spec.n_layers):
        deviation = (found[k] - hyper.theta[k]).astype(dtype)
        if spec.n_groups:
            rows = np.unique(groups, return_index=True)[1] if k == 0 else slice(None)
            deviation = deviation[rows, 0]
        deviations.append(deviation)
    slopes = tuple(np.zeros_like(params[k].weight) for k in range(spec.n_layers))
    return Penalty(tuple(deviations), slopes)


def pad_data(data: Data, dtype: np.dtype) -> Data:
    """Copy of `data` in `dtype`, padded to a bucket of rows with weight zero."""
    n_padded = bucket(int(data.n_rows))
    inputs = data.inputs
    if isinstance(inputs, SparseRows):
        inputs = _pad_sparse(inputs, n_padded, dtype)
    else:
        inputs = _pad_rows(inputs, n_padded, dtype)
    targets = _pad_rows(data.targets, n_padded, dtype)
    weights = _pad_rows(data.weights, n_padded, dtype)
    return Data(inputs, targets, weights, np.int32(data.n_rows))


def _pad_rows(array: np.ndarray, n_padded: int, dtype: np.dtype) -> np.ndarray:
    padded = np.zeros((n_padded, *array.shape[1:]), dtype)
    padded[: len(array)] = array
    return padded


def _pad_sparse(table: SparseRows, n_padded: int, dtype: np.dtype) -> SparseRows:
    n_stored = bucket(len(table.values))
    starts = np.full(n_padded + 1, table.starts[-1], np.int32)
    starts[: len(table.starts)] = table.starts
    return SparseRows(
        _pad_rows(table.values, n_stored, dtype),
        _pad_rows(table.columns, n_stored, np.dtype(np.int32)),
        starts,
    )


def _row_width(data: Data, validation: Data | None) -> int:
    if not isinstance(data.inputs, SparseRows):
        return 0
    tables = [data.inputs] + ([] if validation is None else [validation.inputs])
    longest = max(int(np.diff(t.starts).max(initial=1)) for t in tables)
    return bucket(longest, minimum=4)


def _cast(tree: Any, dtype: np.dtype) -> Any:
    return jax.tree.map(lambda leaf: np.asarray(leaf, dtype), tree)


def _default(array: np.ndarray | None, default: np.ndarray) -> np.ndarray:
    return default if array is None else array


def _remember(*key: Any) -> None:
    """Let all programs go when too many distinct ones have been compiled."""
    key = tuple(k if not isinstance(k, Data) else k.targets.shape for k in key)
    if key not in _programs and len(_programs) >= MAX_PROGRAMS:
        clear_caches()
    _programs.add(key)


def clear_caches() -> None:
    """Free the compiled programs of this package.

    The next fit of each network shape compiles again (about a second). Useful in a long-lived
    process that fits networks of many different shapes; the number kept is bounded anyway.
    """
    _programs.clear()
    for program in (train_epochs, start_loop, _lambdas_on_device):
        program.clear_cache()


def default_platform(device: str | None = None) -> str:
    """"cpu", "gpu" or "tpu": where a fit with this `device` runs."""
    _check_fork()
    return _find_device(device).platform


def list_devices() -> list[str]:
    """Devices that JAX finds, as `device` takes them."""
    _check_fork()
    return [f"{device.platform}:{device.id}" for device in jax.devices()]


def _find_device(device: str | None) -> Any:
    if device is None:
        return jax.devices()[0]
    platform, _, index = device.partition(":")
    try:
        return jax.devices(platform)[int(index or 0)]
    except (RuntimeError, IndexError, ValueError) as error:
        there = ", ".join(list_devices())
        raise ValueError(
            f"Got device={device!r}, but expected None or one of the devices that JAX "
            f"finds here: {there}. Install the JAX build of that device, or pass None."
        ) from error


@contextlib.contextmanager
def _placed(device: str | None, precision: str) -> Iterator[None]:
    """Device and precision inside a scope: nothing global is left changed."""
    with contextlib.ExitStack() as stack:
        if device is not None:
            stack.enter_context(jax.default_device(_find_device(device)))
        stack.enter_context(jax.enable_x64(precision == "float64"))
        yield


def _check_fork() -> None:
    """Refuse to run in a child forked after JAX has started: it would hang."""
    global _backend_pid  # noqa: PLW0603 -- a process has one backend
    if _backend_pid is None:
        _backend_pid = os.getpid()
    elif _backend_pid != os.getpid():
        raise RuntimeError(
            "This process was forked after JAX had started in its parent, where JAX's "
            "threads did not follow: a fit here would hang. Start workers with joblib's "
            'default "loky" or with "threading", or with multiprocessing\'s "spawn".'
        )

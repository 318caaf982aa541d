# SPDX-License-Identifier: BSD-3-Clause
"""Training of one network: settings, data and a start in, a fitted network out."""

from typing import Any, NamedTuple

import numpy as np

from skrln import _kernels
from skrln._kernels import StopReason

from ._edge_path import candidate_edges, choose_edges
from ._fitted import Curves, FittedNetwork, OnlineState
from ._forward import Network
from ._settings import Mode
from ._specs import (
    fit_data,
    hyperparameters,
    network_spec,
    penalty_spec,
    run_spec,
    train_spec,
)
from ._transfer import FRESH, Origin, Start, kernel_start


class Listener(NamedTuple):
    """Functions that are called while a network trains; each may be None."""

    on_epoch: Any = (
        None  #: takes a Snapshot and a function that returns a FittedNetwork
    )
    on_record: Any = None  #: takes a Recorded of the kernel
    slot: Any = None  #: place of the state of the fit, see Slot of the kernels


SILENT = Listener()


def train_network(settings, problem, start, seed, listener=SILENT, device=None):
    """Train one network.

    Parameters
    ----------
    settings : Settings
    problem : Problem
    start : Start
    seed : int
        Seed of the initial weights, the order of the rows and the dropout masks.
    listener : Listener
    device : str, default=None
        Replaces that of the settings, unless it is None.

    Returns
    -------
    FittedNetwork
    """
    spec = network_spec(settings, problem)
    initial = kernel_start(start, settings, spec, problem.encoder)
    penalty = penalty_spec(settings, problem, spec)
    n_path_edges = settings.penalty.n_path_edges if settings.penalty else 0
    continues = initial is not None
    hyper = hyperparameters(settings, problem, spec, penalty, continues=continues)
    # The initial weights can be the best ones if no layer is fresh. Fresh weights can be so
    # only without a penalty, because the penalty has not acted on them yet.
    judge_start = None not in (initial.params or ()) if continues else penalty is None
    edges = candidate_edges(spec, n_path_edges, seed)
    run = run_spec(
        settings,
        seed + (start_call(start) if settings.mode == Mode.ONLINE else 0),
        restore_best=problem.validation is not None,
        judge_start=judge_start,
        device=device,
    )

    def describe(result):
        return describe_network(settings, problem, result, seed, edges)

    result = _kernels.fit_network(
        fit_data(problem, edges),
        spec,
        train_spec(settings, penalty),
        hyper,
        run,
        start=initial,
        hooks=_make_hooks(listener, describe),
    )
    fitted = describe(result)
    if settings.mode == Mode.ONLINE:
        online = OnlineState(
            result.state, structure_of(settings), start_call(start) + 1
        )
        fitted = fitted._replace(online=online)
    return fitted


def _make_hooks(listener, describe):
    on_epoch = listener.on_epoch
    if on_epoch is None:
        return _kernels.Hooks(None, listener.on_record, listener.slot)

    def call(snapshot):
        return on_epoch(snapshot, lambda: describe(snapshot.fetch()))

    return _kernels.Hooks(call, listener.on_record, listener.slot)


def start_call(start):
    """Number of calls of `partial_fit` before this one."""
    source = start.source
    if start.origin != Origin.LAST_FIT or source.online is None:
        return 0
    return source.online.n_calls


def structure_of(settings):
    """Settings that shape the training state: `partial_fit` continues only the same."""
    penalty, solver = settings.penalty, settings.solver
    rule = penalty and (penalty.kind, penalty.rule, penalty.layers, penalty.group)
    solver = (solver.name, *sorted(solver.options))
    return solver, rule, settings.batch_norm, settings.weighting


def continue_online(source, settings):
    """Start of the next call of `partial_fit`; `source` is None at the first call."""
    if source is None:
        return FRESH
    online = source.online
    if online is None or online.structure != structure_of(settings):
        return Start(Origin.LAST_FIT, source)
    return Start(Origin.LAST_FIT, source, online.leaves)


def join_online(before, fitted):
    """Return the network after a call of `partial_fit` with the curves of all calls."""
    curves = fitted.curves
    if before is not None:
        joined = {
            name: np.concatenate([getattr(before.curves, name), values])
            for name, values in curves._asdict().items()
            if values is not None and getattr(before.curves, name) is not None
        }
        curves = curves._replace(**joined)
    n_epochs = len(curves.loss)
    return fitted._replace(curves=curves, n_epochs=n_epochs, best_epoch=n_epochs - 1)


def describe_network(settings, problem, result, seed, edges=None):
    """Make the fitted network of a kernel's result.

    Parameters
    ----------
    settings : Settings
    problem : Problem
    result : FitResult
    seed : int
    edges : ndarray of int, default=None
        First-layer edges that `result` recorded.
    """
    params, validation = result.params, problem.validation
    best_epoch = result.n_epochs - 1
    if validation is not None or result.reason == StopReason.DIVERGED:
        best_epoch = result.best_epoch
    path = None
    if edges is not None and len(edges):
        shape, n_kept = params[0].weight.shape, settings.penalty.n_path_edges
        path = choose_edges(result.history.path, edges, shape, n_kept, best_epoch)
    return FittedNetwork(
        settings=settings,
        encoder=problem.encoder,
        target=problem.target,
        network=make_network(params, result.moments, settings),
        coefficients=list(result.coefficients),
        log_variance=params[-1].log_variance,
        curves=_make_curves(problem, result),
        n_epochs=result.n_epochs,
        best_epoch=best_epoch,
        reason=result.reason,
        seed=seed,
        path=path,
    )


def make_network(params, moments, settings):
    """Make the network in NumPy of a kernel's parameters."""
    norms = [
        np.stack([layer.gain, layer.shift, moment.mean, moment.variance])
        for layer, moment in zip(params, moments, strict=False)
    ]
    return Network(
        [layer.weight for layer in params],
        [layer.bias for layer in params],
        settings.activation,
        settings.batch_norm,
        norms,
        [(layer.weight, layer.bias) for layer in params[0].plain or ()],
    )


def _make_curves(problem, result):
    history = result.history
    sizes = np.array([layer.weight.size for layer in result.params])
    is_held_out = problem.validation is not None
    task_loss = validation_task_loss = task_weight = None
    if not problem.target.one_dimensional:
        shape = (result.n_epochs, len(problem.target.heads))
        task_loss = history.task_loss.reshape(shape)
        task_weight = history.task_weight.reshape(shape)
        if is_held_out:
            validation_task_loss = history.validation_task_loss.reshape(shape)
    return Curves(
        history.loss,
        history.validation_loss if is_held_out else None,
        history.zeros.reshape(-1, len(sizes)) / sizes,
        task_loss,
        validation_task_loss,
        task_weight,
    )

# SPDX-License-Identifier: BSD-3-Clause
"""Every epoch of the fit of one network, for a later choice among the epochs."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from skrln._network._fitted import FittedNetwork, dense_inputs
from skrln._network._forward import forward
from skrln._network._settings import resolve_epochs
from skrln._network._train import Listener, make_network
from skrln._table._suspects import warn_suspects

from ._fit import plan, prepare, warn_validation
from ._jobs import Job, train_job
from ._kinds import is_single


class Stages(NamedTuple):
    """The epochs of one fit."""

    job: Job
    fitted: FittedNetwork  #: after the last epoch, with the curves of the whole fit

    def network(self, epoch, weights):
        """Return the fitted network as it was after this epoch.

        Parameters
        ----------
        epoch : int
        weights : Weights
            Copy of the epoch's weights.
        """
        params, moments, coefficients = weights
        unpenalized = [
            np.full_like(layer.weight, -np.inf) for layer in params[len(coefficients) :]
        ]
        return self.fitted._replace(
            network=make_network(params, moments, self.fitted.settings),
            coefficients=[*coefficients, *unpenalized],
            best_epoch=epoch,
        )


def stage_job(parameters, arguments, random_state):
    """Make the job of a fit whose epochs are looked at.

    Parameters
    ----------
    parameters : Parameters
        Of a single network; see `refuse_several`.
    arguments : Arguments
    random_state : int, RandomState instance or None

    Returns
    -------
    Job
    """
    rng = check_random_state(random_state)
    prepared = prepare(parameters, arguments, rng)
    shared = prepared.shared
    warn_suspects(shared.table.rows(shared.rows).X, shared.columns)
    warn_validation(shared)
    jobs, _ = plan(prepared, rng)
    return jobs[0]


def run_stages(job, watch, on_stage):
    """Train to the end.

    Parameters
    ----------
    job : Job
    watch : object
        See `Engine`.
    on_stage : callable
        Takes, after every epoch with a finite loss, its number, a function that returns a
        copy of its weights, and the outputs for the validation rows or None.

    Returns
    -------
    Stages
    """

    def on_record(recorded):
        for k in range(recorded.n_epochs):
            outputs = None if recorded.outputs is None else recorded.outputs[k]
            on_stage(recorded.epoch + k, _CopyWeights(recorded, k), outputs)

    with watch.epochs(job.settings.max_epochs) as on_epoch:
        trained = train_job(job, Listener(on_epoch, on_record))
    return Stages(job, trained.fitted)


class _CopyWeights(NamedTuple):
    """Copies the weights of a recorded epoch when it is called."""

    recorded: Any
    k: int

    def __call__(self):
        return self.recorded.weights(self.k)


def stage_predictions(job, weights, inputs):
    """Predict encoded rows by the weights of one epoch."""
    params, moments, _ = weights
    network = make_network(params, moments, job.settings)
    target = job.shared.target
    outputs = forward(dense_inputs(network, inputs), network)
    means = target.means(outputs.astype(np.float64, copy=False))
    return target.predictions(means)


def count_bytes(weights):
    """Memory of a copy of the weights."""
    n_bytes, remaining = 0, [weights]
    while remaining:
        item = remaining.pop()
        if isinstance(item, np.ndarray):
            n_bytes += item.nbytes
        elif isinstance(item, tuple):
            remaining.extend(item)
    return n_bytes


def count_growing_epochs(parameters):
    """Epochs in which the penalty of a fresh network grows: none of them can be the best."""
    if parameters.penalty is None or parameters.source.members:
        return 0
    n_growing = parameters.penalty.warmup * resolve_epochs(parameters.max_iter)
    return max(int(np.ceil(n_growing)) - 1, 0)


def refuse_several(parameters):
    """Raise a ValueError for parameters that train more than one network."""
    if is_single(parameters):
        return
    names = ("n_estimators", "theta", "numeric_embedding", "input_selection")
    values = ", ".join(f"{name}={getattr(parameters, name)!r}" for name in names)
    kind = parameters.owner
    raise ValueError(
        f"Got {kind} with {values}, which trains several networks, but stages are those of "
        f"one. Pass {kind}(**skrln.presets.READABLE), or n_estimators=1 with a number as "
        'theta, numeric_embedding=None or "piecewise" and input_selection=False.'
    )

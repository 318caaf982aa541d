# SPDX-License-Identifier: BSD-3-Clause
"""Adversarial fit of several domains: NumPy in, NumPy out."""

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
import numpy as np

from skrln._interrupts import deferred
from skrln._kernels._batches import batch_bucket, bucket, count_batches
from skrln._kernels._config import RunSpec, StopReason
from skrln._kernels._devices import check_fork, count_devices, placed
from skrln._kernels._network import init_params
from skrln._kernels._optimizers import init_solver
from skrln._kernels._saved import Slot
from skrln._kernels._sharding import put
from skrln._kernels._start import cast
from skrln._kernels._types import Data, Params

from ._adversarial import AdversarialHyper, AdversarialSpec, AdversarialState
from ._adversarial_epochs import (
    AdversarialHistory,
    AdversarialLoop,
    train_adversarial_epochs,
)
from ._plan import JointPlan
from ._rounds import Rounds, pad_joint, side_by_side


class AdversarialResult(NamedTuple):
    """A fit, back in NumPy; leaves of the networks have a leading axis of domains."""

    params: Params  #: generator, then discriminator, after the last step
    average: Params  #: of the generator over the steps
    history: AdversarialHistory
    consistency: np.ndarray  #: (n_epochs,)
    weights: np.ndarray  #: (n_rounds, P, n, n); of each reweighting
    sigma: np.ndarray  #: (P,)
    converged: bool  #: the weights stopped to change
    n_epochs: int
    reason: int


def fit_adversarial(
    rows: np.ndarray,
    counts: np.ndarray,
    spec: AdversarialSpec,
    hyper: AdversarialHyper,
    plan: JointPlan,
    run: RunSpec,
    *,
    slot: Slot | None = None,
) -> AdversarialResult:
    """Train a generator and a discriminator for every domain.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_columns)
        Rows of all domains, which follow each other.
    counts : ndarray of shape (n,)
        Rows of each domain.
    spec : AdversarialSpec
        This function sets `batch_capacity` and `n_devices`.
    hyper : AdversarialHyper
        This function sets `total_steps`.
    plan : JointPlan
        Its `stacks` are the layers of the generator and of the discriminator.
    run : RunSpec
        An epoch is a pass over the domain with the most batches; the others begin again after
        their last batch. `restore_best` and `judge_start` are ignored.
    slot : Slot
        Place of the state of the fit, which goes on from there.

    Returns
    -------
    AdversarialResult
    """
    check_fork()
    dtype = np.dtype(run.precision)
    init_rng, order_rng = (np.random.default_rng([run.seed, k]) for k in range(2))
    n_batches = np.array([count_batches(int(n), run.batch_size) for n in counts])
    capacity = batch_bucket(min(int(counts.max()), run.batch_size))
    # As many rows are generated as a batch has with its padding: it is not padded further.
    n_devices = math.gcd(capacity, count_devices(run.device))
    spec = replace(spec, batch_capacity=capacity, n_devices=n_devices)
    hyper = hyper._replace(total_steps=run.max_epochs * int(n_batches.max()))
    params = (
        *init_params(init_rng, spec.generator, dtype),
        *init_params(init_rng, spec.encoder, dtype),
        *init_params(init_rng, spec.generator, dtype),
    )
    with placed(run.device, run.precision):
        hyper = cast(hyper, dtype)
        state = _initial_state(params, spec, hyper, len(counts), dtype)
        n_slots = bucket(int(counts.max())) + capacity
        fit = _AdversarialFit(
            order_rng, counts, n_batches, n_slots, state, plan, None, spec
        )
        fit.place(rows, hyper, run.seed, dtype)
        fit.slot = slot
        fit.run(lambda: fit.train_all(run.max_epochs))
        return fit.result()


@deferred()
def _initial_state(
    params: Params,
    spec: AdversarialSpec,
    hyper: AdversarialHyper,
    n_domains: int,
    dtype: np.dtype,
) -> AdversarialLoop:
    """State before the first epoch: the same networks for each domain."""
    solver = init_solver(spec.solver, spec.solver_flags, hyper.solver_numbers, params)
    generator = params[: spec.generator.n_layers]
    alone = AdversarialState(params, solver, generator, np.zeros((), dtype))
    state: AdversarialState = side_by_side(alone, n_domains)
    running = np.int32(StopReason.RUNNING)
    return put(AdversarialLoop(state, np.int32(0), running), spec.n_devices)


@dataclass
class _AdversarialFit(Rounds):
    """Adversarial fit of several domains."""

    spec: AdversarialSpec

    history_type = AdversarialHistory

    @deferred()
    def place(
        self, rows: np.ndarray, hyper: AdversarialHyper, seed: int, dtype: np.dtype
    ) -> None:
        """Put the constant arguments of the program on the devices."""
        n = len(rows)
        data = Data(rows, np.zeros((n, 0)), np.ones((n, 1)), self.counts)
        table = pad_joint(data, dtype)
        key = np.random.SeedSequence([seed, 2]).generate_state(2)
        self.n_devices = self.spec.n_devices
        self.table, self.fixed = put((table, (key, hyper)), self.n_devices)
        self.shapes = (dtype, table.inputs.shape, jax.tree.structure(hyper))

    def _call(
        self, orders: np.ndarray, n_epochs: Any
    ) -> tuple[AdversarialLoop, AdversarialHistory]:
        joint, coupling = self.stage
        return train_adversarial_epochs(
            self.state,
            self.table,
            orders,
            n_epochs,
            self.n_batches.astype(np.int32),
            coupling,
            *self.fixed,
            spec=self.spec,
            joint=joint,
        )

    def _data(self) -> Any:
        return self.table, self.fixed

    def _key(self) -> Any:
        return ("adversarial", self.spec, self.shapes)

    def result(self) -> AdversarialResult:
        """Fit in NumPy, after the last epoch."""
        train = jax.tree.map(np.asarray, self.state.train)
        n = len(self.counts)
        curve, distances = np.zeros((0, n)), np.zeros((0, self.spec.n_layers, n, n))
        history = self.history(AdversarialHistory(curve, curve, curve, distances))
        return AdversarialResult(
            train.params,
            train.average,
            history,
            self.consistency(history.distances),
            self.weight_history(),
            self.sigma,
            self.converged,
            self.done,
            int(self.reason),
        )

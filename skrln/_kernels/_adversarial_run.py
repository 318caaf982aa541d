# SPDX-License-Identifier: BSD-3-Clause
"""The host side of adversarial training of several domains: NumPy in and out."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
import numpy as np

from ._adversarial import (
    AdversarialHistory,
    AdversarialHyper,
    AdversarialLoop,
    AdversarialSpec,
    AdversarialState,
    train_adversarial_epochs,
)
from ._batches import batch_bucket, count_batches
from ._config import StopReason
from ._devices import check_fork, placed
from ._joint import Coupling, JointSpec
from ._joint_plan import JointPlan
from ._joint_rounds import Rounds
from ._joint_run import pad_joint
from ._network import init_params
from ._optimizers import make_solver
from ._start import cast
from ._types import Data, Params


class AdversarialResult(NamedTuple):
    """A fit, back in NumPy; leaves of the networks have a leading axis of domains."""

    params: Params  #: generator, then discriminator, as the last step left them
    average: Params  #: of the generator over the steps
    history: AdversarialHistory
    consistency: np.ndarray  #: (n_epochs,)
    weights: np.ndarray  #: (n_rounds, P, n, n); those of each reweighting
    sigma: np.ndarray  #: (P,)
    converged: bool  #: whether the weights came to rest
    n_epochs: int
    reason: int


def fit_adversarial(
    rows: np.ndarray,
    counts: np.ndarray,
    spec: AdversarialSpec,
    hyper: AdversarialHyper,
    plan: JointPlan,
    *,
    max_epochs: int,
    batch_size: int,
    seed: int,
    precision: str = "float32",
    device: str | None = None,
) -> AdversarialResult:
    """Train a generator and a discriminator for every domain.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_columns)
        Rows of all domains, which follow each other.
    counts : ndarray of shape (n,)
        Rows of each domain.
    spec : AdversarialSpec
        `batch_capacity` is filled in here.
    hyper : AdversarialHyper
        `total_steps` is filled in here.
    plan : JointPlan
        Its `stacks` are the layers of the generator and of the discriminator.
    max_epochs, batch_size : int
        An epoch is a pass over the domain that makes the most batches; the others begin
        again where they end.
    seed : int
        Of the initial weights, the same for all domains, the order of the rows and the noise.
    precision : {"float32", "float64"}
    device : str or None

    Returns
    -------
    AdversarialResult
    """
    check_fork()
    dtype = np.dtype(precision)
    init_rng, order_rng = (np.random.default_rng([seed, k]) for k in range(2))
    n_batches = np.array([count_batches(int(n), batch_size) for n in counts])
    capacity = batch_bucket(min(int(counts.max()), batch_size))
    spec = replace(spec, batch_capacity=capacity)
    hyper = hyper._replace(total_steps=max_epochs * int(n_batches.max()))
    params = (
        *init_params(init_rng, spec.generator, dtype),
        *init_params(init_rng, spec.encoder, dtype),
        *init_params(init_rng, spec.generator, dtype),
    )
    with placed(device, precision):
        hyper = cast(hyper, dtype)
        state = _side_by_side(params, spec, len(counts), dtype)
        run = _AdversarialRun(
            plan, None, order_rng, counts, n_batches, capacity, state, spec
        )
        run.place(rows, hyper, seed, dtype)
        run.until(max_epochs)
        return run.result()


def _side_by_side(
    params: Params, spec: AdversarialSpec, n_domains: int, dtype: np.dtype
) -> AdversarialLoop:
    """State before the first epoch: the same networks for each domain."""
    like = jax.eval_shape(make_solver(spec.solver, 0.0).init, params)
    solver = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), like)
    generator = params[: spec.generator.n_layers]
    one = AdversarialState(params, solver, generator, np.zeros((), dtype))
    everyone = jax.tree.map(
        lambda leaf: np.broadcast_to(leaf, (n_domains, *np.shape(leaf))), one
    )
    running = np.int32(StopReason.RUNNING)
    return jax.device_put(AdversarialLoop(everyone, np.int32(0), running))


@dataclass
class _AdversarialRun(Rounds):
    """An adversarial fit."""

    spec: AdversarialSpec

    def place(
        self, rows: np.ndarray, hyper: AdversarialHyper, seed: int, dtype: np.dtype
    ) -> None:
        """Put on the device what stays the same."""
        n = len(rows)
        data = Data(rows, np.zeros((n, 0)), np.ones((n, 1)), self.counts)
        table = pad_joint(data, dtype)
        key = np.random.SeedSequence([seed, 2]).generate_state(2)
        self.table = jax.device_put(table)
        self.fixed = jax.device_put((key, hyper))
        self.shapes = (dtype, table.inputs.shape)

    @property
    def params(self) -> Params:
        """Parameters of all domains as they are now, on the device."""
        return self.state.train.params

    def _call(
        self, spec: JointSpec, orders: np.ndarray, n_epochs: int, coupling: Coupling
    ) -> tuple[AdversarialLoop, AdversarialHistory]:
        return train_adversarial_epochs(
            self.state,
            self.table,
            orders,
            np.int32(n_epochs),
            np.int32(self.n_batches.max()),
            self.n_batches.astype(np.int32),
            coupling,
            *self.fixed,
            spec=self.spec,
            joint=spec,
        )

    def _key(self, spec: JointSpec) -> Any:
        return ("adversarial", self.spec, spec, self.shapes)

    def result(self) -> AdversarialResult:
        """The fit in NumPy, as the last epoch left it."""
        train = jax.tree.map(np.asarray, self.state.train)
        history = self._history()
        return AdversarialResult(
            train.params,
            train.average,
            history,
            self._consistency(history.distances),
            self._weight_history(),
            self.sigma,
            self.converged,
            self.done,
            int(self.reason),
        )

    def _history(self) -> AdversarialHistory:
        """Of all chunks; empty where a fit was interrupted at once."""
        if self.epochs:
            return jax.tree.map(lambda *chunks: np.concatenate(chunks), *self.epochs)
        n = len(self.counts)
        nothing = np.zeros((0, n))
        apart = np.zeros((0, self.spec.n_layers, n, n))
        return AdversarialHistory(nothing, nothing, nothing, apart)

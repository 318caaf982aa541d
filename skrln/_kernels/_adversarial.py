# SPDX-License-Identifier: BSD-3-Clause
"""Generators and discriminators of several data sets, coupled, in one program.

The boundary equilibrium form of adversarial training: the discriminator ``D`` is an
autoencoder, and ``L(v)`` is how far its copy of a row is from the row, ``|v - D(v + e)|`` in
the mean over the columns, with noise ``e``. With rows ``x`` of the data and generated rows
``G(z)`` one step lowers

    ``L(x) - k L(G(z))``    in the parameters of ``D``, and
    ``L(G(z'))``            in those of ``G``,

at once, and then moves the balance ``k`` in [0, 1] by ``rate (gamma L(x) - L(G(z')))``: at rest
generated rows are copied `gamma` times as badly as those of the data. With few rows that alone
makes one and the same row of all noise. So codes are tied to the noise: those of the data have
its mean and covariance, and the code of ``G(z)`` is ``z``.

A row is numbers, and behind them blocks of one-hot columns. Generated blocks are a softmax of
logits plus Gumbel noise, nearly one-hot: the largest entry is drawn with the probability that
the softmax of the logits gives it. The first blocks may say that a number is missing; it
is zero then, in the data and in what is generated.
"""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax

from ._batches import Layout, take_batch
from ._config import NetworkSpec, StopReason
from ._joint import DOMAINS, Coupling, JointSpec, make_meeting, squared_distances
from ._network import forward
from ._optimizers import make_solver, rate_factor
from ._step import Meeting
from ._types import Batch, Data, Params, Schedule

#: Of the generated one-hot blocks: lower is nearer to zeros and ones, with a wilder gradient.
TEMPERATURE = 0.5


@dataclass(frozen=True)
class AdversarialSpec:
    """Structure of the networks of a domain; static.

    Parameters
    ----------
    generator, encoder : NetworkSpec
        The decoder has the shape of the generator.
    n_numbers : int
        Leading columns that are numbers.
    blocks : tuple of int
        Widths of the one-hot blocks behind them.
    masked : tuple of int
        Numbers that can be missing: of each in turn a leading block of width two says whether
        it is there or missing.
    bounded : bool
        Whether numbers are between -1 and 1.
    solver, schedule : str
        Names in ``_optimizers``.
    batch_capacity : int
        Rows of a batch, padding included, and rows that are generated for it.
    """

    generator: NetworkSpec
    encoder: NetworkSpec
    n_numbers: int
    blocks: tuple[int, ...] = ()
    masked: tuple[int, ...] = ()
    bounded: bool = False
    solver: str = "adam"
    schedule: str = "constant"
    batch_capacity: int = 0

    @property
    def n_layers(self) -> int:
        """Layers of both networks; the generator's come first."""
        return sum(self.stacks)

    @property
    def stacks(self) -> tuple[int, int]:
        """Layers of the generator, and of the discriminator."""
        n_layers = self.generator.n_layers
        return n_layers, self.encoder.n_layers + n_layers

    @property
    def column_weights(self) -> np.ndarray:
        """Of the entries of a row: every number and every block counts the same."""
        n_columns = self.n_numbers + len(self.blocks)
        # Two one-hot rows that differ do so in two places.
        found = [1.0] * self.n_numbers + [0.5] * sum(self.blocks)
        return np.array(found) / n_columns


class AdversarialHyper(NamedTuple):
    """Numbers of a fit; traced."""

    learning_rate: Any
    momentum: Any  #: of solver "sgd"
    total_steps: Any  #: length of the schedule
    gamma: Any  #: wanted ratio of L(G(z)) to L(x)
    balance_rate: Any  #: how fast k moves
    average_decay: Any  #: weight of the past in the average of the generator
    code_weight: Any  #: of the terms that tie codes to the noise
    input_noise: (
        Any  #: standard deviation of what is added to rows before they are copied
    )
    schedule: Any = Schedule()


class AdversarialState(NamedTuple):
    """What the next step needs; leaves have a leading axis of domains."""

    params: Params  #: generator, then discriminator
    solver: Any  #: state of the optax transformation
    average: Params  #: of the generator over the steps
    balance: Any  #: k


class AdversarialLoop(NamedTuple):
    """What the next epoch needs."""

    train: AdversarialState
    epoch: Any  #: epochs done
    reason: Any  #: a StopReason


class AdversarialHistory(NamedTuple):
    """One row per epoch of a chunk; losses are means over its steps."""

    real: Any  #: (n_epochs, n); L(x)
    generated: Any  #: (n_epochs, n); L(G(z))
    balance: Any  #: (n_epochs, n); k after the epoch
    distances: Any  #: (n_epochs, n_layers, n, n); squared, after the epoch


class Noise(NamedTuple):
    """What rows are generated from, with an axis for both networks, and what hides them."""

    latent: Array  #: (2, B, n_latent); normal
    gumbel: Array  #: (2, B, sum(blocks))
    veil: Array  #: (3, B, n_columns); normal; over the data and both kinds of generated rows


def draw_noise(key: Array, spec: AdversarialSpec, dtype: Any) -> Noise:
    """Noise of one step, the same for all domains: they differ in their rows alone.

    In one draw: each takes a second to compile.
    """
    n_rows = spec.batch_capacity
    n_latent, n_columns = (spec.generator.layer_sizes[k] for k in (0, -1))
    shapes = [
        (2, n_rows, n_latent),
        (3, n_rows, n_columns),
        (2, n_rows, sum(spec.blocks)),
    ]
    sizes = [math.prod(shape) for shape in shapes]
    drawn = jax.random.uniform(key, (sum(sizes),), dtype)
    drawn = jnp.maximum(drawn, jnp.finfo(dtype).eps)  # zero would be at infinity
    n_normal = sum(sizes[:2])
    normal = math.sqrt(2) * lax.erf_inv(2 * drawn[:n_normal] - 1)
    gumbel = -jnp.log(-jnp.log(drawn[n_normal:]))
    return Noise(
        jnp.reshape(normal[: sizes[0]], shapes[0]),
        jnp.reshape(gumbel, shapes[2]),
        jnp.reshape(normal[sizes[0] :], shapes[1]),
    )


def make_rows(
    outputs: Array, spec: AdversarialSpec, gumbel: Array | None = None
) -> Array:
    """Rows out of outputs of a network; `gumbel` is for those of the generator."""
    numbers = outputs[:, : spec.n_numbers]
    if spec.bounded:
        numbers = jnp.tanh(numbers)
    start, blocks = spec.n_numbers, []
    for width in spec.blocks:
        logits = outputs[:, start : start + width]
        if gumbel is not None:
            first = start - spec.n_numbers
            logits = (logits + gumbel[:, first : first + width]) / TEMPERATURE
        blocks.append(jax.nn.softmax(logits))
        start += width
    if gumbel is not None:
        for column, block in zip(spec.masked, blocks, strict=False):
            numbers = numbers.at[:, column].multiply(block[:, 0])
    return jnp.concatenate([numbers, *blocks], axis=1)


def generate(
    generator: Params, latent: Array, gumbel: Array, spec: AdversarialSpec
) -> Array:
    """Rows out of noise."""
    outputs, _ = forward(generator, (), latent, spec.generator)
    return make_rows(outputs, spec, gumbel)


def encode(discriminator: Params, rows: Array, spec: AdversarialSpec) -> Array:
    """Codes of rows."""
    layers = discriminator[: spec.encoder.n_layers]
    return forward(layers, (), rows, spec.encoder)[0]


def copy_loss(
    discriminator: Params, rows: Array, veil: Array, spec: AdversarialSpec
) -> tuple[Array, Array]:
    """L of each row, how far its copy is from it; and its code.

    The copy is made of the row with noise on it: with few rows to learn from, the
    discriminator would know each of them by heart.
    """
    codes = encode(discriminator, rows + veil, spec)
    layers = discriminator[spec.encoder.n_layers :]
    outputs, _ = forward(layers, (), codes, spec.generator)
    weights = jnp.asarray(spec.column_weights, rows.dtype)
    return jnp.abs(rows - make_rows(outputs, spec)) @ weights, codes


def unlike_noise(codes: Array, weights: Array) -> Array:
    """How far mean and covariance of codes are from those of the noise."""
    share = (weights / jnp.sum(weights))[:, None]
    mean = jnp.sum(share * codes, axis=0)
    apart = codes - mean
    covariance = (share * apart).T @ apart
    identity = jnp.eye(codes.shape[1], dtype=codes.dtype)
    return (jnp.sum(mean**2) + jnp.sum((covariance - identity) ** 2)) / codes.shape[1]


def adversarial_loss(
    params: Params,
    batch: Batch,
    noise: Noise,
    balance: Array,
    hyper: AdversarialHyper,
    spec: AdversarialSpec,
) -> tuple[Array, tuple[Array, Array]]:
    """What has the gradient of both networks, each in its own part; and L(x), L(G(z)).

    Its value means nothing.
    """
    n_layers = spec.generator.n_layers
    generator, discriminator = params[:n_layers], params[n_layers:]
    latent, gumbel, veil = noise
    veil = hyper.input_noise * veil
    decoys = lax.stop_gradient(generate(generator, latent[0], gumbel[0], spec))
    made = generate(generator, latent[1], gumbel[1], spec)
    of_rows, codes = copy_loss(discriminator, batch.inputs, veil[0], spec)
    weights = batch.weights[:, 0]
    real = jnp.sum(of_rows * weights) / batch.size
    of_decoys, of_noise = copy_loss(discriminator, decoys, veil[1], spec)
    judge: Params = jax.tree.map(lax.stop_gradient, discriminator)
    of_made, again = copy_loss(judge, made, veil[2], spec)
    generated = jnp.mean(of_made)
    codes_loss = (
        unlike_noise(codes, weights)
        + jnp.mean((of_noise - latent[0]) ** 2)
        + jnp.mean((again - latent[1]) ** 2)
    )
    objective = real - balance * jnp.mean(of_decoys) + generated
    return objective + hyper.code_weight * codes_loss, (real, generated)


def adversarial_step(
    state: AdversarialState,
    batch: Batch,
    noise: Noise,
    step: Array,
    hyper: AdversarialHyper,
    spec: AdversarialSpec,
    meeting: Meeting,
    *,
    tied: bool,
) -> tuple[AdversarialState, Array, Array]:
    """Both networks of a domain take a step; also L(x) and L(G(z))."""
    (_, losses), gradient = jax.value_and_grad(adversarial_loss, has_aux=True)(
        state.params, batch, noise, state.balance, hyper, spec
    )
    real, generated = losses
    gradient = meeting.gradient(gradient)
    solver = make_solver(spec.solver, hyper.momentum)
    direction, solver_state = solver.update(gradient, state.solver, state.params)
    factor = rate_factor(spec.schedule, step, hyper.total_steps, hyper.schedule)
    rate = hyper.learning_rate * factor
    params: Params = jax.tree.map(lambda p, d: p - rate * d, state.params, direction)
    params = meeting.params(params, (rate,) * spec.n_layers)

    seen = (step + 1).astype(rate.dtype)
    past = jnp.minimum(hyper.average_decay, seen / (seen + 9))  # short at first
    generator = params[: spec.generator.n_layers]
    average: Any = optax.incremental_update(generator, state.average, 1 - past)

    gap = hyper.gamma * real - generated
    if tied:  # one pair of networks has one balance
        gap = lax.pmean(gap, DOMAINS)
    balance = jnp.clip(state.balance + hyper.balance_rate * gap, 0, 1)
    return AdversarialState(params, solver_state, average, balance), real, generated


@partial(jax.jit, static_argnames=("spec", "joint"))
def train_adversarial_epochs(
    state: AdversarialLoop,
    data: Data,
    orders: Array,
    n_epochs: Array,
    n_steps: Array,
    n_batches: Array,
    coupling: Coupling,
    key: Array,
    hyper: AdversarialHyper,
    *,
    spec: AdversarialSpec,
    joint: JointSpec,
) -> tuple[AdversarialLoop, AdversarialHistory]:
    """Run up to `n_epochs` epochs of `n_steps` steps of all domains.

    Parameters
    ----------
    state : AdversarialLoop
    data : Data
        One table of all domains, which follow each other; `n_rows` is of shape (n,).
    orders : Array of shape (capacity, n, n_slots)
        Rows of each domain in the order of each epoch.
    n_steps : Array
        Steps of an epoch.
    n_batches : Array of shape (n,)
        Batches that the rows of a domain make; it begins again after the last.
    coupling : Coupling
    key : Array of shape (2,)
        Of the noise, as threefry has it.
    hyper : AdversarialHyper
    spec, joint
        Static.

    Returns
    -------
    AdversarialLoop, AdversarialHistory
        Rows of the history past the epochs that ran are NaN. An epoch that ends in numbers
        that are not finite is counted, and undone.
    """
    history = _empty_history(orders.shape[0], n_batches.shape[0], spec, data)

    def unfinished(carry: tuple[Array, AdversarialLoop, AdversarialHistory]) -> Array:
        done, state, _ = carry
        return (done < n_epochs) & (state.reason == StopReason.RUNNING)

    def one_epoch(
        carry: tuple[Array, AdversarialLoop, AdversarialHistory],
    ) -> tuple[Array, AdversarialLoop, AdversarialHistory]:
        done, state, history = carry
        first_step = state.epoch * n_steps
        counts = (first_step, n_steps, n_batches)
        trained, real, generated = _epoch(
            state.train, data, orders[done], counts, coupling, key, hyper, spec, joint
        )
        apart = squared_distances(trained.params)
        row = AdversarialHistory(real, generated, trained.balance, apart)
        history = jax.tree.map(lambda h, r: h.at[done].set(r), history, row)
        finite = jnp.bool_(True)
        for leaf in jax.tree.leaves((trained.params, row)):
            finite &= jnp.all(jnp.isfinite(leaf))
        kept = jax.tree.map(partial(jnp.where, finite), trained, state.train)
        reason = jnp.where(finite, StopReason.RUNNING, StopReason.DIVERGED)
        state = AdversarialLoop(kept, state.epoch + 1, reason.astype(jnp.int32))
        return done + 1, state, history

    _, state, history = lax.while_loop(
        unfinished, one_epoch, (jnp.int32(0), state, history)
    )
    return state, history


def _epoch(
    state: AdversarialState,
    data: Data,
    orders: Array,
    counts: tuple[Array, Array, Array],
    coupling: Coupling,
    key: Array,
    hyper: AdversarialHyper,
    spec: AdversarialSpec,
    joint: JointSpec,
) -> tuple[AdversarialState, Array, Array]:
    """Steps of all domains side by side; also the mean losses of each."""
    layout = Layout(spec.batch_capacity, spec.encoder.layer_sizes[0], 0)
    first_step, n_steps, n_batches = counts
    meeting = make_meeting(joint, coupling)

    def one_domain(
        state: AdversarialState,
        n_rows: Array,
        order: Array,
        n_batches: Array,
        noise: Noise,
        step: Array,
    ) -> tuple[AdversarialState, Array, Array]:
        mine = data._replace(n_rows=n_rows)
        index = (step - first_step) % n_batches
        batch = take_batch(mine, order, index, n_batches, layout)
        return adversarial_step(
            state, batch, noise, step, hyper, spec, meeting, tied=any(joint.tied)
        )

    side_by_side = jax.vmap(
        one_domain, in_axes=(0, 0, 0, 0, None, None), axis_name=DOMAINS
    )
    drawing = jax.random.wrap_key_data(key, impl="threefry2x32")

    def one_step(
        i: Array, carry: tuple[AdversarialState, Array, Array]
    ) -> tuple[AdversarialState, Array, Array]:
        state, real, generated = carry
        step = first_step + i
        noise = draw_noise(jax.random.fold_in(drawing, step), spec, data.weights.dtype)
        state, more_real, more_generated = side_by_side(
            state, data.n_rows, orders, n_batches, noise, step
        )
        return state, real + more_real, generated + more_generated

    zeros = jnp.zeros(n_batches.shape, data.weights.dtype)
    state, real, generated = lax.fori_loop(0, n_steps, one_step, (state, zeros, zeros))
    return state, real / n_steps, generated / n_steps


def _empty_history(
    capacity: int, n_domains: int, spec: AdversarialSpec, data: Data
) -> AdversarialHistory:
    dtype = data.weights.dtype
    missing = jnp.full((capacity, n_domains), jnp.nan, dtype)
    shape = (capacity, spec.n_layers, n_domains, n_domains)
    return AdversarialHistory(
        missing, missing, missing, jnp.full(shape, jnp.nan, dtype)
    )

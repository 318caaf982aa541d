# SPDX-License-Identifier: BSD-3-Clause
"""A generator and a discriminator: their losses and a step of both.

The boundary equilibrium form of adversarial training: the discriminator ``D`` is an
autoencoder, and ``L(v)`` is the distance of a row from its copy, ``|v - D(v + e)|`` in the mean
over the columns, with noise ``e``. With rows ``x`` of the data and generated rows ``G(z)`` one
step lowers

    ``L(x) - k L(G(z))``    in the parameters of ``D``, and
    ``L(G(z'))``            in the parameters of ``G``,

at once, and then moves the balance ``k`` in [0, 1] by ``rate (gamma L(x) - L(G(z')))``: at rest
the loss of generated rows is `gamma` times the loss of the data. With few rows, these losses
alone let the generator map all noise to one row. So codes are tied to the noise: codes of the
data have the mean and covariance of the noise, and the code of ``G(z)`` is ``z``.

A row has numbers, then blocks of one-hot columns. Generated blocks are a softmax of logits plus
Gumbel noise, nearly one-hot: the largest entry is drawn with its probability under the softmax
of the logits. Leading blocks of width two may flag missing numbers, which are zero in the data
and in generated rows.
"""

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax

from skrln._kernels._config import NetworkSpec
from skrln._kernels._network import forward
from skrln._kernels._optimizers import make_solver
from skrln._kernels._schedules import rate_factor
from skrln._kernels._step import Meeting
from skrln._kernels._types import Batch, Params, Schedule

from ._coupling import DOMAINS

#: Of generated one-hot blocks: lower is nearer to zeros and ones, with noisier gradients.
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
        Numbers that can be missing: for each in turn, a leading block of width two flags
        present or missing.
    bounded : bool
        Numbers are between -1 and 1.
    solver, schedule : str
        Names in ``_optimizers``.
    batch_capacity : int
        Rows of a batch, padding included, and rows generated for a batch.
    solver_flags : tuple of (str, bool or str)
    n_devices : int
        Devices that share each batch; the text of a specification leaves them out.
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
    solver_flags: tuple[tuple[str, bool | str], ...] = ()
    n_devices: int = field(default=1, repr=False)

    @property
    def n_layers(self) -> int:
        """Layers of both networks, of the generator first."""
        return sum(self.stacks)

    @property
    def stacks(self) -> tuple[int, int]:
        """Layers of the generator and of the discriminator."""
        n_layers = self.generator.n_layers
        return n_layers, self.encoder.n_layers + n_layers

    @property
    def column_weights(self) -> np.ndarray:
        """Weights of the entries of a row: numbers and blocks have equal weight."""
        n_columns = self.n_numbers + len(self.blocks)
        # Two different one-hot rows differ in two places.
        weights = [1.0] * self.n_numbers + [0.5] * sum(self.blocks)
        return np.array(weights) / n_columns


class AdversarialHyper(NamedTuple):
    """Numbers of a fit; traced."""

    learning_rate: Any
    gamma: Any  #: target ratio of L(G(z)) to L(x)
    balance_rate: Any  #: step size of k
    average_decay: Any  #: weight of the past in the average of the generator
    code_weight: Any  #: of the terms that tie codes to the noise
    input_noise: Any  #: standard deviation of the noise on rows before they are copied
    schedule: Any = Schedule()
    total_steps: Any = 1.0  #: length of the schedule
    solver_numbers: Any = {}  # noqa: RUF012 - by name; never written to


class AdversarialState(NamedTuple):
    """State of the next step; leaves have a leading axis of domains."""

    params: Params  #: generator, then discriminator
    solver: Any  #: state of the optax transformation
    average: Params  #: of the generator over the steps
    balance: Any  #: k


class Noise(NamedTuple):
    """Noise of a step: sources of generated rows, for each network, and noise on rows."""

    latent: Array  #: (2, B, n_latent); normal
    gumbel: Array  #: (2, B, sum(blocks))
    veil: Array  #: (3, B, n_columns); normal; on the data and both kinds of generated rows


def draw_noise(key: Array, spec: AdversarialSpec, dtype: Any) -> Noise:
    """Draw the noise of one step, common to all domains, which differ in rows alone.

    One draw for all: each draw takes a second to compile.
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
    drawn = jnp.maximum(drawn, jnp.finfo(dtype).eps)  # zero would map to infinity
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
    """Rows from outputs of a network; `gumbel` is for the generator."""
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
    """Rows from noise."""
    outputs, _ = forward(generator, (), latent, spec.generator)
    return make_rows(outputs, spec, gumbel)


def encode(discriminator: Params, rows: Array, spec: AdversarialSpec) -> Array:
    """Codes of rows."""
    layers = discriminator[: spec.encoder.n_layers]
    return forward(layers, (), rows, spec.encoder)[0]


def copy_loss(
    discriminator: Params, rows: Array, veil: Array, spec: AdversarialSpec
) -> tuple[Array, Array]:
    """Distance of each row from its copy, ``L``; also the codes.

    The copy is that of the row with noise: without noise, the discriminator would overfit
    few rows.
    """
    codes = encode(discriminator, rows + veil, spec)
    layers = discriminator[spec.encoder.n_layers :]
    outputs, _ = forward(layers, (), codes, spec.generator)
    weights = jnp.asarray(spec.column_weights, rows.dtype)
    return jnp.abs(rows - make_rows(outputs, spec)) @ weights, codes


def noise_mismatch(codes: Array, weights: Array) -> Array:
    """Squared distance of the mean and covariance of codes from those of the noise."""
    share = (weights / jnp.sum(weights))[:, None]
    mean = jnp.sum(share * codes, axis=0)
    centered = codes - mean
    covariance = (share * centered).T @ centered
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
    """Function with the gradient of both networks, each in its parameters; L(x), L(G(z)).

    The value has no meaning.
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
        noise_mismatch(codes, weights)
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
) -> tuple[AdversarialState, tuple[Array, Array]]:
    """Take a step of both networks of a domain; also return L(x) and L(G(z))."""
    (_, losses), gradient = jax.value_and_grad(adversarial_loss, has_aux=True)(
        state.params, batch, noise, state.balance, hyper, spec
    )
    real, generated = losses
    gradient = meeting.gradient(gradient)
    solver = make_solver(spec.solver, spec.solver_flags, hyper.solver_numbers)
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
    if tied:  # one pair of networks, one balance
        gap = lax.pmean(gap, DOMAINS)
    balance = jnp.clip(state.balance + hyper.balance_rate * gap, 0, 1)
    return AdversarialState(params, solver_state, average, balance), losses

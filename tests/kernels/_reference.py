# SPDX-License-Identifier: BSD-3-Clause
"""Training of a Regularization Learning Network in slow, plain NumPy.

Written from the mathematics, sample by sample and weight by weight, in double
precision and without JAX: the kernels are held against it. Every part of a step is a
method, so that a test can get one of them wrong on purpose and see that the comparison
notices.

Symbols: eta_t is the learning rate of step t, u the solver's update, lambda the log
coefficient of a weight and theta the mean that all lambda keep. Step t ends with a
penalty step of strength ``(eta_t / 1e-3) * exp(lambda)``; before it, lambda moves by
``-reg_step * (u / eta_0) * pull``. There ``pull`` is ``-dw / dlambda`` of the penalty
step before, divided by ``(eta / 1e-3) * exp(theta)``: under the proximal L1 step it is
``exp(lambda - theta) * sign(w)`` for a live weight and zero for a dead one.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, cos, exp, inf, log, pi, sqrt

import numpy as np

UNIT_RATE = 1e-3
LARGEST_EXPONENT = 30.0


@dataclass(frozen=True)
class Settings:
    """A fit, described once for the reference and for the kernels."""

    layer_sizes: tuple[int, ...] = (5, 4, 1)
    activation: str = "tanh"
    loss: str = "squared_error"
    heads: tuple[int, ...] = (1,)  #: outputs per task
    solver: str = "adam"
    momentum: float = 0.9
    schedule: str = "constant"
    learning_rate: float = 0.01
    warmup_epochs: float = 0.0
    regularized: str | None = "first"  #: layers: "first", "all" or None
    norm: str = "l1"
    rule: str = "proximal"
    scope: str = "network"  #: over which the mean of lambda is held
    #: Column of each input row, with one lambda each; None: one lambda per weight.
    columns: tuple[int, ...] | None = None
    theta: float | tuple[float, ...] = -6.0  #: of the network or of each layer
    reg_step: float = 0.1
    max_reg_step: float = 1.0  #: a constant of the kernels
    batch_size: int = 8
    max_epochs: int = 4
    seed: int = 0

    @property
    def n_regularized(self) -> int:
        n_layers = len(self.layer_sizes) - 1
        return {None: 0, "first": 1, "all": n_layers}[self.regularized]

    @property
    def thetas(self) -> tuple[float, ...]:
        """Theta of each regularized layer."""
        if isinstance(self.theta, tuple):
            return self.theta
        return (self.theta,) * self.n_regularized


def activate(name, z):
    if name == "relu":
        return np.maximum(z, 0)
    if name == "tanh":
        return np.tanh(z)
    if name == "logistic":
        return 1 / (1 + np.exp(-z))
    return z


def activation_slope(name, z):
    if name == "relu":
        return (z > 0).astype(float)
    if name == "tanh":
        return 1 - np.tanh(z) ** 2
    if name == "logistic":
        return np.exp(-z) / (1 + np.exp(-z)) ** 2
    return np.ones_like(z)


def output_loss(settings, outputs, target, weight):
    """Weighted loss of one row over its tasks, and its gradient in the outputs."""
    total, gradient, start = 0.0, np.zeros_like(outputs), 0
    for task, width in enumerate(settings.heads):
        part = slice(start, start + width)
        start += width
        if settings.loss == "squared_error":
            residual = outputs[part] - target[task]
            value, slope = 0.5 * float(residual[0] ** 2), residual
        elif width == 1:
            p = 1 / (1 + np.exp(-outputs[part]))
            chosen = p if target[task] == 1 else 1 - p
            value, slope = -float(np.log(chosen[0])), p - target[task]
        else:
            p = np.exp(outputs[part]) / np.exp(outputs[part]).sum()
            code = int(target[task])
            value, slope = -log(p[code]), p - np.eye(width)[code]
        total += weight[task] * value
        gradient[part] = weight[task] * slope
    return total, gradient


def row_gradient(settings, weights, biases, row, target, weight):
    """Loss of one row and, by backpropagation, its gradient in weights and biases."""
    signals, sums = [row], []
    for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
        sums.append(signals[-1] @ w + b)
        last = k == len(weights) - 1
        signals.append(sums[-1] if last else activate(settings.activation, sums[-1]))
    loss, error = output_loss(settings, signals[-1], target, weight)
    in_weights, in_biases = [], []
    for k in reversed(range(len(weights))):
        in_weights.insert(0, np.outer(signals[k], error))
        in_biases.insert(0, error)
        if k > 0:
            error = weights[k] @ error
            error = error * activation_slope(settings.activation, sums[k - 1])
    return loss, in_weights, in_biases


def mean_gradient(settings, weights, biases, inputs, targets, importance):
    """Mean loss of a batch; its gradient in all the weights, then in all the biases."""
    loss, gradient = 0.0, [np.zeros_like(a) for a in (*weights, *biases)]
    for row in range(len(inputs)):
        value, in_weights, in_biases = row_gradient(
            settings, weights, biases, inputs[row], targets[row], importance[row]
        )
        loss += value / len(inputs)
        for total, part in zip(gradient, (*in_weights, *in_biases), strict=True):
            total += part / len(inputs)
    return loss, gradient


class Trainer:
    """A network in training.

    Attributes
    ----------
    weights, biases : list of ndarray
    owners : list of (layer, list of (input, unit))
        The weights that each coefficient belongs to.
    lambdas : list of float
        One coefficient each.
    pulls : list of ndarray
        ``-dw / dlambda`` of the last penalty step per unit of strength; zeros at first.
    losses : list of float
        Mean loss of each epoch, every batch at the weights it met.
    """

    def __init__(self, settings):
        self.settings = settings
        rng = np.random.default_rng([settings.seed, 0])
        self.weights, self.biases = [], []
        for n_in, n_out in pairwise(settings.layer_sizes):
            spread = sqrt(2 / (n_in + n_out))
            self.weights.append(rng.normal(0, spread, (n_in, n_out)))
            self.biases.append(np.zeros(n_out))
        self.owners = self._find_owners()
        self.lambdas = [settings.thetas[layer] for layer, _ in self.owners]
        self.pulls = [np.zeros_like(w) for w in self.weights]
        arrays = (*self.weights, *self.biases)
        self.first_moments = [np.zeros_like(a) for a in arrays]
        self.second_moments = [np.zeros_like(a) for a in arrays]
        self.n_steps = 0
        self.losses = []

    def _find_owners(self):
        owners = []
        for k in range(self.settings.n_regularized):
            n_in, n_out = self.weights[k].shape
            edges = [(i, j) for i in range(n_in) for j in range(n_out)]
            if self.settings.columns is None:
                owners += [(k, [edge]) for edge in edges]
                continue
            column_of = self.settings.columns if k == 0 else range(n_in)
            owners += [
                (k, [(i, j) for i, j in edges if column_of[i] == column])
                for column in range(max(column_of) + 1)
            ]
        return owners

    def fit(self, inputs, targets, importance):
        """Train for all epochs; `importance` weighs every entry of `targets`."""
        rng = np.random.default_rng([self.settings.seed, 1])
        n_rows = len(inputs)
        n_batches = ceil(n_rows / self.settings.batch_size)
        self.total_steps = n_batches * self.settings.max_epochs
        for _ in range(self.settings.max_epochs):
            order = rng.permutation(n_rows) if n_batches > 1 else np.arange(n_rows)
            loss = 0.0
            for rows in np.array_split(order, n_batches):
                loss += len(rows) * self.step(
                    inputs[rows], targets[rows], importance[rows]
                )
            self.losses.append(loss / n_rows)
        return self

    def step(self, inputs, targets, importance):
        """Gradient, coefficients with the pull of the step before, weights, penalty."""
        loss, gradient = mean_gradient(
            self.settings, self.weights, self.biases, inputs, targets, importance
        )
        rate = self.rate()
        updates = [-rate * d for d in self.directions(gradient)]
        self.move_coefficients(updates)
        self.project()
        self.take_update(updates)
        self.penalize(rate)
        self.n_steps += 1
        return loss

    def rate(self):
        """eta_t."""
        progress = self.n_steps / self.total_steps
        factor = 1.0
        if self.settings.schedule == "cosine":
            factor = (1 + cos(pi * progress)) / 2
        return self.settings.learning_rate * factor

    def directions(self, gradient):
        """Directions of the solver: updates over minus the learning rate."""
        directions, t = [], self.n_steps + 1
        for k, g in enumerate(gradient):
            if self.settings.solver == "sgd":
                momentum = self.settings.momentum
                self.first_moments[k] = g + momentum * self.first_moments[k]
                directions.append(self.first_moments[k])
            elif self.settings.solver == "rmsprop":
                self.second_moments[k] = 0.9 * self.second_moments[k] + 0.1 * g**2
                directions.append(g / np.sqrt(self.second_moments[k] + 1e-7))
            else:
                self.first_moments[k] = 0.9 * self.first_moments[k] + 0.1 * g
                self.second_moments[k] = 0.999 * self.second_moments[k] + 0.001 * g**2
                mean = self.first_moments[k] / (1 - 0.9**t)
                square = self.second_moments[k] / (1 - 0.999**t)
                directions.append(mean / (np.sqrt(square) + 1e-8))
        return directions

    def move_coefficients(self, updates):
        """Descend the counterfactual loss; a group moves by the mean of its weights."""
        bound = self.settings.max_reg_step
        for c, (k, edges) in enumerate(self.owners):
            gains = [updates[k][e] * self.pulls[k][e] for e in edges]
            gain = sum(gains) / len(edges) / self.settings.learning_rate
            self.lambdas[c] -= min(max(self.settings.reg_step * gain, -bound), bound)

    def project(self):
        """Shift the coefficients of the network, or of each layer, back to theta."""
        if not self.owners:
            return
        layer_of = [k for k, _ in self.owners]
        excess = [
            lam - self.settings.thetas[k]
            for lam, k in zip(self.lambdas, layer_of, strict=True)
        ]
        for c, k in enumerate(layer_of):
            peers = [
                e
                for e, layer in zip(excess, layer_of, strict=True)
                if self.settings.scope == "network" or layer == k
            ]
            self.lambdas[c] -= sum(peers) / len(peers)

    def take_update(self, updates):
        n_layers = len(self.weights)
        for k in range(n_layers):
            self.weights[k] = self.weights[k] + updates[k]
            self.biases[k] = self.biases[k] + updates[n_layers + k]

    def scale(self, rate):
        """Penalty steps are of strength exp(lambda) at 1e-3, and grow to it at first."""
        grown = 1.0
        n_growing = self.settings.warmup_epochs * self.total_steps
        n_growing /= self.settings.max_epochs
        if self.n_steps + 1 < n_growing:
            grown = (self.n_steps + 1) / n_growing
        return grown * rate / UNIT_RATE

    def penalize(self, rate):
        """Penalty step of every coefficient on its weights."""
        scale = self.scale(rate)
        for c, (k, edges) in enumerate(self.owners):
            old = np.array([self.weights[k][e] for e in edges])
            if self.settings.rule == "subgradient":
                self.lambdas[c] = min(self.lambdas[c], self.largest(old[0], scale))
                take = self.subgradient_step
            else:
                take = self.proximal_step
            exponent = min(self.lambdas[c], LARGEST_EXPONENT)
            strength = scale * exp(exponent)
            relative = exp(exponent - self.settings.thetas[k])
            new, pull = take(old, strength, relative)
            for e, w, p in zip(edges, new, pull, strict=True):
                self.weights[k][e] = w
                self.pulls[k][e] = p

    def proximal_step(self, old, strength, relative):
        """Minimizer of the penalty plus half the squared distance to the `old` weights.

        The l1 norm of a group is its Euclidean length times the root of its size; a
        group of one is a weight. `relative` is ``exp(lambda - theta)``.
        """
        if self.settings.norm == "l2":
            shrunk = 1 + 2 * strength
            return old / shrunk, 2 * relative * old / shrunk**2
        length, root = sqrt(sum(old**2)), sqrt(len(old))
        if length <= strength * root:
            return self.dead(old, relative)
        return old * (1 - strength * root / length), relative * root * old / length

    def dead(self, old, relative):
        """Inside the dead zone lambda does not matter."""
        del relative
        return np.zeros_like(old), np.zeros_like(old)

    def largest(self, old, scale):
        """Lambda beyond which the subgradient step of a weight would overshoot zero."""
        if scale == 0 or old == 0:
            return inf
        reach = 0.5 if self.settings.norm == "l2" else abs(old)
        return log(reach / scale)

    def subgradient_step(self, old, strength, relative):
        """Gradient of the penalty, which `largest` keeps from overshooting."""
        if self.settings.norm == "l2":
            return old - 2 * strength * old, 2 * relative * old
        new = old - strength * np.sign(old)
        # The logarithm and the exponential of `largest` lose a few digits.
        reached = np.abs(new) <= 1e-13 * np.abs(old)
        return np.where(reached, 0, new), relative * np.sign(old)

    def coefficients(self):
        """Lambda of every weight of every layer; minus infinity for weights without."""
        layers = [np.full(w.shape, -inf) for w in self.weights]
        for lam, (k, edges) in zip(self.lambdas, self.owners, strict=True):
            for edge in edges:
                layers[k][edge] = lam
        return layers

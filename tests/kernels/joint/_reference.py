# SPDX-License-Identifier: BSD-3-Clause
"""Joint training of several networks in slow, plain NumPy, from the mathematics.

Each network is a `Trainer` of the reference; between the solver's update and the penalty a
linear system is solved for every single parameter.
"""

from math import sqrt

import numpy as np

from tests.kernels._reference import Trainer, mean_gradient


def flatten(trainer, layer):
    return np.concatenate([trainer.weights[layer].ravel(), trainer.biases[layer]])


def put(trainer, layer, row):
    shape = trainer.weights[layer].shape
    size = shape[0] * shape[1]
    trainer.weights[layer] = row[:size].reshape(shape)
    trainer.biases[layer] = row[size:]


def squared_distance(first, second, layers):
    """Over all parameters of the layers."""
    return sum(
        float(np.sum((flatten(first, k) - flatten(second, k)) ** 2)) for k in layers
    )


def terms(n_shared, paired):
    """Layers of each term."""
    if paired and n_shared > 1:
        return [(k, k + 1) for k in range(n_shared - 1)]
    return [(k,) for k in range(n_shared)]


def scale(trainers, layers):
    """Mean distance to the nearest other network."""
    nearest = [
        min(
            sqrt(squared_distance(trainer, other, layers))
            for other in trainers
            if other is not trainer
        )
        for trainer in trainers
    ]
    return sum(nearest) / len(nearest)


def majorizer(square, sigma):
    """Weight of Geman and McClure's norm."""
    return (sigma**2 / (sigma**2 + square)) ** 2


class JointTrainer:
    """Networks that take their steps side by side, on all of their rows.

    `links` is a list of (layer, i, j, strength): the objective has
    ``strength * ||theta_i - theta_j||^2`` of that layer.
    """

    def __init__(self, settings, n_domains):
        self.settings = settings
        self.trainers = [Trainer(settings) for _ in range(n_domains)]
        for trainer in self.trainers:
            trainer.total_steps = settings.max_epochs
        self.losses = []

    def epoch(self, tables, links, tied=()):
        n_layers = len(self.settings.layer_sizes) - 1
        results = [
            mean_gradient(self.settings, trainer.weights, trainer.biases, *table)
            for trainer, table in zip(self.trainers, tables, strict=True)
        ]
        self.losses.append([loss for loss, _ in results])
        gradients = [gradient for _, gradient in results]
        for k in tied:
            for part in (k, n_layers + k):
                mean = sum(g[part] for g in gradients) / len(gradients)
                for g in gradients:
                    g[part] = mean
        for trainer, gradient in zip(self.trainers, gradients, strict=True):
            updates = [-trainer.rate() * d for d in trainer.directions(gradient)]
            trainer.move_coefficients(updates)
            trainer.project()
            trainer.take_update(updates)
        self.draw_together(links)
        for trainer in self.trainers:
            trainer.penalize(trainer.rate())
            trainer.n_steps += 1

    def draw_together(self, links):
        """Minimize links plus half the squared distance to where we are, over the rate."""
        n = len(self.trainers)
        rate = self.trainers[0].rate()
        for k in range(len(self.settings.layer_sizes) - 1):
            system = np.eye(n)
            for layer, i, j, strength in links:
                if layer == k:
                    system[i, i] += 2 * rate * strength
                    system[j, j] += 2 * rate * strength
                    system[i, j] -= 2 * rate * strength
                    system[j, i] -= 2 * rate * strength
            rows = np.stack([flatten(trainer, k) for trainer in self.trainers])
            for trainer, row in zip(
                self.trainers, np.linalg.solve(system, rows), strict=True
            ):
                put(trainer, k, row)

    def links(self, n_shared, paired, coupling, sigmas=None):
        """Links of the quadratic; reweighted by the majorizer with `sigmas`."""
        links = []
        for t, layers in enumerate(terms(n_shared, paired)):
            for j in range(len(self.trainers)):
                for i in range(j):
                    weight = 1.0
                    if sigmas is not None:
                        pair = self.trainers[i], self.trainers[j]
                        square = squared_distance(*pair, layers)
                        weight = majorizer(square, sigmas[t])
                    links += [(k, i, j, coupling * weight) for k in layers]
        return links

    def fit_joint(self, tables, *, coupling, n_shared, paired, first, every, rounds):
        """The stages of the joint strategy, on full batches."""
        done, sigmas = 0, None
        links = self.links(n_shared, paired, coupling)
        for _ in range(first):
            self.epoch(tables, links)
            done += 1
        sigmas = [scale(self.trainers, layers) for layers in terms(n_shared, paired)]
        for r in range(rounds):
            links = self.links(n_shared, paired, coupling, sigmas)
            last = r == rounds - 1
            for _ in range(self.settings.max_epochs - done if last else every):
                self.epoch(tables, links)
                done += 1
        return self

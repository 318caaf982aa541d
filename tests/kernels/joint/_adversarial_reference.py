# SPDX-License-Identifier: BSD-3-Clause
"""A step of adversarial training in slow NumPy, by finite differences."""

from dataclasses import replace

import jax
import numpy as np

from skrln._kernels._network import init_params
from skrln._kernels.joint._adversarial import TEMPERATURE, draw_noise

from ._adversarial_problems import CAPACITY, SEED, SPEC


def start():
    """Weights and biases of all layers, the generator's first."""
    rng = np.random.default_rng([SEED, 0])
    layers = [
        *init_params(rng, SPEC.generator, np.dtype(float)),
        *init_params(rng, SPEC.encoder, np.dtype(float)),
        *init_params(rng, SPEC.generator, np.dtype(float)),
    ]
    return [part.copy() for layer in layers for part in (layer.weight, layer.bias)]


def noise_of(step):
    key = np.random.SeedSequence([SEED, 2]).generate_state(2)
    with jax.enable_x64(True):
        drawing = jax.random.wrap_key_data(key, impl="threefry2x32")
        spec = replace(SPEC, batch_capacity=CAPACITY)
        noise = draw_noise(jax.random.fold_in(drawing, step), spec, np.float64)
    return tuple(np.asarray(part) for part in noise)


def run_network(parts, values):
    for k in range(0, len(parts), 2):
        values = values @ parts[k] + parts[k + 1]
        if k < len(parts) - 2:
            values = np.tanh(values)
    return values


def softmax(logits):
    odds = np.exp(logits)
    return odds / odds.sum(axis=1, keepdims=True)


def generated(parts, latent, gumbel):
    outputs = run_network(parts, latent)
    outputs[:, 2:] = (outputs[:, 2:] + gumbel) / TEMPERATURE
    present, category = softmax(outputs[:, 2:4]), softmax(outputs[:, 4:])
    numbers = outputs[:, :2].copy()
    numbers[:, 1] *= present[:, 0]
    return np.hstack([numbers, present, category])


def copy_loss(parts, rows, veil):
    """Mean over rows and over four columns: different one-hot rows have distance one.

    Also the codes.
    """
    codes = run_network(parts[:4], rows + 0.2 * veil)
    outputs = run_network(parts[4:], codes)
    copies = np.hstack(
        [outputs[:, :2], softmax(outputs[:, 2:4]), softmax(outputs[:, 4:])]
    )
    apart = np.abs(rows - copies)
    each = (
        apart[:, 0] + apart[:, 1] + apart[:, 2:4].sum(1) / 2 + apart[:, 4:].sum(1) / 2
    )
    return each.mean() / 4, codes


def slope(function, parts, h=1e-6):
    """Gradient by central differences."""
    gradients = [np.zeros_like(part) for part in parts]
    for part, slopes in zip(parts, gradients, strict=True):
        for place in np.ndindex(part.shape):
            kept = part[place]
            part[place] = kept + h
            above = function(parts)
            part[place] = kept - h
            slopes[place] = (above - function(parts)) / (2 * h)
            part[place] = kept
    return gradients


def reference_step(parts, rows, balance, step, rate=0.1):
    """New parameters before the coupling, new balance, L(x) and L(G(z))."""
    maker, judge = parts[:4], parts[4:]
    latent, gumbel, veil = noise_of(step)
    decoys = generated(maker, latent[0], gumbel[0])

    def of_judge(layers):
        of_rows, codes = copy_loss(layers, rows, veil[0][: len(rows)])
        of_decoys, again = copy_loss(layers, decoys, veil[1])
        spread = np.cov(codes.T, bias=True) - np.eye(2)
        unlike = (np.sum(codes.mean(axis=0) ** 2) + np.sum(spread**2)) / 2
        tie = unlike + np.mean((again - latent[0]) ** 2)
        return of_rows - balance * of_decoys + 0.3 * tie

    def of_maker(layers):
        loss, again = copy_loss(judge, generated(layers, latent[1], gumbel[1]), veil[2])
        return loss + 0.3 * np.mean((again - latent[1]) ** 2)

    real = copy_loss(judge, rows, veil[0][: len(rows)])[0]
    made = copy_loss(judge, generated(maker, latent[1], gumbel[1]), veil[2])[0]
    slopes = slope(of_maker, maker) + slope(of_judge, judge)
    moved = [part - rate * g for part, g in zip(parts, slopes, strict=True)]
    balance = min(max(balance + 0.4 * (0.7 * real - made), 0.0), 1.0)
    return moved, balance, real, made


def drawn_together(domains, coupling, rate=0.1):
    """One linear system for each parameter; inner layers are in two pairs of their network."""
    pairs = [1, 1, 1, 2, 2, 1]
    for k in range(12):
        c = coupling * pairs[k // 2]
        system = np.eye(2) + 2 * rate * c * np.array([[1, -1], [-1, 1]])
        stacked = np.stack([parts[k] for parts in domains])
        solved = np.linalg.solve(system, stacked.reshape(2, -1)).reshape(stacked.shape)
        for parts, new in zip(domains, solved, strict=True):
            parts[k] = new

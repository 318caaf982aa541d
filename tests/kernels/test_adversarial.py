# SPDX-License-Identifier: BSD-3-Clause
"""Adversarial training of several domains against slow NumPy, and its limits."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from skrln._kernels import (
    AdversarialHyper,
    AdversarialSpec,
    JointPlan,
    NetworkSpec,
    StopReason,
    fit_adversarial,
)
from skrln._kernels._adversarial import TEMPERATURE, draw_noise
from skrln._kernels._network import init_params

#: Two numbers, the second of which can be missing, and a column of three categories.
SPEC = AdversarialSpec(
    NetworkSpec((2, 3, 7), "tanh", (7,)),
    NetworkSpec((7, 4, 2), "tanh", (2,)),
    n_numbers=2,
    blocks=(2, 3),
    masked=(1,),
    solver="sgd",
)
HYPER = AdversarialHyper(
    learning_rate=0.1,
    momentum=0.0,
    total_steps=0,
    gamma=0.7,
    balance_rate=0.4,
    average_decay=0.6,
    code_weight=0.3,
    input_noise=0.2,
)
CAPACITY = 32  #: of a batch, also of a smaller one
SEED = 3
COUNTS = np.array([9, 12])
TIGHT = {"rtol": 1e-9, "atol": 1e-12}


def make_rows(counts=COUNTS, seed=0):
    rng = np.random.default_rng(seed)
    n = counts.sum()
    missing = rng.uniform(size=n) < 0.3
    numbers = (
        rng.normal(size=(n, 2)) + np.repeat(np.arange(len(counts)), counts)[:, None]
    )
    numbers[missing, 1] = 0
    return np.hstack(
        [numbers, np.eye(2)[missing.astype(int)], np.eye(3)[rng.integers(3, size=n)]]
    )


def fit(rows=None, counts=COUNTS, *, spec=SPEC, hyper=HYPER, epochs=4, **plan):
    options = {"strategy": "l2", "coupling": 0.5, "n_shared": 6, "stacks": SPEC.stacks}
    return fit_adversarial(
        make_rows(counts) if rows is None else rows,
        np.asarray(counts),
        spec,
        hyper,
        JointPlan(**(options | plan)),
        max_epochs=epochs,
        batch_size=CAPACITY,
        seed=SEED,
        precision="float64",
    )


# -- the same in plain NumPy -------------------------------------------------------------


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
    there, category = softmax(outputs[:, 2:4]), softmax(outputs[:, 4:])
    numbers = outputs[:, :2].copy()
    numbers[:, 1] *= there[:, 0]
    return np.hstack([numbers, there, category])


def copy_loss(parts, rows, veil):
    """Mean over rows and over four columns: two one-hot rows that differ are one apart.

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
    found = [np.zeros_like(part) for part in parts]
    for part, slopes in zip(parts, found, strict=True):
        for place in np.ndindex(part.shape):
            kept = part[place]
            part[place] = kept + h
            above = function(parts)
            part[place] = kept - h
            slopes[place] = (above - function(parts)) / (2 * h)
            part[place] = kept
    return found


def reference_step(parts, rows, balance, step, rate=0.1):
    """New parameters before the coupling, new balance, L(x) and L(G(z))."""
    maker, judge = parts[:4], parts[4:]
    latent, gumbel, veil = noise_of(step)
    decoys = generated(maker, latent[0], gumbel[0])

    def of_judge(found):
        of_rows, codes = copy_loss(found, rows, veil[0][: len(rows)])
        of_decoys, again = copy_loss(found, decoys, veil[1])
        spread = np.cov(codes.T, bias=True) - np.eye(2)
        unlike = (np.sum(codes.mean(axis=0) ** 2) + np.sum(spread**2)) / 2
        tie = unlike + np.mean((again - latent[0]) ** 2)
        return of_rows - balance * of_decoys + 0.3 * tie

    def of_maker(found):
        loss, again = copy_loss(judge, generated(found, latent[1], gumbel[1]), veil[2])
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


def test_steps_are_those_of_the_reference():
    rows = make_rows()
    result = fit(epochs=3)
    domains, balances = [start(), start()], [0.0, 0.0]
    average = [parts[:4] for parts in domains]
    for step in range(3):
        past = min(0.6, (step + 1) / (step + 10))
        for i, mine in enumerate((rows[:9], rows[9:])):
            found = reference_step(domains[i], mine, balances[i], step)
            domains[i], balances[i], real, made = found
            np.testing.assert_allclose(result.history.real[step, i], real, rtol=1e-6)
            np.testing.assert_allclose(
                result.history.generated[step, i], made, rtol=1e-6
            )
            np.testing.assert_allclose(
                result.history.balance[step, i], balances[i], atol=1e-6
            )
        drawn_together(domains, 0.5)
        for i, parts in enumerate(domains):
            average[i] = [
                past * old + (1 - past) * new
                for old, new in zip(average[i], parts[:4], strict=True)
            ]
    for i, parts in enumerate(domains):
        for k, layer in enumerate(result.params):
            np.testing.assert_allclose(layer.weight[i], parts[2 * k], atol=1e-7)
            np.testing.assert_allclose(layer.bias[i], parts[2 * k + 1], atol=1e-7)
        for k, layer in enumerate(result.average):
            np.testing.assert_allclose(layer.weight[i], average[i][2 * k], atol=1e-7)
    assert np.ptp(result.history.balance) > 0.01


# -- balance and limits --------------------------------------------------------------------


def test_balance_moves_by_the_gap_and_stays_between_zero_and_one():
    for gamma, bound in ((0.1, 0), (3.0, 1)):
        result = fit(hyper=HYPER._replace(balance_rate=30.0, gamma=gamma), epochs=3)
        k = np.zeros(2)
        for real, made, found in zip(*result.history[:3], strict=True):
            k = np.clip(k + 30 * (gamma * real - made), 0, 1)
            np.testing.assert_allclose(found, k, **TIGHT)
        np.testing.assert_array_equal(result.history.balance, bound)


def arrays(result):
    return [
        part
        for layer in (*result.params, *result.average)
        for part in (layer.weight, layer.bias)
    ] + list(result.history[:3])


def test_isolated_networks_are_those_of_single_fits():
    rows = make_rows()
    together = fit(rows, strategy="isolated")
    for i, mine in enumerate((rows[:9], rows[9:])):
        alone = fit(mine, COUNTS[[i]], strategy="isolated")
        for a, b in zip(together.params, alone.params, strict=True):
            np.testing.assert_allclose(a.weight[i], b.weight[0], **TIGHT)
            np.testing.assert_allclose(a.bias[i], b.bias[0], **TIGHT)


def test_no_coupling_is_isolated_bit_for_bit():
    for strategy in ("joint", "l2"):
        first = fit(strategy=strategy, coupling=0.0)
        for a, b in zip(arrays(first), arrays(fit(strategy="isolated")), strict=True):
            np.testing.assert_array_equal(a, b)


def test_shared_is_one_pair_of_networks_and_endless_coupling_tends_to_it():
    shared = fit(strategy="shared")
    for layer in shared.params:
        np.testing.assert_array_equal(layer.weight[0], layer.weight[1])
    np.testing.assert_array_equal(*shared.history.balance.T)
    held = HYPER._replace(balance_rate=0.0)  # each domain has a balance of its own
    shared = fit(strategy="shared", hyper=held)
    strong = fit(coupling=1e12, hyper=held)
    for a, b in zip(shared.params, strong.params, strict=True):
        np.testing.assert_allclose(a.weight, b.weight, rtol=1e-7, atol=1e-9)
    fine = fit(strategy="finetune", hyper=held, first_epochs=2)
    np.testing.assert_allclose(fine.history.distances[1], 0, atol=1e-20)
    assert fine.history.distances[-1].max() > 1e-6


def test_identical_domains_have_full_weights_and_equal_networks():
    rows = np.vstack([make_rows(COUNTS[:1])] * 2)
    result = fit(rows, COUNTS[[0, 0]], strategy="joint", first_epochs=2)
    np.testing.assert_array_equal(result.weights, 1)
    assert result.converged
    for layer in result.params:
        np.testing.assert_allclose(layer.weight[0], layer.weight[1], **TIGHT)


def test_strangers_are_let_go_and_no_pair_goes_across_the_networks():
    counts = np.array([9, 9, 9])
    rows = make_rows(counts)
    rows[9:18, :2] = rows[:9, :2] + 0.05  # the third is far from these
    rows[9:18, 2:] = rows[:9, 2:]
    plan = {"strategy": "joint", "coupling": 0.05, "first_epochs": 30}
    result = fit(rows, counts, epochs=60, round_epochs=10, max_rounds=3, **plan)
    assert result.weights.shape == (3, 4, 3, 3)
    last = result.weights[-1]
    assert (last[:, 0, 1] > last[:, 0, 2]).all()
    assert result.sigma.shape == (4,)
    np.testing.assert_array_equal(
        JointPlan("joint", 1.0, 5, stacks=(2, 3)).terms,
        [[1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 1, 1]],
    )


def test_last_layers_may_be_left_alone():
    plan = JointPlan("l2", 1.0, 5, stacks=(2, 3), own_heads=True)
    np.testing.assert_array_equal(plan.terms, [[1, 0, 0, 0, 0], [0, 0, 1, 1, 0]])
    assert plan.stages(5, anchored=False)[0].coupled == (True, False, True, True, False)
    result = fit(strategy="shared", own_heads=True)
    for k, layer in enumerate(result.params):
        same = np.array_equal(layer.weight[0], layer.weight[1])
        assert same == (k not in (1, 5))


def test_an_epoch_that_diverges_is_undone():
    result = fit(hyper=HYPER._replace(learning_rate=1e308), epochs=20)
    assert result.reason == StopReason.DIVERGED
    assert result.n_epochs < 20
    assert len(result.history.real) == result.n_epochs
    for layer in result.params:
        assert np.isfinite(layer.weight).all()


@pytest.mark.parametrize(
    ("structure", "numbers"),
    [
        ({"solver": "adam"}, {}),
        ({"schedule": "cosine"}, {}),
        ({"bounded": True}, {}),
        ({}, {"momentum": 0.5}),
    ],
)
def test_what_the_reference_leaves_out_matters(structure, numbers):
    before = fit()
    after = fit(spec=replace(SPEC, **structure), hyper=HYPER._replace(**numbers))
    gap = np.abs(before.params[0].weight - after.params[0].weight).max()
    assert gap > 1e-6

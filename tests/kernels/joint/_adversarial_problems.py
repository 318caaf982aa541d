# SPDX-License-Identifier: BSD-3-Clause
"""A pair of networks, rows of two domains, and their fit."""

import numpy as np

from skrln._kernels import (
    AdversarialHyper,
    AdversarialSpec,
    JointPlan,
    NetworkSpec,
    RunSpec,
    fit_adversarial,
)

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
    gamma=0.7,
    balance_rate=0.4,
    average_decay=0.6,
    code_weight=0.3,
    input_noise=0.2,
    solver_numbers={"momentum": 0.0},
)


CAPACITY = 32  #: of a batch, also with fewer rows


SEED = 3


COUNTS = np.array([11, 12])  #: of one bucket: single fits share a program


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
        RunSpec(epochs, CAPACITY, SEED, precision="float64"),
    )

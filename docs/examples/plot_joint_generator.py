# SPDX-License-Identifier: BSD-3-Clause
"""
New rows for each of several data sets
======================================

Forty images of each digit are few to learn from how to draw it, but what a stroke looks like
can be learned from all four hundred. :class:`~skrln.joint.JointGenerator` has a generator for
each data set, here for each digit, and couples them.
"""

# %%
# Ten domains
# -----------

import numpy as np
from sklearn.datasets import load_digits

images, labels = load_digits(return_X_y=True)
rng = np.random.default_rng(0)
order = rng.permutation(len(labels))
train = np.concatenate([order[labels[order] == digit][:40] for digit in range(10)])
held_out = np.setdiff1d(order, train)
print(f"{len(train)} images to learn from, {len(held_out)} to compare with")

# %%
# Generators by strategy
# ----------------------
# All start from the same weights and take the same steps. Pixels have one scale:
# ``scaling="range"``. With "shared" and shared outputs there is one generator for all, which
# cannot be asked for a digit.

from skrln.joint import JointGenerator

strategies = ("shared", "isolated", "joint")
models = {
    strategy: JointGenerator(
        strategy=strategy,
        share_output=strategy == "shared",
        scaling="range",
        max_iter=500,
        random_state=0,
    ).fit(images[train], sample_domain=labels[train])
    for strategy in strategies
}

# %%
# Samples
# -------
# Six samples of each digit, next to six real images.

import matplotlib.pyplot as plt

tables = {"real": lambda digit: images[held_out][labels[held_out] == digit][:6]}
for name, model in models.items():
    tables[name] = lambda digit, model=model: model.sample(6, digit, random_state=1)[0]

figure, axes = plt.subplots(1, 4, figsize=(11, 4.4), layout="constrained")
for axis, (name, draw) in zip(axes, tables.items(), strict=True):
    grid = np.stack([draw(digit).reshape(6, 8, 8) for digit in range(10)])
    padded = np.pad(grid, [(0, 0), (0, 0), (1, 1), (1, 1)])
    axis.imshow(padded.transpose(0, 2, 1, 3).reshape(100, 60), cmap="gray_r")
    axis.set(title=name, xticks=[], yticks=[])

# %%
# How near are they?
# ------------------
# As many samples as there are held-out images of a digit are mixed with these. If the nearest
# neighbour of an image tells whether it is real, the samples are bad: 0.5 is the best value.

from sklearn.neighbors import NearestNeighbors


def told_apart(model, digit):
    """Share of real and generated images whose nearest neighbour is of the same kind."""
    real = images[held_out][labels[held_out] == digit]
    made = model.sample(len(real), digit, random_state=2)[0]
    nearest = NearestNeighbors(n_neighbors=1).fit(np.vstack([real, made])).kneighbors()
    kind = np.repeat([0, 1], len(real))
    return np.mean(kind[nearest[1][:, 0]] == kind)


for name, model in models.items():
    print(f"{name:9s} {np.mean([told_apart(model, digit) for digit in range(10)]):.3f}")

# %%
# One generator for all is far off. Coupled ones are as near as those alone, and share what they
# have learned about strokes; with forty images of a digit that is worth little more.
#
# Did they learn?
# ---------------
# No loss tells when adversarial training is done. The convergence measure is to fall. The
# balance is what the discriminator minds generated rows by: at zero it has no need to, because
# they are copied badly enough as it is.

figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
for name, model in models.items():
    axes[0].plot(model.convergence_curve_.mean(axis=1), label=name)
    axes[1].plot(model.equilibrium_curve_.mean(axis=1), label=name)
axes[0].set(xlabel="Epoch", ylabel="Convergence measure", yscale="log")
axes[1].set(xlabel="Epoch", ylabel="Balance")
axes[0].legend()
plt.show()

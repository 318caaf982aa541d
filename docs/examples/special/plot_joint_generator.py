# SPDX-License-Identifier: BSD-3-Clause
"""
Generate new rows for each of several data sets
===============================================

Forty images of a digit are too few to learn to draw that digit. But the shape of a pen stroke
can be learned from the images of all ten digits. :class:`~skrln.joint.JointGenerator` trains
one generator for each data set, here for each digit, and couples the generators.
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
print(f"{len(train)} training images, {len(held_out)} held-out images")

# %%
# One generator for each strategy
# -------------------------------
# All generators start from the same weights and take the same number of steps. All pixels have
# the same scale, so ``scaling="range"``. The strategy "shared" with a shared output layer is
# one generator for all digits: it cannot generate a chosen digit.

from skrln.joint import JointGenerator

strategies = ("shared", "isolated", "joint")
models = {
    strategy: JointGenerator(
        coupling=strategy,
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
# The figure shows six real images and six samples of each digit.

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
# Distance to the real images
# ---------------------------
# For each digit, we mix the held-out images with as many samples. The nearest neighbour of each
# row then classifies the row as real or generated. The accuracy is 0.5 if samples and images
# have the same distribution, and 1 if they are easy to separate.

from sklearn.neighbors import NearestNeighbors


def neighbour_accuracy(model, digit):
    """Share of images and samples whose nearest neighbour is of the same kind."""
    real = images[held_out][labels[held_out] == digit]
    samples = model.sample(len(real), digit, random_state=2)[0]
    nearest = NearestNeighbors(n_neighbors=1)
    neighbours = nearest.fit(np.vstack([real, samples])).kneighbors()[1][:, 0]
    kind = np.repeat([0, 1], len(real))
    return np.mean(kind[neighbours] == kind)


for name, model in models.items():
    accuracy = np.mean([neighbour_accuracy(model, digit) for digit in range(10)])
    print(f"{name:9s} {accuracy:.3f}")

# %%
# The samples of the shared generator are far from the real images. The coupled generators are
# as close as the isolated ones: with forty images of each digit, coupling improves the samples
# little.
#
# Convergence
# -----------
# No loss shows the end of adversarial training. The convergence measure should fall. The
# discriminator reconstructs real rows well and generated rows badly, and the balance is the
# weight of generated rows in its loss. The balance falls to zero if the discriminator already
# reconstructs generated rows badly.

figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
for name, model in models.items():
    axes[0].plot(model.convergence_curve_.mean(axis=1), label=name)
    axes[1].plot(model.equilibrium_curve_.mean(axis=1), label=name)
axes[0].set(xlabel="Epoch", ylabel="Convergence measure", yscale="log")
axes[1].set(xlabel="Epoch", ylabel="Balance")
axes[0].legend()
plt.show()

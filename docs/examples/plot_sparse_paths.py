# SPDX-License-Identifier: BSD-3-Clause
"""
Sparser at the same score: a path of strengths
==============================================

Five of 205 columns matter in this table, and there are 200 rows to find them. One fit at a
strong ``theta`` finds most, with a good deal of noise beside them. A path of four fits, each
stronger than the one before and going on from it, drops most of the noise at the same score.
"""

# %%
# A table of noise
# ----------------

import numpy as np

from skrln.datasets import make_friedman1_noise

X, y = make_friedman1_noise(1200, 200, random_state=0)
X_train, X_test, y_train, y_test = X[:200], X[200:], y[:200], y[200:]

# %%
# Three ways to one network
# -------------------------
# At once; with the sparsest epoch that is as good as the best on held-out rows, within one
# standard error; and along a path, a quarter of the epochs for each strength.

from skrln import RLNRegressor
from skrln.presets import READABLE

THETA = -5.5
settings = READABLE | {"random_state": 0}
at_once = RLNRegressor(**settings | {"theta": THETA}).fit(X_train, y_train)
sparsest = RLNRegressor(**settings | {"theta": THETA}, early_stopping="sparsest")
sparsest.fit(X_train, y_train)
path = RLNRegressor(**settings, warm_start=True, max_iter=25)
zeros = []
for below in (-1.5, -1.0, -0.5, 0.0):
    path.set_params(theta=THETA + below).fit(X_train, y_train)
    zeros.extend(path.sparsity_curve_[:, 0])

models = {"at once": at_once, "sparsest epoch": sparsest, "path": path}
for name, model in models.items():
    active = model.active_features_
    print(
        f"{name:15} R2 {model.score(X_test, y_test):.2f}, {np.sum(active < 5)} true inputs, "
        f"{np.sum(active >= 5):2d} of noise, {np.count_nonzero(model.coefs_[0]):3d} edges"
    )

# %%
# What is left, epoch by epoch
# ----------------------------
# Edges of the first layer that are not zero. The penalty grows over the first fifth of a fresh
# fit; along the path it jumps up with each strength.

import matplotlib.pyplot as plt

n_edges = at_once.coefs_[0].size
curves = {
    "at once": at_once.sparsity_curve_[:, 0],
    "sparsest epoch": sparsest.sparsity_curve_[: sparsest.best_iteration_ + 1, 0],
    "path": np.array(zeros),
}
figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for name, curve in curves.items():
    left = (1 - curve) * n_edges
    ax.plot(np.arange(1, len(left) + 1), left, label=name)
ax.set(yscale="log", xlabel="Epoch", ylabel="Edges left in the first layer")
ax.legend()
plt.show()

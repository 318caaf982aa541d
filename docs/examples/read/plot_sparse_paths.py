# SPDX-License-Identifier: BSD-3-Clause
"""
A sparser network at the same score: a path of strengths
========================================================

The table has five relevant columns, 200 noise columns and 200 training rows. One fit with a
strong ``theta`` selects most of the relevant columns and many noise columns. A path of four
fits, each with a stronger penalty and a warm start from the fit before, drops most of the noise
columns at the same score.
"""

# %%
# Data
# ----

import numpy as np

from skrln.datasets import make_friedman1_noise

X, y = make_friedman1_noise(1200, 200, random_state=0)
X_train, X_test, y_train, y_test = X[:200], X[200:], y[:200], y[200:]

# %%
# Three networks
# --------------
# "At once" is one fit at the final strength. "Sparsest epoch" restores the sparsest epoch whose
# held-out loss is within one standard error of the lowest. "Path" spends a quarter of the
# epochs at each of four strengths.

from skrln import RLNRegressor
from skrln.presets import READABLE

THETA = -5.5
settings = READABLE | {"random_state": 0}
at_once = RLNRegressor(**settings | {"theta": THETA}).fit(X_train, y_train)
sparsest = RLNRegressor(**settings | {"theta": THETA}, early_stopping="sparsest")
sparsest.fit(X_train, y_train)
path = RLNRegressor(**settings, warm_start=True, max_iter=25)
zeros = []
for difference in (-1.5, -1.0, -0.5, 0.0):
    path.set_params(theta=THETA + difference).fit(X_train, y_train)
    zeros.extend(path.sparsity_curve_[:, 0])

models = {"at once": at_once, "sparsest epoch": sparsest, "path": path}
for name, model in models.items():
    active = model.active_features_
    print(
        f"{name:15} R2 {model.score(X_test, y_test):.2f}, "
        f"{np.sum(active < 5)} relevant columns, {np.sum(active >= 5):2d} noise columns, "
        f"{np.count_nonzero(model.coefs_[0]):3d} edges"
    )

# %%
# Surviving edges by epoch
# ------------------------
# The curves show the number of nonzero edges in the first layer. In a fresh fit, the penalty
# grows over the first fifth of the epochs. Along the path, the penalty jumps at each new
# strength.

import matplotlib.pyplot as plt

n_edges = at_once.coefs_[0].size
curves = {
    "at once": at_once.sparsity_curve_[:, 0],
    "sparsest epoch": sparsest.sparsity_curve_[: sparsest.best_iteration_ + 1, 0],
    "path": np.array(zeros),
}
figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for name, curve in curves.items():
    n_nonzero = (1 - curve) * n_edges
    ax.plot(np.arange(1, len(n_nonzero) + 1), n_nonzero, label=name)
ax.set(yscale="log", xlabel="Epoch", ylabel="Nonzero edges in the first layer")
ax.legend()
plt.show()

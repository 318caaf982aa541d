# SPDX-License-Identifier: BSD-3-Clause
r"""
===============================
How sure a network is, and when
===============================

A network gives a number for every row, also where it has seen nothing like it.
``predict(X, return_std=True)`` says how far similar networks are from each other at that
row. There are two ways to have several of them: dropout (Monte Carlo dropout), and an
ensemble. This example looks at both, first on a curve and then on
a table, and at what their standard deviations are worth.
"""

# %%
# A curve with a gap
# ------------------
# Sixty points of a curve, none of them in the middle and none outside :math:`[-3, 3]`.

import matplotlib.pyplot as plt
import numpy as np

from skrln import RLNRegressor
from skrln.presets import READABLE

rng = np.random.default_rng(1)
x = np.concatenate([rng.uniform(-3, -1, 30), rng.uniform(1, 3, 30)])
y = np.sin(1.5 * x) + 0.1 * rng.normal(size=len(x))
grid = np.linspace(-5, 5, 200)

common = {
    "hidden_layer_sizes": (100, 50),
    "theta": -9,
    "max_iter": 400,
    "dropout": 0.0,
    "numeric_embedding": None,
    "n_estimators": 1,
    "random_state": 0,
}
networks = {
    "Monte Carlo dropout": RLNRegressor(**common | {"dropout": 0.1}),
    "Ensemble of ten": RLNRegressor(**common | {"n_estimators": 10}, bootstrap=True),
}

fig, axes = plt.subplots(
    1, 2, figsize=(9, 3.6), sharex=True, sharey=True, layout="constrained"
)
for ax, (name, network) in zip(axes, networks.items(), strict=True):
    network.fit(x[:, None], y)
    mean, std = network.predict(grid[:, None], return_std=True)
    draws = network.sample_predictions(grid[:, None], 10, random_state=0)
    for width, alpha in ((2, 0.2), (1, 0.3)):
        band = (mean - width * std, mean + width * std)
        ax.fill_between(grid, *band, color="C0", alpha=alpha, lw=0)
    ax.plot(grid, draws, color="C0", lw=0.5, alpha=0.6)
    ax.plot(grid, mean, color="C0", lw=2, label="prediction, 1 and 2 std")
    ax.plot(grid, np.sin(1.5 * grid), color="black", ls=":", label="truth")
    ax.plot(x, y, "k.", ms=5, label="training rows")
    ax.set(title=name, xlabel="x", ylim=(-4, 4))
axes[0].set_ylabel("y")
axes[0].legend(loc="upper right", fontsize="small")
plt.show()

# %%
# Thin lines are draws, of ``sample_predictions``: each is one network. Near the training
# rows they agree, outside they part. But neither band knows that the curve goes on as a
# sine: none of the networks is wavy where there are no rows, and the truth is soon beyond
# both bands. In the gap, pinned at both ends, they agree for the same reason, and are
# right by luck. Large values are a reason to be careful; small ones are no proof.

# %%
# A table
# -------
# Friedman's function of five of ten columns. Training rows are mostly near the middle of
# each column; the rows to predict are everywhere, so that some are like those of the
# training and others are not. As the data are made, the error against the truth, without
# the noise of ``y``, is known. We sort the rows by their standard deviation, and compare
# it with the error in eight groups of 500 rows.


def friedman(X):
    return (
        10 * np.sin(np.pi * X[:, 0] * X[:, 1])
        + 20 * (X[:, 2] - 0.5) ** 2
        + 10 * X[:, 3]
        + 5 * X[:, 4]
    )


X_train = rng.beta(4, 4, size=(1000, 10))
y_train = friedman(X_train) + rng.normal(size=1000)
X_test = rng.uniform(size=(4000, 10))
truth = friedman(X_test)

common = READABLE | {"theta": -7, "random_state": 0}
networks = {
    "dropout=0.05": RLNRegressor(**common | {"dropout": 0.05}),
    "dropout=0.2": RLNRegressor(**common | {"dropout": 0.2}),
    "ensemble of ten": RLNRegressor(**common | {"n_estimators": 10}, bootstrap=True),
}


def root_mean_square(values):
    return np.sqrt(np.mean(values**2, axis=-1))


fig, ax = plt.subplots(figsize=(5.5, 4.5), layout="constrained")
for (name, network), marker in zip(networks.items(), "osD", strict=True):
    mean, std = network.fit(X_train, y_train).predict(X_test, return_std=True)
    error = mean - truth
    groups = np.argsort(std).reshape(8, -1)
    ax.plot(
        root_mean_square(std[groups]),
        root_mean_square(error[groups]),
        marker=marker,
        label=name,
    )
    within = np.mean(np.abs(error) < 2 * std)
    print(
        f"{name:15}  error {root_mean_square(error):.2f},  std "
        f"{root_mean_square(std):.2f},  within two std: {within:.0%}"
    )
ax.axline((0, 0), slope=1, color="gray", ls="--", label="as large as the error")
ax.set(
    xlabel="standard deviation (root mean square of the group)",
    ylabel="error against the truth (root mean square)",
    xlim=(0, 1),
    ylim=(0, 2.9),
)
ax.legend(loc="upper left", ncols=2)
plt.show()

# %%
# Lines rise: rows with a larger standard deviation have larger errors. But they are far
# above the dashed line: errors are two to five times the standard deviation, because all
# networks share mistakes that none of them can see, such as how they go on beyond the
# training rows. And the axis depends on ``dropout``, which is yours to choose. The *order*
# of the rows means something; the *size* needs a check on rows that were held out, and a
# factor, before it is an interval. The :ref:`User Guide <uncertainty>` has both.

# SPDX-License-Identifier: BSD-3-Clause
r"""
==================================================
Uncertainty of predictions: dropout and ensembles
==================================================

A network predicts a number for every row, including rows that are unlike all training rows.
``predict(X, return_std=True)`` returns the spread of the predictions of similar networks as
well. The networks come from dropout at prediction time (Monte Carlo dropout) or from an
ensemble. This example shows both spreads on a curve, and compares the standard deviations with
the errors on a table.
"""

# %%
# A curve with a gap
# ------------------
# The training data are 60 points of a curve. No point is in the middle, and none is outside
# :math:`[-3, 3]`.

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
    "Ensemble of ten": RLNRegressor(**common | {"n_estimators": 10}),
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
# Each thin line is one network, drawn with ``sample_predictions``. The networks agree near the
# training rows and differ outside their range. But no network continues the sine where there
# are no rows, and the truth soon leaves both bands. In the gap the networks agree as well,
# because they interpolate between the same ends. There the prediction is good by chance. A
# large standard deviation is a warning; a small one does not prove that the error is small.

# %%
# A table
# -------
# The target is Friedman's function of five of ten columns. Most training rows are near the
# middle of each column. The test rows are uniform, so some are similar to training rows and
# others are not. The data are simulated, so the error against the truth, without the noise of
# ``y``, is known. We sort the test rows by their standard deviation, and compare the standard
# deviation with the error in eight groups of 500 rows.


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
    "ensemble of ten": RLNRegressor(**common | {"n_estimators": 10}),
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
ax.axline((0, 0), slope=1, color="gray", ls="--", label="equal to the error")
ax.set(
    xlabel="standard deviation (root mean square of the group)",
    ylabel="error against the truth (root mean square)",
    xlim=(0, 1),
    ylim=(0, 2.9),
)
ax.legend(loc="upper left", ncols=2)
plt.show()

# %%
# The curves rise: rows with a larger standard deviation tend to have larger errors. But the
# curves are far above the dashed line. The errors are two to seven times as large as the
# standard deviation, because all networks make the same errors beyond the training rows. The
# standard deviation also depends on ``dropout``, which the user chooses. The *order* of the
# rows is informative. The *size* becomes an interval only with a factor that is estimated on
# held-out rows. The :ref:`User Guide <uncertainty>` describes both.

# SPDX-License-Identifier: BSD-3-Clause
"""
=========================================
Units that can go, and how to choose them
=========================================

Half of the units of a trained network can usually go. Which half matters less than one
might think; what is done about the gap that they leave matters more. This example prunes a
network for handwritten digits by three criteria, with and without compensation.
"""

# %%
# Angles between units
# --------------------
# Two units are compared by their incoming weights, or by their activations over the
# training rows. Red pairs are similar, blue ones complementary. In 64 dimensions weights of
# different units are nearly at right angles, whereas activations are far more alike.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from skrln.inspection import (
    AngleMatrixDisplay,
    PruningHistoryDisplay,
    PruningTradeoffDisplay,
)
from skrln.pruning import DistinctivenessPruner

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, test_size=0.5, random_state=0, stratify=y
)
network = MLPClassifier(
    (60,),
    activation="tanh",
    learning_rate_init=0.01,
    early_stopping=True,
    random_state=0,
)
network.fit(X_train, y_train)
trained = FrozenEstimator(network)

fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for ax, criterion in zip(axes, ("weight", "activation"), strict=True):
    pruner = DistinctivenessPruner(trained, criterion=criterion, retrain=False)
    pruner.fit(X_train, y_train)
    AngleMatrixDisplay.from_estimator(pruner, ax=ax)
plt.show()

# %%
# Accuracy by the share that is gone
# ----------------------------------
# No training after the pruning. At random, pairs are drawn; the mean of ten draws. The
# units that stay stand for the others by least squares ("regression"), or nothing is done.

ratios = np.arange(0, 0.95, 0.1)


def scores(criterion, compensate, seed=0):
    found = []
    for ratio in ratios:
        pruner = DistinctivenessPruner(
            trained,
            criterion=criterion,
            compensate=compensate,
            ratio=ratio,
            retrain=False,
            random_state=seed,
        )
        found.append(pruner.fit(X_train, y_train).score(X_test, y_test))
    return found


fig, axes = plt.subplots(
    1, 2, figsize=(9, 3.6), sharey=True, sharex=True, layout="constrained"
)
for ax, compensate in zip(axes, ("regression", None), strict=True):
    for criterion in ("weight", "activation", "random"):
        n_draws = 10 if criterion == "random" else 1
        draws = np.array([scores(criterion, compensate, k) for k in range(n_draws)])
        PruningTradeoffDisplay(
            ratios, draws.mean(axis=0), error=draws.std(axis=0), name=criterion
        ).plot(ax)
    ax.set_title(f"compensate={compensate!r}")
plt.show()

# %%
# Two thirds of the units go at no loss where the others make up for them, by whichever
# criterion, at random as well. That is the control which tells what angles are worth here.
#
# While it trains
# ---------------
# With ``schedule="middle_third"`` units go in steps while the loss still falls. It barely
# notices.

online = MLPClassifier((60,), activation="tanh", max_iter=90, random_state=0)
pruner = DistinctivenessPruner(
    online, criterion="activation", ratio=0.5, schedule="middle_third", prune_every=10
).fit(X_train, y_train)
PruningHistoryDisplay.from_estimator(pruner, name="60 to 30 units")
plt.show()

print(f"accuracy with 60 units: {network.score(X_test, y_test):.3f}")
print(f"accuracy with {pruner.masks_[0].sum()}: {pruner.score(X_test, y_test):.3f}")

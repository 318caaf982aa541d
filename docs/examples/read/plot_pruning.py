# SPDX-License-Identifier: BSD-3-Clause
"""
========================================================
Prune hidden units: three criteria, and the compensation
========================================================

A trained network usually needs only half of its hidden units. The choice of the removed units
matters less than the compensation for them. This example prunes a network for handwritten
digits by three criteria, with and without compensation.
"""

# %%
# Angles between units
# --------------------
# The pruner compares two units by their incoming weights or by their activations over the
# training rows. Red pairs are similar and blue pairs are complementary. In 64 dimensions, the
# weights of two units are nearly orthogonal. Their activations are much more similar.

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
# Accuracy by the share of pruned units
# -------------------------------------
# The networks are not retrained after the pruning. The criterion "random" draws the pairs at
# random; its line is the mean of ten draws. With "regression", least squares changes the
# outgoing weights of the remaining units to replace the removed ones. With None, the remaining
# weights stay unchanged.

ratios = np.arange(0, 0.95, 0.1)


def scores(criterion, compensate, seed=0):
    accuracies = []
    for ratio in ratios:
        pruner = DistinctivenessPruner(
            trained,
            criterion=criterion,
            compensate=compensate,
            ratio=ratio,
            retrain=False,
            random_state=seed,
        )
        accuracies.append(pruner.fit(X_train, y_train).score(X_test, y_test))
    return accuracies


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
# With compensation, two thirds of the units can be removed without a loss of accuracy, by any
# criterion. The random criterion does as well as the angles, so the angles bring no gain here.
#
# Pruning during training
# -----------------------
# With ``schedule="middle_third"``, the pruner removes units in steps while the loss still
# falls. The loss rises little after each step.

online = MLPClassifier((60,), activation="tanh", max_iter=90, random_state=0)
pruner = DistinctivenessPruner(
    online, criterion="activation", ratio=0.5, schedule="middle_third", prune_every=10
).fit(X_train, y_train)
PruningHistoryDisplay.from_estimator(pruner, name="60 to 30 units")
plt.show()

print(f"accuracy with 60 units: {network.score(X_test, y_test):.3f}")
print(f"accuracy with {pruner.masks_[0].sum()}: {pruner.score(X_test, y_test):.3f}")

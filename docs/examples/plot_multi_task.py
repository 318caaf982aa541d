# SPDX-License-Identifier: BSD-3-Clause
"""
=========================================
Several tasks in one network, of any kind
=========================================

Some labels are cheap, and some are not. Here each image of a digit has a number that is easy
to get for all of them, how many holes the digit has, and few have the label that is wanted,
which digit it is. One network learns both: what the many numbers teach it about the images is
there for the few labels, too.
"""

# %%
# Two tasks, and many labels that are missing
# -------------------------------------------
# A column for each task. The number of holes is a regression task, the digit a
# classification task; a missing label is NaN, and does not count.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skrln import RLNMultiTask

X, digits = load_digits(return_X_y=True)
holes = np.array([1, 0, 0, 0, 1, 0, 1, 0, 2, 1])[digits]
y = pd.DataFrame({"holes": holes, "digit": digits.astype(float)})
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=800, random_state=0, stratify=digits
)
y_train = y_train.reset_index(drop=True)
few = y_train.copy()
few.loc[60:, "digit"] = np.nan
few.notna().sum()

# %%
# One network for both, or one for each
# -------------------------------------
# A single network each time, so that the curves of the tasks can be looked at. The one for the
# 60 digits alone gets more epochs, as these are of few steps. The scores are the coefficient
# of determination and the accuracy, on images that were not trained on.

SETTINGS = {
    "hidden_layer_sizes": (64, 32),
    "regularization": None,
    "theta": -7,
    "n_estimators": 1,
    "numeric_embedding": None,
    "early_stopping": False,
}
TYPES = {"holes": "regression", "digit": "classification"}


def fit(tasks, seed, **params):
    params |= SETTINGS | {"max_iter": 800 if tasks == ["digit"] else 60}
    types = [TYPES[task] for task in tasks]
    model = RLNMultiTask(task_types=types, random_state=seed, **params)
    return model.fit(X_train, few[tasks])


def scores(model, tasks):
    return model.score_tasks(X_test, y_test[tasks])


ARMS = {"equal": None, "uncertainty": "uncertainty", "dynamic": "dynamic"}
both, seeds = ["holes", "digit"], range(3)
found = {
    "one each": [
        np.concatenate([scores(fit([task], seed), [task]) for task in both])
        for seed in seeds
    ]
}
models = {
    arm: [fit(both, seed, task_weight=weight) for seed in seeds]
    for arm, weight in ARMS.items()
}
for arm, fitted in models.items():
    found[arm] = [scores(model, both) for model in fitted]

fig, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained", sharey=True)
for task, ax in enumerate(axes):
    table = np.array([[run[task] for run in runs] for runs in found.values()])
    ax.plot(table, np.arange(len(found)), "o", color="0.7", markersize=4)
    ax.plot(table.mean(axis=1), np.arange(len(found)), "D", color="C0")
    ax.grid(axis="x", alpha=0.3)
axes[0].set(title="Holes", xlabel="Coefficient of determination")
axes[1].set(title="Digit", xlabel="Accuracy")
axes[0].set_yticks(range(len(found)), found)
axes[0].invert_yaxis()
plt.show()

# %%
# The digits gain about two points from labels that are not theirs. The holes, of which every
# image has a label, lose about as much: they share units with a task that they do not need.
# A task that has all the labels it needs is often as well off with a network of its own.

# %%
# What the tasks count
# --------------------
# By default all tasks count the same. With ``task_weight="uncertainty"`` the network learns a
# variance for each task, and a task with much of it counts less: the digits, whose loss is the
# higher one at first. With "dynamic" a task counts more while its loss falls slowly, which is
# over soon here. The loss of each task is recorded without those weights.

fig, axes = plt.subplots(2, 2, figsize=(8, 5), layout="constrained", sharex=True)
for title, (left, right) in zip(["uncertainty", "dynamic"], axes, strict=True):
    model = models[title][0]
    share = model.task_weight_curve_
    left.plot(share / share.sum(axis=1, keepdims=True))
    left.set(title=f"{title}: share of the weight", ylim=(0, 1))
    right.semilogy(model.task_loss_curve_)
    right.set(title=f"{title}: training loss")
    right.legend(["holes", "digit"])
for ax in axes[1]:
    ax.set_xlabel("Epoch")
plt.show()

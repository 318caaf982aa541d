# SPDX-License-Identifier: BSD-3-Clause
"""
==================================================
Several tasks of different kinds, with one network
==================================================

Some labels are cheap and others are expensive. In this example, all images of handwritten
digits have a cheap label, the number of holes of the digit. Only 60 images have the expensive
label, the digit itself. One network learns both tasks, so that the many cheap labels improve
the prediction of the digit.
"""

# %%
# Two tasks with missing labels
# -----------------------------
# Each task is a column of ``y``. The number of holes is a regression task and the digit is a
# classification task. A missing label is NaN and does not enter the loss.

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
# One network for both tasks, or one for each
# -------------------------------------------
# Each fit is a single network, so that it has loss curves. The network that learns the digit
# alone trains for more epochs, because an epoch over 60 rows has few steps. The test scores are
# the coefficient of determination of the holes and the accuracy of the digit.

SETTINGS = {
    "hidden_layer_sizes": (64, 32),
    "penalty": None,
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


def score(model, tasks):
    return model.score_tasks(X_test, y_test[tasks])


TASKS, SEEDS = ["holes", "digit"], range(3)
scores = {
    "separate": [
        np.concatenate([score(fit([task], seed), [task]) for task in TASKS])
        for seed in SEEDS
    ]
}
models = {}
for name, weight in {"equal": None, "uncertainty": "uncertainty"}.items():
    models[name] = [fit(TASKS, seed, task_weight=weight) for seed in SEEDS]
    scores[name] = [score(model, TASKS) for model in models[name]]

fig, axes = plt.subplots(1, 2, figsize=(8, 2.4), layout="constrained", sharey=True)
for task, ax in enumerate(axes):
    table = np.array(
        [[of_tasks[task] for of_tasks in runs] for runs in scores.values()]
    )
    ax.plot(table, np.arange(len(scores)), "o", color="0.7", markersize=4)
    ax.plot(table.mean(axis=1), np.arange(len(scores)), "D", color="C0")
    ax.grid(axis="x", alpha=0.3)
axes[0].set(title="Holes", xlabel="Coefficient of determination")
axes[1].set(title="Digit", xlabel="Accuracy")
axes[0].set_yticks(range(len(scores)), scores)
axes[0].invert_yaxis()
plt.show()

# %%
# The labels of the holes raise the accuracy of the digit by about two points. The score of the
# holes falls by one to three points: all images have this label, and the task shares its units
# with a task that it does not need. A task with enough labels is often better with a network of
# its own.

# %%
# Weights of the tasks
# --------------------
# By default all tasks have the same weight. With ``task_weight="uncertainty"`` the network
# learns a variance for each task, and a task with a large variance has a small weight. Here the
# digit has the higher loss in the first epochs, and so the smaller weight. The recorded loss of
# each task does not include its weight.

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
model = models["uncertainty"][0]
share = model.task_weight_curve_
left.plot(share / share.sum(axis=1, keepdims=True))
left.set(title="Share of the weight", xlabel="Epoch", ylim=(0, 1))
right.semilogy(model.task_loss_curve_)
right.set(title="Training loss", xlabel="Epoch")
right.legend(TASKS)
plt.show()

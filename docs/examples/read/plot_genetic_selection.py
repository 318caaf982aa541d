# SPDX-License-Identifier: BSD-3-Clause
"""
============================================
Select 20 of 64 pixels with a genetic search
============================================

A genetic search selects 20 of the 64 pixels of handwritten digits by one of three criteria: the
cross-validated score of a classifier, relevance minus redundancy, or a criterion that ignores
the labels. Random subsets of 20 pixels are the control.
"""

# %%
# Three searches
# --------------
# The search uses half of the rows. The other half evaluates the selected pixels, because the
# fitness of the best of several hundred subsets is biased upwards.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import train_test_split

from skrln.feature_selection import GeneticSelector
from skrln.inspection import FitnessCurveDisplay

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.5, random_state=0, stratify=y
)
model = RidgeClassifier()
common = {"n_features_to_select": 20, "n_generations": 60, "random_state": 0}
searches = {
    "cv": GeneticSelector(model, cv=3, **common),
    "mrmr": GeneticSelector(fitness="mrmr", **common),
    "distance_cut": GeneticSelector(fitness="distance_cut", **common),
}

fig, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
for ax, (name, search) in zip(axes, searches.items(), strict=True):
    search.fit(X_train, y_train)
    display = FitnessCurveDisplay.from_estimator(search, name="", ax=ax)
    ax.set_title(name)
plt.show()

# %%
# The dotted line is a local optimum: greedy exchanges of single pixels start at the best subset
# of the search and end there. The search by cross-validation skips these exchanges, because
# each exchange costs three fits.
#
# Accuracy on held-out rows
# -------------------------

selected = {name: search.support_ for name, search in searches.items()}
rng = np.random.default_rng(0)
random_scores = []
for _ in range(30):
    subset = rng.permutation(64) < 20
    score = model.fit(X_train[:, subset], y_train).score(X_test[:, subset], y_test)
    random_scores.append(score)

scores = {"all 64": model.fit(X_train, y_train).score(X_test, y_test)}
for name, mask in selected.items():
    scores[name] = model.fit(X_train[:, mask], y_train).score(X_test[:, mask], y_test)

fig, axes = plt.subplots(
    1, 4, figsize=(11, 3), layout="constrained", width_ratios=[1, 1, 1, 1.6]
)
for ax, (name, mask) in zip(axes, selected.items(), strict=False):
    ax.imshow(X_train.mean(axis=0).reshape(8, 8), cmap="gray_r")
    rows, columns = np.divmod(np.flatnonzero(mask), 8)
    ax.plot(columns, rows, "o", color="C1")
    ax.set(title=name, xticks=[], yticks=[])
axes[3].boxplot([random_scores], positions=[0], widths=0.5)
axes[3].plot(range(1, 5), list(scores.values()), "o")
axes[3].set_xticks(range(5), ["random", *scores], rotation=20)
axes[3].set_ylabel("Accuracy on held-out rows")
axes[3].grid(axis="y", alpha=0.3)
plt.show()

for name, score in scores.items():
    print(f"{name:13} {score:.3f}")
print(f"random        {np.mean(random_scores):.3f} +/- {np.std(random_scores):.3f}")

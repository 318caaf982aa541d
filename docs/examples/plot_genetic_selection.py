# SPDX-License-Identifier: BSD-3-Clause
"""
=================================================
Choosing a third of the pixels, and what it costs
=================================================

A genetic search chooses 20 of the 64 pixels of handwritten digits in three ways: by the
cross-validated score of a classifier, by relevance minus redundancy, and by a criterion
that does not look at the labels. Halves drawn at random are the control.
"""

# %%
# Three searches
# --------------
# Half of the rows are for the search, the other half for judging what it found: the
# fitness of a winner among hundreds is too good to be true.

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
# The dotted line is a local optimum: where greedy exchanges of single pixels end that start
# at the best subset of the search. The search by cross-validation leaves it out, as each
# exchange would cost three fits.
#
# On other rows
# -------------

chosen = {name: search.support_ for name, search in searches.items()}
rng = np.random.default_rng(0)
random_scores = []
for _ in range(30):
    half = rng.permutation(64) < 20
    score = model.fit(X_train[:, half], y_train).score(X_test[:, half], y_test)
    random_scores.append(score)

scores = {"all 64": model.fit(X_train, y_train).score(X_test, y_test)}
for name, bits in chosen.items():
    scores[name] = model.fit(X_train[:, bits], y_train).score(X_test[:, bits], y_test)

fig, axes = plt.subplots(
    1, 4, figsize=(11, 3), layout="constrained", width_ratios=[1, 1, 1, 1.6]
)
for ax, (name, bits) in zip(axes, chosen.items(), strict=False):
    ax.imshow(X_train.mean(axis=0).reshape(8, 8), cmap="gray_r")
    rows, columns = np.divmod(np.flatnonzero(bits), 8)
    ax.plot(columns, rows, "o", color="C1")
    ax.set(title=name, xticks=[], yticks=[])
axes[3].boxplot([random_scores], positions=[0], widths=0.5)
axes[3].plot(range(1, 5), list(scores.values()), "o")
axes[3].set_xticks(range(5), ["random", *scores], rotation=20)
axes[3].set_ylabel("accuracy on other rows")
axes[3].grid(axis="y", alpha=0.3)
plt.show()

for name, score in scores.items():
    print(f"{name:13} {score:.3f}")
print(f"random        {np.mean(random_scores):.3f} +- {np.std(random_scores):.3f}")

# SPDX-License-Identifier: BSD-3-Clause
"""
================================
Which inputs does a network use?
================================

A plain network spreads its weights over everything that it is given. This example hides
five inputs that matter among 200 that do not, fits the same network without a penalty,
with one penalty for all weights (L1) and with a penalty that every weight learns for
itself (RLN), and looks at what each of them says about the inputs.
"""

# %%
# Data with a known answer
# ------------------------
# In Friedman's first problem the target depends on five columns: ``x0`` and ``x1``
# interact, ``x2`` acts through a parabola, so that its correlation with the target is
# zero, and ``x3`` and ``x4`` act linearly. We add 200 columns of noise and train on
# 400 rows only. One draw of such data proves little, so we take four.

import matplotlib.pyplot as plt
import numpy as np

from skrln import RLNRegressor
from skrln.datasets import make_friedman1_noise
from skrln.inspection import ImportanceDisplay, importance_entropy
from skrln.presets import READABLE

N_TRAIN, N_DRAWS = 400, 4
draws = [
    make_friedman1_noise(n_samples=N_TRAIN + 1000, n_noise=200, random_state=seed)
    for seed in range(N_DRAWS)
]
support = np.arange(205) < 5
names = [f"x{i}" if support[i] else f"noise {i}" for i in range(205)]

# %%
# Three ways to regularize one network
# ------------------------------------
# ``theta`` sets the strength of the penalty, on a natural log scale. It does not mean
# the same to both penalties: the RLN takes the penalty off the few weights that
# matter, and can afford a stronger one on all others. For L1 we take the ``theta`` at
# which it predicts best here, and a stronger one.

settings = {
    "plain": {"regularization": None},
    "L1": {"regularization": "uniform", "theta": -7.5},
    "L1, strong": {"regularization": "uniform", "theta": -7},
    "RLN": {"regularization": "rln", "theta": -5.5},
}

models = {name: [] for name in settings}
print(f"Means of {N_DRAWS} draws")
print("             test R2   inputs used   recall   precision   entropy in bits")
for name, params in settings.items():
    scores = []
    for X, y in draws:
        model = RLNRegressor(
            **READABLE | {"hidden_layer_sizes": (128, 64)} | params, random_state=0
        )
        model.fit(X[:N_TRAIN], y[:N_TRAIN])
        used = model.feature_importances_ > 0
        scores.append(
            [
                model.score(X[N_TRAIN:], y[N_TRAIN:]),
                used.sum(),
                used[support].mean(),
                support[used].mean(),
                importance_entropy(model.feature_importances_),
            ]
        )
        models[name].append(model)
    r2, n_used, recall, precision, bits = np.mean(scores, axis=0)
    print(
        f"{name:12} {r2:7.2f} {n_used:13.0f} {recall:8.2f} {precision:11.2f} "
        f"{bits:17.1f}"
    )

# %%
# "Inputs used" are those with any path to the output; no threshold is involved.
# Recall is the share of the five true inputs among them, precision the share of true
# inputs in what is used.
#
# L1 has to choose. Where it predicts well it uses nearly all of the noise, a little
# of each column; where it is strong enough to drop the noise, it shrinks the true
# inputs as well. The RLN drops more of the noise and predicts no worse than the better
# of the two. It is no oracle: it keeps noise columns too.

# %%
# The importance curve
# --------------------
# Importances in falling order, both axes logarithmic. The curve of the plain network
# is flat: with 7.7 bits of entropy its importances are those of 205 equal inputs, and
# tell nothing. That of L1 has a long tail. That of the RLN ends: behind the last
# input in use, importances are exactly zero.

_, ax = plt.subplots(layout="constrained")
for name in ["RLN", "L1", "plain"]:
    ImportanceDisplay.from_estimator(models[name][0], name=name, ax=ax)
ax.set_title("Importance of 205 inputs, 5 of which matter")
plt.show()

# %%
# The names at the top
# --------------------
# The most important inputs on the first draw, with columns of noise in grey. The RLN
# has the five true inputs at the top; with L1 there is noise among and above them.

_, axes = plt.subplots(ncols=2, sharex=True, layout="constrained")
for name, ax in zip(["RLN", "L1"], axes, strict=True):
    display = ImportanceDisplay.from_estimator(
        models[name][0], feature_names=names, kind="bar", max_features=12, ax=ax
    )
    for label, bar in zip(display.feature_names, display.bars_, strict=False):
        bar.set_color("0.7" if label.startswith("noise") else "C0")
    ax.get_legend().remove()
    ax.set_title(f"{name}: {display.n_used} inputs used")
    ax.set_xlabel("Importance")
plt.show()

# SPDX-License-Identifier: BSD-3-Clause
"""
===============================
Inputs that a network relies on
===============================

A network without a penalty spreads its weights over all inputs. The table of this example has
five relevant columns and 200 noise columns. The same network is fitted without a penalty, with
one penalty for all weights (L1), and with a learned penalty for each weight (RLN). The example
compares the importances of the inputs.
"""

# %%
# Data with a known answer
# ------------------------
# In Friedman's first problem the target depends on five columns. ``x0`` and ``x1`` interact.
# ``x2`` acts through a parabola, so its correlation with the target is zero. ``x3`` and ``x4``
# act linearly. We add 200 noise columns and train on 400 rows. The results are means over four
# random draws of the table.

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
# ``theta`` is the strength of the penalty on a natural log scale. The two penalties need
# different values: the RLN lowers the penalty of the few relevant weights, and so it can use a
# stronger penalty on all other weights. For L1 we use the ``theta`` with the best test score
# here, and a stronger value.

settings = {
    "plain": {"penalty": None},
    "L1": {"penalty": "uniform", "theta": -7.5},
    "L1, strong": {"penalty": "uniform", "theta": -7},
    "RLN": {"penalty": "rln", "theta": -5.5},
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
# An input is used if at least one path of nonzero weights connects it to the output. No
# threshold is involved. Recall is the share of the five relevant inputs that are used.
# Precision is the share of relevant inputs among the used inputs.
#
# L1 is a compromise. At its best score, L1 uses nearly all noise columns with small weights. At
# the strength that drops the noise columns, L1 shrinks the relevant inputs too. The RLN drops
# more noise columns and predicts no worse than the better of the two L1 networks. The RLN still
# uses some noise columns.

# %%
# The importance curve
# --------------------
# The figure shows the importances in descending order, on logarithmic axes. The curve of the
# plain network is flat: its entropy of 7.7 bits is that of 205 equal inputs. The curve of L1
# has a long tail. The curve of the RLN ends at the last used input: all further importances are
# exactly zero.

_, ax = plt.subplots(layout="constrained")
for name in ["RLN", "L1", "plain"]:
    ImportanceDisplay.from_estimator(models[name][0], name=name, ax=ax)
ax.set_title("Importance of 205 inputs, of which 5 are relevant")
plt.show()

# %%
# The most important inputs
# -------------------------
# The figure shows the most important inputs of the first draw, with the noise columns in grey.
# Both networks rank the five relevant inputs first. L1 adds nearly all noise columns, and the
# RLN adds a few.

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

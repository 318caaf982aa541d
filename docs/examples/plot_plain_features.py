# SPDX-License-Identifier: BSD-3-Clause
"""
=======================================
A table with an image beside every row
=======================================

Some tables come with something else: a scan, a sound, the embedding of a text. A penalty
per weight is right for the table, of whose columns few may matter, and wrong for pixels,
which only mean something together. ``plain_features`` names the columns that go through a
branch of their own, without a penalty, and trains both branches together.

Here every row has a handwritten digit and sixty measurements, three of which matter. The
price to predict is the digit times a measurement, plus two more: neither part tells much
without the other.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_digits
from sklearn.ensemble import StackingRegressor
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skrln import RLNRegressor
from skrln.presets import READABLE

images, digits = load_digits(return_X_y=True, as_frame=True)
rng = np.random.default_rng(0)
table = pd.DataFrame(
    rng.normal(size=(len(digits), 60)), columns=[f"m{k}" for k in range(60)]
)
price = digits * table["m0"] + 3 * table["m1"] - 2 * table["m2"]
price += rng.normal(scale=0.5, size=len(digits))
X = pd.concat([table, images], axis=1)
pixels, measures = list(images.columns), list(table.columns)
X_train, X_test, y_train, y_test = train_test_split(X, price, random_state=0)

# %%
# Each part alone, both late, both together
# -----------------------------------------
# Late fusion stacks a network of the table and one of the pixels: it can add what they
# predict, but not multiply it. One network of all columns can, with or without a penalty on
# the pixels; half of these are empty margins, so that a penalty does them no harm here.

settings = {**READABLE, "random_state": 0}


def only(columns, **params):
    """A network that sees some of the columns."""
    keep = make_column_transformer(("passthrough", columns))
    return make_pipeline(keep, RLNRegressor(**settings | params))


parts = {
    "table": only(measures),
    "pixels": only(pixels, regularization=None),
}
models = {
    "table alone": parts["table"],
    "pixels alone": parts["pixels"],
    "late fusion": StackingRegressor(list(parts.items())),
    "one network,\nall penalized": RLNRegressor(**settings),
    "one network,\nno penalty": RLNRegressor(**settings | {"regularization": None}),
    "plain branch": RLNRegressor(**settings, plain_features=pixels),
}
scores = {
    name: model.fit(X_train, y_train).score(X_test, y_test)
    for name, model in models.items()
}

fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
bars = ax.barh(list(scores), list(scores.values()))
ax.bar_label(bars, fmt="%.2f", padding=3)
ax.invert_yaxis()
ax.axvline(0, color="0.6", linewidth=0.8)
ax.set(xlabel="$R^2$ on new rows", xlim=(min(scores.values()) - 0.15, 1.1))
plt.show()

# %%
# Which columns of the table it uses
# ----------------------------------
# The branch of the pixels is dense; the measurements are as sparse as without it, and
# their names are the answer. A network without any penalty uses them all.

for name in ("one network,\nall penalized", "one network,\nno penalty", "plain branch"):
    active = models[name].active_features_
    used = [column for column in active if column in measures]
    n_pixels = len(active) - len(used)
    print(
        f"{name!r}: {n_pixels} of 64 pixels, {len(used)} of 60 measurements, {used[:4]}"
    )

# SPDX-License-Identifier: BSD-3-Clause
"""
==================================
A table with an image for each row
==================================

Some rows come with a scan, a sound, or the embedding of a text. A penalty for each weight suits
a table, of which few columns may be relevant. The penalty does not suit pixels, which are
informative only together. ``plain_branch`` sends chosen columns through a small dense network
without a penalty. Both parts train together.

In this example each row has the image of a digit and 60 measurements, three of which are
relevant. The price is the digit times a measurement, plus two more measurements. Neither part
alone predicts the price well.
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
from skrln.options import PlainBranch
from skrln.presets import READABLE

images, digits = load_digits(return_X_y=True, as_frame=True)
rng = np.random.default_rng(0)
table = pd.DataFrame(
    rng.normal(size=(len(digits), 60)), columns=[f"m{k}" for k in range(60)]
)
price = digits * table["m0"] + 3 * table["m1"] - 2 * table["m2"]
price += rng.normal(scale=0.5, size=len(digits))
X = pd.concat([table, images], axis=1)
pixels, measurements = list(images.columns), list(table.columns)
X_train, X_test, y_train, y_test = train_test_split(X, price, random_state=0)

# %%
# Each part alone, late fusion, and one network
# ---------------------------------------------
# Late fusion stacks a network of the measurements and a network of the pixels. The stack adds
# their predictions and cannot multiply them. One network of all columns can, with or without a
# penalty on the pixels. The penalty costs little here, because half of the pixels are an empty
# margin.

settings = {**READABLE, "random_state": 0}


def only(columns, **params):
    """Make a network of some of the columns."""
    keep = make_column_transformer(("passthrough", columns))
    return make_pipeline(keep, RLNRegressor(**settings | params))


parts = {
    "table": only(measurements),
    "pixels": only(pixels, penalty=None),
}
models = {
    "table alone": parts["table"],
    "pixels alone": parts["pixels"],
    "late fusion": StackingRegressor(list(parts.items())),
    "one network,\nall penalized": RLNRegressor(**settings),
    "one network,\nno penalty": RLNRegressor(**settings | {"penalty": None}),
    "plain branch": RLNRegressor(**settings, plain_branch=PlainBranch(pixels)),
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
ax.set(xlabel="$R^2$ on test rows", xlim=(min(scores.values()) - 0.15, 1.1))
plt.show()

# %%
# The columns that each network uses
# ----------------------------------
# The branch of the pixels is dense, and the network uses only the relevant measurements. The
# network with a penalty on all columns uses several noise measurements too, and the network
# without a penalty uses all of them.

for name in ("one network,\nall penalized", "one network,\nno penalty", "plain branch"):
    active = models[name].active_features_
    used = [column for column in active if column in measurements]
    n_pixels = len(active) - len(used)
    print(
        f"{name!r}: {n_pixels} of 64 pixels, {len(used)} of 60 measurements, {used[:4]}"
    )

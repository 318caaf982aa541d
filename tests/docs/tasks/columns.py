# SPDX-License-Identifier: BSD-3-Clause
"""The columns that matter: those of a readable network, and a list with a bound."""

import pandas as pd

from skrln import ErrorRateSelector, RLNRegressor
from skrln.datasets import make_friedman1_noise
from skrln.presets import QUICK, READABLE

X, y = make_friedman1_noise(n_samples=300, n_noise=20, random_state=0)
X = pd.DataFrame(X, columns=[f"x{k}" for k in range(X.shape[1])])

network = RLNRegressor(**READABLE, random_state=0).fit(X, y)
importances = pd.Series(network.feature_importances_, X.columns)
print(f"{network.n_active_features_} of {X.shape[1]} columns are used")
print(importances.sort_values(ascending=False).head(6).round(2).to_dict())

small = QUICK | {
    "hidden_layer_sizes": (32,),
    "n_estimators": 2,
    "numeric_embedding": None,
}
selector = ErrorRateSelector(
    RLNRegressor(**small, random_state=0), fdr=0.1, random_state=0
)
selected = selector.fit(X, y).get_feature_names_out().tolist()
print(selected)

# SPDX-License-Identifier: BSD-3-Clause
import pandas as pd
from sklearn.datasets import load_diabetes
from sklearn.inspection import partial_dependence, permutation_importance

from skrln import RLNRegressor
from skrln.presets import READABLE

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
model = RLNRegressor(**READABLE, random_state=0).fit(X[:300], y[:300])

drops = permutation_importance(model, X[300:], y[300:], n_repeats=10, random_state=0)
table = pd.DataFrame(
    {"drop of R2": drops.importances_mean, "of the fit": model.feature_importances_},
    X.columns,
)
print(table.sort_values("drop of R2", ascending=False).head(3).round(2))

curve = partial_dependence(model, X, ["bmi"], grid_resolution=5)
print("bmi:", curve["grid_values"][0].round(0).tolist())
print("mean prediction:", curve["average"][0].round(0).tolist())

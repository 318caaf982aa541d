# SPDX-License-Identifier: BSD-3-Clause
"""
Start here: an accurate model and a readable one
================================================

The same class makes both: ``RLNRegressor()`` is an ensemble for accuracy, and
``RLNRegressor(**READABLE)`` is one sparse network that shows which columns matter. The table
has ten columns of 442 patients, and the target is the progression of their diabetes.
"""

# %%
# An accurate model
# -----------------
# No parameter is set. The folds are the same for all models.

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LassoCV
from sklearn.model_selection import KFold, cross_val_score
from xgboost import XGBRegressor

from skrln import RLNRegressor

X, y = load_diabetes(return_X_y=True, as_frame=True)
folds = KFold(5, shuffle=True, random_state=0)
models = [XGBRegressor(random_state=0), LassoCV(), RLNRegressor(random_state=0)]

print("R2, mean and standard error over five folds")
for model in models:
    scores = cross_val_score(model, X, y, cv=folds)
    error = scores.std(ddof=1) / np.sqrt(len(scores))
    print(f"  {type(model).__name__:13s} {scores.mean():.2f} +/- {error:.2f}")

# %%
# Trees at their defaults overfit so small a table. The linear model is level with the network
# here: with few rows and weak curves, it is hard to beat.

# %%
# A readable network
# ------------------
# Most weights of this network are exactly zero. A column whose weights are all zero cannot
# change a prediction, so the network names the columns that it uses.

from skrln.presets import READABLE

readable = RLNRegressor(**READABLE, random_state=0).fit(X, y)
columns = ", ".join(readable.active_features_)
print(
    f"The readable network uses {readable.n_active_features_} of {X.shape[1]} columns:"
)
print(f"  {columns}")

# %%
# How much each column moves the predictions:

import matplotlib.pyplot as plt

from skrln.inspection import ImportanceDisplay

ImportanceDisplay.from_estimator(readable)
plt.show()

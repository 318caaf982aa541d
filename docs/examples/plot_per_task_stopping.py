# SPDX-License-Identifier: BSD-3-Clause
"""
Stop each task at its own stage
===============================

Early stopping of a model with many outputs chooses the stage with the best mean score. In this
example, XGBoost and a Regularization Learning Network predict the six blood measurements and
the disease progression of 442 diabetes patients from age, sex, body mass index and blood
pressure. :class:`~skrln.PerTaskEarlyStopping` chooses an iteration or epoch for each task.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from xgboost import XGBRegressor

from skrln import PerTaskEarlyStopping, RLNRegressor
from skrln.inspection import (
    ClusterTradeoffDisplay,
    IntervalPlotDisplay,
    TaskValidationCurveDisplay,
)

table, progression = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
blood = ["s1", "s2", "s3", "s4", "s5", "s6"]
X, y = table.drop(columns=blood), table[blood].assign(progression=progression)
split = train_test_split(np.arange(len(X)), test_size=0.4, random_state=0)
(X_train, X_test), (y_train, y_test) = (
    [part.iloc[rows] for rows in split] for part in (X, y)
)

# %%
# One fit of each model
# ---------------------
# XGBoost is fitted once and predicts after any number of iterations. The network is fitted once
# and returns its weights after every epoch. ``n_clusters=1`` is the usual early stopping, with
# the same validation rows.

models = {
    "XGBoost": XGBRegressor(
        n_estimators=100, learning_rate=0.05, max_depth=3, n_jobs=1, random_state=0
    ),
    "RLN": RLNRegressor(
        hidden_layer_sizes=(64, 32),
        theta=-8.0,
        n_estimators=1,
        numeric_embedding=None,
        dropout=0.0,
        batch_size=32,
        max_iter=100,
        random_state=0,
    ),
}
stopped = {}
for name, estimator in models.items():
    per_task = PerTaskEarlyStopping(estimator, strategy="brute_force", random_state=0)
    per_task.fit(X_train, y_train)
    shared = clone(per_task).set_params(n_clusters=1).fit(X_train, y_train)
    stopped[name] = per_task
    scores = [
        r2_score(y_test, model.predict(X_test), multioutput="raw_values")
        for model in (shared, per_task)
    ]
    print(f"{name}: one stage ({per_task.best_stage_}), or {per_task.task_best_stage_}")
    for task, r2_shared, r2_per_task in zip(y.columns, *scores, strict=True):
        print(f"  {task:12s} R2 {r2_shared:6.3f} {r2_per_task:6.3f}")

# %%
# Curves, intervals, and the gain from more stages
# ------------------------------------------------
# Dots mark the best stage of each task, and the dashed line marks the best stage of the mean.
# The last column of the figure shows validation rows that did not choose the stages. There the
# gain is negative, as it is on the test rows for XGBoost: 53 validation rows are too few to
# estimate the best stage of a single task. The default, ``strategy="kmeans"``, therefore uses
# more than one stage only if these rows show a gain.

figure, axes = plt.subplots(2, 3, figsize=(15, 8), layout="constrained")
for row, (name, model) in zip(axes, stopped.items(), strict=True):
    TaskValidationCurveDisplay.from_estimator(model, name=name, ax=row[0])
    IntervalPlotDisplay.from_estimator(model, name=name, ax=row[1])
    ClusterTradeoffDisplay.from_estimator(model, name=name, ax=row[2])
plt.show()

# SPDX-License-Identifier: BSD-3-Clause
"""
Stop each task at its own stage
===============================

Early stopping of a model with many outputs chooses the stage with the best mean score.
:class:`~skrln.PerTaskEarlyStopping` keeps more than one stage where validation rows show that
tasks gain by it, and one stage where they do not. This example has a table of either kind.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from xgboost import XGBRegressor

from skrln import PerTaskEarlyStopping
from skrln.inspection import (
    ClusterTradeoffDisplay,
    IntervalPlotDisplay,
    TaskValidationCurveDisplay,
)

trees = XGBRegressor(
    n_estimators=300, learning_rate=0.1, max_depth=4, n_jobs=1, random_state=0
)


def stop_and_compare(X, y):
    """Fit with the default number of stages and with one; return the first."""
    parts = train_test_split(X, y, test_size=0.5, random_state=0)
    X_train, X_test, y_train, y_test = parts
    model = PerTaskEarlyStopping(trees, random_state=0).fit(X_train, y_train)
    shared = clone(model).set_params(n_clusters=1).fit(X_train, y_train)
    print(f"one stage: {shared.best_stage_}, kept: {model.stage_of_cluster_}")
    for name, one in (("one stage", shared), ("default", model)):
        scores = r2_score(y_test, one.predict(X_test), multioutput="raw_values")
        print(f"{name:10s} R2 {scores.round(3)}, mean {scores.mean():.4f}")
    return model


# %%
# Tasks that disagree
# -------------------
# Six targets are the same function of the columns with more and more noise. Targets with little
# noise learn for hundreds of iterations, while noisy targets overfit after a few. The default
# keeps several stages. The label of a test row never influences the stage of its prediction.

X, signal = make_friedman1(2000, random_state=0)
noise = np.random.default_rng(0).normal(size=(2000, 6))
levels = [0.0, 0.5, 1.0, 3.0, 6.0, 12.0]
y = signal[:, np.newaxis] + noise * levels
disagreeing = stop_and_compare(X, y)

# %%
# Tasks that agree, or that few rows tell apart
# ---------------------------------------------
# Blood measurements and the disease progression of 442 diabetes patients. The best stages of
# the tasks differ here too, but on validation rows that did not choose them the gain is not
# above its error: the default keeps one stage. ``n_clusters="all"`` would give each task its
# own best stage all the same.

table, progression = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
blood = ["s1", "s2", "s3", "s4", "s5", "s6"]
outputs = table[blood].assign(progression=progression)
agreeing = stop_and_compare(table.drop(columns=blood), outputs)
print(f"best stages of the tasks: {agreeing.task_best_stage_}")

# %%
# Curves, intervals, and the gain from more stages
# ------------------------------------------------
# Dots mark the best stage of each task, and the dashed line marks the best stage of the mean.
# The last column of the figure shows the gain over one stage on validation rows that did not
# choose the stages, by the number of stages.

figure, axes = plt.subplots(2, 3, figsize=(15, 8), layout="constrained")
named = {"Six levels of noise": disagreeing, "Diabetes": agreeing}
for row, (name, model) in zip(axes, named.items(), strict=True):
    TaskValidationCurveDisplay.from_estimator(model, name=name, ax=row[0])
    IntervalPlotDisplay.from_estimator(model, name=name, ax=row[1])
    ClusterTradeoffDisplay.from_estimator(model, name=name, ax=row[2])
plt.show()

# SPDX-License-Identifier: BSD-3-Clause
"""
Stack a Regularization Learning Network with XGBoost
====================================================

Gradient boosted trees and networks err in different places, so a stack of both is often
better than either. Here five models meet on the same folds of real tables:

- a plain network, stopped early so that it does not overfit,
- the same network with proximal L1, one strength for all weights, chosen by an inner
  cross-validation: the strongest simple thing to compare with,
- the same network as an RLN, where every weight learns its own strength, and only their mean
  is chosen by the same inner cross-validation,
- XGBoost,
- RLN and XGBoost in a stack.

The tables come with scikit-learn. With the environment variable ``SKRLN_DATA`` set to a folder
of microbiome tables (one ``data.parquet`` and ``meta.json`` a table), the same runs on those.
"""

# %%
# The tables
# ----------
# The diabetes table is used as it is, and with all squares and products of its columns: 65
# columns for 442 rows, most of which cannot matter. That is where a network that drops inputs
# should help.

import json
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from rich.progress import track
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import StackingClassifier, StackingRegressor
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
from sklearn.preprocessing import PolynomialFeatures
from xgboost import XGBClassifier, XGBRegressor

from skrln import RLNClassifier, RLNRegressor
from skrln.presets import READABLE


def bundled_tables():
    """Yield name, inputs and target of tables that scikit-learn bundles."""
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    yield "diabetes", X, y
    products = PolynomialFeatures(2, include_bias=False).set_output(transform="pandas")
    yield "diabetes, with products", products.fit_transform(X), y
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    yield "breast cancer", X, y


MICROBIOME = {
    "microbiome_ravel": "y_nugent_score",
    "microbiome_yatsunenko": "c_AGE",
    "microbiome_gevers": "y_ileum",
}


def microbiome_tables(root):
    """Yield log relative abundances of the taxa that at least 5% of the samples have."""
    for name, target in MICROBIOME.items():
        meta = json.loads((root / name / "meta.json").read_text())
        table = pd.read_parquet(root / name / "data.parquet")
        table = table[table[target].notna()].reset_index(drop=True)
        roles = ("targets", "id_columns", "group_columns", "other_non_feature_columns")
        taken = [column for role in roles for column in meta.get(role, [])]
        X = table.drop(columns=taken, errors="ignore").select_dtypes("number").fillna(0)
        X = X.loc[:, (X > 0).sum() >= max(3, 0.05 * len(X))]
        X = np.log10(X.div(X.sum(axis=1).replace(0, 1), axis=0) + 1e-5)
        # XGBoost takes no brackets in names, and taxonomists like them.
        X.columns = X.columns.str.replace(r"[\[\]<]", "", regex=True)
        yield f"{name}\n{target}", X, table[target]


if "SKRLN_DATA" in os.environ:
    tables = list(microbiome_tables(Path(os.environ["SKRLN_DATA"])))
else:
    tables = list(bundled_tables())

# %%
# The models
# ----------
# All networks have the same layers and the same training. The penalized ones run to the end:
# the penalty keeps them from overfitting. In the stack ``theta`` is not searched for, and is
# milder than the default, as these tables are narrow.

# One strength for all weights has to be weaker than the mean of many: each has its own grid.
THETAS = {"uniform": [-8, -7.25, -6.5], "rln": [-8, -7, -6.25, -5.5]}


def make_models(regression):
    """Models by name, for numbers or for classes."""
    network = RLNRegressor if regression else RLNClassifier
    boosted = XGBRegressor if regression else XGBClassifier
    stack = StackingRegressor if regression else StackingClassifier
    score = "r2" if regression else "roc_auc"
    xgb = boosted(
        n_estimators=200, learning_rate=0.05, max_depth=3, subsample=0.8, random_state=0
    )

    rln = network(
        **READABLE | {"hidden_layer_sizes": (64, 32), "theta": -6.5},
        max_iter=60,
        random_state=0,
    )

    def search(regularization):
        model = clone(rln).set_params(regularization=regularization)
        grid = {"theta": THETAS[regularization]}
        return GridSearchCV(model, grid, cv=3, scoring=score)

    return {
        "plain network": clone(rln).set_params(
            regularization=None, early_stopping=True
        ),
        "L1 network": search("uniform"),
        "RLN": search("rln"),
        "XGBoost": xgb,
        "RLN + XGBoost": stack([("rln", rln), ("xgb", xgb)], cv=3),
    }


# %%
# The same folds for all
# ----------------------


def folds(X, y, regression):
    """Five folds that every model is scored on."""
    splitter = KFold if regression else StratifiedKFold
    return list(splitter(5, shuffle=True, random_state=0).split(X, y))


jobs = []
for name, X, y in tables:
    regression = y.nunique() > 10
    if not regression:
        y = pd.Series(pd.factorize(y, sort=True)[0])
    for model_name, model in make_models(regression).items():
        for fold, (train, test) in enumerate(folds(X, y, regression)):
            jobs.append((name, model_name, model, fold, X, y, train, test))

rows, kept, measures = [], {}, {}
for name, model_name, model, fold, X, y, train, test in track(jobs, "Fitting"):
    model = clone(model).fit(X.iloc[train], y.iloc[train])
    measure = "roc_auc" if is_classifier(model) else "r2"
    measures[name] = {"roc_auc": "test area under ROC", "r2": "test R2"}[measure]
    score = get_scorer(measure)(model, X.iloc[test], y.iloc[test])
    rows.append({"table": name, "model": model_name, "fold": fold, "score": score})
    if model_name == "RLN":
        best = model.best_estimator_
        importance = pd.Series(best.feature_importances_, index=X.columns)
        kept.setdefault(name, []).append(importance)

# %%
# Scores
# ------
# R2 for numbers, area under the ROC curve for classes; mean and standard error over the folds.
# The difference to XGBoost is paired by fold.

scores = pd.DataFrame(rows)
order = list(dict.fromkeys(scores["model"]))
wide = scores.pivot_table(index=["table", "fold"], columns="model", values="score")[
    order
]
difference = wide.sub(wide["XGBoost"], axis=0)


def with_error(table):
    """Mean and standard error over the folds, as text."""
    groups = table.groupby("table", sort=False)
    mean, error = groups.mean(), groups.std() / np.sqrt(groups.size().iloc[0])
    return mean.round(3).astype(str) + " ± " + error.round(3).astype(str)


print(with_error(wide).T.to_string())
print("\nPaired difference to XGBoost")
print(with_error(difference).T.to_string())

# %%
# What the RLN used
# -----------------
# A column is unused in a fold if all of its edges are exactly zero. Here are the columns with
# the largest mean importance, and in how many of the five folds each was used.

for name, importances in kept.items():
    table = pd.DataFrame(importances)
    used = (table > 0).sum()
    share = table.mean().sort_values(ascending=False)
    print(
        f"\n{name.replace(chr(10), ' ')}: {(used > 0).sum()} of {len(used)} columns used"
    )
    for column in share.index[:8]:
        print(
            f"  {column:32s} importance {share[column]:.2f}, used in {used[column]} of 5"
        )

# %%
# The picture
# -----------

colors = ["#999999", "#56B4E9", "#D55E00", "#009E73", "#000000"]
names = list(dict.fromkeys(scores["table"]))
figure, axes = plt.subplots(
    1, len(names), figsize=(3.6 * len(names), 3.4), sharey=True, layout="constrained"
)
for ax, name in zip(np.atleast_1d(axes), names, strict=True):
    block = wide.loc[name]
    for place, (model_name, color) in enumerate(zip(order, colors, strict=True)):
        values = block[model_name]
        ax.plot(
            values, [place] * len(values), "o", color=color, alpha=0.3, markersize=4
        )
        error = values.std() / np.sqrt(len(values))
        ax.errorbar(values.mean(), place, xerr=error, fmt="D", color=color, capsize=4)
    importances = pd.DataFrame(kept[name])
    n_used = (importances > 0).sum(axis=1).mean()
    ax.set_title(f"{name}\nRLN uses {n_used:.0f} of {importances.shape[1]} columns")
    ax.set_xlabel(measures[name])
    ax.grid(axis="x", alpha=0.3)
    ax.set_yticks(range(len(order)), order)
    ax.invert_yaxis()
figure.suptitle("Five folds (dots), their mean and its standard error (diamonds)")
figure.savefig("stack_with_xgboost.png", dpi=150)
plt.show()

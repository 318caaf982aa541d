# SPDX-License-Identifier: BSD-3-Clause
"""
Blend a Regularization Learning Network with XGBoost
====================================================

Gradient boosted trees and networks make different errors, so a blend of both is often better
than either. This example compares five models on the same folds of real tables:

- a plain network with early stopping,
- the same network with a proximal L1 penalty of one strength for all weights, chosen by an
  inner cross-validation: the strongest simple baseline,
- the same network as an RLN, in which each weight learns its own strength; the same inner
  cross-validation chooses the mean of the strengths,
- XGBoost,
- a blend of RLN and XGBoost: a weighted mean, whose weights minimize the held-out loss.

The tables come with scikit-learn. If the environment variable ``SKRLN_DATA`` names a folder of
microbiome tables (a ``data.parquet`` and a ``meta.json`` for each table), the example uses
these tables instead.
"""

# %%
# The tables
# ----------
# The diabetes table is used twice: as it is, and with all squares and products of its columns.
# The second version has 65 columns for 442 rows. Most of the columns cannot be relevant, so a
# network that drops inputs should have an advantage.

import json
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from rich.progress import track
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
from sklearn.preprocessing import PolynomialFeatures
from xgboost import XGBClassifier, XGBRegressor

from skrln import BlendingClassifier, BlendingRegressor, RLNClassifier, RLNRegressor
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
        # XGBoost refuses brackets in names, which names of taxa contain.
        X.columns = X.columns.str.replace(r"[\[\]<]", "", regex=True)
        yield f"{name}\n{target}", X, table[target]


if "SKRLN_DATA" in os.environ:
    tables = list(microbiome_tables(Path(os.environ["SKRLN_DATA"])))
else:
    tables = list(bundled_tables())

# %%
# The models
# ----------
# All networks have the same layers and the same training. The penalized networks train without
# early stopping, because the penalty prevents overfitting. The network in the blend has a fixed
# ``theta``, which is weaker than that of ``READABLE`` because these tables are narrow.

# A single strength must be weaker than the mean of learned strengths: each has its own grid.
THETAS = {"uniform": [-8, -7.25, -6.5], "rln": [-8, -7, -6.25, -5.5]}


def folds_of(regression, n_splits):
    """Shuffled folds, stratified for classes."""
    splitter = KFold if regression else StratifiedKFold
    return splitter(n_splits, shuffle=True, random_state=0)


def make_models(regression):
    """Make the models, by name, for regression or classification."""
    network = RLNRegressor if regression else RLNClassifier
    boosted = XGBRegressor if regression else XGBClassifier
    blend = BlendingRegressor if regression else BlendingClassifier
    score = "r2" if regression else "roc_auc"
    xgb = boosted(
        n_estimators=200, learning_rate=0.05, max_depth=3, subsample=0.8, random_state=0
    )

    rln = network(
        **READABLE | {"hidden_layer_sizes": (64, 32), "theta": -6.5},
        max_iter=60,
        random_state=0,
    )

    def search(penalty):
        model = clone(rln).set_params(penalty=penalty)
        grid = {"theta": THETAS[penalty]}
        return GridSearchCV(model, grid, cv=3, scoring=score)

    return {
        "plain network": clone(rln).set_params(penalty=None, early_stopping=True),
        "L1 network": search("uniform"),
        "RLN": search("rln"),
        "XGBoost": xgb,
        "RLN + XGBoost": blend(
            [("rln", rln), ("xgb", xgb)], cv=folds_of(regression, 3)
        ),
    }


# %%
# The same folds for all models
# -----------------------------


jobs = []
for name, X, y in tables:
    regression = y.nunique() > 10
    if not regression:
        y = pd.Series(pd.factorize(y, sort=True)[0])
    for model_name, model in make_models(regression).items():
        for fold, (train, test) in enumerate(folds_of(regression, 5).split(X, y)):
            jobs.append((name, model_name, model, fold, X, y, train, test))

rows, importances_of, measures = [], {}, {}
for name, model_name, model, fold, X, y, train, test in track(jobs, "Fitting"):
    model = clone(model).fit(X.iloc[train], y.iloc[train])
    measure = "roc_auc" if is_classifier(model) else "r2"
    measures[name] = {"roc_auc": "test area under ROC", "r2": "test R2"}[measure]
    score = get_scorer(measure)(model, X.iloc[test], y.iloc[test])
    rows.append({"table": name, "model": model_name, "fold": fold, "score": score})
    if model_name == "RLN":
        best = model.best_estimator_
        importance = pd.Series(best.feature_importances_, index=X.columns)
        importances_of.setdefault(name, []).append(importance)

# %%
# Scores
# ------
# The score is R2 for numbers and the area under the ROC curve for classes. The table shows the
# mean and the standard error over the folds. The differences to XGBoost are paired by fold.

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
# Columns that the RLN uses
# -------------------------
# A column is unused in a fold if all of its edges are exactly zero. The list shows the columns
# with the largest mean importance, and the number of folds in which the RLN uses each.

for name, importances in importances_of.items():
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
# All scores
# ----------

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
    importances = pd.DataFrame(importances_of[name])
    n_used = (importances > 0).sum(axis=1).mean()
    ax.set_title(f"{name}\nRLN uses {n_used:.0f} of {importances.shape[1]} columns")
    ax.set_xlabel(measures[name])
    ax.grid(axis="x", alpha=0.3)
    ax.set_yticks(range(len(order)), order)
    ax.invert_yaxis()
figure.suptitle("Scores of five folds (dots), mean and standard error (diamonds)")
figure.savefig("stack_with_xgboost.png", dpi=150)
plt.show()

# SPDX-License-Identifier: BSD-3-Clause
"""Loss against time of networks, boosted trees and linear models, with ensembles of each kind.

    python docs/reproduction/fair_table.py --data FOLDER
    python docs/reproduction/fair_table.py --report

The default of this package is an ensemble, so the peers are there as ensembles too: eight
models, each with early stopping on one fold, whose predictions are averaged. All models have
the same rows and two threads. Most models are fitted twice and the second fit is timed, because
the first compiles or imports. FOLDER (or the variable SKRLN_DATA) holds a folder for each
table. Results are in ``results/fair_table.json``; those that are there are not computed again.
The times are valid only if nothing else runs. RealMLP and TabM need ``pytabkit``.
"""

import argparse
import json
import os
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from loss_and_time import loss_of, read_task
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LassoCV, LogisticRegressionCV
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from skrln import BlendingClassifier, BlendingRegressor, RLNClassifier, RLNRegressor
from skrln.presets import QUICK

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "fair_table.json"
FIGURE = HERE.parent / "_static" / "loss_at_equal_time.png"
TASKS = (
    "concrete",
    "credit_g",
    "microbiome_claesson:y_class",
    "phoneme",
    "abalone",
    "churn",
    "microbiome_ravel:y_ph",
    "kin8nm",
    "spambase",
    "california_housing",
    "satimage",
    "bike_sharing_hourly",
)
#: Places of the labels of the figure, in points from the dots.
LABELS = {
    "XGBoost": (6, -12),
    "CatBoost": (-6, 3),
    "skrln, QUICK": (-6, -12),
    "skrln": (-2, -14),
    "skrln + XGBoost": (-2, -14),
}
MOST_ROWS = 3000
N_FOLDS, N_THREADS = 8, 2


# -- models ------------------------------------------------------------------------------


class Folds(BaseEstimator):
    """Mean of models that stop early on one fold each.

    Parameters
    ----------
    model : estimator
    fit : callable
        Fits ``(model, X, y, X_held_out, y_held_out)``.
    """

    def __init__(self, model, fit):
        self.model = model
        self.fit_one = fit

    def fit(self, X, y):
        """Fit a model for each fold."""
        splitter = KFold if isinstance(self, RegressorMixin) else StratifiedKFold
        folds = splitter(N_FOLDS, shuffle=True, random_state=0).split(X, y)
        if isinstance(self, ClassifierMixin):
            self.classes_ = np.unique(y)
        self.models_ = [
            self.fit_one(clone(self.model), X[a], y[a], X[b], y[b]) for a, b in folds
        ]
        return self


class FoldsRegressor(RegressorMixin, Folds):
    """Mean of regressors."""

    def predict(self, X):
        """Mean of the predictions."""
        return np.mean([np.ravel(m.predict(X)) for m in self.models_], axis=0)


class FoldsClassifier(ClassifierMixin, Folds):
    """Mean of the probabilities of classifiers."""

    def predict_proba(self, X):
        """Mean of the probabilities."""
        return np.mean([m.predict_proba(X) for m in self.models_], axis=0)


def fit_catboost(model, X, y, X_val, y_val):
    """Fit with early stopping after 100 rounds without improvement."""
    return model.fit(X, y, eval_set=(X_val, y_val), early_stopping_rounds=100)


def fit_lightgbm(model, X, y, X_val, y_val):
    """Fit with early stopping after 100 rounds without improvement."""
    from lightgbm import early_stopping

    stop = early_stopping(100, verbose=False)
    return model.fit(X, y, eval_set=[(X_val, y_val)], callbacks=[stop])


def on_codes(categorical, model):
    """Model behind a table with codes for categories."""
    code = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    codes = make_column_transformer((code, categorical), remainder="passthrough")
    return make_pipeline(codes, model)


def on_scaled(categorical, model):
    """Model behind a dense, complete and scaled table."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    one_hot = OneHotEncoder(
        handle_unknown="ignore", sparse_output=False, max_categories=30, dtype="float32"
    )
    dense = make_column_transformer((one_hot, categorical), remainder=numbers)
    return make_pipeline(dense, model)


def catboost(regression, **params):
    """CatBoost with two threads."""
    import catboost

    kind = catboost.CatBoostRegressor if regression else catboost.CatBoostClassifier
    fixed = {"thread_count": N_THREADS, "random_seed": 0, "allow_writing_files": False}
    return kind(verbose=0, **fixed, **params)


def lightgbm(regression, **params):
    """LightGBM with two threads."""
    import lightgbm as package

    kind = package.LGBMRegressor if regression else package.LGBMClassifier
    return kind(n_jobs=N_THREADS, random_state=0, verbose=-1, **params)


def xgboost(regression):
    """XGBoost with two threads."""
    import xgboost as package

    kind = package.XGBRegressor if regression else package.XGBClassifier
    return kind(n_jobs=N_THREADS, random_state=0)


def in_folds(regression, model, fit):
    """Eight models with early stopping."""
    return (FoldsRegressor if regression else FoldsClassifier)(model, fit)


def pytabkit(name, regression, **params):
    """Network of the package pytabkit."""
    import pytabkit as package

    kind = getattr(package, name + ("_Regressor" if regression else "_Classifier"))
    if not regression:
        params["val_metric_name"] = "cross_entropy"
    return kind(device="cpu", random_state=0, n_threads=N_THREADS, **params)


def own(regression, **params):
    """Network of this package."""
    return (RLNRegressor if regression else RLNClassifier)(random_state=0, **params)


def blend(regression, categorical):
    """The default and XGBoost, blended."""
    trees = on_codes(categorical, xgboost(regression))
    models = [("rln", own(regression)), ("gbt", trees)]
    if regression:
        return BlendingRegressor(models, random_state=0)
    return BlendingClassifier(models, random_state=0)


def hist_boosting(regression):
    """Trees of scikit-learn."""
    kind = (
        HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
    )
    return kind(random_state=0)


def linear(regression):
    """Lasso, or logistic regression, at the strength of a cross-validation."""
    if regression:
        return LassoCV(n_jobs=N_THREADS)
    return LogisticRegressionCV(Cs=8, scoring="neg_log_loss", max_iter=500)


#: Factories of (regression, columns of categories), cheap ones first.
MODELS = {
    "linear": lambda r, c: on_scaled(c, linear(r)),
    "HistGradientBoosting": lambda r, c: on_codes(c, hist_boosting(r)),
    "LightGBM": lambda r, c: on_codes(c, lightgbm(r)),
    "XGBoost": lambda r, c: on_codes(c, xgboost(r)),
    "CatBoost": lambda r, c: on_codes(c, catboost(r)),
    "skrln, QUICK": lambda r, c: own(r, **QUICK),
    "skrln": lambda r, c: own(r),
    "skrln + XGBoost": blend,
    "LightGBM, 8 folds": lambda r, c: on_codes(
        c,
        in_folds(
            r,
            lightgbm(r, n_estimators=2000, learning_rate=0.05, subsample_freq=1),
            fit_lightgbm,
        ),
    ),
    "CatBoost, 8 folds": lambda r, c: on_codes(
        c, in_folds(r, catboost(r, iterations=2000), fit_catboost)
    ),
    "RealMLP-TD-S": lambda r, c: on_scaled(c, pytabkit("RealMLP_TD_S", r)),
    "RealMLP-TD-S, 8 folds": lambda r, c: on_scaled(
        c, pytabkit("RealMLP_TD_S", r, n_cv=8)
    ),
    "RealMLP-TD": lambda r, c: on_scaled(c, pytabkit("RealMLP_TD", r)),
    "TabM-D": lambda r, c: on_scaled(c, pytabkit("TabM_D", r)),
}
#: Fitted once: what they start, import or compile takes a small part of their time.
ONCE = {m for m in MODELS if "folds" in m or m.startswith(("Real", "Tab"))}
ONCE |= {"skrln + XGBoost"}
#: Too slow for all tasks.
SLOW = {"RealMLP-TD-S, 8 folds": 4, "RealMLP-TD": 1, "TabM-D": 0}


# -- one fit -----------------------------------------------------------------------------


def read(root, task):
    """Inputs, target, True for a regression, and the columns of categories."""
    X, y, regression = read_task(root, task)
    if task.startswith("microbiome"):  # counts to log shares; rare taxa are dropped
        X = X.select_dtypes("number").fillna(0)
        X = X.loc[:, (X > 0).sum() >= max(3, 0.05 * len(X))]
        X = np.log10(X.div(X.sum(axis=1).replace(0, 1), axis=0) + 1e-5)
    categorical = X.select_dtypes("category").columns.tolist()
    if not regression:
        y = pd.Series(pd.factorize(y.astype(str), sort=True)[0])
    return X, y.astype(float) if regression else y, regression, categorical


def score(name, table):
    """Loss, seconds and processor seconds of a fit."""
    X, y, regression, categorical = table
    most = min(MOST_ROWS, int(0.8 * len(y)))
    train, test = train_test_split(
        np.arange(len(y)),
        train_size=most,
        random_state=0,
        stratify=None if regression else y,
    )
    test = test[:MOST_ROWS]
    values = y.to_numpy()
    for _ in range(1 if name in ONCE else 2):
        model = MODELS[name](regression, categorical)
        start, cpu = time.perf_counter(), time.process_time()
        model.fit(X.iloc[train], values[train])
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    loss = loss_of(model, X.iloc[test], values[test], regression)
    return {
        "loss": round(loss, 6),
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu, 3),
    }


def run(root, tasks, names):
    """Compute what the results lack."""
    lines = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    done = {(line["task"], line["model"]) for line in lines}
    for place, task in enumerate(tasks):
        table = None
        for name in names:
            if (task, name) in done or place >= SLOW.get(name, len(tasks)):
                continue
            table = read(root, task) if table is None else table
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of convergence, and of the peers
                line = {"task": task, "model": name} | score(name, table)
            lines.append(line)
            RESULTS.write_text(json.dumps(lines, indent=0))


# -- results -----------------------------------------------------------------------------


def summary(lines, reference="skrln"):
    """Loss and time of each model over those of the default, geometric means, and ranks."""
    loss, seconds, cpu = (
        np.log(lines.pivot(index="task", columns="model", values=what))
        for what in ("loss", "seconds", "cpu_seconds")
    )
    whole = loss.columns[loss.notna().all()]
    loss_ratio = loss.sub(loss[reference], axis=0)
    table = pd.DataFrame(
        {
            "tasks": loss.notna().sum(),
            "loss": np.exp(loss_ratio.mean()),
            "error": loss_ratio.std() / np.sqrt(loss.notna().sum()),
            "rank": loss[whole].rank(axis=1).mean(),
            "time": np.exp(seconds.sub(seconds[reference], axis=0).mean()),
            "seconds": np.exp(seconds.mean()),
            "cpu_seconds": np.exp(cpu.mean()),
        }
    )
    return table.sort_values("loss")


def draw(table):
    """Draw loss against time, with the front of the models that no other beats in both."""
    import matplotlib.pyplot as plt

    # The linear model has about twice the loss, which would flatten the rest.
    table = table[table["tasks"] == table["tasks"].max()].drop("linear")
    table = table.sort_values("time")
    fig, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
    ours = table.index.str.startswith("skrln")
    for part, marker, color in ((~ours, "o", "tab:gray"), (ours, "D", "tab:blue")):
        ax.errorbar(
            table["time"][part],
            table["loss"][part],
            table["error"][part],
            fmt=marker,
            color=color,
            capsize=2,
        )
    front = table[table["loss"] <= table["loss"].cummin()]
    ax.step(front["time"], front["loss"], where="post", color="tab:orange", zorder=0)
    for name, line in table.iterrows():
        place = (line["time"], line["loss"])
        shift = LABELS.get(name, (6, 4))
        ax.annotate(
            name,
            place,
            xytext=shift,
            textcoords="offset points",
            fontsize=9,
            ha="right" if shift[0] < 0 else "left",
        )
    ax.set_xscale("log")
    ax.set_xlim(right=25)  # room for the last label
    ax.set(
        xlabel="time of a fit relative to the default of skrln",
        ylabel="loss relative to the default of skrln",
    )
    fig.savefig(FIGURE, dpi=110)


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default=os.environ.get("SKRLN_DATA"))
    parser.add_argument("--tasks", nargs="+", default=TASKS)
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    if not options.report:
        run(Path(options.data), options.tasks, options.models)
    table = summary(pd.read_json(RESULTS))
    print(table.round(3).to_string())
    draw(table)


if __name__ == "__main__":
    main()

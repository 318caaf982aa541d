# SPDX-License-Identifier: BSD-3-Clause
"""Traits, splits and models of the studies of Regularization Learning Networks.

All tables are of microbes, most of them from the Microbiome Learning Repo (Vangay, Hillmann and
Knights, GigaScience 2019). Each table is a folder with ``data.parquet`` and ``meta.json``.
"""

import argparse
import json
import os
import re
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from rich.progress import track
from sklearn.ensemble import StackingClassifier, StackingRegressor
from sklearn.linear_model import LassoCV, LogisticRegressionCV
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier, XGBRegressor

from skrln import (
    BlendingClassifier,
    BlendingRegressor,
    RLNClassifier,
    RLNClassifierCV,
    RLNRegressor,
    RLNRegressorCV,
)
from skrln.presets import READABLE

RESULTS = Path(__file__).parent / "results"
#: Table, target, True for a number, and covariates that do not define the target.
TRAITS = {
    "age": ("microbiome_yatsunenko", "c_AGE", True, ["c_SEX", "c_COUNTRY"]),
    "sex": ("microbiome_yatsunenko", "y_sex", False, ["c_AGE", "c_COUNTRY"]),
    "USA or Malawi": (
        "microbiome_yatsunenko",
        "y_usa_malawi",
        False,
        ["c_AGE", "c_SEX"],
    ),
    "Crohn, ileum": (
        "microbiome_gevers",
        "y_ileum",
        False,
        ["c_AGE", "c_SEX", "c_RACE"],
    ),
    "Crohn, rectum": (
        "microbiome_gevers",
        "y_rectum",
        False,
        ["c_AGE", "c_SEX", "c_RACE"],
    ),
    "pH": ("microbiome_ravel", "y_ph", True, ["c_Ethnic_Group"]),
    "Nugent score": ("microbiome_ravel", "y_nugent_score", True, ["c_Ethnic_Group"]),
    "elderly": ("microbiome_claesson", "y_class", False, ["c_SEX"]),
    "diabetes": (
        "microbiome_qin2012",
        "y_healthy_diabetes",
        False,
        ["c_Gender", "c_Age", "c_BMI", "c_SBP", "c_DBP"],
    ),
}
#: Traits of few rows or of another kind: measured, but not part of the means.
MORE = {
    "infant age": ("microbiome_yatsunenko", "y_baby_age", True, ["c_SEX", "c_COUNTRY"]),
    "PCDAI": ("microbiome_gevers", "y_pcdai_ileum", True, ["c_AGE", "c_SEX", "c_RACE"]),
    "hydrocinnamate": (
        "metabolome_kim",
        "m_3-phenylpropionate (hydrocinnamate)",
        True,
        ["Study.Group", "Age", "Gender"],
    ),
}
N_FOLDS = 5
#: Values of theta to search; each penalty has the range that contains its best values.
THETAS = {
    "rln": (-6.5, -6.0, -5.5, -5.0, -4.5, -4.0),
    "uniform": (-8.5, -8.0, -7.5, -7.0, -6.5, -6.0),
}


def data_folder(given=None):
    """Folder of the tables, from the command line or the environment."""
    folder = given or os.environ.get("SKRLN_DATA")
    if not folder:
        raise SystemExit("Pass --data FOLDER, or set SKRLN_DATA.")
    return Path(folder)


def read_trait(root, trait):
    """Log relative abundances, target, True for a number, and covariates."""
    name, target, is_number, covariates = (TRAITS | MORE)[trait]
    folder = root / name
    meta = json.loads((folder / "meta.json").read_text())
    table = pd.read_parquet(folder / "data.parquet")
    table = table[table[target].notna()].reset_index(drop=True)
    roles = ("targets", "id_columns", "group_columns", "other_non_feature_columns")
    taken = [column for role in roles for column in meta.get(role, [])]
    counts = table.drop(columns=taken, errors="ignore").select_dtypes("number")
    counts = counts.fillna(0)
    counts = counts.loc[:, (counts > 0).sum() >= max(3, 0.05 * len(counts))]
    share = counts.div(counts.sum(axis=1).replace(0, 1), axis=0)
    share.columns = [re.sub(r"[\[\]<]", "_", name) for name in share]  # XGBoost's rule
    y = table[target]
    y = y.astype(float).to_numpy() if is_number else pd.factorize(y, sort=True)[0]
    return np.log10(share + 1e-5), y, is_number, _covariates(table[covariates])


def _covariates(table):
    """Columns of numbers as numbers, all others as categories."""
    columns = {}
    for name, column in table.items():
        numbers = pd.to_numeric(column, errors="coerce")
        is_number = numbers.notna().sum() >= 0.5 * column.notna().sum()
        text = column.astype(object).where(column.notna(), "missing").astype(str)
        columns[name] = numbers if is_number else text.astype("category")
    return pd.DataFrame(columns)


def folds(y, is_number):
    """Training and test rows of each fold."""
    kind = KFold if is_number else StratifiedKFold
    return list(kind(N_FOLDS, shuffle=True, random_state=0).split(y, y))


def predict(model, X):
    """Predictions of numbers, or probabilities of classes, (n, n_classes)."""
    if hasattr(model, "predict_proba"):
        return model.predict_proba(X)
    return model.predict(X)


def score(y, predictions):
    """R2, or the area under the ROC curve."""
    if predictions.ndim == 1:
        return float(r2_score(y, predictions))
    if predictions.shape[1] == 2:
        return float(roc_auc_score(y, predictions[:, 1]))
    share = predictions / predictions.sum(axis=1, keepdims=True)
    return float(roc_auc_score(y, share, multi_class="ovr"))


def make_linear(is_number, seed):
    """L1-penalized linear model at its own best strength."""
    if is_number:
        model = LassoCV(alphas=20, cv=3, random_state=seed)
    else:
        model = LogisticRegressionCV(
            Cs=8,
            cv=3,
            l1_ratios=(1.0,),
            solver="liblinear",
            random_state=seed,
            use_legacy_attributes=False,
        )
    return make_pipeline(StandardScaler(), model)


def make_trees(is_number, seed):
    """Gradient boosted trees with random rows and columns, so that seeds differ."""
    kind = XGBRegressor if is_number else XGBClassifier
    return kind(
        subsample=0.8,
        colsample_bytree=0.8,
        enable_categorical=True,
        random_state=seed,
        n_jobs=2,
    )


def make_network(is_number, seed, **params):
    """A single network with the parameters of `READABLE`."""
    kind = RLNRegressor if is_number else RLNClassifier
    return kind(**READABLE | {"random_state": seed} | params)


def make_default(is_number):
    """The default estimator: an ensemble."""
    return (RLNRegressor if is_number else RLNClassifier)(random_state=0)


def make_blend(is_number):
    """Weighted mean of the default and trees; held-out rows choose the weights."""
    models = [("default", make_default(is_number)), ("trees", make_trees(is_number, 0))]
    kind = BlendingRegressor if is_number else BlendingClassifier
    return kind(models, random_state=0)


def make_stack(is_number, *models):
    """Stack: a linear model combines the models' predictions of held-out rows."""
    named = [(f"model{k}", model) for k, model in enumerate(models)]
    if is_number:
        return StackingRegressor(named, cv=KFold(5, shuffle=True, random_state=0))
    splitter = StratifiedKFold(5, shuffle=True, random_state=0)
    return StackingClassifier(named, cv=splitter)


class Strengths(NamedTuple):
    """Theta chosen by cross-validation within the training rows."""

    best: float
    #: The largest theta whose score is within one standard error of the best.
    sparsest: float


def choose_theta(penalty, X, y, is_number, seed):
    """Choose the strengths of "rln" or "uniform"."""
    kind = RLNRegressorCV if is_number else RLNClassifierCV
    same = ("hidden_layer_sizes", "dropout", "batch_size")
    n_folds = 3
    splitter = KFold if is_number else StratifiedKFold
    search = kind(
        thetas=THETAS[penalty],
        reg_steps=[0.03],
        penalty=penalty,
        cv=splitter(n_folds, shuffle=True, random_state=seed),
        scoring="r2" if is_number else "roc_auc_ovr",
        random_state=seed,
        **{name: READABLE[name] for name in same},
    )
    results = search.fit(X, y).cv_results_
    mean, best = results["mean_test_score"], search.best_index_
    error = results["std_test_score"][best] / np.sqrt(n_folds - 1)
    near = mean >= mean[best] - error
    thetas = np.array(THETAS[penalty])
    return Strengths(search.theta_, float(thetas[near].max()))


class Store:
    """Lines of results in a file. A study computes only missing lines."""

    def __init__(self, name, keys):
        self.path, self.keys = RESULTS / f"{name}.jsonl", keys
        self.lines = []
        if self.path.exists():
            self.lines = [json.loads(line) for line in self.path.open()]
        self.keys_of_lines = {self._key(line) for line in self.lines}

    def _key(self, line):
        return tuple(line[name] for name in self.keys)

    def has(self, **key):
        """Return True if the file has this line."""
        return tuple(key[name] for name in self.keys) in self.keys_of_lines

    def add(self, **line):
        """Append a line."""
        self.path.parent.mkdir(exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        self.lines.append(line)
        self.keys_of_lines.add(self._key(line))

    def frame(self):
        """All lines."""
        return pd.DataFrame(self.lines)


def quiet():
    """Silence the warnings of empty networks, which the studies count."""
    warnings.simplefilter("ignore", UserWarning)
    warnings.simplefilter("ignore", FutureWarning)  # of the peers


def command_line(description, store, traits, run, report):
    """Measure the missing lines of the store, except with ``--report``; then report.

    `run` takes the store, the folder of the tables and a trait. `report` takes the store.
    """
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("--data")
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    if not options.report:
        root = data_folder(options.data)
        with warnings.catch_warnings():
            quiet()
            for trait in track(list(traits)):
                run(store, root, trait)
    report(store)

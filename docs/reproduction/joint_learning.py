# SPDX-License-Identifier: BSD-3-Clause
"""Strategies of joint learning on four tables of several domains.

    python docs/reproduction/joint_learning.py --data FOLDER --out results.csv [TABLE ...]

FOLDER holds NAME/data.parquet for school, microbiome_genus_cohorts, heart_disease_4hospitals
and amazon_reviews_4domains. For each seed, a number of rows of each domain is drawn for
training and the others (at most 500 of a domain) are the test rows. All strategies have the
same initial weights, rows and steps. The score is the mean over domains of the accuracy. For
school it is the mean of the explained share of the variance: one minus the mean square of the
residuals of a school over the variance of all targets. ``--set coupling__sigma_factor=1.0``
sets a parameter of all models.
"""

import argparse
import csv
import time
import warnings
from ast import literal_eval
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrln.joint import JointClassifier, JointRegressor
from skrln.options import Coupling

TEST_ROWS = 500
STRATEGIES = {
    "isolated": {"coupling__strategy": "isolated"},
    "shared": {"coupling__strategy": "shared"},
    "shared, own heads": {"coupling__strategy": "shared", "share_output": False},
    "half shared": {"coupling__strategy": "shared", "coupling__n_shared_layers": 1},
    "l2": {"coupling__strategy": "l2"},
    "l2, half": {"coupling__strategy": "l2", "coupling__n_shared_layers": 1},
    "finetune": {"coupling__strategy": "finetune", "coupling__first_stage": 0.5},
    "joint": {},
    "joint, own heads": {"share_output": False},
    "joint, paper": {
        "coupling__irls_weight": "paper",
        "coupling__sigma_factor": 1.0,
        "coupling__distance": "weights",
    },
    # Pairs weighted by the distance of parameters, and the strength that goes with it.
    "joint, parameters": {"coupling__distance": "weights", "coupling__strength": 3.0},
}
#: Training rows of each domain: few and many.
ROWS = {
    "school": (10, 40),
    "microbiome_genus_cohorts": (15, 40),
    "heart_disease_4hospitals": (15, 60),
    "amazon_reviews_4domains": (30, 300),
}


def load(folder, name):
    """Inputs, target and domain of a table."""
    table = pd.read_parquet(folder / name / "data.parquet")
    if name == "school":
        X = table.drop(columns=["score", "school"]).astype(float)
        return X, table["score"].to_numpy(float), table["school"].to_numpy()
    if name == "microbiome_genus_cohorts":
        X = table.filter(regex="^g_").astype(float)
        X = np.log10(X + 1e-5)
        return X, table["y"].to_numpy(), table["cohort"].to_numpy()
    if name == "heart_disease_4hospitals":
        X = table.drop(columns=["hospital", "disease", "num"]).astype(float)
        return X, table["disease"].to_numpy(), table["hospital"].to_numpy()
    words = table.filter(regex=r"^w\d").astype(float)
    X = np.log1p(words)
    return X, table["sentiment"].to_numpy(), table["domain"].to_numpy()


def split(domain, y, n_train, seed, stratify):
    """Training and test rows of every domain that keeps at least ten test rows."""
    rng = np.random.default_rng(seed)
    train, test = [], []
    for name in np.unique(domain):
        rows = rng.permutation(np.flatnonzero(domain == name))
        n = min(n_train, len(rows) - 10)
        if n < 2:
            continue
        if stratify:  # keep the shares of the classes
            order = np.argsort(y[rows], kind="stable")
            chosen = order[np.linspace(0, len(rows) - 1, n).round().astype(int)]
            mask = np.isin(np.arange(len(rows)), chosen)
        else:
            mask = np.arange(len(rows)) < n
        train.append(rows[mask])
        test.append(rows[~mask][:TEST_ROWS])
    return np.concatenate(train), np.concatenate(test)


def domain_scores(truth, guess, domain, variance):
    """Score of each domain."""
    scores = {}
    for name in np.unique(domain):
        rows = domain == name
        if variance is None:
            scores[name] = np.mean(truth[rows] == guess[rows])
        else:
            scores[name] = 1 - np.mean((truth[rows] - guess[rows]) ** 2) / variance
    return scores


def linear(classifier):
    """Linear model of a table."""
    model = LogisticRegression(C=0.1, max_iter=2000) if classifier else Ridge(10.0)
    return make_pipeline(SimpleImputer(), StandardScaler(), model)


def linear_guess(X, y, domain, train, test, classifier, pooled):
    """Predict with the baseline: a pooled linear model, or a linear model for each domain."""
    guess = np.empty(len(test), y.dtype)
    model = linear(classifier)
    if pooled:
        Z = np.hstack([X.to_numpy(), pd.get_dummies(domain).to_numpy(float)])
        return clone(model).fit(Z[train], y[train]).predict(Z[test])
    for name in np.unique(domain[test]):
        a, b = train[domain[train] == name], domain[test] == name
        if len(np.unique(y[a])) < 2:
            guess[b] = y[a][0]
            continue
        inputs = X.iloc[a].to_numpy(), X.iloc[test[b]].to_numpy()
        keep = ~np.isnan(inputs[0]).all(axis=0)
        guess[b] = (
            clone(model).fit(inputs[0][:, keep], y[a]).predict(inputs[1][:, keep])
        )
    return guess


def run(folder, names, rows, seeds, writer, settings, strategies):
    """Fit and score all methods on all tables."""
    for name in names:
        X, y, domain = load(folder, name)
        for n_train in rows or ROWS[name]:
            for seed in range(seeds):
                lines = run_once(
                    (X, y, domain), name, n_train, seed, settings, strategies
                )
                for method, scores, seconds in lines:
                    for place, score in scores.items():
                        about = (name, n_train, seed, method, place)
                        writer.writerow([*about, f"{score:.6f}", seconds])


def run_once(table, name, n_train, seed, settings, strategies):
    """Yield method, scores of the domains and seconds of each fit."""
    X, y, domain = table
    classifier = name != "school"
    train, test = split(domain, y, n_train, seed, classifier)
    variance = None if classifier else y.var()
    truth, where = y[test], domain[test]
    for method in ("linear pooled", "linear isolated"):
        pooled = method == "linear pooled"
        guess = linear_guess(X, y, domain, train, test, classifier, pooled)
        yield method, domain_scores(truth, guess, where, variance), 0
    make = JointClassifier if classifier else JointRegressor
    for method in strategies:
        model = make(coupling=Coupling(), random_state=seed)
        model.set_params(**settings | STRATEGIES[method])
        begin = time.perf_counter()
        model.fit(X.iloc[train], y[train], sample_domain=domain[train])
        seconds = round(time.perf_counter() - begin, 2)
        guess = model.predict(X.iloc[test], sample_domain=where)
        yield method, domain_scores(truth, guess, where, variance), seconds


def summarize(path):
    """Print means over domains and seeds, and paired differences of "joint" to each."""
    table = pd.read_csv(path)
    by_seed = table.groupby(["table", "n_train", "method", "seed"])["score"].mean()
    wide = by_seed.unstack("method")
    for (name, n_train), part in wide.groupby(level=[0, 1]):
        print(f"\n{name}, {n_train} rows per domain")
        for method in part.columns:
            d = part["joint"] - part[method]
            error = d.std() / np.sqrt(len(d))
            mean = part[method].mean()
            print(
                f"  {method:20s} {mean:.4f}   joint minus it {d.mean():+.4f} +- {error:.4f}"
            )
        cell = table[(table["table"] == name) & (table["n_train"] == n_train)]
        scores = cell.pivot_table(
            index=["domain", "seed"], columns="method", values="score"
        )
        d = (scores["joint"] - scores["isolated"]).groupby(level=0)
        t = d.mean() / (d.std() / np.sqrt(d.count())).replace(0, np.nan)
        print(
            f"  domains: {d.ngroups}, above isolated {np.mean(d.mean() > 0):.0%}, "
            f"below by more than 2.78 standard errors {int(np.sum(t < -2.776))}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", default=list(ROWS))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--rows", type=int, nargs="*", help="training rows of each domain"
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--couplings", type=float, nargs="*", default=[])
    parser.add_argument("--strategies", nargs="*", default=list(STRATEGIES))
    parser.add_argument("--set", nargs="*", default=[], help="NAME=VALUE of all models")
    options = parser.parse_args()
    # All arms have the same number of epochs, converged or not.
    warnings.simplefilter("ignore", ConvergenceWarning)
    changes = dict(one.split("=") for one in options.set)
    settings = {name: literal_eval(value) for name, value in changes.items()}
    for value in options.couplings:
        STRATEGIES[f"joint, coupling {value:g}"] = {"coupling__strength": value}
        options.strategies.append(f"joint, coupling {value:g}")
    with options.out.open("w", buffering=1, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["table", "n_train", "seed", "method", "domain", "score", "seconds"]
        )
        run(
            options.data,
            options.tables,
            options.rows,
            options.seeds,
            writer,
            settings,
            options.strategies,
        )
    summarize(options.out)

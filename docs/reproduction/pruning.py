# SPDX-License-Identifier: BSD-3-Clause
"""Pruning of units: no pruning, dropout, two kinds of angles, and two controls.

    python docs/reproduction/pruning.py --data FOLDER [--seeds 5] [--out FILE]

FOLDER (or the variable SKRLN_DATA) has tables as NAME/data.parquet. Three problems of several
tasks: class, behaviour, treatment and genotype of ``mice_protein``, with whole mice held out;
the digit, and "above four" or not, of scikit-learn's digits and of ``mfeat_factors``. All
differences are paired by split and initial network. Runs that are in FILE are not repeated.
"""

import argparse
import json
import os
import pathlib
import time

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit

from skrln import RLNClassifier
from skrln.pruning import DistinctivenessPruner

NETWORK = {
    "hidden_layer_sizes": (128, 64),
    "penalty": None,
    "theta": -7,
    "n_estimators": 1,
    "numeric_embedding": None,
    "early_stopping": False,
    "learning_rate_init": 0.003,
    "max_iter": 60,
    "dropout": 0.0,
}
THRESHOLDS = ((15, 165), (20, 160), (25, 155), (30, 150))


def load(name, folder):
    """Inputs, labels of all tasks, and groups."""
    if name == "digits":
        X, y = load_digits(return_X_y=True)
        return X, np.c_[y, y > 4], None
    table = pd.read_parquet(pathlib.Path(folder, name, "data.parquet"))
    if name == "mfeat_factors":
        y = table.pop("target").to_numpy()
        return table.to_numpy(float), np.c_[y, y > 5], None
    tasks = ["class", "Behavior", "Treatment", "Genotype"]
    codes = [np.unique(table[task], return_inverse=True)[1] for task in tasks]
    X = table.select_dtypes("float").to_numpy()
    return X, np.stack(codes, axis=1), table["mouse"].to_numpy()


def accuracies(model, X, y):
    """Accuracy of each task."""
    return np.mean(model.predict(X) == y, axis=0).tolist()


def one_seed(X, y, groups, seed):
    """Accuracies of the tasks, share of pruned units and seconds of each arm."""
    kind = ShuffleSplit if groups is None else GroupShuffleSplit
    splitter = kind(1, test_size=0.3, random_state=seed)
    train, test = next(splitter.split(X, y, groups))
    rows, arms = (X[train], y[train]), {}

    def add(name, model, seconds, ratio=0.0):
        arms[name] = (accuracies(model, X[test], y[test]), ratio, seconds)

    def fit(**changes):
        start = time.perf_counter()
        model = RLNClassifier(**NETWORK | changes, random_state=seed).fit(*rows)
        return model, time.perf_counter() - start

    network, seconds = fit()
    add("none", network, seconds)
    for rate in (0.2, 0.5):
        add(f"dropout {rate}", *fit(dropout=rate))

    def prune(name, **params):
        start = time.perf_counter()
        pruner = DistinctivenessPruner(
            FrozenEstimator(network), random_state=seed, **params
        ).fit(*rows)
        took = seconds + time.perf_counter() - start
        add(name, pruner, took, pruner.pruning_ratio_)
        return pruner

    prune("retraining alone", ratio=0.0)
    for criterion in ("weight", "activation", "random"):
        for how in ("regression", None):
            name = f"{criterion}, half, {how}, not retrained"
            prune(name, criterion=criterion, ratio=0.5, compensate=how, retrain=False)
        half = prune(f"{criterion}, half", criterion=criterion, ratio=0.5)
        published = {"compensate": "add", "complement": "remove"}
        if criterion == "activation":
            prune(
                "activation, half, published",
                criterion=criterion,
                ratio=0.5,
                **published,
            )
    for criterion in ("weight", "activation"):
        for similar, complementary in THRESHOLDS:
            angles = {"similar_angle": similar, "complementary_angle": complementary}
            name = f"{criterion}, {similar}"
            prune(
                f"{name}, not retrained", criterion=criterion, retrain=False, **angles
            )
        prune(name, criterion=criterion, **angles)
    return arms, speedup(network, half.estimator_, X)


def speedup(large, small, X):
    """Ratio of the prediction times of both networks, on many rows and on 64."""
    return [
        seconds_of(large, rows) / seconds_of(small, rows)
        for rows in (np.resize(X, (50_000, X.shape[1])), X[:64])
    ]


def seconds_of(model, X):
    """Fastest of nine predictions."""
    times = []
    for _ in range(9):
        start = time.perf_counter()
        model.predict(X)
        times.append(time.perf_counter() - start)
    return min(times)


def main():
    """Run the study and print a table for each problem."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default=os.environ.get("SKRLN_DATA"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out")
    parser.add_argument(
        "--problems", nargs="+", default=["digits", "mfeat_factors", "mice_protein"]
    )
    arguments = parser.parse_args()
    results = {}
    if arguments.out and pathlib.Path(arguments.out).exists():
        results = json.loads(pathlib.Path(arguments.out).read_text())
    for name in arguments.problems:
        problem = load(name, arguments.data)
        runs = results.setdefault(name, [])
        for seed in range(len(runs), arguments.seeds):
            runs.append(one_seed(*problem, seed))
            if arguments.out:
                pathlib.Path(arguments.out).write_text(json.dumps(results))
        report(name, runs)


def report(name, runs):
    """Print means, and paired differences to no pruning with their standard errors."""
    print(
        f"\n{name}: predicts faster by", np.mean([s for _, s in runs], axis=0).round(2)
    )
    baseline = np.array([arms["none"][0] for arms, _ in runs])
    for arm in runs[0][0]:
        accuracy = np.array([arms[arm][0] for arms, _ in runs])
        ratio, seconds = np.mean([arms[arm][1:] for arms, _ in runs], axis=0)
        gap = (accuracy - baseline).mean(axis=1)
        error = gap.std(ddof=1) / np.sqrt(len(gap)) if len(gap) > 1 else np.nan
        per_task = " ".join(f"{a:.3f}" for a in accuracy.mean(axis=0))
        print(
            f"{arm:42} {per_task}  {gap.mean():+.4f} ({error:.4f})  "
            f"pruned {ratio:.2f}  {seconds:.1f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()

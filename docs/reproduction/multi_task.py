# SPDX-License-Identifier: BSD-3-Clause
"""One network for several tasks against one for each, and three ways to weigh the tasks.

    python docs/reproduction/multi_task.py --data FOLDER [--seeds 10] [--out FILE]

FOLDER (or the variable SKRLN_DATA) has tables as NAME/data.parquet. Five problems: class,
behaviour, treatment and genotype of ``mice_protein``, whole mice held out; the digit and
whether it is above four, of scikit-learn's digits and of ``mfeat_factors``; rings (a number)
and sex of ``abalone``; quality (a number) and colour of ``wine_quality``. 500 rows are trained
on: with all their labels, or with those of the first task on every tenth row alone; every
network takes as many steps, and those of few rows as many epochs, too ("fewer steps"). With
``--settings ensemble`` each is four networks that stop early on folds; "plain" ones do not.
Every number is paired over the same splits and seeds. Runs that are in FILE are not repeated.
"""

import argparse
import json
import os
import pathlib
import time

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit

from skrln import RLNMultiTask

NETWORK = {
    "hidden_layer_sizes": (128, 64),
    "theta": -7,
    "numeric_embedding": None,
    "learning_rate_init": 0.003,
    "batch_size": 32,
    "dropout": 0.0,
}
SETTINGS = {
    "plain": {"n_estimators": 1, "regularization": None, "early_stopping": False},
    "ensemble": {"n_estimators": 4, "input_selection": False},
}
#: Rows of mice that are tested on are fewer.
N_ROWS, N_TEST, N_EPOCHS = 500, 1000, 60
WEIGHTS = {"fixed": None, "uncertainty": "uncertainty", "dynamic": "dynamic"}
PROBLEMS = ("digits", "mfeat_factors", "mice_protein", "abalone", "wine_quality")


def load(name, folder):
    """Inputs, labels of all tasks, their types, and groups."""
    if name == "digits":
        X, y = load_digits(return_X_y=True)
        return X, np.c_[y, y > 4].astype(float), "cc", None
    table = pd.read_parquet(pathlib.Path(folder, name, "data.parquet"))
    if name == "mfeat_factors":
        y = table.pop("target").to_numpy()
        return table.to_numpy(float), np.c_[y, y > 5].astype(float), "cc", None
    if name == "mice_protein":
        tasks = ["class", "Behavior", "Treatment", "Genotype"]
        y, groups = codes(table[tasks]), table["mouse"].to_numpy()
        return table.select_dtypes("float").to_numpy(), y, "cccc", groups
    number, label = {
        "abalone": ("Rings", "Sex"),
        "wine_quality": ("quality", "colour"),
    }[name]
    y = np.c_[table.pop(number), codes(table[[label]])]
    return table.drop(columns=label).to_numpy(float), y, "rc", None


def codes(table):
    """Numbers of the classes of each column."""
    found = [
        np.unique(table[name].astype(str), return_inverse=True)[1] for name in table
    ]
    return np.stack(found, axis=1).astype(float)


def split(X, groups, seed):
    """Rows to train and to test on."""
    if groups is not None:
        splitter = GroupShuffleSplit(1, test_size=0.3, random_state=seed)
        train, test = next(splitter.split(X, groups=groups))
        rng = np.random.default_rng(seed)
        return rng.permutation(train)[:N_ROWS], test
    n_test = min(N_TEST, len(X) - N_ROWS)
    splitter = ShuffleSplit(1, train_size=N_ROWS, test_size=n_test, random_state=seed)
    return next(splitter.split(X))


def one_seed(X, y, types, groups, seed, settings):
    """Scores per task and seconds of each arm, with all labels and with few."""
    train, test = split(X, groups, seed)
    found = {}
    for labels in ("all", "few"):
        told = y[train].copy()
        if labels == "few":
            told[np.arange(len(told)) % 10 > 0, 0] = np.nan

        def score(columns, labels=told, as_long=True, **changes):
            named = {"c": "classification", "r": "regression"}
            rows = np.flatnonzero(~np.isnan(labels[:, columns]).all(axis=1))
            # As many steps for few rows as for all of them.
            longer = 1
            if as_long:
                longer = np.ceil(len(train) / 32) / np.ceil(len(rows) / 32)
            model = RLNMultiTask(
                **NETWORK | SETTINGS[settings] | changes,
                task_types=[named[types[k]] for k in columns],
                max_iter=round(N_EPOCHS * longer),
                random_state=seed,
            )
            start = time.perf_counter()
            model.fit(X[train[rows]], labels[np.ix_(rows, columns)])
            took = time.perf_counter() - start
            return model.score_tasks(X[test], y[test][:, columns]).tolist(), took

        tasks = list(range(len(types)))
        for name, as_long in {"alone": True, "alone, fewer steps": False}.items():
            if labels == "few" or as_long:
                alone = [score([k], as_long=as_long) for k in tasks]
                scores, seconds = zip(*alone, strict=True)
                found[f"{labels}, {name}"] = ([s for (s,) in scores], sum(seconds))
        for name, weight in WEIGHTS.items():
            found[f"{labels}, {name}"] = score(tasks, task_weight=weight)
    return found


def main():
    """Run, and print a table per problem."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default=os.environ.get("SKRLN_DATA"))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--out")
    parser.add_argument("--problems", nargs="+", default=PROBLEMS)
    parser.add_argument("--settings", choices=SETTINGS, default="ensemble")
    arguments = parser.parse_args()
    results = {}
    if arguments.out and pathlib.Path(arguments.out).exists():
        results = json.loads(pathlib.Path(arguments.out).read_text())
    for name in arguments.problems:
        problem = load(name, arguments.data)
        runs = results.setdefault(f"{name}, {arguments.settings}", [])
        for seed in range(len(runs), arguments.seeds):
            runs.append(one_seed(*problem, seed, arguments.settings))
            if arguments.out:
                pathlib.Path(arguments.out).write_text(json.dumps(results))
        report(f"{name}, {arguments.settings}", runs)


def report(name, runs):
    """Print the scores of the tasks, and paired differences to networks of their own."""
    print(f"\n{name}: score of each task; less that of a network of its own (s.e.)")
    for arm in runs[0]:
        scores = np.array([found[arm][0] for found in runs])
        usual = np.array([found[f"{arm.split(',')[0]}, alone"][0] for found in runs])
        gap = scores - usual
        error = gap.std(axis=0, ddof=1) / np.sqrt(len(gap)) if len(gap) > 1 else gap[0]
        told = "  ".join(
            f"{s:.3f} {g:+.4f} ({e:.4f})"
            for s, g, e in zip(
                scores.mean(axis=0), gap.mean(axis=0), error, strict=True
            )
        )
        seconds = np.median([found[arm][1] for found in runs])
        print(f"{arm:24} {told}  {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-3-Clause
"""One network for several tasks, or one for each task, with two kinds of task weights.

    python docs/reproduction/multi_task.py --data FOLDER [--seeds 10] [--out FILE]

FOLDER (or the variable SKRLN_DATA) has tables as NAME/data.parquet. Five problems: class,
behaviour, treatment and genotype of ``mice_protein``, with whole mice held out; the digit, and
"above four" or not, of scikit-learn's digits and of ``mfeat_factors``; rings (a number) and sex
of ``abalone``; quality (a number) and colour of ``wine_quality``. The 500 training rows have
all labels ("all"), or the labels of the first task on every tenth row only ("few"). Every
network takes the same number of steps. A network of few rows is fitted with the same number of
epochs, too ("fewer steps"). With ``--settings ensemble`` each model is four networks that stop
early on folds; "plain" models are single networks without early stopping. All differences are
paired by split and seed. Runs that are in FILE are not repeated.
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
    "plain": {"n_estimators": 1, "penalty": None, "early_stopping": False},
    "ensemble": {"n_estimators": 4, "input_selection": False},
}
#: The mice have fewer test rows.
N_ROWS, N_TEST, N_EPOCHS = 500, 1000, 60
WEIGHTS = {"fixed": None, "uncertainty": "uncertainty"}
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
    """Codes of the classes of each column."""
    columns = [
        np.unique(table[name].astype(str), return_inverse=True)[1] for name in table
    ]
    return np.stack(columns, axis=1).astype(float)


def split(X, groups, seed):
    """Training and test rows."""
    if groups is not None:
        splitter = GroupShuffleSplit(1, test_size=0.3, random_state=seed)
        train, test = next(splitter.split(X, groups=groups))
        rng = np.random.default_rng(seed)
        return rng.permutation(train)[:N_ROWS], test
    n_test = min(N_TEST, len(X) - N_ROWS)
    splitter = ShuffleSplit(1, train_size=N_ROWS, test_size=n_test, random_state=seed)
    return next(splitter.split(X))


def one_seed(X, y, types, groups, seed, settings):
    """Scores of the tasks and seconds of each arm, with all labels and with few."""
    train, test = split(X, groups, seed)
    results = {}
    for labels in ("all", "few"):
        y_train = y[train].copy()
        if labels == "few":
            y_train[np.arange(len(y_train)) % 10 > 0, 0] = np.nan

        def score(columns, labels=y_train, as_long=True, **changes):
            named = {"c": "classification", "r": "regression"}
            rows = np.flatnonzero(~np.isnan(labels[:, columns]).all(axis=1))
            # Few rows take as many steps as all rows.
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
                results[f"{labels}, {name}"] = ([s for (s,) in scores], sum(seconds))
        for name, weight in WEIGHTS.items():
            results[f"{labels}, {name}"] = score(tasks, task_weight=weight)
    return results


def main():
    """Run the study and print a table for each problem."""
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
    """Print the scores of the tasks, and paired differences to separate networks."""
    print(f"\n{name}: score of each task, and difference to a separate network (s.e.)")
    for arm in runs[0]:
        scores = np.array([results[arm][0] for results in runs])
        alone = f"{arm.split(',')[0]}, alone"
        gap = scores - np.array([results[alone][0] for results in runs])
        error = gap.std(axis=0, ddof=1) / np.sqrt(len(gap)) if len(gap) > 1 else gap[0]
        cells = "  ".join(
            f"{s:.3f} {g:+.4f} ({e:.4f})"
            for s, g, e in zip(
                scores.mean(axis=0), gap.mean(axis=0), error, strict=True
            )
        )
        seconds = np.median([results[arm][1] for results in runs])
        print(f"{arm:24} {cells}  {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-3-Clause
"""A stage for each task, or one stage for all tasks: real tables, paired by seed.

    python docs/reproduction/per_task_stopping.py --data FOLDER --out scores.jsonl
    python docs/reproduction/per_task_stopping.py --out scores.jsonl --report

FOLDER (or the environment variable SKRLN_DATA) holds a folder for each table, with
``data.parquet`` and ``meta.json``. Runs that are in the file are not repeated. At most 1500
rows of a table are training rows, a fifth of which are held out for validation, and at most
1500 other rows are test rows.
"""

import argparse
import json
import os
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from rich.progress import track
from sklearn.exceptions import ConvergenceWarning
from xgboost import XGBClassifier, XGBRegressor

from skrln import RLNClassifier, RLNRegressor
from skrln.multitask import PerTaskEarlyStopping
from skrln.multitask._scoring import TaskScorer, Told

TABLES = (
    "ml_emotions",
    "ml_yeast",
    "mtr_rf1",
    "mtr_scm20d",
    "mtr_wq",
    "sarcos_test",
    "metabolome_kim",
)
MODES = {
    "single": {"n_clusters": 1},
    "brute_force": {"n_clusters": "all"},
    "kmeans": {"strategy": "kmeans"},
    "best_k": {"strategy": "best_k"},
}
MOST_ROWS = 1500
NETWORK = {
    "hidden_layer_sizes": (128, 64),
    "theta": -8.0,
    "n_estimators": 1,
    "numeric_embedding": None,
    "dropout": 0.1,
    "max_iter": 150,
    "batch_size": 64,
}
TREES = {"n_estimators": 200, "learning_rate": 0.1, "max_depth": 4, "n_jobs": 1}


def read_table(folder):
    """Inputs, targets, and True if the targets are labels."""
    meta = json.loads((folder / "meta.json").read_text())
    table = pd.read_parquet(folder / "data.parquet")
    roles = ("targets", "id_columns", "group_columns", "other_non_feature_columns")
    taken = [column for role in roles for column in meta.get(role, [])]
    X = table.drop(columns=taken, errors="ignore").select_dtypes("number")
    y = table[meta["targets"]].to_numpy(float)
    rows = ~np.isnan(y).any(axis=1)  # XGBoost takes no missing labels
    X, y = X.to_numpy(float)[rows], y[rows]
    labels = set(np.unique(y)) <= {0, 1}
    return X, y.astype(int) if labels else y, labels


def split(n_rows, seed):
    """Training and test rows."""
    rows = np.random.default_rng(seed).permutation(n_rows)
    n_train = min(MOST_ROWS, int(0.7 * n_rows))
    return rows[:n_train], rows[n_train : n_train + MOST_ROWS]


def make_estimator(model, labels, seed):
    """Make the estimator, with its number of stages."""
    if model == "xgboost":
        kind = XGBClassifier if labels else XGBRegressor
        return kind(**TREES, random_state=seed)
    kind = RLNClassifier if labels else RLNRegressor
    return kind(**NETWORK, random_state=seed)


def score_tasks(model, X, y, labels, spread):
    """Score of each task on the test rows, in the units of the selection of stages."""
    columns = model.predict_proba(X) if labels else model.predict(X)
    labelled = Told(y, np.ones(y.shape, bool), np.ones(len(y)))
    widths = np.ones(y.shape[1], int)
    return TaskScorer(None, labels, spread).scores(labelled, columns, widths)[0]


def run(name, model, seed, table):
    """Yield a line for each mode."""
    X, y, labels = table
    train, test = split(len(X), seed)
    # The score is in units of the spread, which a constant target does not have.
    varies = np.ptp(y[train], axis=0) > 0
    y = y[:, varies]
    for mode, params in MODES.items():
        stopping = PerTaskEarlyStopping(
            make_estimator(model, labels, seed), random_state=seed, **params
        )
        start = time.perf_counter()
        with warnings.catch_warnings():
            # Tasks without validation labels and single steps warn on every fit.
            warnings.simplefilter("ignore", (UserWarning, ConvergenceWarning))
            stopping.fit(X[train], y[train])
        seconds = time.perf_counter() - start
        scores = score_tasks(stopping, X[test], y[test], labels, y[train].std(axis=0))
        yield {
            "table": name,
            "model": model,
            "seed": seed,
            "mode": mode,
            "score": float(np.mean(scores)),
            "tasks": [round(float(s), 6) for s in scores],
            "n_stages": len(stopping.stage_of_cluster_),
            "n_distinct": len(set(stopping.task_best_stage_.tolist())),
            "outside": stopping.fraction_outside_,
            "seconds": seconds,
        }


def report(path):
    """Print mean and standard error of the paired differences to a single stage."""
    lines = pd.read_json(path, lines=True)
    for (table, model), group in lines.groupby(["table", "model"], sort=False):
        wide = group.pivot_table(index="seed", columns="mode", values="score")
        stages = group.pivot_table(index="seed", columns="mode", values="n_stages")
        outside = group["outside"].mean()
        text = f"{table:15s} {model:8s} single {wide['single'].mean():8.4f}"
        for mode in [m for m in MODES if m != "single" and m in wide]:
            gain = wide[mode] - wide["single"]
            error = gain.std() / np.sqrt(len(gain))
            text += f" | {mode} {gain.mean():+.4f} +- {error:.4f} ({stages[mode].mean():.1f})"
        print(f"{text} | outside {outside:.2f} | {len(wide)} seeds")


def main():
    """Run the missing fits, and report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SKRLN_DATA"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--report", action="store_true", help="print, and run nothing")
    arguments = parser.parse_args()
    if arguments.report:
        report(arguments.out)
        return
    if arguments.data is None:
        parser.error("pass --data, or set SKRLN_DATA")
    done = set()
    if arguments.out.exists():
        lines = map(json.loads, arguments.out.read_text().splitlines())
        done = {(line["table"], line["model"], line["seed"]) for line in lines}
    jobs = [
        (name, model, seed)
        for seed in range(arguments.seeds)
        for name in arguments.tables
        for model in ("xgboost", "rln")
    ]
    jobs = [job for job in jobs if job not in done]
    for name, model, seed in track(jobs, "Fitting"):
        table = read_table(Path(arguments.data) / name)
        lines = list(run(name, model, seed, table))
        with arguments.out.open("a") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
    report(arguments.out)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-3-Clause
"""What more networks and more epochs cost, and what they are worth.

    python docs/reproduction/loss_and_time.py --data FOLDER --tasks abalone concrete ...
    python docs/reproduction/loss_and_time.py --report

FOLDER (or the environment variable SKRLN_DATA) holds a folder for each table, with
``data.parquet`` and ``meta.json``. Fits that are in the results are not repeated. Every shape
of a network is compiled by a fit that is not timed. Seconds mean something on a quiet machine
only, and ratios on the same one.
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
from sklearn.metrics import log_loss, r2_score
from sklearn.model_selection import train_test_split

from skrln import RLNClassifier, RLNRegressor

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "loss_and_time.json"
FIGURE = HERE.parent / "_static" / "loss_and_time.png"
SETTINGS = [
    *({"n_estimators": k} for k in (1, 2, 4, 8, 16, 32)),
    *({"max_iter": k} for k in (10, 25, 50, 200)),
    {"n_estimators": 2, "max_iter": 25},
    {"n_estimators": 16, "max_iter": 200},
]
MOST_ROWS = 3000


def read_task(root, task):
    """Inputs, target, and whether it is to be regressed."""
    name, _, target = task.partition(":")
    meta = json.loads((root / name / "meta.json").read_text())
    table = pd.read_parquet(root / name / "data.parquet")
    target = target or meta["targets"][0]
    table = table[table[target].notna()].reset_index(drop=True)
    roles = ("targets", "id_columns", "group_columns", "other_non_feature_columns")
    taken = [column for role in roles for column in meta.get(role, [])]
    X, y = table.drop(columns=taken, errors="ignore"), table[target]
    text = X.select_dtypes(exclude="number").columns
    X = X.astype(dict.fromkeys(text, "category"))
    regression = pd.api.types.is_float_dtype(y) and y.nunique() > 20
    return X, y, regression


def loss_of(model, X, y, regression):
    """Root mean squared error over the spread of the target, or log loss."""
    if regression:
        return float(np.sqrt(max(0, 1 - r2_score(y, model.predict(X)))))
    return float(log_loss(y, model.predict_proba(X), labels=model.classes_))


def run(root, task, known):
    """Yield a line for each setting that is not known."""
    X, y, regression = read_task(root, task)
    most = min(MOST_ROWS, int(0.8 * len(y)))
    strata = None if regression else y
    train, test = train_test_split(
        np.arange(len(y)), train_size=most, random_state=0, stratify=strata
    )
    test = test[:MOST_ROWS]
    kind = RLNRegressor if regression else RLNClassifier
    kind(max_iter=1, random_state=0).fit(X.iloc[train], y.iloc[train])  # compiles
    for setting in SETTINGS:
        key = (task, setting.get("n_estimators"), setting.get("max_iter"))
        if key in known:
            continue
        model = kind(**setting, random_state=0)
        start = time.perf_counter()
        model.fit(X.iloc[train], y.iloc[train])
        seconds = time.perf_counter() - start
        loss = loss_of(model, X.iloc[test], y.iloc[test], regression)
        line = dict(zip(("task", "n_estimators", "max_iter"), key, strict=True))
        yield line | {"loss": round(loss, 6), "seconds": round(seconds, 3)}


def summary(lines):
    """Loss and time of each setting over those at max_iter=200, geometric means."""
    lines = lines.assign(
        setting=[
            ", ".join(
                f"{name}={value:.0f}"
                for name, value in (("n_estimators", a), ("max_iter", b))
                if not np.isnan(value)
            )
            for a, b in zip(lines["n_estimators"], lines["max_iter"], strict=True)
        ]
    )
    loss, seconds = (
        np.log(lines.pivot(index="task", columns="setting", values=what))
        for what in ("loss", "seconds")
    )
    loss = loss.sub(loss["max_iter=200"], axis=0)
    return pd.DataFrame(
        {
            "loss": np.exp(loss.mean()),
            "error": loss.std() / np.sqrt(len(loss)),
            "seconds": np.exp(seconds.mean()),
        }
    ).sort_values("seconds")


def report():
    """Print the table and draw it."""
    import matplotlib.pyplot as plt

    found = summary(pd.read_json(RESULTS))
    print(found.round(3).to_string())
    fig, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
    for name, marker in (("n_estimators", "o"), ("max_iter", "s")):
        one = found[[k.startswith(f"{name}=") and "," not in k for k in found.index]]
        one = one.iloc[np.argsort([float(k.split("=")[1]) for k in one.index])]
        other = {"n_estimators": "100 epochs", "max_iter": "8 or 4 networks of a kind"}
        ax.errorbar(
            one["seconds"],
            one["loss"],
            one["error"],
            marker=marker,
            capsize=2,
            label=f"{name}, {other[name]}",
        )
        for setting, line in one.iterrows():
            ax.annotate(
                setting.split("=")[1],
                (line["seconds"], line["loss"]),
                xytext=(4, 6),
                textcoords="offset points",
            )
    ax.set_xscale("log")
    ax.set(
        xlabel="seconds of a warm fit, geometric mean over the tables",
        ylabel="loss over that at max_iter=200",
    )
    ax.legend(title="what varies")
    fig.savefig(FIGURE, dpi=110)


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default=os.environ.get("SKRLN_DATA"))
    parser.add_argument("--tasks", nargs="+", default=[])
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    if options.report:
        report()
        return
    lines = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    known = {(x["task"], x["n_estimators"], x["max_iter"]) for x in lines}
    for task in track(options.tasks):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            for line in run(Path(options.data), task, known):
                lines.append(line)
                RESULTS.write_text(json.dumps(lines, indent=0))


if __name__ == "__main__":
    main()

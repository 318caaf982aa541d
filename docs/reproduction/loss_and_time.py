# SPDX-License-Identifier: BSD-3-Clause
"""Loss and time of fits with more networks and more epochs.

    python docs/reproduction/loss_and_time.py --data FOLDER --tasks abalone concrete ...
    python docs/reproduction/loss_and_time.py --report

FOLDER (or the environment variable SKRLN_DATA) holds a folder for each table, with
``data.parquet`` and ``meta.json``. Fits that are in the results are not repeated. Every model
is fitted twice, and the second fit, which compiles nothing, is timed. The times are valid only
if nothing else runs on the machine, and ratios only on the same machine.
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
from sklearn.utils.multiclass import type_of_target

from skrln import RLNClassifier, RLNRegressor

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "loss_and_time.json"
FIGURE = HERE.parent / "_static" / "loss_and_time.png"
#: The first is the default, which the losses are divided by.
SETTINGS = [
    {},
    *({"n_estimators": k} for k in (1, 2, 4, 8, 16)),
    *({"max_iter": k} for k in (10, 25, 50, 100, 200)),
    *({"n_iter_no_change": k} for k in (10, 20)),
    {"n_estimators": 2, "max_iter": 25},
]
MOST_ROWS = 3000


def read_task(root, task):
    """Inputs, target, and True for a regression."""
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
    continuous = type_of_target(y) == "continuous"
    regression = continuous or (pd.api.types.is_numeric_dtype(y) and y.nunique() > 20)
    return X, y, regression


def loss_of(model, X, y, regression):
    """Root mean squared error over the standard deviation of the target, or log loss."""
    if regression:
        return float(np.sqrt(max(0, 1 - r2_score(y, model.predict(X)))))
    return float(log_loss(y, model.predict_proba(X), labels=model.classes_))


def name_of(setting):
    """Name of a setting, as in a call."""
    typed = (f"{name}={value}" for name, value in setting.items())
    return ", ".join(typed) or "default"


def run(root, task, done):
    """Yield a line for each setting without a result."""
    X, y, regression = read_task(root, task)
    most = min(MOST_ROWS, int(0.8 * len(y)))
    strata = None if regression else y
    train, test = train_test_split(
        np.arange(len(y)), train_size=most, random_state=0, stratify=strata
    )
    test = test[:MOST_ROWS]
    kind = RLNRegressor if regression else RLNClassifier
    for setting in SETTINGS:
        if (task, name_of(setting)) in done:
            continue
        model = kind(**setting, random_state=0)
        model.fit(X.iloc[train], y.iloc[train])  # compiles
        start = time.perf_counter()
        model.fit(X.iloc[train], y.iloc[train])
        seconds = time.perf_counter() - start
        loss = loss_of(model, X.iloc[test], y.iloc[test], regression)
        yield {
            "task": task,
            "setting": name_of(setting),
            "loss": round(loss, 6),
            "seconds": round(seconds, 3),
        }


def summary(lines):
    """Loss and time of each setting relative to the default, geometric means."""
    loss, seconds = (
        np.log(lines.pivot(index="task", columns="setting", values=what))
        for what in ("loss", "seconds")
    )
    loss, times = (
        loss.sub(loss["default"], axis=0),
        seconds.sub(seconds["default"], axis=0),
    )
    return pd.DataFrame(
        {
            "loss": np.exp(loss.mean()),
            "error": loss.std() / np.sqrt(len(loss)),
            "time": np.exp(times.mean()),
            "seconds": np.exp(seconds.mean()),
        }
    ).sort_values("seconds")


def report():
    """Print the table and draw it."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

    table = summary(pd.read_json(RESULTS))
    print(table.round(3).to_string())
    fig, ax = plt.subplots(figsize=(6.4, 4), layout="constrained")
    for name, marker in (
        ("n_estimators", "o"),
        ("max_iter", "s"),
        ("n_iter_no_change", "^"),
    ):
        curve = table[[k.startswith(f"{name}=") and "," not in k for k in table.index]]
        curve = curve.iloc[np.argsort([float(k.split("=")[1]) for k in curve.index])]
        ax.errorbar(
            curve["seconds"],
            curve["loss"],
            curve["error"],
            marker=marker,
            capsize=2,
            label=name,
        )
        for setting, line in curve.iterrows():
            ax.annotate(
                setting.split("=")[1],
                (line["seconds"], line["loss"]),
                xytext=(4, -12 if name == "max_iter" else 5),
                textcoords="offset points",
            )
    default = table.loc["default"]
    ax.plot(default["seconds"], 1, "k*", markersize=12, label="default")
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator([1, 2, 4, 8, 16]))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set(
        xlabel="seconds of the second fit, geometric mean over the tables",
        ylabel="loss relative to the default",
    )
    ax.legend(title="varied parameter")
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
    done = {(line["task"], line["setting"]) for line in lines}
    for task in track(options.tasks):
        with warnings.catch_warnings():
            # Networks that keep no input are counted, not shown.
            warnings.simplefilter("ignore", UserWarning)
            for line in run(Path(options.data), task, done):
                lines.append(line)
                RESULTS.write_text(json.dumps(lines, indent=0))


if __name__ == "__main__":
    main()

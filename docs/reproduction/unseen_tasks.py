# SPDX-License-Identifier: BSD-3-Clause
"""Compare models on the tables that no choice had seen, and draw their losses.

    python docs/reproduction/other_tables.py FOLDER
    python -m tests.benchmarks.accuracy run --data FOLDER --splits 1 --out RESULTS \
        rln blend cat lgbm hgb xgb linear
    python docs/reproduction/unseen_tasks.py RESULTS

The last command writes the losses to ``results/unseen_tasks.json``. Without RESULTS it reads
them from there. It prints the table and draws the figure of the README.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "unseen_tasks.json"
FIGURE = HERE.parent / "_static" / "unseen_tasks.png"
NAMES = {
    "blend": "skrln + XGBoost",
    "rln": "skrln",
    "cat": "CatBoost",
    "lgbm": "LightGBM",
    "linear": "linear models",
    "hgb": "HistGradientBoosting",
    "xgb": "XGBoost",
}
TREES = ["cat", "lgbm", "hgb", "xgb"]
#: Smaller losses count as this: among them, one table would decide a mean of logarithms.
LEAST_LOSS = 0.01
OURS, OTHERS = "#d55e00", "#555555"


def collect(folder):
    """Losses of the first split, by task and model."""
    losses = {}
    for model in NAMES:
        records = json.loads((folder / f"{model}.json").read_text())
        losses[model] = {
            task: round(record["loss"][0], 6) for task, record in records.items()
        }
    return losses


def compare(losses):
    """Mean and error of the logarithm of the loss over that of the default, and ranks."""
    losses = losses.clip(lower=LEAST_LOSS)
    logs = np.log(losses).sub(np.log(losses["rln"]), axis=0)
    best = losses.min(axis=1)
    trees = np.log(losses.div(losses[TREES].min(axis=1), axis=0))
    table = pd.DataFrame(
        {
            "log_ratio": logs.mean(),
            "error": logs.sem(),
            "median": np.exp(logs.median()),
            "worse": (logs > 0).mean(),
            "rank": losses.rank(axis=1).mean(),
            "rank without the blend": losses.drop(columns="blend").rank(axis=1).mean(),
            "near": losses.div(best, axis=0).lt(1.02).mean(),
            "over the best trees": np.exp(trees.mean()),
            "below the best trees": (trees < 0).mean(),
        }
    )
    return table.loc[list(NAMES)].sort_values("log_ratio")


def draw(table):
    """Draw a dot and a bar of two standard errors for each model."""
    figure = Figure(figsize=(6.4, 2.8), layout="constrained")
    ax = figure.subplots()
    for place, (model, line) in enumerate(table.iterrows()):
        ends = np.exp(line["log_ratio"] + 2 * line["error"] * np.array([-1, 1]))
        color = OURS if model in ("rln", "blend") else OTHERS
        ax.plot(ends, [place, place], color=color, linewidth=2)
        ax.plot(np.exp(line["log_ratio"]), place, "o", color=color, markersize=7)
    ax.axvline(1, color=OURS, linewidth=0.8, linestyle=":")
    ax.set_yticks(range(len(table)), [NAMES[model] for model in table.index])
    ax.invert_yaxis()
    ax.set_xlabel("loss relative to skrln (lower is better)")
    ax.grid(axis="x", alpha=0.3)
    ax.spines[["top", "right"]].set_visible(False)
    return figure


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    folder = parser.parse_args().folder
    if folder is not None:
        RESULTS.write_text(json.dumps(collect(folder), indent=1))
    losses = pd.DataFrame(json.loads(RESULTS.read_text())).dropna()
    table = compare(losses)
    print(f"{len(losses)} tasks")
    print(table.round(3).to_string())
    draw(table).savefig(FIGURE, dpi=150)


if __name__ == "__main__":
    main()

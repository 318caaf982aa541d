# SPDX-License-Identifier: BSD-3-Clause
"""Importances of a fitted network beside permutation importances on held-out rows.

    python docs/reproduction/importances.py --data FOLDER --tasks abalone concrete ...
    python docs/reproduction/importances.py --report

FOLDER (or the environment variable SKRLN_DATA) holds a folder for each table, with
``data.parquet`` and ``meta.json``. Each table gets noise columns: random categories of 3, 30
and 300 levels, an identifier, and numbers. Fits that are in the results are not repeated.
"""

import argparse
import json
import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from loss_and_time import read_task
from rich.progress import track
from scipy.stats import spearmanr
from sklearn.model_selection import train_test_split

from skrln import RLNClassifier, RLNRegressor
from skrln.inspection import garson_importance
from skrln.presets import READABLE

RESULTS = Path(__file__).parent / "results" / "importances.jsonl"
MODELS = {"default": {}, "READABLE": READABLE}
MOST_ROWS, MOST_COLUMNS, REPEATS = 1000, 20, 5
#: A column is a true input if permuting it raises the loss by this share, and by three
#: standard errors.
LEAST_RISE = 0.01


def add_noise(X, rng):
    """Add columns that know nothing about the target."""
    n_rows = len(X)
    noise = {
        f"noise_{n}": pd.Categorical(rng.integers(n, size=n_rows).astype(str))
        for n in (3, 30, 300)
    }
    noise["noise_id"] = pd.Categorical([f"r{k}" for k in rng.permutation(n_rows)])
    noise |= {
        "noise_normal": rng.normal(size=n_rows),
        "noise_tail": rng.lognormal(size=n_rows),
    }
    return pd.concat([X.reset_index(drop=True), pd.DataFrame(noise)], axis=1), list(
        noise
    )


def garson(model):
    """Weighted mean over the networks of Garson's measure, per column."""
    ensemble = model._fitted
    return np.average(
        [
            np.bincount(
                one.input_groups,
                garson_importance(one.network.coefs),
                minlength=model.n_features_in_,
            )
            for one in ensemble.members
        ],
        axis=0,
        weights=ensemble.weights,
    )


def row_losses(model, X, y, regression):
    """Squared error, or log loss, of each row."""
    if regression:
        return (np.asarray(y, float) - model.predict(X)) ** 2
    proba = model.predict_proba(X)
    place = pd.Index(model.classes_).get_indexer(y)
    return -np.log(np.maximum(proba[np.arange(len(y)), place], 1e-9))


def permutation(model, X, y, regression, columns, rng):
    """Mean rise of the loss of held-out rows by permuting a column, and its standard error."""
    before = row_losses(model, X, y, regression)
    rises = {}
    for column in columns:
        after = []
        for _ in range(REPEATS):
            moved = X.copy(deep=False)
            moved[column] = X[column].to_numpy()[rng.permutation(len(X))]
            moved[column] = moved[column].astype(X[column].dtype)
            after.append(row_losses(model, moved, y, regression))
        rise = np.mean(after, axis=0) - before
        rises[column] = (rise.mean(), rise.std() / np.sqrt(len(rise)))
    return float(before.mean()), rises


def run(root, task, done, seed):
    """Yield a line for each model without a result."""
    X, y, regression = read_task(root, task)
    rng = np.random.default_rng(seed)
    strata = None if regression else y
    n_train = min(MOST_ROWS, int(0.7 * len(y)))
    train, test = train_test_split(
        np.arange(len(y)), train_size=n_train, random_state=seed, stratify=strata
    )
    test = test[:MOST_ROWS]
    rows = np.concatenate([train, test])
    X, noise = add_noise(X.iloc[rows], rng)
    y = y.iloc[rows].reset_index(drop=True)
    fit, held_out = slice(0, len(train)), slice(len(train), None)
    for name, params in MODELS.items():
        if (task, name, seed) in done:
            continue
        kind = RLNRegressor if regression else RLNClassifier
        model = kind(**params, random_state=seed).fit(X.iloc[fit], y.iloc[fit])
        effects = pd.Series(model.feature_importances_, X.columns)
        real = [c for c in X if c not in noise]
        top = effects[real].sort_values(ascending=False).index[:MOST_COLUMNS]
        rest = rng.permutation([c for c in real if c not in set(top)])[:MOST_COLUMNS]
        columns = [*top, *rest, *noise]
        loss, rises = permutation(
            model, X.iloc[held_out], y.iloc[held_out], regression, columns, rng
        )
        old = pd.Series(garson(model), X.columns)
        yield {
            "task": task,
            "model": name,
            "seed": seed,
            "loss": loss,
            "n_columns": len(real),
            "n_active": int(model.n_active_features_),
            "columns": [
                {
                    "noise": c if c in noise else None,
                    "effect": float(effects[c]),
                    "garson": float(old[c]),
                    "rise": float(rises[c][0]),
                    "error": float(rises[c][1]),
                }
                for c in columns
            ],
        }


def report():
    """Print rank correlations and the share of draws in which noise is above a true input."""
    lines = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    rows, draws = [], []
    for line in lines:
        table = pd.DataFrame(line["columns"])
        is_noise = table["noise"].notna()
        is_true = ~is_noise & (
            table["rise"] > np.maximum(3 * table["error"], LEAST_RISE * line["loss"])
        )
        row = {
            "task": line["task"],
            "model": line["model"],
            "n_true": int(is_true.sum()),
        }
        for measure in ("effect", "garson"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # constant ranks have no correlation
                row[f"{measure}_rank"] = spearmanr(
                    table[measure], table["rise"]
                ).statistic
            lowest = table.loc[is_true, measure]
            for _, noise in table[is_noise].iterrows():
                above = lowest < noise[measure]
                draws.append(
                    {
                        "model": line["model"],
                        "measure": measure,
                        "noise": noise["noise"],
                        "any": bool(above.any()),
                        "pairs": above.mean() if len(above) else np.nan,
                    }
                )
        rows.append(row)
    rows = pd.DataFrame(rows)
    print(rows.round(2).to_string())
    print(
        rows.groupby("model")[["effect_rank", "garson_rank"]]
        .agg(["mean", "median"])
        .round(3)
    )
    draws = pd.DataFrame(draws)
    print(draws.groupby(["model", "measure"])[["any", "pairs"]].mean().round(4))
    print(
        draws.groupby(["model", "measure", "noise"])[["any", "pairs"]].mean().round(3)
    )


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default=os.environ.get("SKRLN_DATA"))
    parser.add_argument("--tasks", nargs="+", default=[])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    if options.report:
        report()
        return
    done = set()
    if RESULTS.exists():
        lines = [json.loads(line) for line in RESULTS.read_text().splitlines()]
        done = {(line["task"], line["model"], line["seed"]) for line in lines}
    for task in track(options.tasks):
        with warnings.catch_warnings():
            # Networks that keep no input are counted, not shown.
            warnings.simplefilter("ignore", UserWarning)
            for line in run(Path(options.data), task, done, options.seed):
                with RESULTS.open("a") as file:
                    file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-3-Clause
"""Genetic selection of half of the inputs, compared with all inputs and random halves.

    python docs/reproduction/genetic_selection.py --data FOLDER [--seeds 3]

FOLDER (or the variable SKRLN_DATA) has tables as NAME/data.parquet. The search uses training
rows only. The accuracy is measured on test rows (for ``mice_protein``, on other mice) with two
models: nearest neighbours, which the search fits too, and a network, which the search does not
fit.
"""

import argparse
import os
import pathlib
import time

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    ShuffleSplit,
    StratifiedKFold,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from skrln import RLNClassifier
from skrln.feature_selection import GeneticSelector
from skrln.presets import READABLE

TARGETS = {"mice_protein": "class", "madelon": "target", "mfeat_factors": "target"}
NEIGHBOURS = KNeighborsClassifier(5)


def load(name, folder):
    """Inputs, labels and groups."""
    table = pd.read_parquet(pathlib.Path(folder, name, "data.parquet"))
    y = np.unique(table[TARGETS[name]], return_inverse=True)[1]
    groups = table["mouse"].to_numpy() if "mouse" in table else None
    X = table.drop(columns=TARGETS[name]).select_dtypes("number")
    return X.to_numpy(float), y, groups


def one_seed(X, y, groups, seed):
    """Accuracy of both models for each set of columns."""
    kind = ShuffleSplit if groups is None else GroupShuffleSplit
    train, test = next(kind(1, test_size=0.3, random_state=seed).split(X, y, groups))
    prepare = SimpleImputer().fit(X[train])
    scale = StandardScaler().fit(prepare.transform(X[train]))
    X = scale.transform(prepare.transform(X))
    part = (X[train], y[train])
    if groups is None:
        cv, train_groups = StratifiedKFold(3, shuffle=True, random_state=seed), None
    else:
        cv, train_groups = GroupKFold(3), groups[train]
    searches = {
        "genetic, cv": GeneticSelector(
            NEIGHBOURS, cv=cv, n_generations=60, random_state=seed
        ),
        "genetic, mrmr": GeneticSelector(
            fitness="mrmr", n_iter_no_change=None, random_state=seed
        ),
        "genetic, distance_cut": GeneticSelector(
            fitness="distance_cut", n_iter_no_change=None, random_state=seed
        ),
    }
    halves = {"all": np.ones(X.shape[1], bool)}
    for name, search in searches.items():
        start = time.perf_counter()
        search.fit(*part, groups=train_groups)
        halves[name] = search.support_
        note = (
            ""
            if search.swap_fitness_ is None
            else f", swaps {search.swap_fitness_:.4f}"
        )
        print(
            f"  {name}: {search.fitness_curve_[0, 0]:.4f} to {search.best_fitness_:.4f}"
            f"{note}, {search.n_iter_} generations, {search.n_evaluations_} subsets, "
            f"{time.perf_counter() - start:.1f} s",
            flush=True,
        )
        if search.swap_support_ is not None:
            halves[f"swaps, {search.fitness}"] = search.swap_support_
    rng = np.random.default_rng(seed)
    for k in range(3):
        halves[f"random {k}"] = rng.permutation(X.shape[1]) < X.shape[1] // 2
    network = RLNClassifier(**READABLE, random_state=seed)
    return {
        name: [
            model.fit(X[train][:, half], y[train]).score(X[test][:, half], y[test])
            for model in (NEIGHBOURS, network)
        ]
        for name, half in halves.items()
    }


def generation_cost(X, y):
    """Print the cost of a generation of 20 networks, in fits of one network."""
    X = SimpleImputer().fit_transform(X)
    half = X[:, : X.shape[1] // 2]
    settings = READABLE | {"hidden_layer_sizes": (16,), "max_iter": 50}
    network = RLNClassifier(**settings, early_stopping=False, random_state=0)
    split = ShuffleSplit(1, test_size=0.3, random_state=0)
    train, test = next(split.split(half))
    times = []
    for _ in range(6):
        start = time.perf_counter()
        network.fit(half[train], y[train]).score(half[test], y[test])
        times.append(time.perf_counter() - start)
    one = np.median(times[1:])
    start = time.perf_counter()
    search = GeneticSelector(
        network, cv=split, n_generations=10, n_iter_no_change=None, random_state=0
    ).fit(X, y)
    generation = (time.perf_counter() - start) / 11
    print(
        f"  a generation costs {generation / one:.1f} fits of {one:.2f} s; "
        f"{search.n_evaluations_ / 11:.1f} new subsets in each"
    )


def main():
    """Run the study and print a table for each problem."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default=os.environ.get("SKRLN_DATA"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--problems", nargs="+", default=list(TARGETS))
    arguments = parser.parse_args()
    for name in arguments.problems:
        print(f"\n{name}")
        problem = load(name, arguments.data)
        runs = [one_seed(*problem, seed) for seed in range(arguments.seeds)]
        for run in runs:
            draws = [run.pop(f"random {k}") for k in range(3)]
            run["random halves"] = np.mean(draws, axis=0)
        baseline = np.array([run["all"] for run in runs])
        for arm in runs[0]:
            accuracy = np.array([run[arm] for run in runs])
            gap = accuracy - baseline
            error = gap.std(axis=0, ddof=1) / np.sqrt(len(gap))
            parts = [
                f"{a:.3f} {g:+.3f} ({e:.3f})"
                for a, g, e in zip(accuracy.mean(0), gap.mean(0), error, strict=True)
            ]
            print(f"{arm:24} neighbours {parts[0]}   network {parts[1]}", flush=True)
        generation_cost(*problem[:2])


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-3-Clause
"""Figures of the paper, drawn from the results of ``rln_models.py`` and from a few fits.

    python docs/reproduction/rln_figures.py --data FOLDER

The script writes the figures to ``docs/_static/reproduction``.
"""

import argparse
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from _traits import (
    TRAITS,
    Store,
    choose_theta,
    data_folder,
    folds,
    make_network,
    quiet,
    read_trait,
)
from rich.progress import track

from skrln.inspection import (
    EnsembleGainDisplay,
    FeatureRelevanceDisplay,
    ImportanceDisplay,
    ImportanceDivergenceDisplay,
    RegularizationPathDisplay,
    ScoreComparisonDisplay,
    WeightDistributionDisplay,
)
from skrln.options import RLNPenalty

PICTURES = Path(__file__).parents[1] / "_static" / "reproduction"
#: Trait whose networks are drawn, number of fits, and number of recorded edges.
SHOWN, N_FITS, N_EDGES = "Nugent score", 10, 300
KINDS = ("trees", "linear", "plain", "uniform", "rln")
TOGETHER = ("trees", "rln + trees", "rln + trees, stack", "default", "default + trees")


def save(figure, name):
    """Write a figure to its file."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURES / f"{name}.png", dpi=80, bbox_inches="tight")
    plt.close(figure)


def draw_relevance(root):
    """Figure 1: relevance of single inputs for the target."""
    figure, ax = plt.subplots(figsize=(7, 4))
    for trait, (_, _, is_number, _) in TRAITS.items():
        if is_number:
            X, y, _, _ = read_trait(root, trait)
            FeatureRelevanceDisplay.from_data(X, y, name=trait, ax=ax)
    save(figure, "relevance")


def draw_scores(lines, values, kinds, name):
    """Figures 2, 4 and 5: scores of the kinds, and paired differences to the trees."""
    table = lines[lines["kind"].isin(kinds)].dropna(subset=[values])
    table = table.rename(columns={"trait": "task", "kind": "model", "fold": "split"})
    table = table.assign(score=table[values])
    figure, axes = plt.subplots(1, 2, figsize=(12, 6))
    ScoreComparisonDisplay.from_scores(
        table[["task", "model", "split", "score"]],
        reference="trees",
        test_fraction=0.2,
        score_name="R2 or area under the curve",
        ax=axes,
    )
    save(figure, name)


def draw_gain(lines):
    """Figure 3: gain of an ensemble over the mean of its members."""
    counted = lines[lines["kind"].isin(KINDS)]
    counted = counted.assign(gain=counted["ensemble"] - counted["mean"])
    figure, ax = plt.subplots(figsize=(6, 5))
    for _, table in counted.groupby("trait", sort=False):
        means = table.groupby("kind")[["variance", "gain"]].mean()
        shown = [kind for kind in KINDS if kind in means.index]
        EnsembleGainDisplay(
            means.loc[shown, "variance"].to_numpy(),
            means.loc[shown, "gain"].to_numpy(),
            shown,
            score_name="R2 or area under the curve",
        ).plot(ax)
    save(figure, "ensemble_gain")


def print_survivors(networks):
    """Print the distance from theta to the mean coefficient of the surviving edges."""
    below = [
        model.reg_coefs_[0][model.coefs_[0] != 0].mean() - model.theta_
        for model in networks
    ]
    print(
        f"survivors: {np.mean(below):.2f} below theta, {max(below):.2f} in the closest fit"
    )


def draw_networks(root):
    """Figures 6, 8 and 9: weights, their paths, importances, and agreement of fits."""
    X, y, is_number, _ = read_trait(root, SHOWN)
    train, _ = folds(y, is_number)[0]
    X, y = X.iloc[train], y[train]
    theta = choose_theta("rln", X, y, is_number, 0).best
    networks = {
        "plain": [
            make_network(is_number, seed, penalty=None).fit(X, y)
            for seed in range(N_FITS)
        ],
        "RLN": [
            make_network(
                is_number, seed, theta=theta, penalty=RLNPenalty(n_path_edges=N_EDGES)
            ).fit(X, y)
            for seed in range(N_FITS)
        ],
    }
    print_survivors(networks["RLN"])
    figure, ax = plt.subplots(figsize=(7, 4))
    dense = WeightDistributionDisplay.from_estimator(
        networks["plain"][0], name="plain", ax=ax
    )
    WeightDistributionDisplay.from_estimator(
        networks["RLN"][0], name="RLN", reference=dense, ax=ax
    )
    save(figure, "weights")
    figure, axes = plt.subplots(1, 2, figsize=(12, 5))
    RegularizationPathDisplay.from_estimator(networks["RLN"][0], name="RLN", ax=axes)
    save(figure, "path")
    figure, ax = plt.subplots(figsize=(7, 4))
    for name, fits in networks.items():
        ImportanceDisplay.from_estimator(fits[0], name=name, ax=ax)
    save(figure, "importances")
    figure, axes = plt.subplots(1, 2, figsize=(12, 4))
    ImportanceDivergenceDisplay.from_estimators(networks, ax=axes)
    save(figure, "agreement")


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data")
    options = parser.parse_args()
    root = data_folder(options.data)
    lines = Store("rln_models", ("trait", "fold", "kind")).frame()
    lines["mean"] = [
        np.mean(one) if isinstance(one, list) else np.nan for one in lines["single"]
    ]
    lines = lines[lines["trait"].isin(TRAITS)]
    steps = [
        lambda: draw_relevance(root),
        lambda: draw_scores(lines, "mean", KINDS, "single"),
        lambda: draw_scores(lines, "ensemble", KINDS, "ensembles"),
        lambda: draw_scores(lines, "ensemble", TOGETHER, "together"),
        lambda: draw_gain(lines),
        lambda: draw_networks(root),
    ]
    with warnings.catch_warnings():
        quiet()
        for step in track(steps):
            step()


if __name__ == "__main__":
    main()

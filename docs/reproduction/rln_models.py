# SPDX-License-Identifier: BSD-3-Clause
"""Single models, ensembles of ten, ensembles of two kinds, and what the networks look like.

    python docs/reproduction/rln_models.py --data FOLDER
    python docs/reproduction/rln_models.py --report

Nine traits, five folds each. Every model is fitted with ten seeds. The strength of the
penalties is chosen within the training rows by cross-validation, for the networks with one
coefficient for all weights (proximal L1) as for those that learn them. Answers Figures 2 to 6
and 9 and Table 1 of the paper. Results are kept in ``results/rln_models.jsonl``; what is there
is not computed again.
"""

import argparse
import time
import warnings

import numpy as np
from _traits import (
    TRAITS,
    Store,
    choose_theta,
    data_folder,
    folds,
    make_linear,
    make_network,
    make_trees,
    predict,
    quiet,
    read_trait,
    score,
)
from rich.progress import track

from skrln.inspection import (
    garson_importance,
    importance_divergence,
    importance_entropy,
    selection_stability,
)

#: Penalties at the strength with the lowest loss, and at the largest that is about as good.
NETWORKS = ("plain", "uniform", "uniform, sparse", "rln", "rln, sparse")
#: Inputs whose overlap between fits is a measure of stability that no density spoils.
TOP = 10


def fit_all(make, X, y, rows, n_fits):
    """Fitted models and their predictions for the test rows."""
    train, test = rows
    models = [make(seed).fit(X.iloc[train], y[train]) for seed in range(n_fits)]
    return models, np.stack([predict(model, X.iloc[test]) for model in models])


def describe_predictions(y, found):
    """Scores of the single fits and of their mean, and how far the fits differ."""
    spread = found if found.ndim == 2 else found[..., -1]
    return {
        "single": [score(y, one) for one in found],
        "ensemble": score(y, found.mean(axis=0)),
        "variance": float(spread.var(axis=0).mean() / np.var(y)),
    }


def describe_networks(models):
    """Zeros, unused inputs, and how importance is spread and agrees between fits."""
    first = [model.coefs_[0] for model in models]
    importances = np.stack([garson_importance(model.coefs_) for model in models])
    alive = importances[importances.sum(axis=1) > 0]
    top = np.zeros(alive.shape, bool)
    np.put_along_axis(top, np.argsort(-alive, axis=1)[:, :TOP], True, axis=1)
    several = len(alive) > 1
    return {
        "zero_edges": float(np.mean([(w == 0).mean() for w in first])),
        "zero_inputs": float(np.mean([(w == 0).all(axis=1).mean() for w in first])),
        "entropy": float(np.mean([importance_entropy(one) for one in alive])),
        "divergence": importance_divergence(alive) if several else None,
        "stability_of_top": selection_stability(top) if several else None,
    }


def kinds_of(X, y, is_number, train):
    """Name, function that makes a model of a seed, and the theta that was chosen."""
    yield "linear", lambda seed: make_linear(is_number, seed), None
    yield "trees", lambda seed: make_trees(is_number, seed), None
    for rule in (None, "uniform", "rln"):
        chosen = {"plain": -6.0}
        if rule is not None:
            found = choose_theta(rule, X.iloc[train], y[train], is_number, 0)
            chosen = {rule: found.best, f"{rule}, sparse": found.sparsest}
        for name, theta in chosen.items():

            def make(seed, theta=theta, rule=rule):
                return make_network(is_number, seed, theta=theta, regularization=rule)

            yield name, make, theta


def run(store, root, trait, n_fits):
    """Fit all models on all folds of a trait."""
    X, y, is_number, _ = read_trait(root, trait)
    for fold, rows in enumerate(folds(y, is_number)):
        if store.has(trait=trait, fold=fold, kind="rln + trees"):
            continue
        truth, means = y[rows[1]], {}
        for name, make, theta in kinds_of(X, y, is_number, rows[0]):
            start = time.perf_counter()
            n = 1 if name == "linear" else n_fits
            models, found = fit_all(make, X, y, rows, n)
            line = describe_predictions(truth, found)
            if name in NETWORKS:
                line |= describe_networks(models) | {"theta": theta}
            means[name] = found.mean(axis=0)
            seconds = round(time.perf_counter() - start, 2)
            store.add(trait=trait, fold=fold, kind=name, seconds=seconds, **line)
        for name in NETWORKS:
            both = (means[name] + means["trees"]) / 2
            store.add(
                trait=trait,
                fold=fold,
                kind=f"{name} + trees",
                ensemble=score(truth, both),
            )


def report(store):
    """Tables: mean and standard error over the folds, differences paired by fold."""
    lines = store.frame()
    ensemble = lines.pivot_table(
        index=["trait", "fold"], columns="kind", values="ensemble"
    )
    lines["mean"] = [
        np.mean(one) if isinstance(one, list) else np.nan for one in lines["single"]
    ]
    single = lines.pivot_table(index=["trait", "fold"], columns="kind", values="mean")
    for title, table in (("single models", single), ("ensembles", ensemble)):
        print(f"\n{title}, mean over the folds (R2 or AUC)")
        print(table.groupby("trait", sort=False).mean().round(3).to_string())
        print(
            f"\n{title}: difference to the trees, mean and standard error over traits"
        )
        gap = table.sub(table["trees"], axis=0).groupby("trait", sort=False).mean()
        print(gap.agg(["mean", "sem"]).round(4).to_string())
    looks = ["variance", "zero_edges", "zero_inputs", "entropy", "divergence"]
    looks.append("stability_of_top")
    print("\nwhat the networks look like, mean over traits and folds")
    print(lines.groupby("kind")[looks].mean().round(3).to_string())
    print("\nthe same by trait, of the RLN")
    mine = lines[lines["kind"] == "rln"]
    print(
        mine.groupby("trait", sort=False)[[*looks, "theta"]].mean().round(3).to_string()
    )


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data")
    parser.add_argument("--fits", type=int, default=10)
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    store = Store("rln_models", ("trait", "fold", "kind"))
    if not options.report:
        root = data_folder(options.data)
        with warnings.catch_warnings():
            quiet()
            for trait in track(list(TRAITS)):
                run(store, root, trait, options.fits)
    report(store)


if __name__ == "__main__":
    main()

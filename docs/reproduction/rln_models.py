# SPDX-License-Identifier: BSD-3-Clause
"""Single models, ensembles of ten, ensembles of two kinds, and sparsity of the networks.

    python docs/reproduction/rln_models.py --data FOLDER
    python docs/reproduction/rln_models.py --report

The study has nine traits with five folds each, and fits every model with ten seeds. For the
proximal L1 penalty and for the RLN, cross-validation within the training rows chooses the
strength of the penalty. The results correspond to Figures 2 to 6 and 9 and Table 1 of the
paper. They are in ``results/rln_models.jsonl``. Results that are there are not computed again.
"""

import time

import numpy as np
import pandas as pd
from _traits import (
    MORE,
    TRAITS,
    Store,
    choose_theta,
    command_line,
    folds,
    make_blend,
    make_default,
    make_linear,
    make_network,
    make_stack,
    make_trees,
    predict,
    read_trait,
    score,
)

from skrln.inspection import (
    garson_importance,
    importance_divergence,
    importance_entropy,
    selection_stability,
)

#: Penalties at the best strength, and at the largest within one standard error of it.
NETWORKS = ("plain", "uniform", "uniform, sparse", "rln", "rln, sparse")
#: Number of the most important inputs whose overlap between fits is measured.
TOP = 10
#: Number of seeds of each model.
N_FITS = 10


def fit_all(make, X, y, rows, n_fits):
    """Fitted models and their predictions for the test rows."""
    train, test = rows
    models = [make(seed).fit(X.iloc[train], y[train]) for seed in range(n_fits)]
    return models, np.stack([predict(model, X.iloc[test]) for model in models])


def describe_predictions(y, predictions):
    """Scores of the single fits and of their mean, and the variance between fits."""
    values = predictions if predictions.ndim == 2 else predictions[..., -1]
    return {
        "single": [score(y, fit) for fit in predictions],
        "ensemble": score(y, predictions.mean(axis=0)),
        "variance": float(values.var(axis=0).mean() / np.var(y)),
    }


def describe_networks(models):
    """Zeros, unused inputs, entropy of the importances, and their agreement."""
    first = [model.coefs_[0] for model in models]
    importances = np.stack([garson_importance(model.coefs_) for model in models])
    alive = importances[importances.sum(axis=1) > 0]
    top = np.zeros(alive.shape, bool)
    np.put_along_axis(top, np.argsort(-alive, axis=1)[:, :TOP], True, axis=1)
    several = len(alive) > 1
    return {
        "zero_edges": float(np.mean([(w == 0).mean() for w in first])),
        "zero_inputs": float(np.mean([(w == 0).all(axis=1).mean() for w in first])),
        "entropy": (
            float(np.mean([importance_entropy(one) for one in alive]))
            if several
            else None
        ),
        "divergence": importance_divergence(alive) if several else None,
        "stability_of_top": selection_stability(top) if several else None,
    }


def kinds_of(X, y, is_number, train):
    """Yield name, function that makes a model from a seed, and the chosen theta."""
    yield "linear", lambda seed: make_linear(is_number, seed), None
    yield "trees", lambda seed: make_trees(is_number, seed), None
    for rule in (None, "uniform", "rln"):
        chosen = {"plain": -6.0}
        if rule is not None:
            strengths = choose_theta(rule, X.iloc[train], y[train], is_number, 0)
            chosen = {rule: strengths.best, f"{rule}, sparse": strengths.sparsest}
        for name, theta in chosen.items():

            def make(seed, theta=theta, rule=rule):
                return make_network(is_number, seed, theta=theta, penalty=rule)

            yield name, make, theta


def run_default(store, root, trait, n_fits):
    """Run the default, which is an ensemble, alone and averaged with the trees."""
    X, y, is_number, _ = read_trait(root, trait)
    for fold, rows in enumerate(folds(y, is_number)):
        if store.has(trait=trait, fold=fold, kind="default + trees"):
            continue

        def make(seed):
            return make_trees(is_number, seed)

        model = make_default(is_number).fit(X.iloc[rows[0]], y[rows[0]])
        alone = predict(model, X.iloc[rows[1]])
        trees = fit_all(make, X, y, rows, n_fits)[1].mean(axis=0)
        for kind, predictions in (
            ("default", alone),
            ("default + trees", (alone + trees) / 2),
        ):
            value = score(y[rows[1]], predictions)
            store.add(trait=trait, fold=fold, kind=kind, ensemble=value)


def run_blend(store, root, trait):
    """Run the blend of the default with trees."""
    X, y, is_number, _ = read_trait(root, trait)
    for fold, (train, test) in enumerate(folds(y, is_number)):
        if store.has(trait=trait, fold=fold, kind="default + trees, blend"):
            continue
        blend = make_blend(is_number).fit(X.iloc[train], y[train])
        value = score(y[test], predict(blend, X.iloc[test]))
        store.add(trait=trait, fold=fold, kind="default + trees, blend", ensemble=value)


def run_stack(store, root, trait):
    """Run a stack of a network at the chosen strength and trees."""
    X, y, is_number, _ = read_trait(root, trait)
    thetas = {
        line["fold"]: line["theta"]
        for line in store.lines
        if line["trait"] == trait and line["kind"] == "rln"
    }
    for fold, (train, test) in enumerate(folds(y, is_number)):
        if store.has(trait=trait, fold=fold, kind="rln + trees, stack"):
            continue
        network = make_network(is_number, 0, theta=thetas[fold])
        stack = make_stack(is_number, network, make_trees(is_number, 0))
        predictions = predict(stack.fit(X.iloc[train], y[train]), X.iloc[test])
        value = score(y[test], predictions)
        store.add(trait=trait, fold=fold, kind="rln + trees, stack", ensemble=value)


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
            models, predictions = fit_all(make, X, y, rows, n)
            line = describe_predictions(truth, predictions)
            if name in NETWORKS:
                line |= describe_networks(models) | {"theta": theta}
            means[name] = predictions.mean(axis=0)
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
    """Print the tables of the nine traits, and of the other traits."""
    lines = store.frame()
    report_traits(lines[lines["trait"].isin(TRAITS)].copy())
    others = lines[lines["trait"].isin(MORE)].copy()
    if len(others):
        print("\n==== other traits")
        report_traits(others)


def report_traits(lines):
    """Print means over the folds, paired differences, and errors over the traits."""
    lines["mean"] = [
        np.mean(one) if isinstance(one, list) else np.nan for one in lines["single"]
    ]
    by_fold = {"index": ["trait", "fold"], "columns": "kind", "sort": False}
    single = lines.pivot_table(values="mean", **by_fold)
    ensemble = lines.pivot_table(values="ensemble", **by_fold)
    for title, table in (("single models", single), ("ensembles", ensemble)):
        print(f"\n{title}, mean over the folds (R2 or AUC)")
        print(table.groupby("trait", sort=False).mean().round(3).T.to_string())
        for other in ("trees", "uniform"):
            print(f"\n{title}: difference to {other}, mean and error over the traits")
            gap = table.sub(table[other], axis=0).groupby("trait", sort=False).mean()
            print(gap.agg(["mean", "sem"]).T.round(4).to_string())
    gap = single.sub(single["trees"], axis=0).groupby("trait", sort=False).mean()
    behind = gap[gap["plain"] < 0]
    print("\ntraits where the plain network is behind the trees: mean difference")
    print(behind[list(NETWORKS)].mean().round(4).to_string(), list(behind.index))
    kinds = ["rln + trees", "rln + trees, stack", "default + trees"]
    if "default + trees, blend" in ensemble:
        kinds.append("default + trees, blend")
    for kind in kinds:
        print(f"\n{kind}: difference to the best of all ensembles")
        print(distance_to_best(ensemble, kind).round(4).to_string())
    print("\nsparse RLN: difference to the best uniform penalty, single models")
    print(paired(single, "rln, sparse", "uniform").round(4).to_string())
    looks = ["variance", "zero_edges", "zero_inputs", "entropy", "divergence"]
    looks.append("stability_of_top")
    print("\nproperties of the networks, mean over traits and folds")
    print(lines.groupby("kind")[looks].mean().dropna(how="all").round(3).to_string())
    for kind in ("rln", "rln, sparse"):
        print(f"\nthe same by trait: {kind}")
        mine = lines[lines["kind"] == kind].groupby("trait", sort=False)
        print(mine[[*looks, "theta"]].mean().round(4).to_string())
    print("\nensemble gain over the mean of its members, in percent of the variance")
    gain = (ensemble - single).groupby("trait", sort=False).mean()
    print((100 * gain[["linear", "trees", *NETWORKS]]).mean().round(2).to_string())


def paired(table, kind, other):
    """Mean and standard error over the folds of each trait."""
    gap = (table[kind] - table[other]).groupby("trait", sort=False)
    return gap.agg(["mean", "sem"])


def distance_to_best(table, kind):
    """Paired difference to the kind with the best mean, for each trait."""
    best = table.groupby("trait", sort=False).mean().idxmax(axis=1)
    parts = []
    for trait, other in best.items():
        part = paired(table.loc[[trait]], kind, other)
        parts.append(part.assign(best=other))
    return pd.concat(parts)


def run_all(store, root, trait):
    """Run all studies of a trait."""
    run(store, root, trait, N_FITS)
    run_default(store, root, trait, N_FITS)
    run_stack(store, root, trait)
    if trait in TRAITS:  # takes six times as long as the default
        run_blend(store, root, trait)


if __name__ == "__main__":
    kept = Store("rln_models", ("trait", "fold", "kind"))
    command_line(__doc__, kept, [*TRAITS, *MORE], run_all, report)

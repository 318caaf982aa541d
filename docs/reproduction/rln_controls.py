# SPDX-License-Identifier: BSD-3-Clause
"""What the paper has no controls for: shuffled labels, planted inputs, covariates.

    python docs/reproduction/rln_controls.py --data FOLDER
    python docs/reproduction/rln_controls.py --report

*Shuffled*: the labels of the training rows in another order. What the network still uses it
uses for nothing. *Planted*: a target made of five columns of the real table, half of its
variance noise, so that recall and precision are known. *Covariates* (Figure 7 of the paper):
the same models with the covariates of the table as further columns. Results are kept in
``results/rln_controls.jsonl``; what is there is not computed again.
"""

import numpy as np
import pandas as pd
from _traits import (
    TRAITS,
    Store,
    choose_theta,
    command_line,
    folds,
    make_network,
    make_trees,
    predict,
    read_trait,
    score,
)

RULES = ("rln", "uniform")
#: Planted inputs, and folds of the five that are used.
N_PLANTED, N_FOLDS = 5, 3


def active_inputs(model, n_features):
    """Whether each column has an edge."""
    return np.isin(
        np.arange(n_features), np.flatnonzero(model.feature_importances_ > 0)
    )


def shuffled(X, y, is_number, rows, fold):
    """Yield a line per rule."""
    train, test = rows
    mixed = np.random.default_rng(fold).permutation(y[train])
    for rule in RULES:
        theta = choose_theta(rule, X.iloc[train], mixed, is_number, 0).sparsest
        model = make_network(is_number, 0, theta=theta, regularization=rule)
        model.fit(X.iloc[train], mixed)
        used = active_inputs(model, X.shape[1]).mean()
        found = predict(model, X.iloc[test])
        yield {"rule": rule, "used": float(used), "score": score(y[test], found)}


def planted(X, rows, fold):
    """Yield a line per rule; the target is made of columns that are seldom zero."""
    train, test = rows
    rng = np.random.default_rng(fold)
    spread = X.to_numpy().std(axis=0)
    chosen = rng.choice(np.argsort(-spread)[:100], N_PLANTED, replace=False)
    z = (X.to_numpy()[:, chosen] - X.to_numpy()[:, chosen].mean(axis=0)) / spread[
        chosen
    ]
    signal = z[:, 0] - z[:, 1] + np.tanh(2 * z[:, 2]) + z[:, 3] * z[:, 4]
    y = signal + rng.normal(scale=signal.std(), size=len(signal))
    truth = np.isin(np.arange(X.shape[1]), chosen)
    for rule in RULES:
        theta = choose_theta(rule, X.iloc[train], y[train], True, 0).sparsest
        model = make_network(True, 0, theta=theta, regularization=rule)
        model.fit(X.iloc[train], y[train])
        used = active_inputs(model, X.shape[1])
        hits = (used & truth).sum()
        yield {
            "rule": rule,
            "used": float(used.mean()),
            "recall": float(hits / N_PLANTED),
            "precision": float(hits / max(1, used.sum())),
            "score": score(signal[test], predict(model, X.iloc[test])),
        }


def with_covariates(X, covariates, y, is_number, rows):
    """Yield a line per kind of model, with and without the covariates."""
    train, test = rows
    more = pd.concat([X, covariates], axis=1)
    for name, table in (("without", X), ("with", more)):
        trees = make_trees(is_number, 0).fit(table.iloc[train], y[train])
        found = {"trees": predict(trees, table.iloc[test])}
        for rule in ("rln", None):
            theta = -6.0
            if rule is not None:
                found_theta = choose_theta(
                    rule, table.iloc[train], y[train], is_number, 0
                )
                theta = found_theta.best
            model = make_network(is_number, 0, theta=theta, regularization=rule)
            model.fit(table.iloc[train], y[train])
            found[str(rule)] = predict(model, table.iloc[test])
        found["rln + trees"] = (found["rln"] + found["trees"]) / 2
        for kind, one in found.items():
            yield {"rule": f"{kind}, {name}", "score": score(y[test], one)}


def run(store, root, trait):
    """All controls on all folds of a trait."""
    X, y, is_number, covariates = read_trait(root, trait)
    for fold, rows in enumerate(folds(y, is_number)[:N_FOLDS]):
        for control, lines in (
            ("shuffled", lambda f=fold, r=rows: shuffled(X, y, is_number, r, f)),
            ("planted", lambda f=fold, r=rows: planted(X, r, f)),
            (
                "covariates",
                lambda r=rows: with_covariates(X, covariates, y, is_number, r),
            ),
        ):
            if not store.has(trait=trait, fold=fold, control=control):
                for line in list(lines()):
                    store.add(trait=trait, fold=fold, control=control, **line)


def report(store):
    """Means over the folds, with standard errors over the traits."""
    lines = store.frame()
    lines = lines[lines["trait"].isin(TRAITS)]
    for control, group in lines.groupby("control", sort=False):
        print(f"\n{control}")
        numbers = [c for c in ("used", "recall", "precision", "score") if c in group]
        by_trait = group.groupby(["rule", "trait"], sort=False)[numbers].mean()
        found = by_trait.groupby("rule", sort=False).agg(["mean", "sem"])
        print(found.dropna(axis=1).round(3).to_string())


if __name__ == "__main__":
    kept = Store("rln_controls", ("trait", "fold", "control"))
    command_line(__doc__, kept, TRAITS, run, report)

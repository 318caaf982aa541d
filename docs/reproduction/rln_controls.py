# SPDX-License-Identifier: BSD-3-Clause
"""Controls that the paper lacks: shuffled labels, planted inputs, covariates.

    python docs/reproduction/rln_controls.py --data FOLDER
    python docs/reproduction/rln_controls.py --report

*Shuffled*: the labels of the training rows are shuffled, so no input is relevant. *Planted*:
the target is a function of five columns of the real table, and half of its variance is noise,
so recall and precision are known. *Covariates* (Figure 7 of the paper): the same models with
the covariates of the table as additional columns. The results are in
``results/rln_controls.jsonl``. Results that are there are not computed again.
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
#: Number of planted inputs, and of the folds that are used.
N_PLANTED, N_FOLDS = 5, 3


def active_inputs(model, n_features):
    """Mask of the columns with an edge."""
    return np.isin(
        np.arange(n_features), np.flatnonzero(model.feature_importances_ > 0)
    )


def shuffled(X, y, is_number, rows, fold):
    """Yield a line for each penalty."""
    train, test = rows
    shuffled_y = np.random.default_rng(fold).permutation(y[train])
    for rule in RULES:
        theta = choose_theta(rule, X.iloc[train], shuffled_y, is_number, 0).sparsest
        model = make_network(is_number, 0, theta=theta, penalty=rule)
        model.fit(X.iloc[train], shuffled_y)
        used = active_inputs(model, X.shape[1]).mean()
        predictions = predict(model, X.iloc[test])
        test_score = score(y[test], predictions)
        yield {"rule": rule, "used": float(used), "score": test_score}


def planted(X, rows, fold):
    """Yield a line for each penalty; the planted columns are those of large variance."""
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
        model = make_network(True, 0, theta=theta, penalty=rule)
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
    """Yield a line for each kind of model, with and without the covariates."""
    train, test = rows
    extended = pd.concat([X, covariates], axis=1)
    for name, table in (("without", X), ("with", extended)):
        trees = make_trees(is_number, 0).fit(table.iloc[train], y[train])
        predictions = {"trees": predict(trees, table.iloc[test])}
        for rule in ("rln", None):
            theta = -6.0
            if rule is not None:
                strengths = choose_theta(
                    rule, table.iloc[train], y[train], is_number, 0
                )
                theta = strengths.best
            model = make_network(is_number, 0, theta=theta, penalty=rule)
            model.fit(table.iloc[train], y[train])
            predictions[str(rule)] = predict(model, table.iloc[test])
        both = predictions["rln"] + predictions["trees"]
        predictions["rln + trees"] = both / 2
        for kind, values in predictions.items():
            yield {"rule": f"{kind}, {name}", "score": score(y[test], values)}


def run(store, root, trait):
    """Run all controls on all folds of a trait."""
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
    """Print means over the folds, with standard errors over the traits."""
    lines = store.frame()
    lines = lines[lines["trait"].isin(TRAITS)]
    for control, group in lines.groupby("control", sort=False):
        print(f"\n{control}")
        numbers = [c for c in ("used", "recall", "precision", "score") if c in group]
        by_trait = group.groupby(["rule", "trait"], sort=False)[numbers].mean()
        table = by_trait.groupby("rule", sort=False).agg(["mean", "sem"])
        print(table.dropna(axis=1).round(3).to_string())


if __name__ == "__main__":
    kept = Store("rln_controls", ("trait", "fold", "control"))
    command_line(__doc__, kept, TRAITS, run, report)

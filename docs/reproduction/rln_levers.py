# SPDX-License-Identifier: BSD-3-Clause
"""What else makes a network sparse, or good while it is: one change at a time.

    python docs/reproduction/rln_levers.py --data FOLDER
    python docs/reproduction/rln_levers.py --report

Nine traits, five folds, one seed, against ``READABLE``. Results are kept in
``results/rln_levers.jsonl``; what is there is not computed again.
"""

import numpy as np
from _traits import (
    TRAITS,
    Store,
    command_line,
    folds,
    make_network,
    predict,
    read_trait,
    score,
)

#: Parameters that differ from those of READABLE, and how the fit goes where it is not plain.
LEVERS = {
    "READABLE": {},
    "steps: the whole table as a batch": {"batch_size": 100_000},
    "steps: batches of 16": {"batch_size": 16},
    "best epoch on held-out rows": {"early_stopping": True},
    "sparsest epoch on held-out rows": {"early_stopping": "sparsest"},
    "a coefficient per input": {"reg_group": "input", "theta": -6.5},
    "average of the weights": {"average_decay": 0.98},
    "path of theta, warm starts": {"fit": "path"},
    "path of theta to -6": {"fit": "path", "theta": -6.0},
    "path of theta to -6, log ratios": {"fit": "path ratios", "theta": -6.0},
    "relaxed: again on the inputs left": {"fit": "relaxed"},
    "log ratios to the row's mean": {"fit": "ratios"},
    "theta -5": {"theta": -5.0},
    "theta -5, relaxed": {"theta": -5.0, "fit": "relaxed"},
    "theta -5, log ratios": {"theta": -5.0, "fit": "ratios"},
}
#: How far the strengths of a path are below the last, in a quarter of the epochs each.
PATH = (-1.5, -1.0, -0.5, 0.0)
RELAXED_THETA = -8.0


def fit_lever(is_number, X, y, *, fit="plain", **params):
    """Fitted network, the columns that it takes, and what is done to the table before."""
    network = make_network(is_number, 0, **params)
    if fit.startswith("path"):
        last = network.theta
        network.set_params(warm_start=True, max_iter=25)
        for below in PATH:
            network.set_params(theta=last + below).fit(X, y)
        return network, np.arange(X.shape[1])
    network.fit(X, y)
    columns = np.arange(X.shape[1])
    active = np.flatnonzero(network.feature_importances_ > 0)
    if fit == "relaxed" and active.size:
        columns = active
        again = make_network(is_number, 0, theta=RELAXED_THETA)
        return again.fit(X.iloc[:, columns], y), columns
    return network, columns


def run(store, root, trait):
    """All levers on all folds of a trait."""
    X, y, is_number, _ = read_trait(root, trait)
    ratios = X.sub(X.mean(axis=1), axis=0)
    for fold, (train, test) in enumerate(folds(y, is_number)):
        for lever, params in LEVERS.items():
            if store.has(trait=trait, fold=fold, lever=lever):
                continue
            table = ratios if "ratios" in params.get("fit", "") else X
            model, columns = fit_lever(is_number, table.iloc[train], y[train], **params)
            found = predict(model, table.iloc[test].iloc[:, columns])
            first = model.coefs_[0]
            unused = (first == 0).all(axis=1).sum() + X.shape[1] - len(columns)
            n_edges = X.shape[1] * first.shape[1]
            store.add(
                trait=trait,
                fold=fold,
                lever=lever,
                score=score(y[test], found),
                zero_edges=float(1 - np.count_nonzero(first) / n_edges),
                zero_inputs=float(unused / X.shape[1]),
            )


def report(store):
    """Means over traits and folds, and the paired difference in score with its error."""
    lines = store.frame()
    table = lines.pivot_table(
        index=["trait", "fold"], columns="lever", values="score", sort=False
    )
    gap = table.sub(table["READABLE"], axis=0).groupby("trait", sort=False).mean()
    looks = lines.groupby("lever", sort=False)[["score", "zero_edges", "zero_inputs"]]
    found = looks.mean()
    found["difference"], found["error"] = gap.mean(), gap.sem()
    print(found.round(4).to_string())


if __name__ == "__main__":
    kept = Store("rln_levers", ("trait", "fold", "lever"))
    command_line(__doc__, kept, TRAITS, run, report)

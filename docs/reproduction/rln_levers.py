# SPDX-License-Identifier: BSD-3-Clause
"""Changes that make a network sparser or more accurate, one at a time.

    python docs/reproduction/rln_levers.py --data FOLDER
    python docs/reproduction/rln_levers.py --report

The study compares each change with ``READABLE`` on nine traits, five folds and one seed. The
results are in ``results/rln_levers.jsonl``. Results that are there are not computed again.
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

from skrln.options import RLNPenalty

#: Parameters that differ from those of READABLE, and the kind of the fit if it is not plain.
LEVERS = {
    "READABLE": {},
    "steps: the whole table as a batch": {"batch_size": 100_000},
    "steps: batches of 16": {"batch_size": 16},
    "best epoch on held-out rows": {"early_stopping": True},
    "sparsest epoch on held-out rows": {"early_stopping": "sparsest"},
    "a coefficient per input": {
        "penalty": RLNPenalty(group="input"),
        "theta": -6.5,
    },
    "path of theta, warm starts": {"fit": "path"},
    "path of theta to -6": {"fit": "path", "theta": -6.0},
    "path of theta to -6, log ratios": {"fit": "path ratios", "theta": -6.0},
    "relaxed: again on the inputs left": {"fit": "relaxed"},
    "log ratios to the row's mean": {"fit": "ratios"},
    "theta -5": {"theta": -5.0},
    "theta -5, relaxed": {"theta": -5.0, "fit": "relaxed"},
    "theta -5, log ratios": {"theta": -5.0, "fit": "ratios"},
}
#: Differences of the strengths of a path to the last; each has a quarter of the epochs.
PATH = (-1.5, -1.0, -0.5, 0.0)
RELAXED_THETA = -8.0


def fit_lever(is_number, X, y, *, fit="plain", **params):
    """Fit a network; return the network and the columns that it takes."""
    network = make_network(is_number, 0, **params)
    if fit.startswith("path"):
        last = network.theta
        network.set_params(warm_start=True, max_iter=25)
        for difference in PATH:
            network.set_params(theta=last + difference).fit(X, y)
        return network, np.arange(X.shape[1])
    network.fit(X, y)
    columns = np.arange(X.shape[1])
    active = np.flatnonzero(network.feature_importances_ > 0)
    if fit == "relaxed" and active.size:
        columns = active
        relaxed = make_network(is_number, 0, theta=RELAXED_THETA)
        return relaxed.fit(X.iloc[:, columns], y), columns
    return network, columns


def run(store, root, trait):
    """Run all levers on all folds of a trait."""
    X, y, is_number, _ = read_trait(root, trait)
    ratios = X.sub(X.mean(axis=1), axis=0)
    for fold, (train, test) in enumerate(folds(y, is_number)):
        for lever, params in LEVERS.items():
            if store.has(trait=trait, fold=fold, lever=lever):
                continue
            table = ratios if "ratios" in params.get("fit", "") else X
            model, columns = fit_lever(is_number, table.iloc[train], y[train], **params)
            predictions = predict(model, table.iloc[test].iloc[:, columns])
            first = model.coefs_[0]
            unused = (first == 0).all(axis=1).sum() + X.shape[1] - len(columns)
            n_edges = X.shape[1] * first.shape[1]
            store.add(
                trait=trait,
                fold=fold,
                lever=lever,
                score=score(y[test], predictions),
                zero_edges=float(1 - np.count_nonzero(first) / n_edges),
                zero_inputs=float(unused / X.shape[1]),
            )


def report(store):
    """Print means over traits and folds, and paired differences in score."""
    lines = store.frame()
    table = lines.pivot_table(
        index=["trait", "fold"], columns="lever", values="score", sort=False
    )
    gap = table.sub(table["READABLE"], axis=0).groupby("trait", sort=False).mean()
    numbers = lines.groupby("lever", sort=False)[["score", "zero_edges", "zero_inputs"]]
    means = numbers.mean()
    means["difference"], means["error"] = gap.mean(), gap.sem()
    print(means.round(4).to_string())


if __name__ == "__main__":
    kept = Store("rln_levers", ("trait", "fold", "lever"))
    command_line(__doc__, kept, TRAITS, run, report)

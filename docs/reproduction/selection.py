# SPDX-License-Identifier: BSD-3-Clause
"""Selected columns against planted ones: false discovery rates and recall.

    python docs/reproduction/selection.py --data FOLDER --draws 40
    python docs/reproduction/selection.py --report

A target is made of a few columns of a table, and half of its variance is noise, so the columns
that matter are known. Made-up tables are independent or have blocks of ten correlated columns;
the real table is of microbes. The methods without a rate of errors are those that people use
to name columns. The results are in ``results/selection.jsonl``; those that are there are not
computed again. Boruta needs the package ``boruta``, knockoffs ``knockpy``, LassoNet
``lassonet``.
"""

import argparse
import os
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from _traits import Store, read_trait
from rich.progress import track
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LassoCV, lars_path, lasso_path
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBRegressor

from skrln import ErrorRateSelector, RLNRegressor
from skrln.presets import QUICK, READABLE

RATE = 0.1
#: The preset QUICK trains on all columns; here it drops those that do not help.
SELECT = {"input_selection": "auto"}
#: Pairs of half-samples of stability selection, and the share that must select a column.
N_PAIRS, SHARE = 50, 0.9
#: Columns that few rows tell apart are not planted.
MOST_EQUAL = 0.6
DESIGNS = {
    "independent, 6 of 306": ("independent", 700, 306, 6, "mixed"),
    "independent, 10 of 300, linear": ("independent", 500, 300, 10, "linear"),
    "independent, 6 of 100, products": ("independent", 500, 100, 6, "products"),
    "blocks, 10 of 200, linear": ("blocks", 500, 200, 10, "linear"),
    "blocks, 6 of 200, mixed": ("blocks", 500, 200, 6, "mixed"),
    "microbes, 5": ("microbes", None, None, 5, "mixed"),
    "microbes, 10": ("microbes", None, None, 10, "mixed"),
    "microbes, 20": ("microbes", None, None, 20, "linear"),
    "microbes, shuffled": ("microbes", None, None, 0, "noise"),
    "independent, shuffled": ("independent", 500, 300, 0, "noise"),
}


# -- tables and targets --------------------------------------------------------------------


def make_table(kind, n_rows, n_columns, root, rng):
    """Make the columns of a design."""
    if kind == "microbes":
        return read_trait(root, "age")[0].to_numpy(float)
    X = rng.standard_normal((n_rows, n_columns))
    if kind == "blocks":
        shared = np.repeat(rng.standard_normal((n_rows, n_columns // 10)), 10, axis=1)
        X = np.sqrt(0.6) * shared + np.sqrt(0.4) * X
    return X


def plant(X, n_inputs, form, rng):
    """Make a target of some columns; return the mask of these, and the target."""
    n_rows, n_columns = X.shape
    most_equal = [np.unique(x, return_counts=True)[1].max() / n_rows for x in X.T]
    usable = np.flatnonzero(np.array(most_equal) < MOST_EQUAL)
    chosen = rng.choice(usable, n_inputs, replace=False)
    z = StandardScaler().fit_transform(X[:, chosen]) if n_inputs else X[:, :0]
    signs = rng.choice([-1, 1], n_inputs)
    if form == "products":
        signal = (z[:, 0::2] * z[:, 1::2] * signs[::2]).sum(axis=1)
    elif form == "mixed":
        # Of five: two linear, one saturated, a product of two; the others are linear.
        signal = z[:, 0] - z[:, 1] + np.tanh(2 * z[:, 2]) + z[:, 3] * z[:, 4]
        signal = signal + z[:, 5:] @ signs[5:]
    else:
        signal = z @ signs
    noise = rng.standard_normal(n_rows)
    y = noise if form == "noise" else signal + signal.std() * noise
    return np.isin(np.arange(n_columns), chosen), y


# -- methods: each returns the mask of the columns that it names ---------------------------


def with_rate(estimator):
    """Columns selected at the rate by this package."""

    def select(X, y, seed):
        return ErrorRateSelector(estimator, fdr=RATE, random_state=seed).fit(X, y)

    return lambda X, y, seed: select(X, y, seed).support_


def active(**params):
    """Columns with an edge in a network or an ensemble."""
    return lambda X, y, seed: (
        RLNRegressor(**params, random_state=seed).fit(X, y).feature_importances_ > 0
    )


def lasso(one_standard_error):
    """Columns of a lasso at the strength of its cross-validation, or one error stronger."""

    def select(X, y, seed):
        X = StandardScaler().fit_transform(X)
        model = LassoCV(cv=KFold(5, shuffle=True, random_state=seed)).fit(X, y)
        if not one_standard_error:
            return model.coef_ != 0
        losses = model.mse_path_.mean(axis=1)
        error = model.mse_path_.std(axis=1, ddof=1) / np.sqrt(5)
        best = losses.argmin()
        strength = model.alphas_[losses <= losses[best] + error[best]].max()
        coefs = lasso_path(X, y - y.mean(), alphas=[strength])[1][:, 0]
        return coefs != 0

    return select


def stability(X, y, seed):
    """Stability selection by pairs of half-samples, with at most one false column expected.

    With q columns of each half-sample, and the threshold tau of their shares, the bound of
    Meinshausen and Buehlmann (JRSS B 72, 2010) is q^2 / (2 tau - 1) / p.
    """
    n_first = int(np.sqrt((2 * SHARE - 1) * X.shape[1]))
    rng, counts = np.random.default_rng(seed), np.zeros(X.shape[1])
    X = StandardScaler().fit_transform(X)
    for _ in range(N_PAIRS):
        order = rng.permutation(len(X))
        for half in np.array_split(order, 2):
            centered = y[half] - y[half].mean()
            # The path of least angles ends early: columns seldom leave it again.
            _, _, coefs = lars_path(
                X[half], centered, method="lasso", max_iter=2 * n_first
            )
            n_active = (coefs != 0).sum(axis=0)
            last = np.flatnonzero(n_active <= n_first)[-1]
            counts += coefs[:, last] != 0
    return counts / (2 * N_PAIRS) >= SHARE


def boruta(X, y, seed):
    """Columns that Boruta confirms, with random forests."""
    from boruta import BorutaPy

    forest = RandomForestRegressor(n_jobs=-1, max_depth=5, random_state=seed)
    model = BorutaPy(forest, n_estimators="auto", max_iter=50, random_state=seed)
    return model.fit(X, y).support_


def knockoffs(X, y, seed):
    """Gaussian knockoffs with the lasso at the rate."""
    from knockpy.knockoff_filter import KnockoffFilter

    np.random.seed(seed)  # noqa: NPY002 - knockpy has no other seed
    model = KnockoffFilter(ksampler="gaussian", fstat="lasso")
    X = StandardScaler().fit_transform(X)
    return model.forward(X, y - y.mean(), fdr=RATE, shrinkage="ledoitwolf") > 0


def permuted_gain(X, y, seed):
    """Columns whose gain in XGBoost is above that of every permuted copy."""
    copies = np.random.default_rng(seed).permuted(X, axis=0)
    model = XGBRegressor(random_state=seed, n_jobs=-1).fit(np.hstack([X, copies]), y)
    gain = model.feature_importances_
    return gain[: X.shape[1]] > gain[X.shape[1] :].max()


def lassonet(X, y, seed):
    """Columns that LassoNet keeps at the strength of its cross-validation."""
    from lassonet import LassoNetRegressorCV

    X = StandardScaler().fit_transform(X)
    model = LassoNetRegressorCV(
        cv=3, hidden_dims=(32,), random_state=seed, verbose=False
    )
    model.fit(X, ((y - y.mean()) / y.std())[:, None])
    return model.best_selected_.numpy().astype(bool)


METHODS = {
    "rate, default": with_rate(RLNRegressor(random_state=0)),
    "rate, QUICK": with_rate(RLNRegressor(**QUICK | SELECT, random_state=0)),
    "rate, lasso": with_rate(make_pipeline(StandardScaler(), LassoCV())),
    "active, default": active(),
    "active, READABLE": active(**READABLE),
    "lasso": lasso(False),
    "lasso, one error": lasso(True),
    "stability selection": stability,
    "Boruta": boruta,
    "XGBoost, permuted": permuted_gain,
    "knockoffs, lasso": knockoffs,
    "LassoNet": lassonet,
}


# -- command line --------------------------------------------------------------------------


def run(store, root, designs, methods, n_draws):
    """Compute what the results lack."""
    todo = [(k, d, m) for k in range(n_draws) for d in designs for m in methods]
    for draw, design, method in track(todo):
        if store.has(draw=draw, design=design, method=method):
            continue
        kind, n_rows, n_columns, n_inputs, form = DESIGNS[design]
        rng = np.random.default_rng(draw)
        X = make_table(kind, n_rows, n_columns, root, rng)
        truth, y = plant(X, n_inputs, form, rng)
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the peers, and of empty selections
            found = np.asarray(METHODS[method](X, y, draw), bool)
        store.add(
            draw=draw,
            design=design,
            method=method,
            selected=int(found.sum()),
            false=int((found & ~truth).sum()),
            inputs=int(truth.sum()),
            seconds=time.perf_counter() - start,
        )


def report(store):
    """Print means over the draws, with standard errors."""
    lines = store.frame()
    lines["true"] = lines["selected"] - lines["false"]
    lines["fdr"] = lines["false"] / lines["selected"].clip(lower=1)
    lines["recall"] = lines["true"] / lines["inputs"].clip(lower=1)
    for design in DESIGNS:
        part = lines[lines["design"] == design]
        if part.empty:
            continue
        groups = part.groupby("method", sort=False)
        table = pd.DataFrame(
            {
                "draws": groups.size(),
                "FDR": groups["fdr"].mean(),
                "error": groups["fdr"].std() / np.sqrt(groups.size()),
                "recall": groups["recall"].mean(),
                "false": groups["false"].mean(),
                "seconds": groups["seconds"].median(),
            }
        )
        print(f"\n{design}\n{table.round(3).to_string()}")


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=os.environ.get("SKRLN_DATA"))
    parser.add_argument("--draws", type=int, default=40)
    parser.add_argument("--designs", nargs="+", default=list(DESIGNS))
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    store = Store("selection", ("draw", "design", "method"))
    if not options.report:
        run(store, Path(options.data), options.designs, options.methods, options.draws)
    report(store)


if __name__ == "__main__":
    main()

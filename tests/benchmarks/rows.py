# SPDX-License-Identifier: BSD-3-Clause
"""Time, memory and accuracy by rows: ``python -m tests.benchmarks.rows --rows 1000 100000``.

Every fit runs in a process of its own, one after the other, so that its peak of memory is its
own and its time includes compilation. The same command goes on where it was stopped.
"""

import argparse
import json
import resource
import sys
import tempfile
from pathlib import Path

import numpy as np

from ._measure import in_new_process, seconds
from .accuracy._models import make

N_TEST = 20_000
#: Share of the variance of the target that nobody can predict.
NOISE = 0.09 / 1.09
MODELS = ("rln", "quick", "hgb", "cat", "realmlp_s")


def main(arguments=None):
    """Fit each model on tables of each size, and print a line for each fit."""
    options = _parser().parse_args(arguments)
    path = Path(options.out)
    found = json.loads(path.read_text()) if path.exists() else {}
    with tempfile.TemporaryDirectory() as bytecode:
        for case in _cases(options):
            key = " ".join(map(str, case))
            if key not in found:
                script = f"from tests.benchmarks.rows import measure\nmeasure{case}"
                found[key] = in_new_process(script, bytecode)
                path.write_text(json.dumps(found, indent=1))
            print(_line(*case, found[key]), flush=True)


def _parser():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.rows")
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--columns", type=int, nargs="+", default=[20])
    parser.add_argument(
        "--targets", nargs="+", choices=TARGETS, default=list(TARGETS)[:1]
    )
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS[:-1])
    parser.add_argument("--out", default="rows.json", help="file of the results")
    return parser


def _cases(options):
    for n_columns in options.columns:
        for target in options.targets:
            for n_rows in options.rows:
                for model in options.models:
                    yield model, n_rows, n_columns, target


def _line(model, n_rows, n_columns, target, result):
    explained = result["R2"] / (1 - NOISE)
    return (
        f"{n_rows:>9,} x {n_columns:<4} {target:7} {model:10} {result['seconds']:8.1f} s "
        f"{result['peak'] / 1e9:6.2f} GB  R2 {result['R2']:.4f}, {explained:.1%} of the "
        "most possible"
    )


def measure(model, n_rows, n_columns, target):
    """Fit a model in this process, and print its seconds, peak of memory and R2 as JSON."""
    X, y = draw_table(n_rows + N_TEST, n_columns, target)
    X_test, y_test = X[n_rows:].copy(), y[n_rows:]
    X, y = X[:n_rows].copy(), y[:n_rows]
    estimator = _bare(model)
    time = seconds(lambda: estimator.fit(X, y))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    errors = estimator.predict(X_test) - y_test
    result = {
        "seconds": time,
        "peak": peak * (1 if sys.platform == "darwin" else 1024),
        "R2": float(1 - np.mean(errors**2) / np.var(y_test)),
    }
    print(json.dumps(result))


def _bare(model):
    """Estimator that takes an array: numbers alone need nothing put before a model."""
    if model == "quick":
        from skrln import RLNRegressor
        from skrln.presets import QUICK

        return RLNRegressor(**QUICK, random_state=0)
    return make(model, "reg", [])[-1]


def draw_table(n_rows, n_columns, target, seed=0):
    """Table of normal columns and a target with 8% of noise.

    Parameters
    ----------
    n_rows, n_columns : int
        At least twelve columns.
    target : {"smooth", "rough"}
        A sum of products and smooth functions of twelve columns; or the sum of thirty boxes, in
        each of which three columns exceed a threshold, as trees are made for.
    seed : int

    Returns
    -------
    X : ndarray of float32 of shape (n_rows, n_columns)
    y : ndarray of shape (n_rows,)
    """
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, n_columns)).astype(np.float32)
    signal = TARGETS[target](X)
    signal = (signal - signal.mean()) / signal.std()
    return X, signal + 0.3 * rng.normal(size=n_rows)


def _smooth(X):
    return (
        np.sin(2 * X[:, 0])
        + X[:, 1] * X[:, 2]
        + X[:, 3] ** 2 / 2
        + np.tanh(X[:, 4] + X[:, 5] * X[:, 6])
        + 0.3 * X[:, 7:12].sum(axis=1)
    )


def _rough(X):
    rng, total = np.random.default_rng(1), 0
    for _ in range(30):
        columns = rng.choice(X.shape[1], 3, replace=False)
        corner, height = 0.7 * rng.normal(size=3), rng.normal()
        total = total + height * np.all(X[:, columns] > corner, axis=1)
    return total


TARGETS = {"smooth": _smooth, "rough": _rough}

if __name__ == "__main__":
    main()

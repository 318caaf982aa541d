# SPDX-License-Identifier: BSD-3-Clause
"""Distance of generated rows to held-out rows, for generators of several domains.

    python docs/reproduction/joint_generation.py --out results.csv [--data FOLDER] [TABLE ...]

For each seed, a few rows of each domain are drawn for training. The other rows (at most 200 of
a domain) are compared with as many generated rows. There are three distances, computed for each
domain and averaged: the accuracies of the nearest neighbour and of a random forest (out of bag)
that classify rows as generated or held-out (0.5 is best), and the Frechet distance on eight
principal components. All strategies have the same initial weights, rows and steps. The
baselines use the same encoding: a normal distribution for each domain (shrunk covariance), a
kernel density for each domain (bandwidth by cross-validation), and training rows drawn again.

FOLDER holds NAME/data.parquet and meta.json; digits and wine need no folder. Runs that are in
OUT are not repeated. ``--set coupling__strength=1.0`` sets a parameter of all generators.
"""

import argparse
import csv
import json
import time
import warnings
from ast import literal_eval
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.linalg import sqrtm
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.covariance import LedoitWolf
from sklearn.datasets import load_digits, load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skrln.joint import JointGenerator
from skrln.joint._rows import RowEncoder  # the baselines use the same encoding
from skrln.options import Coupling

HELD_OUT = 200
N_COMPONENTS = 8
#: Training rows of each domain, and the column of the domain.
TABLES = {
    "digits": (40, None),
    "wine": (25, None),
    "heart_disease_4hospitals": (60, "hospital"),
    "wine_quality": (60, "colour"),
    "communities_crime": (40, "state"),
}
STRATEGIES = {
    "joint": {},
    "isolated": {"coupling__strategy": "isolated"},
    "shared": {"coupling__strategy": "shared", "share_output": True},
    "shared, own heads": {"coupling__strategy": "shared"},
    "l2": {"coupling__strategy": "l2"},
}
BASELINES = ("normal", "kernel density", "drawn again")
MEASURES = ("neighbour", "forest", "frechet")
COLUMNS = ("table", "seed", "method", "domain", *MEASURES, "seconds")


def load(name, folder):
    """Table, domain of each row, and True if the columns are pixels."""
    if name == "digits":
        X, domain = load_digits(return_X_y=True)
        return X, domain, True
    if name == "wine":
        X, domain = load_wine(return_X_y=True, as_frame=True)
        return X, domain.to_numpy(), False
    table = pd.read_parquet(folder / name / "data.parquet")
    meta = json.loads((folder / name / "meta.json").read_text())
    where = TABLES[name][1]
    domain = table[where].astype(str).to_numpy()
    X = table.drop(columns=[where, *(["num"] if "num" in table else [])])
    if (
        name == "communities_crime"
    ):  # states with rows enough, and a few columns of many
        counts = table[where].value_counts()
        kept = table[where].isin(counts.index[:8]).to_numpy()
        X, domain = X[kept].select_dtypes("number").iloc[:, :20], domain[kept]
    classes = [c for c in [*meta["categorical"], "disease"] if c in X]
    return X.astype(dict.fromkeys(classes, "category")), domain, False


def split(domain, n_train, seed):
    """Training rows and held-out rows of each domain."""
    rng = np.random.default_rng(seed)
    parts = {}
    for name in np.unique(domain):
        rows = rng.permutation(np.flatnonzero(domain == name))
        parts[name] = rows[:n_train], rows[n_train:][:HELD_OUT]
    return parts


class Judge:
    """Distances of two tables, in an encoding that is fitted on all rows.

    Parameters
    ----------
    X : ndarray or DataFrame
        All rows of the real table.
    pixels : bool
        Columns have one scale.
    """

    def __init__(self, X, pixels):
        frame = pd.DataFrame(X)
        scale = StandardScaler(with_std=not pixels)
        self.encode = make_column_transformer(
            (
                make_pipeline(
                    SimpleImputer(strategy="median", add_indicator=True), scale
                ),
                make_column_selector(dtype_include="number"),
            ),
            (
                OneHotEncoder(sparse_output=False, handle_unknown="ignore"),
                make_column_selector(dtype_exclude="number"),
            ),
        ).fit(frame)
        self.project = PCA(N_COMPONENTS).fit(self.encode.transform(frame))

    def distances(self, real, made, seed):
        """Distances of two tables of the same size."""
        real, made = (self.encode.transform(pd.DataFrame(one)) for one in (real, made))
        rows = np.vstack([real, made])
        label = np.repeat([0, 1], [len(real), len(made)])
        nearest = NearestNeighbors(n_neighbors=1).fit(rows).kneighbors()[1][:, 0]
        forest = RandomForestClassifier(200, oob_score=True, random_state=seed)
        forest.fit(rows, label)
        return {
            "neighbour": np.mean(label[nearest] == label),
            "forest": forest.oob_score_,
            "frechet": frechet(*map(self.project.transform, (real, made))),
        }


def frechet(first, second):
    """Frechet distance of the normal distributions with the same moments."""
    gap = np.sum((first.mean(axis=0) - second.mean(axis=0)) ** 2)
    a, b = np.cov(first.T), np.cov(second.T)
    return gap + np.trace(a + b - 2 * sqrtm(a @ b).real)


def baseline(method, rows, n, rng):
    """Draw encoded rows of a domain from a baseline."""
    if method == "drawn again":
        return rows[rng.integers(len(rows), size=n)]
    if method == "normal":
        normal = LedoitWolf().fit(rows)
        return rng.multivariate_normal(normal.location_, normal.covariance_, n)
    search = GridSearchCV(KernelDensity(), {"bandwidth": np.geomspace(0.03, 3, 15)})
    return search.fit(rows).best_estimator_.sample(n, rng.integers(1 << 30))


def one_hot(rows, encoder):
    """Set the largest entry of each block to one and the others to zero."""
    start = encoder.numeric.size
    for width in encoder.blocks:
        block = rows[:, start : start + width]
        rows[:, start : start + width] = np.eye(width)[block.argmax(axis=1)]
        start += width
    return rows


def samples(method, X, domain, parts, pixels, seed, settings):
    """Generated rows of each domain."""
    train = np.concatenate([rows for rows, _ in parts.values()])
    inputs = X.iloc[train] if hasattr(X, "iloc") else X[train]
    scaling = "range" if pixels else "quantile"
    sizes = {name: len(held_out) for name, (_, held_out) in parts.items()}
    if method in BASELINES:
        rng = np.random.default_rng(seed)
        classes = [] if pixels else np.flatnonzero(inputs.dtypes == "category")
        encoder = RowEncoder(np.array(classes, int), scaling).fit(inputs)
        rows = encoder.transform(inputs)
        for name, n in sizes.items():
            mine = rows[domain[train] == name]
            drawn = one_hot(baseline(method, mine, n, rng), encoder)
            yield name, encoder.inverse_transform(drawn)
        return
    params = {"scaling": scaling} | settings | STRATEGIES[method]
    model = JointGenerator(coupling=Coupling(), random_state=seed)
    model.set_params(**params).fit(inputs, sample_domain=domain[train])
    for name, n in sizes.items():
        yield name, model.sample(n, name, random_state=seed)[0]


def run(options, settings, writer, done):
    """Run all tables, seeds and methods that are not in `done`."""
    for name in options.tables:
        X, domain, pixels = load(name, options.data)
        judge = Judge(X, pixels)
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            parts = split(domain, options.rows or TABLES[name][0], seed)
            for method in options.methods:
                if (name, seed, method) in done:
                    continue
                begin = time.perf_counter()
                made = dict(samples(method, X, domain, parts, pixels, seed, settings))
                seconds = time.perf_counter() - begin
                lines = []
                for place, rows in made.items():
                    held_out = parts[place][1]
                    real = X.iloc[held_out] if hasattr(X, "iloc") else X[held_out]
                    distances = judge.distances(real, rows, seed)
                    about = (name, seed, method, place)
                    values = [round(distances[key], 5) for key in MEASURES]
                    lines.append((*about, *values, round(seconds, 1)))
                writer.writerows(lines)


def summarize(path):
    """Print means over domains and seeds, and paired differences to "joint"."""
    table = pd.read_csv(path)
    by_seed = table.groupby(["table", "method", "seed"])[list(MEASURES)].mean()
    for name, part in by_seed.groupby(level=0):
        if "joint" not in part.index.get_level_values("method"):
            continue
        print(f"\n{name}: mean, and paired difference to joint (standard error)")
        joint = part.xs("joint", level="method").droplevel(0)
        for method, scores in part.groupby(level="method"):
            scores = scores.droplevel([0, 1])
            gap = (scores - joint).dropna()
            error = gap.std() / np.sqrt(len(gap))
            cells = [
                f"{m} {scores[m].mean():.3f} {gap[m].mean():+.3f} ({error[m]:.3f})"
                for m in MEASURES
            ]
            print(f"  {method:16s} {'   '.join(cells)}")


def main():
    """Run and summarize."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "tables", nargs="*", default=["digits", "heart_disease_4hospitals"]
    )
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, help="training rows of each domain")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--methods", nargs="*", default=[*STRATEGIES, *BASELINES])
    parser.add_argument("--set", nargs="*", default=[], help="NAME=VALUE of all models")
    options = parser.parse_args()
    # All arms have the same number of epochs, converged or not.
    warnings.simplefilter("ignore", ConvergenceWarning)
    changes = dict(one.split("=") for one in options.set)
    settings = {name: literal_eval(value) for name, value in changes.items()}
    done = set()
    if options.out.exists():
        table = pd.read_csv(options.out)
        done = set(zip(table["table"], table["seed"], table["method"], strict=True))
    with options.out.open("a", buffering=1, newline="") as file:
        writer = csv.writer(file)
        if not file.tell():
            writer.writerow(COLUMNS)
        run(options, settings, writer, done)
    summarize(options.out)


if __name__ == "__main__":
    main()

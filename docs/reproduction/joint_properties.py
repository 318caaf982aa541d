# SPDX-License-Identifier: BSD-3-Clause
"""Joint learning of simulated domains: clusters, a hostile domain, couplings, and cost.

Usage::

    python docs/reproduction/joint_properties.py [clusters hostile coupling cost]
"""

import argparse
import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score, r2_score

from skrln import RLNRegressor
from skrln.datasets import make_domains
from skrln.joint import JointRegressor
from skrln.options import Coupling

#: Parameters for reading the relations of domains; see the user guide.
READING = {
    "hidden_layer_sizes": (16,),
    "solver": "sgd",
    "learning_rate_init": 0.1,
    "penalty": None,
    "coupling__strength": 3.0,
    "coupling__sigma_factor": 4.5,
    "coupling__distance": "weights",
}
TEST_ROWS = 500


def make(n_train, seed, **options):
    """Training table, test table, and the clusters."""
    X, y, domain, clusters = make_domains(
        n_train + TEST_ROWS, random_state=seed, return_clusters=True, **options
    )
    train = np.arange(len(y)) % (n_train + TEST_ROWS) < n_train
    parts = [(X[rows], y[rows], domain[rows]) for rows in (train, ~train)]
    return *parts, clusters


def scores(model, table, names):
    """Coefficient of determination of each domain."""
    X, y, domain = table
    guess = model.predict(X, sample_domain=domain)
    return np.array([r2_score(y[domain == d], guess[domain == d]) for d in names])


def fit(train, seed, **params):
    """Fitted joint regressor."""
    X, y, domain = train
    model = JointRegressor(coupling=Coupling(), random_state=seed)
    return model.set_params(**params).fit(X, y, sample_domain=domain)


def show(name, values):
    """Mean and standard error."""
    values = np.asarray(values)
    print(
        f"  {name:34s} {values.mean():.3f} +- {values.std() / np.sqrt(len(values)):.3f}"
    )


def clusters(seeds):
    """Recovery of planted clusters."""
    print("Planted clusters: 8 domains in two clusters, 150 rows each")
    indices = {c: [] for c in (1.0, 3.0, 10.0, 30.0, 100.0)}
    within, across = [], []
    for seed in seeds:
        train, _, truth = make(150, seed)
        for c, rand in indices.items():
            model = fit(train, seed, **READING | {"coupling__strength": c})
            rand.append(adjusted_rand_score(truth, model.cluster_domains()))
            if c == 3:
                weights = model.pair_weights_.mean(axis=0)
                same = truth[:, None] == truth
                within.append(weights[same].min())
                across.append(weights[~same].max())
    for c, rand in indices.items():
        show(f"adjusted Rand, coupling {c:g}", rand)
    show("coupling 3: smallest weight within", within)
    show("coupling 3: largest weight across", across)


def hostile(seeds):
    """Cost of a domain with random labels for the others."""
    print(
        "A hostile domain: 4 domains of a cluster, and one with random labels, 40 rows each"
    )
    options = {"n_domains": 5, "n_clusters": 1, "n_hostile": 1}
    for_reading = READING | {"coupling__sigma_factor": 3.0}
    settings = {"default": {}, "for reading": for_reading}
    for kind, base in settings.items():
        print(f" {kind}")
        for strategy in ("isolated", "l2", "joint"):
            with_it, without, weights = [], [], []
            for seed in seeds:
                train, test, _ = make(40, seed, **options)
                model = fit(train, seed, coupling__strategy=strategy, **base)
                with_it.append(scores(model, test, range(4)).mean())
                if strategy == "joint":
                    weights.append(model.pair_weights_[:, 4, :4].mean())
                friendly = tuple(part[train[2] < 4] for part in train)
                model = fit(friendly, seed, coupling__strategy=strategy, **base)
                rows = tuple(part[test[2] < 4] for part in test)
                without.append(scores(model, rows, range(4)).mean())
            show(f"{strategy}, R2 without it", without)
            show(f"{strategy}, R2 with it", with_it)
            show(f"{strategy}, paired cost", np.subtract(without, with_it))
            if weights:
                show("weight of the hostile domain", weights)


def coupling(seeds):
    """Effect of the strength of the coupling."""
    print("Couplings: 8 domains in two clusters, 30 rows each")
    tables = [make(30, seed) for seed in seeds]
    methods = {name: {"coupling__strategy": name} for name in ("isolated", "shared")}
    for c in (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0):
        methods[f"joint, {c:g}"] = {"coupling__strength": c}
        methods[f"l2, {c:g}"] = {"coupling__strength": c, "coupling__strategy": "l2"}
    for name, params in methods.items():
        means = [
            scores(fit(train, seed, **params), test, range(8)).mean()
            for seed, (train, test, _) in zip(seeds, tables, strict=True)
        ]
        show(f"{name}, R2", means)


def cost(seeds):
    """Time of a joint fit, of separate fits, and by the number of parameters."""
    del seeds
    rng = np.random.default_rng(0)
    sizes = rng.integers(20, 250, 139)
    X, y, domain = make_domains(sizes, 139, 5, n_features=28, random_state=0)
    params = {"max_iter": 30, "batch_size": 32, "theta": -7.0, "random_state": 0}
    print("139 domains of 20 to 250 rows, 28 columns, 30 epochs of 8 steps")
    for strategy in ("joint", "isolated"):
        model = JointRegressor(coupling=strategy, **params)
        for turn in ("first", "second"):
            begin = time.perf_counter()
            model.fit(X, y, sample_domain=domain)
            seconds = time.perf_counter() - begin
            print(f"  {strategy}, one program, {turn} fit: {seconds:.2f} s")
    alone = RLNRegressor(
        (64, 64), n_estimators=1, numeric_embedding=None, dropout=0.0, **params
    )
    # All networks take the same number of steps: small tables train for more epochs.
    for turn in ("first", "second"):
        begin = time.perf_counter()
        for d in range(139):
            rows = domain == d
            epochs = 30 * 8 // max(1, -(-rows.sum() // 32))
            alone.set_params(max_iter=epochs).fit(X[rows], y[rows])
        seconds = time.perf_counter() - begin
        print(f"  separate fits, {turn} time: {seconds:.2f} s")
    print("Seconds of a fit, without compilation, by the units of two hidden layers")
    X, y, domain = make_domains(128, 16, 2, n_features=32, random_state=0)
    for units in (32, 64, 128, 256):
        model = JointRegressor((units, units), max_iter=40, batch_size=32)
        model.fit(X, y, sample_domain=domain)
        begin = time.perf_counter()
        model.fit(X, y, sample_domain=domain)
        seconds = time.perf_counter() - begin
        n = sum(w[0].size for w in (*model.coefs_, *model.intercepts_))
        print(f"  {n:7d} parameters: {seconds:.2f} s, {1e6 * seconds / n:.1f} us each")


PARTS = {"clusters": clusters, "hostile": hostile, "coupling": coupling, "cost": cost}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    # All arms have the same number of epochs, converged or not.
    warnings.simplefilter("ignore", ConvergenceWarning)
    for part in options.parts:
        PARTS[part](range(options.seeds))

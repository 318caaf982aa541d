# SPDX-License-Identifier: BSD-3-Clause
"""Programs that are interrupted for real: ``python -m tests.faults._programs NAME``.

Each prints READY when its training is under way, and OUT with what Ctrl-C left.
"""

import os
import sys
import threading
import time
import warnings

import numpy as np
from joblib import Parallel, delayed
from sklearn.ensemble import RandomForestRegressor

from skrln import RLNRegressor, presets
from skrln._kernels import _chunks
from skrln.feature_selection import GeneticSelector
from skrln.joint import JointGenerator

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2000, 8))
Y = X[:, 0] - X[:, 1] * X[:, 2]
#: Hours, unless it is interrupted.
LONG = {"hidden_layer_sizes": (64,), "max_iter": 10**6, "early_stopping": False}


def network():
    return RLNRegressor(**presets.READABLE | LONG)


def say_ready():
    """Print READY in a line of its own, whatever other threads print."""
    os.write(1, b"READY\n")


def announce():
    """Print READY at the second chunk of epochs."""
    draw, chunks = _chunks.draw_orders, []

    def call(*args):
        chunks.append(None)
        if len(chunks) == 2:
            say_ready()
        return draw(*args)

    _chunks.draw_orders = call


def fit_one(_):
    """Fit in a worker, be it a thread or a process."""
    say_ready()
    return network().fit(X, Y)


def generator():
    model = JointGenerator(max_iter=10**6)
    model.fit(X)
    model.sample(3)
    return f"{type(model).__name__} of {min(model.n_iter_, 1)} epoch or more"


def genetic():
    GeneticSelector(network(), n_jobs=2).fit(X, Y)


class Forest(RandomForestRegressor):
    """Model that announces its fit, in whichever process."""

    def fit(self, X, y):
        say_ready()
        return super().fit(X, y)


def forests():
    GeneticSelector(Forest(10**5), n_jobs=2, cv=2).fit(X, Y)


def threads():
    Parallel(2, backend="threading")(delayed(fit_one)(k) for k in range(2))


def processes():
    Parallel(2, backend="loky")(delayed(fit_one)(k) for k in range(2))


def main(name):
    """Run a program until Ctrl-C, and print what it left."""
    if name in ("generator", "genetic"):
        announce()
    warnings.simplefilter("ignore")
    try:
        left = globals()[name]()
    except KeyboardInterrupt:
        left = "KeyboardInterrupt"
    own = []
    if name == "genetic":
        end = time.monotonic() + 5  # a thread that has ended is listed a moment longer
        while len(threading.enumerate()) > 1 and time.monotonic() < end:
            time.sleep(0.01)
        own = [thread.name for thread in threading.enumerate()]
    print("OUT", left, own[1:], flush=True)


if __name__ == "__main__":
    main(sys.argv[1])

# SPDX-License-Identifier: BSD-3-Clause
"""Programs that are interrupted for real: ``python -m tests.faults._programs NAME ...``.

Each prints READY and its name when its training is under way, and OUT with what Ctrl-C left.
They run one after the other, because a process takes longer to start than to interrupt. What
a program leaves behind shows at the end of the process: the last one is followed by nothing.
"""

import contextlib
import os
import sys
import threading
import time
import warnings

import numpy as np
from joblib import Parallel, delayed
from sklearn.linear_model import Ridge

from skrln import RLNRegressor, presets
from skrln._interrupts import Scope, in_scope
from skrln.feature_selection import GeneticSelector

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2000, 8))
Y = X[:, 0] - X[:, 1] * X[:, 2]
#: Hours, unless it is interrupted.
LONG = {"hidden_layer_sizes": (64,), "max_iter": 10**6, "early_stopping": False}


def network(n_estimators=1):
    return RLNRegressor(**presets.READABLE | LONG | {"n_estimators": n_estimators})


def say_ready(name):
    """Print READY in a line of its own, whatever other threads print."""
    os.write(1, f"READY {name}\n".encode())


@contextlib.contextmanager
def announced(name, at=2):
    """Print READY at a chunk of epochs in the body."""
    from skrln._kernels import _chunks

    draw, chunks = _chunks.draw_orders, []

    def call(*args):
        chunks.append(None)
        if len(chunks) == at:
            say_ready(name)
        return draw(*args)

    _chunks.draw_orders = call
    try:
        yield
    finally:
        _chunks.draw_orders = draw


def generator():
    from skrln.joint import JointGenerator

    model = JointGenerator(max_iter=10**6)
    with announced("generator"):
        model.fit(X)
    model.sample(3)
    return f"{type(model).__name__} of {min(model.n_iter_, 1)} epoch or more"


def genetic():
    with announced("genetic"):
        GeneticSelector(network(), n_jobs=2).fit(X, Y)


class Announced(Ridge):
    """Model of somebody else that fits for hours, with a network where there are more rows."""

    def fit(self, X, y):
        if len(X) > len(Y) // 2:
            import jax  # noqa: F401 - which takes a while, and is no part of the fit

            say_ready("workers")
            with in_scope(Scope()):  # as in a worker that the user starts
                return network().fit(X, y)
        say_ready("workers")
        while True:
            super().fit(X, y)


def workers():
    """In processes, which Ctrl-C reaches, too."""
    rows = np.arange(len(Y))
    splits = [(rows[:-9], rows[-9:]), (rows[:9], rows[9:])]
    GeneticSelector(Announced(), n_jobs=2, cv=splits).fit(X, Y)


def threads():
    """Of networks and of ensembles, which have threads of their own."""
    jobs = [delayed(network(n_estimators).fit)(X, Y) for n_estimators in (1, 2)]
    with announced("threads", at=6):
        Parallel(2, backend="threading")(jobs)


def main(name):
    """Run a program until Ctrl-C, and print what it left."""
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
    print("OUT", name, left, own[1:], flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # fits end before they converge
    for name in sys.argv[1:]:
        main(name)

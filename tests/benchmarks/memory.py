# SPDX-License-Identifier: BSD-3-Clause
"""Memory over fits of ever new shapes: ``python -m tests.benchmarks.memory --fits 300``.

Every fit compiles a program of its own, the worst case of a process that lives long. The column
"least" is what stays when all programs are freed: it may rise while JAX fills its own caches,
which are bounded, and not for ever.
"""

import argparse
import gc
import warnings

import jax
import numpy as np

from skrln import RLNRegressor, clear_caches
from skrln._kernels import _programs

from .test_fits import resident_bytes


def main():
    """Fit tiny networks, and print the resident memory of the process."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.memory")
    parser.add_argument("--fits", type=int, default=300)
    parser.add_argument("--every", type=int, default=60, help="fits of a printed line")
    parser.add_argument(
        "--optimized",
        action="store_true",
        help="compile as users do, which takes longer",
    )
    options = parser.parse_args()
    jax.config.update("jax_disable_most_optimizations", not options.optimized)
    warnings.simplefilter("ignore")  # fits end before they converge
    X = np.random.default_rng(0).normal(size=(60, 4))
    fit(X, 1)
    print(f"at most {_programs.MAX_PROGRAMS} programs are kept; sizes in MiB")
    print(f"{'fits':>6}{'programs':>10}{'resident':>10}{'least':>8}")
    for first in range(0, options.fits, options.every):
        for k in range(first, first + options.every):
            fit(X, 2 + k)
        n_programs, resident = len(_programs._programs), resident_bytes() / 2**20
        clear_caches()
        gc.collect()
        least = resident_bytes() / 2**20
        print(
            f"{first + options.every:6}{n_programs:10}{resident:10.0f}{least:8.0f}",
            flush=True,
        )


def fit(X, width):
    """Fit a network whose shape no other fit has."""
    network = RLNRegressor(
        (width,), theta=-7, n_estimators=1, numeric_embedding=None, max_iter=1
    )
    network.fit(X, X[:, 0])


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of all tests, and the seeds they run with."""

import os

import pytest

# Figures are drawn without a screen; only tests that plot import matplotlib itself.
os.environ.setdefault("MPLBACKEND", "Agg")

DEFAULT_SEED = 42
ALL_SEEDS = range(100)
SEED_VARIABLE = "SKRLN_TESTS_GLOBAL_RANDOM_SEED"


def pytest_configure(config):
    """Share compiled programs among processes and runs: they are most of the time.

    What a user has in a new process is what the benchmarks time: they compile.
    """
    if any("benchmarks" in str(arg) for arg in config.args):
        return
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(config.cache.mkdir("jax")))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")


def random_seeds(setting):
    """Seeds asked for by `setting`: None for one of them, "all", "7" or "0-9"."""
    if not setting:
        return [DEFAULT_SEED]
    if setting == "all":
        return list(ALL_SEEDS)
    first, _, last = setting.partition("-")
    try:
        seeds = list(range(int(first), int(last or first) + 1))
    except ValueError:
        seeds = []
    if not seeds:
        raise pytest.UsageError(
            f"Got {SEED_VARIABLE}={setting!r}, but expected a seed such as 7, "
            "a range such as 0-9, or all."
        )
    return seeds


@pytest.fixture(params=random_seeds(os.environ.get(SEED_VARIABLE)))
def global_random_seed(request):
    """Seed of a test that must hold for any seed, not for a lucky one.

    One seed by default. The variable SKRLN_TESTS_GLOBAL_RANDOM_SEED of the environment
    asks for another, for a range, or for all of them.
    """
    return request.param


@pytest.fixture
def pyplot():
    """matplotlib.pyplot, with all figures closed before and after."""
    from matplotlib import pyplot

    pyplot.close("all")
    yield pyplot
    pyplot.close("all")

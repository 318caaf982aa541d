# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of all tests, and the seeds they run with."""

import os
import subprocess
import sys

import pytest

# Figures are drawn without a screen; only tests that plot import matplotlib itself.
os.environ.setdefault("MPLBACKEND", "Agg")

#: Kernels that are compiled in less time, and run somewhat longer.
PLAIN_KERNELS = "--xla_cpu_use_fusion_emitters=false"
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
    if "XLA_FLAGS" not in os.environ and _is_known(PLAIN_KERNELS):
        os.environ["XLA_FLAGS"] = PLAIN_KERNELS


def _is_known(flag):
    """Whether the installed version has a flag; it would end the process otherwise."""
    start = [sys.executable, "-c", "import jax; jax.devices()"]
    flags = os.environ | {"XLA_FLAGS": flag}
    return not subprocess.run(start, env=flags, capture_output=True).returncode


@pytest.fixture(autouse=True, scope="package")
def compile_cheaply():
    """Half of the time to compile, for programs that run for a moment."""
    yield from _with_most_optimizations(disabled=True)


@pytest.fixture(autouse=True, scope="module")
def compile_module_well(request, compile_cheaply):
    """What modules fit that are marked "optimized" takes longer than to compile."""
    yield from _compile_well(request.node)


@pytest.fixture(autouse=True)
def compile_well(request, compile_module_well):
    """The same for single tests."""
    yield from _compile_well(request.node)


def _compile_well(node):
    if node.get_closest_marker("optimized") is None:
        yield
    else:
        yield from _with_most_optimizations(disabled=False)


def _with_most_optimizations(*, disabled):
    import jax

    name = "jax_disable_most_optimizations"
    before = jax.config.read(name)
    jax.config.update(name, disabled)
    yield
    jax.config.update(name, before)


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

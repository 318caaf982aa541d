# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of all tests, and the seeds they run with."""

import os
import signal
import subprocess
import sys

import jax
import pytest

# Figures are drawn without a screen; only tests that plot import matplotlib itself.
os.environ.setdefault("MPLBACKEND", "Agg")

#: Kernels that are compiled in less time, and run somewhat longer.
PLAIN_KERNELS = (
    "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
)
DISABLED = "jax_disable_most_optimizations"
#: Threads of BLAS and OpenMP wait for each other in a loop: with a test process on every core,
#: a small fit of scikit-learn takes ten times as long with two threads as with one.
THREAD_COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
DEFAULT_SEED = 42
ALL_SEEDS = range(100)
SEED_VARIABLE = "SKRLN_TESTS_GLOBAL_RANDOM_SEED"


def pytest_configure(config):
    """Share compiled programs among processes and runs: they are most of the time.

    What a user has in a new process is what the benchmarks time: they compile.
    """
    if any("benchmarks" in str(arg) for arg in config.args):
        return
    for name, value in {
        "jax_compilation_cache_dir": str(config.cache.mkdir("jax")),
        "jax_persistent_cache_min_compile_time_secs": 0.2,
        DISABLED: True,
    }.items():
        os.environ.setdefault(
            name.upper(), str(value)
        )  # for processes that tests start
        jax.config.update(name, value)  # other conftests may have imported JAX
    for name in THREAD_COUNTS:  # of the processes that pytest-xdist starts
        os.environ.setdefault(name, "1")
    if "XLA_FLAGS" not in os.environ and _is_known(PLAIN_KERNELS):
        os.environ["XLA_FLAGS"] = PLAIN_KERNELS
    config.pluginmanager.register(Compilation())
    # A shell starts programs in the background with Ctrl-C ignored. Tests press it.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class Compilation:
    """Half of the time to compile, for programs that run for a moment.

    The fits of examples, and of tests and modules marked "optimized", take longer than that:
    they are compiled as users compile them.
    """

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        long = isinstance(item, pytest.DoctestItem) or item.get_closest_marker(
            "optimized"
        )
        jax.config.update(DISABLED, not long)
        return (yield)


def _is_known(flag):
    """Whether the installed version has a flag; it would end the process otherwise."""
    start = [sys.executable, "-c", "import jax; jax.devices()"]
    flags = os.environ | {"XLA_FLAGS": flag}
    return not subprocess.run(start, env=flags, capture_output=True).returncode


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

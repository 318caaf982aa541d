# SPDX-License-Identifier: BSD-3-Clause
"""Run the cases of one seed in a process of its own."""

import contextlib
import faulthandler
import os
import signal
import time
import traceback
from collections import Counter

#: Kernels that compile in less time, as in the tests.
PLAIN_KERNELS = (
    "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
)
#: Compiled programs that a process keeps; it compiles less often than by default.
PROGRAMS = 500
#: Cases of one run of Hypothesis, processor seconds after which a case counts as endless, and
#: seconds after which a process that does not even notice this ends.
CHUNK, TIMEOUT, LONGEST = 500, 60, 3600


def run_chunk(chunk_seed, n_cases, names):
    """Run cases of one seed; return counts and failures."""
    for name, value in {
        "XLA_FLAGS": PLAIN_KERNELS,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
    }.items():
        os.environ.setdefault(name, value)
    from hypothesis import HealthCheck, Phase, given, seed, settings

    from skrln._kernels import _programs

    from ._cases import SHARES, cases
    from ._check import check_case

    _programs.MAX_PROGRAMS = PROGRAMS
    counts, failures = Counter(), []

    @seed(chunk_seed)
    @settings(
        max_examples=n_cases,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(tuple(names) or SHARES))
    def run(case):
        counts["cases"] += 1
        start = time.perf_counter()
        try:
            with _time_limit():
                counts["calls"] += check_case(case)
        except Exception as error:  # every other error is a failure
            failures.append(describe(case, error, chunk_seed))
        counts["slow"] += time.perf_counter() - start > 10

    start = time.perf_counter()
    run()
    return counts, failures, time.perf_counter() - start


@contextlib.contextmanager
def _time_limit():
    """Raise TimeoutError in a case that takes too long; end a process that hangs."""

    def stop(*_):
        raise TimeoutError(f"no end after {TIMEOUT} s")

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, TIMEOUT)
    faulthandler.dump_traceback_later(LONGEST, exit=True)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.cancel_dump_traceback_later()


def describe(case, error, chunk_seed):
    """Describe a failure in a line."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "/skrln/" in f.filename]
    cause = error.__cause__
    if cause is not None and not own:
        own = [
            f
            for f in traceback.extract_tb(cause.__traceback__)
            if "/skrln/" in f.filename
        ]
    where = (
        f"{own[-1].filename.rpartition('/skrln/')[2]}:{own[-1].lineno}" if own else ""
    )
    return {
        "estimator": case.name,
        "error": f"{type(error).__name__}: {error}"[:600],
        "where": where,
        "seed": chunk_seed,
        "case": repr(case)[:1500],
    }

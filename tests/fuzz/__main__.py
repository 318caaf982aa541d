# SPDX-License-Identifier: BSD-3-Clause
"""Run many cases, go on after failures, and write them to a file.

python -m tests.fuzz --cases 100000 --seed 0 --jobs 2 --out failures.jsonl

With ``--done 40000`` the run goes on after its first 40,000 cases.
"""

import argparse
import json
import re
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.fuzz._run import CHUNK, run_chunk


def kind_of(failure):
    """Key of failures with one cause."""
    return (failure["where"], re.sub(r"\d[\d.e+-]*", "#", failure["error"])[:100])


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--done", type=int, default=0, help="cases of an earlier run")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--names", nargs="*", default=[])
    parser.add_argument("--out", default="failures.jsonl")
    options = parser.parse_args()
    chunks = range(options.done // CHUNK, -(-options.cases // CHUNK))
    total, kinds, start = Counter(), Counter(), time.perf_counter()
    sizes = [min(CHUNK, options.cases - CHUNK * k) for k in chunks]
    seeds = [options.seed * 1_000_000 + k for k in chunks]
    with (
        ProcessPoolExecutor(
            options.jobs, get_context("spawn"), max_tasks_per_child=40
        ) as pool,
        open(options.out, "a") as file,
    ):
        futures = [
            pool.submit(run_chunk, seed, size, options.names)
            for seed, size in zip(seeds, sizes, strict=True)
        ]
        for future in futures:
            counts, failures, _ = future.result()
            total += counts
            for failure in failures:
                kinds[kind_of(failure)] += 1
                file.write(json.dumps(failure) + "\n")
            file.flush()
            n_failures, seconds = sum(kinds.values()), time.perf_counter() - start
            print(
                f"{total['cases']} cases, {total['calls']} calls, {n_failures} failures of "
                f"{len(kinds)} kinds, {seconds:.0f} s",
                flush=True,
            )
    for (where, error), count in kinds.most_common():
        print(count, where, error)
    sys.exit(bool(kinds))


if __name__ == "__main__":
    main()

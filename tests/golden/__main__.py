# SPDX-License-Identifier: BSD-3-Clause
"""Record the golden results: ``python -m tests.golden``.

Record them again only where a change is meant to change numbers.
"""

import argparse
import os
import time
import warnings
from pathlib import Path

import jax

from tests.conftest import DISABLED, _is_known

from . import _results

#: Flags of the recorded programs. The tests compile with one flag more, which moves joint fits
#: by up to 1e-13.
FLAGS = "--xla_cpu_use_fusion_emitters=false"


def main():
    """Fit all cases, compiled as in the tests, and write their results."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden")
    parser.add_argument("--path", type=Path, default=_results.PATH)
    parser.add_argument(
        "--only", nargs="*", help="cases to record again; all by default"
    )
    options = parser.parse_args()
    if "XLA_FLAGS" not in os.environ and _is_known(FLAGS):
        os.environ["XLA_FLAGS"] = FLAGS
    jax.config.update(DISABLED, True)
    warnings.simplefilter("ignore")  # fits end before they converge

    from ._cases import CASES

    cases = _results.load(options.path) if options.only else {}
    for name in options.only or CASES:
        start = time.perf_counter()
        cases[name] = _results.keep_all(CASES[name]())
        print(f"{time.perf_counter() - start:6.2f} s  {name}")
    _results.save({name: cases[name] for name in CASES}, options.path)
    print(f"{len(cases)} cases, {options.path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()

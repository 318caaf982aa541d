# SPDX-License-Identifier: BSD-3-Clause
"""Timing side by side, and code in new processes."""

import contextlib
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import jax
import numpy as np

ROOT = Path(__file__).parents[2]


def seconds(call):
    """Seconds that `call` takes."""
    start = perf_counter()
    call()
    return perf_counter() - start


def in_turn(contenders, n_rounds):
    """Samples of each contender, one a round.

    Parameters
    ----------
    contenders : dict of str to callable
        Each measures itself once and returns the number.
    n_rounds : int

    Returns
    -------
    dict of str to ndarray of shape (n_rounds,)
    """
    rounds = [[measure() for measure in contenders.values()] for _ in range(n_rounds)]
    return dict(zip(contenders, np.transpose(rounds), strict=True))


def seconds_per_epoch(make, X, y, n_epochs):
    """Of ``make(n).fit(X, y)`` between the two numbers of epochs given."""
    few, many = (seconds(lambda n=n: make(n).fit(X, y)) for n in n_epochs)
    return (many - few) / (n_epochs[1] - n_epochs[0])


@contextlib.contextmanager
def compiled_programs():
    """Names of the programs that JAX compiles in the body, in any thread, in their order."""
    names = []
    handler = logging.Handler()
    handler.emit = lambda record: names.extend(_compiled(record.getMessage()))
    logger = logging.getLogger("jax")
    logger.addHandler(handler)
    before = jax.config.jax_log_compiles
    jax.config.update("jax_log_compiles", True)  # jax.log_compiles is of one thread
    try:
        yield names
    finally:
        jax.config.update("jax_log_compiles", before)
        logger.removeHandler(handler)


def _compiled(message):
    _, found, name = message.partition("XLA compilation of jit(")
    return [name.split(")")[0]] if found else []


def in_new_process(script, bytecode):
    """What `script` prints last, read as JSON.

    Modules are kept compiled in the folder `bytecode`, as they are in an installed package;
    a first call fills it.
    """
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    changes = {"PYTHONPATH": path, "PYTHONPYCACHEPREFIX": str(bytecode)}
    environment = os.environ | changes | {"PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])

# SPDX-License-Identifier: BSD-3-Clause
"""Import of JAX and of the modules that need it, when a fit first does.

A fitted model predicts in NumPy: it is read and used where JAX is not installed.
"""

import threading
from importlib import import_module
from typing import Any

from skrln._interrupts import deferred

#: Packages that only a fit needs.
FOR_FITS = ("jax", "jaxlib", "optax")

# Threads that import modules of one circle at the same time may see unfinished modules.
_loading = threading.RLock()


def load(module: str) -> Any:
    """Import a module by its full name; an ImportError says what a fit lacks."""
    # Ctrl-C in the middle of an import would leave half of a module.
    with _loading, deferred():
        try:
            return import_module(module)
        except ImportError as error:
            missing = (error.name or "").partition(".")[0]
            if missing not in FOR_FITS:
                raise
            raise ImportError(
                f"Got no package {missing!r} to import, but expected "
                f"{', '.join(FOR_FITS)} to be installed: a fit needs them, although "
                "predicting does not. Install them with `pip install jax optax`, or "
                "together with skrln by `pip install skrln`.",
                name=missing,
            ) from error

# SPDX-License-Identifier: BSD-3-Clause
"""Report of versions and devices, for bug reports."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from ._kernels import list_devices

PACKAGES = (
    "skrln",
    "numpy",
    "scipy",
    "scikit-learn",
    "jax",
    "jaxlib",
    "optax",
    "pandas",
)


def show_versions() -> None:
    """Print versions of Python and packages, JAX devices and JAX environment variables.

    The function starts the JAX backend, if JAX is installed.
    """
    lines = [f"python: {sys.version.split()[0]}", f"platform: {platform.platform()}"]
    lines += [f"{name}: {_version(name)}" for name in PACKAGES]
    lines.append(f"devices: {_devices()}")
    # Flags of JAX and XLA change precision, devices and speed.
    lines += [
        f"{k}={v}" for k, v in os.environ.items() if k.startswith(("JAX_", "XLA_"))
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _devices():
    try:
        return ", ".join(list_devices())
    except ImportError:
        return "none, jax is not installed"


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"

# SPDX-License-Identifier: BSD-3-Clause
"""Device and precision of a fit, in a scope: no global setting changes."""

import contextlib
import os
from collections.abc import Generator
from typing import Any

import jax

from skrln._interrupts import deferred

_backend_pid: int | None = None


def default_platform(device: str | None = None) -> str:
    """Platform of a fit with this `device`: "cpu", "gpu" or "tpu"."""
    check_fork()
    return _find_device(device).platform


@deferred()
def list_devices() -> list[str]:
    """Names of the devices that JAX finds, for the parameter `device`."""
    check_fork()
    return [f"{device.platform}:{device.id}" for device in jax.devices()]


@contextlib.contextmanager
def placed(device: str | None, precision: str) -> Generator[None]:
    """Run the body on `device` in `precision`."""
    with contextlib.ExitStack() as stack:
        if device is not None:
            stack.enter_context(jax.default_device(_find_device(device)))
        stack.enter_context(jax.enable_x64(precision == "float64"))
        yield


def check_fork() -> None:
    """Raise in a child forked after JAX has started: a fit would hang there."""
    global _backend_pid
    if _backend_pid is None:
        _backend_pid = os.getpid()
    elif _backend_pid != os.getpid():
        raise RuntimeError(
            "This process was forked after JAX had started in its parent, where JAX's "
            "threads did not follow: a fit here would hang. Start workers with joblib's "
            'default "loky" or with "threading", or with multiprocessing\'s "spawn".'
        )


@deferred()  # JAX starts at the first call
def _find_device(device: str | None) -> Any:
    if device is None:
        return jax.devices()[0]
    platform, _, index = device.partition(":")
    try:
        return jax.devices(platform)[int(index or 0)]
    except (RuntimeError, IndexError, ValueError) as error:
        raise ValueError(
            f"Got device={device!r}, but expected None or one of the devices that JAX "
            f"finds here: {', '.join(list_devices())}. Install the JAX build of that "
            "device, or pass None."
        ) from error

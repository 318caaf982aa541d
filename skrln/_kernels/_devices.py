# SPDX-License-Identifier: BSD-3-Clause
"""Device and precision of a fit, in a scope: no global setting changes."""

import contextlib
import os
import sys
from collections.abc import Generator
from typing import Any

from skrln._interrupts import deferred

from ._loading import load

#: Value of `device`: all devices of the default platform of this process.
ALL_DEVICES = "all"

#: True in a child that was forked after JAX had started in its parent, for whomever.
_started_in_parent = False


def default_platform(device: str | None = None) -> str:
    """Platform of a fit with this `device`: "cpu", "gpu" or "tpu"."""
    check_fork()
    return _find_device(device).platform


@deferred()
def list_devices() -> list[str]:
    """Names of the devices that JAX finds, for the parameter `device`."""
    check_fork()
    return [f"{device.platform}:{device.id}" for device in load("jax").devices()]


@deferred()
def count_devices(device: str | None) -> int:
    """Devices that share each batch of a fit with this `device`."""
    if device != ALL_DEVICES:
        return 1
    check_fork()
    return len(load("jax").local_devices())


@deferred()
def deal_devices(device: str | None, n_fits: int) -> list[str | None]:
    """Devices over which the fits that run at the same time are dealt.

    The only one is `device` itself where it is not "all", and where there are fewer fits than
    devices: then all devices share each batch.
    """
    if device != ALL_DEVICES or not 1 < count_devices(device) <= n_fits:
        return [device]
    devices, own = load("jax").devices(), load("jax").local_devices()
    # By position, as `_find_device` reads them; those of other processes are left out.
    return [f"{d.platform}:{k}" for k, d in enumerate(devices) if d in own]


@contextlib.contextmanager
def placed(device: str | None, precision: str) -> Generator[None]:
    """Run the body in `precision` on `device`, which is the first of all devices."""
    jax = load("jax")
    with contextlib.ExitStack() as stack:
        if device is not None:
            stack.enter_context(jax.default_device(_find_device(device)))
        stack.enter_context(jax.enable_x64(precision == "float64"))
        yield


def check_fork() -> None:
    """Raise in a child forked after JAX has started: a fit would hang there."""
    if _started_in_parent:
        raise RuntimeError(
            "This process was forked after JAX had started in its parent, where JAX's "
            "threads did not follow: a fit here would hang. Start workers with joblib's "
            'default "loky" or with "threading", or with multiprocessing\'s "spawn", or '
            "fork before anything uses JAX. Predicting works here."
        )


def has_started() -> bool:
    """Return True where JAX has live backends, which this function does not start.

    Another package may have started them. The name that tells is private to JAX: where it is
    missing, an imported JAX counts as started.
    """
    bridge = sys.modules.get("jax._src.xla_bridge")
    if bridge is None:
        return "jax" in sys.modules
    # Not backends_are_initialized(): its lock may belong to a thread that a fork left behind.
    backends = getattr(bridge, "_backends", None)
    return backends is None or len(backends) > 0


def _mark_child() -> None:
    """Remember in a forked child whether JAX had started, before the child may start it."""
    global _started_in_parent
    _started_in_parent = _started_in_parent or has_started()


if hasattr(os, "register_at_fork"):  # Windows does not fork
    os.register_at_fork(after_in_child=_mark_child)


@deferred()  # JAX starts at the first call
def _find_device(device: str | None) -> Any:
    jax = load("jax")
    if device is None:
        return jax.devices()[0]
    if device == ALL_DEVICES:
        return jax.local_devices()[0]
    platform, _, index = device.partition(":")
    try:
        return jax.devices(platform)[int(index or 0)]
    except (RuntimeError, IndexError, ValueError) as error:
        raise ValueError(
            f"Got device={device!r}, but expected None or one of the devices that JAX "
            f"finds here: {', '.join(list_devices())}, or 'all' for all of them. Install the "
            "JAX build of that device, or pass None."
        ) from error

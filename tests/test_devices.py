# SPDX-License-Identifier: BSD-3-Clause
"""``device="all"``: with one device here, with two in another process."""

import os
import subprocess
import sys
from pathlib import Path

TWO_DEVICES = "--xla_force_host_platform_device_count=2"


def test_two_devices():
    root = Path(__file__).parents[1]
    flags = f"{os.environ.get('XLA_FLAGS', '')} {TWO_DEVICES}"
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTEST_")  # a worker of pytest-xdist is something else
    }
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "tests/_two_devices.py"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=900,
        cwd=root,
        env=environment | {"XLA_FLAGS": flags.strip()},
    )
    assert done.returncode == 0, done.stdout + done.stderr

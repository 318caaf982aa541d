# SPDX-License-Identifier: BSD-3-Clause
"""Ctrl-C at a chosen place, and threads that hand back what they raise."""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor


def press_ctrl_c():
    """Interrupt the main thread, from any thread."""
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


def pressing(function, at):
    """Return the function with Ctrl-C at the start of its call number `at`."""
    calls = []

    def call(*args, **kwargs):
        calls.append(None)
        if len(calls) == at:
            press_ctrl_c()
        return function(*args, **kwargs)

    return call


def in_thread(function, *args):
    """Call a function in another thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *args).result()


def wait_for(condition, seconds=10.0):
    """Wait until the condition holds; return whether it does."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()

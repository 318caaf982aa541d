# SPDX-License-Identifier: BSD-3-Clause
"""Lock of a folder."""

import os
import subprocess
import sys

from skrln._checkpoints._lock import FolderLock

HOLD = """
import sys
from skrln._checkpoints._lock import FolderLock
lock = FolderLock(sys.argv[1])
print(lock.acquire(), flush=True)
sys.stdin.read()
"""


def test_one_holder_at_a_time(tmp_path):
    path = str(tmp_path / "lock")
    first, second = FolderLock(path), FolderLock(path)
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert not os.path.exists(path)
    assert second.acquire()
    second.release()


def test_a_dead_process_holds_nothing(tmp_path):
    path = str(tmp_path / "lock")
    command = [sys.executable, "-c", HOLD, path]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        assert process.stdout.readline().strip() == "True"
        assert not FolderLock(path).acquire()
        process.kill()
    assert os.path.exists(path)
    lock = FolderLock(path)
    assert lock.acquire()
    lock.release()


def test_a_file_that_was_removed_meanwhile_is_no_lock(tmp_path, monkeypatch):
    """The holder removes the file after another fit has opened it."""
    path = str(tmp_path / "lock")
    first, second = FolderLock(path), FolderLock(path)
    assert first.acquire()
    samestat, calls = os.path.samestat, []

    def late(*stats):
        calls.append(stats)
        if len(calls) == 1:
            os.remove(path)
            open(path, "w").close()  # of a third fit
            return samestat(os.fstat(second_file()), os.stat(path))
        return samestat(*stats)

    def second_file():
        return first._file.fileno()

    first._file.close()
    monkeypatch.setattr(os.path, "samestat", late)
    first._file = open(path)  # noqa: SIM115 - closed below
    assert second.acquire()
    assert len(calls) == 2
    second.release()
    first._file.close()

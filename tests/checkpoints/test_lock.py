# SPDX-License-Identifier: BSD-3-Clause
"""Lock of a folder."""

import errno
import os
import subprocess
import sys

import pytest

from skrln._checkpoints import _lock
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


@pytest.mark.skipif(os.name != "posix", reason="Windows locks in another way")
def test_a_file_system_without_locks_is_an_error(tmp_path, monkeypatch):
    opened = []

    def unsupported(file, how):
        opened.append(file)
        raise OSError(errno.ENOLCK, "No locks available")

    lock = FolderLock(str(tmp_path / "lock"))
    with monkeypatch.context() as patch:
        patch.setattr(_lock.fcntl, "flock", unsupported)
        with pytest.raises(OSError, match="No locks available"):
            lock.acquire()
    assert opened[0].closed
    assert lock.acquire()
    lock.release()


@pytest.mark.skipif(os.name != "posix", reason="Windows removes no open file")
def test_release_closes_the_file_in_any_case(tmp_path, monkeypatch):
    path = str(tmp_path / "lock")

    def held():
        lock = FolderLock(path)
        assert lock.acquire()
        return lock, lock._file

    lock, file = held()
    os.remove(path)
    lock.release()
    assert file.closed
    lock, file = held()
    os.remove(path)
    open(path, "w").close()  # of somebody else
    lock.release()
    assert file.closed
    assert os.path.exists(path)
    lock, file = held()
    with monkeypatch.context() as patch:
        patch.setattr(os, "remove", refuse)
        lock.release()
    assert file.closed
    held()[0].release()


def refuse(path):
    raise PermissionError(f"no right to remove {path}")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork")  # JAX and Python warn of any fork
def test_a_child_does_not_hold_the_lock(tmp_path):
    lock = FolderLock(str(tmp_path / "lock"))
    assert lock.acquire()
    answers, questions = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.close(questions[1])
        os.write(answers[1], b"1")
        os.read(questions[0], 1)  # until the parent closes its end
        os._exit(0)
    os.read(answers[0], 1)
    lock._file.close()  # as the end of the process would
    lock._file = None
    other = FolderLock(lock.path)
    try:
        assert other.acquire()
        other.release()
    finally:
        for end in (*answers, *questions):
            os.close(end)
        os.waitpid(child, 0)


def test_the_child_has_nothing_to_release(tmp_path):
    lock = FolderLock(str(tmp_path / "lock"))
    assert lock.acquire()
    file = lock._file
    _lock._close_in_child()
    assert file.closed
    lock.release()
    assert os.path.exists(lock.path)

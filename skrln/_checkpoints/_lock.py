# SPDX-License-Identifier: BSD-3-Clause
"""One process at a time in a folder."""

import contextlib
import errno
import os
import weakref

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt

#: Errors of a file that somebody else has locked.
TAKEN = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)


class FolderLock:
    """Lock of a folder that ends with the process, however the process ends.

    The operating system holds the lock on an open file. So a process that was killed leaves
    the file, but no lock.

    Parameters
    ----------
    path : str
        File of the lock.
    """

    def __init__(self, path):
        self.path = path
        self._file = None

    def acquire(self):
        """Return True if the lock is held from now on, and False if another fit holds it.

        Raises
        ------
        OSError
            If no file can be written and locked in the folder.
        """
        while True:
            file = open(self.path, "ab")  # noqa: SIM115 - open as long as the lock
            try:
                if not _lock(file):
                    return False
                # The holder before may have removed the file after it was opened here.
                if _is_at(file, self.path):
                    self._file = file
                    _held.add(self)
                    return True
            finally:
                if self._file is not file:
                    file.close()

    def release(self):
        """Remove the file and let go. A file that cannot be removed stays, without a lock."""
        if self._file is None:  # in a child of the process that holds the lock
            return
        if fcntl is not None:
            # While it is locked: afterwards it may be the file of another fit.
            with contextlib.suppress(OSError):
                if _is_at(self._file, self.path):
                    os.remove(self.path)
            self.close()
            return
        self.close()
        with contextlib.suppress(OSError):  # another fit has opened it
            os.remove(self.path)

    def close(self):
        """Close the file in this process."""
        _held.discard(self)
        self._file.close()
        self._file = None


def _lock(file):
    """Lock a file; return whether nobody else has locked it."""
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except OSError as error:
        if error.errno not in TAKEN:
            raise
        return False
    return True


def _is_at(file, path):
    """Return True if an open file is the one at a path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


#: Locks that this process holds.
_held: weakref.WeakSet[FolderLock] = weakref.WeakSet()


def _close_in_child():
    """Close the files after a fork: the lock is to end with its process, not with a child."""
    for lock in list(_held):
        lock.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)

# SPDX-License-Identifier: BSD-3-Clause
"""One process at a time in a folder."""

import contextlib
import os

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt


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
        """Return True if the lock is held from now on, and False if another fit holds it."""
        while True:
            file = open(self.path, "ab")  # noqa: SIM115 - open as long as the lock
            if not _lock(file):
                file.close()
                return False
            # The holder before may have removed the file after it was opened here.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), os.stat(self.path)):
                    self._file = file
                    return True
            file.close()

    def release(self):
        """Remove the file and let go."""
        if fcntl is not None:
            # While it is locked: afterwards it may be the file of another fit.
            os.remove(self.path)
            self._file.close()
            return
        self._file.close()
        with contextlib.suppress(OSError):  # another fit has opened it
            os.remove(self.path)


def _lock(file):
    """Lock a file; return whether nobody else has locked it."""
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    return True

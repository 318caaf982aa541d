# SPDX-License-Identifier: BSD-3-Clause
"""Folder of compiled programs: private to its user, and bounded in size.

A compiled program is code. Whoever can write into the folder can run code as its user, so the
folder is checked at every use. On POSIX systems all files are opened relative to the folder
that was checked, which nobody can exchange in between.
"""

import contextlib
import hashlib
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

#: First line of a file; another layout of the files needs another line.
MAGIC = b"skrln program 1\n"
#: Names of programs, and of files that are being written.
PROGRAM = re.compile(r"[0-9a-f]{64}\.program")
UNFINISHED = re.compile(r"[0-9a-f]{64}\.program\.[0-9a-f]{16}\.tmp")
#: Seconds after which nobody writes an unfinished file any more.
ABANDONED_AFTER = 3600.0
#: Files can be opened relative to an open folder; not on Windows.
HAS_FOLDER_DESCRIPTORS = os.open in os.supports_dir_fd and os.listdir in os.supports_fd
DIGEST_SIZE = hashlib.sha256().digest_size


class UnsafeFolderError(ValueError):
    """A folder that another user could have written to, or that cannot be used at all."""


class DamagedError(ValueError):
    """A file that is not whole, or that holds another program than its name says."""


def user_folder() -> str:
    """Return the folder for compiled programs in the cache folder of the user."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.join("~", "AppData", "Local")
    elif sys.platform == "darwin":
        base = os.path.join("~", "Library", "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME", "")
        if not os.path.isabs(base):  # the specification ignores relative paths
            base = os.path.join("~", ".cache")
    base = os.path.expanduser(base)
    if not os.path.isabs(base):
        raise UnsafeFolderError(
            "Got folder=None, but this user has no home folder, in which the cache would be. "
            "Pass the path of a folder."
        )
    return os.path.join(base, "skrln", "programs")


@dataclass(frozen=True)
class ProgramStore:
    """Compiled programs on disk.

    Parameters
    ----------
    path : str
        Absolute path of the folder.
    max_bytes : int
        Size of all files together. The least recently used programs are deleted.
    """

    path: str
    max_bytes: int

    def check(self) -> None:
        """Make the folder; raise an UnsafeFolderError if it is not private and writable."""
        with self._opened() as folder:
            name = f"{'0' * 64}.program.{secrets.token_hex(8)}.tmp"
            try:
                folder.write(name, b"")
                folder.remove(name)
            except OSError as error:
                raise self._unusable(error) from error

    def read(self, name: str) -> bytes | None:
        """Return the program of this name, or None if there is none.

        Raises
        ------
        DamagedError
            If the file is not as `write` wrote it.
        """
        with self._opened() as folder:
            try:
                content = folder.read(f"{name}.program")
                folder.touch(f"{name}.program")
            except FileNotFoundError:
                return None
        start = len(MAGIC) + DIGEST_SIZE
        digest, body = content[len(MAGIC) : start], content[start:]
        if not content.startswith(MAGIC) or digest != _digest(name, body):
            raise DamagedError("it is not as it was written")
        return body

    def write(self, name: str, body: bytes) -> bool:
        """Write a program whole or not at all; return False if it exceeds `max_bytes`."""
        content = MAGIC + _digest(name, body) + body
        if len(content) > self.max_bytes:
            return False
        final = f"{name}.program"
        unfinished = f"{final}.{secrets.token_hex(8)}.tmp"
        with self._opened() as folder:
            try:
                folder.write(unfinished, content)
                folder.replace(unfinished, final)
            except OSError:
                with contextlib.suppress(OSError):
                    folder.remove(unfinished)
                raise
            self._delete_old(folder, final)
        return True

    def _delete_old(self, folder: "_Folder", newest: str) -> None:
        """Delete the least recently used programs until all fit in `max_bytes`."""
        programs: list[tuple[float, int, str]] = []
        abandoned: list[str] = []
        for name in folder.names():
            if not PROGRAM.fullmatch(name) and not UNFINISHED.fullmatch(name):
                continue  # a file of somebody else
            with contextlib.suppress(FileNotFoundError):
                status = folder.status(name)
                if PROGRAM.fullmatch(name):
                    programs.append((status.st_mtime, status.st_size, name))
                elif time.time() - status.st_mtime > ABANDONED_AFTER:
                    abandoned.append(name)
        excess = sum(size for _, size, _ in programs) - self.max_bytes
        for _, size, name in sorted(programs):
            if excess > 0 and name != newest:
                abandoned.append(name)
                excess -= size
        for name in abandoned:
            # Another process may have deleted it; on Windows, one that reads it keeps it.
            with contextlib.suppress(FileNotFoundError, PermissionError):
                folder.remove(name)

    @contextlib.contextmanager
    def _opened(self) -> "Generator[_Folder]":
        """Make, open and check the folder."""
        try:
            os.makedirs(self.path, mode=0o700, exist_ok=True)
            if not HAS_FOLDER_DESCRIPTORS:
                self._check_status(os.stat(self.path))
                yield _Folder(self.path, None)
                return
            descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            self._check_status(os.fstat(descriptor))
            yield _Folder(self.path, descriptor)
        finally:
            os.close(descriptor)

    def _check_status(self, status: os.stat_result) -> None:
        """Raise an UnsafeFolderError if another user could write to the folder."""
        if os.name != "posix":  # access lists protect the folders of a user on Windows
            return
        user, owner = os.geteuid(), status.st_uid
        if owner != user:
            raise UnsafeFolderError(
                f"Got the folder {self.path!r} for compiled programs, which belongs to the "
                f"user with the number {owner}, but expected a folder of user {user}, who "
                "runs this process: programs in it are executed. Pass another folder to "
                "skrln.cache_programs."
            )
        mode = stat.S_IMODE(status.st_mode)
        if mode & 0o077:
            raise UnsafeFolderError(
                f"Got the folder {self.path!r} for compiled programs, which has the mode "
                f"{mode:03o}, but expected 700: others must not write programs, because they "
                "are executed. If nobody else wrote to it, run "
                f"`chmod 700 {self.path}`; otherwise pass another folder to "
                "skrln.cache_programs."
            )

    def _unusable(self, error: OSError) -> UnsafeFolderError:
        return UnsafeFolderError(
            f"Got the folder {self.path!r} for compiled programs, but expected one that can "
            f"be made, read and written: {error}. Pass another folder to "
            "skrln.cache_programs."
        )


@dataclass(frozen=True)
class _Folder:
    """Files of an open folder, by their names."""

    path: str
    descriptor: int | None  #: None where files are opened by their paths

    def _place(self, name: str) -> tuple[str, dict[str, Any]]:
        if self.descriptor is None:
            return os.path.join(self.path, name), {}
        return name, {"dir_fd": self.descriptor}

    def _open(self, name: str, flags: int) -> int:
        path, place = self._place(name)
        flags |= getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        return os.open(path, flags, 0o600, **place)

    def names(self) -> list[str]:
        return os.listdir(self.path if self.descriptor is None else self.descriptor)

    def read(self, name: str) -> bytes:
        with os.fdopen(self._open(name, os.O_RDONLY), "rb") as file:
            return file.read()

    def write(self, name: str, content: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(self._open(name, flags), "wb") as file:
            file.write(content)

    def replace(self, old: str, new: str) -> None:
        (source, _), (target, _) = self._place(old), self._place(new)
        at = self.descriptor
        os.replace(source, target, src_dir_fd=at, dst_dir_fd=at)

    def remove(self, name: str) -> None:
        path, place = self._place(name)
        os.remove(path, **place)

    def status(self, name: str) -> os.stat_result:
        path, place = self._place(name)
        return os.stat(path, follow_symlinks=False, **place)

    def touch(self, name: str) -> None:
        """Set the time of the last use to now."""
        path, place = self._place(name)
        with contextlib.suppress(OSError):  # a disk that is read only
            os.utime(path, **place)


def _digest(name: str, body: bytes) -> bytes:
    """Digest of a program under its name: a copy under another name is damaged."""
    return hashlib.sha256(name.encode() + body).digest()

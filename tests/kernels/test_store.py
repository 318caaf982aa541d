# SPDX-License-Identifier: BSD-3-Clause
"""The folder of compiled programs: private, whole files, bounded."""

import os
import stat
import subprocess
import sys
import time

import pytest

from skrln._kernels import _store
from skrln._kernels._store import DamagedError, ProgramStore, UnsafeFolderError

NAMES = [f"{number:064x}" for number in range(4)]
POSIX = pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")


@pytest.fixture
def store(tmp_path):
    return ProgramStore(str(tmp_path / "made" / "programs"), 1000)


@pytest.fixture(params=[True, False])
def each_way(request, monkeypatch):
    """Files are opened relative to the folder, and by their paths as on Windows."""
    if request.param and not _store.HAS_FOLDER_DESCRIPTORS:
        pytest.skip("this system opens files by their paths only")
    monkeypatch.setattr(_store, "HAS_FOLDER_DESCRIPTORS", request.param)


def set_used(store, name, seconds_ago):
    then = time.time() - seconds_ago
    os.utime(os.path.join(store.path, name), (then, then))


def test_programs_come_back(store, each_way):
    assert store.read(NAMES[0]) is None
    assert store.write(NAMES[0], b"program")
    assert store.write(NAMES[0], b"replaced")
    assert store.read(NAMES[0]) == b"replaced"
    assert os.listdir(store.path) == [f"{NAMES[0]}.program"]


@POSIX
def test_folder_is_private(store):
    store.check()
    assert stat.S_IMODE(os.stat(store.path).st_mode) == 0o700
    store.write(NAMES[0], b"program")
    file = os.path.join(store.path, f"{NAMES[0]}.program")
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600


@POSIX
@pytest.mark.parametrize("use", ["check", "read", "write"])
def test_folder_open_to_others(store, each_way, use):
    store.check()
    os.chmod(store.path, 0o720)
    args = {"check": (), "read": NAMES[:1], "write": (NAMES[0], b"program")}[use]
    with pytest.raises(UnsafeFolderError, match=r"made.programs.*720.*chmod 700"):
        getattr(store, use)(*args)


@POSIX
def test_folder_of_another_user(store, monkeypatch):
    store.check()
    user = os.geteuid()
    if user == 0:
        os.chown(store.path, 65534, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    with pytest.raises(UnsafeFolderError, match="belongs to the user with the number"):
        store.read(NAMES[0])


def test_path_that_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    for path in ("file", "file/programs"):
        store = ProgramStore(str(tmp_path / path), 1000)
        with pytest.raises(UnsafeFolderError, match=r"file.*can be made"):
            store.check()


@POSIX
def test_folder_that_is_not_writable(store, monkeypatch):
    store.check()
    os.chmod(store.path, 0o500)
    if os.geteuid() == 0:  # may write everywhere

        def refuse(*args):
            raise PermissionError("not writable")

        monkeypatch.setattr(_store._Folder, "write", refuse)
    with pytest.raises(UnsafeFolderError, match="written"):
        store.check()


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "renamed"])
def test_damaged_programs(store, damage):
    store.write(NAMES[0], b"a long program")
    path = os.path.join(store.path, f"{NAMES[0]}.program")
    with open(path, "rb") as file:
        content = file.read()
    if damage == "renamed":
        os.rename(path, os.path.join(store.path, f"{NAMES[1]}.program"))
    else:
        with open(path, "wb") as file:
            damaged = {"cut": content[:-1], "changed": content[:-1] + b"?"}
            file.write(damaged.get(damage, b""))
    with pytest.raises(DamagedError):
        store.read(NAMES[1 if damage == "renamed" else 0])


def test_least_recently_used_programs_are_deleted(store, each_way):
    """Three programs of 400 bytes are more than 1,000."""
    body = bytes(400 - len(_store.MAGIC) - _store.DIGEST_SIZE)
    foreign = os.path.join(store.path, "notes.txt")
    store.check()
    with open(foreign, "wb") as file:
        file.write(bytes(2000))
    for age, name in enumerate(NAMES[:2]):
        store.write(name, body)
        set_used(store, f"{name}.program", 100 - age)
    store.read(NAMES[0])
    store.write(NAMES[2], body)
    kept = [store.read(name) is not None for name in NAMES[:3]]
    assert kept == [True, False, True]
    assert os.path.exists(foreign)


def test_program_larger_than_the_bound(store):
    store.check()
    assert not store.write(NAMES[0], bytes(1000))
    assert os.listdir(store.path) == []


def test_abandoned_files_are_deleted(store):
    store.check()
    names = [f"{NAMES[0]}.program.{digit * 16}.tmp" for digit in "ab"]
    for name, age in zip(names, (1, 2 * _store.ABANDONED_AFTER), strict=True):
        with open(os.path.join(store.path, name), "wb"):
            pass
        set_used(store, name, age)
    store.write(NAMES[1], b"program")
    assert set(os.listdir(store.path)) == {names[0], f"{NAMES[1]}.program"}


#: Without the import of skrln, which takes longer than the test.
WRITER = """
import sys
from _store import ProgramStore
store = ProgramStore(sys.argv[1], 10_000)
for turn in range(100):
    name = f"{turn % 5:064x}"
    body = store.read(name)
    assert body is None or len(set(body)) == 1, "a program of two writers"
    store.write(name, sys.argv[2].encode() * 3000)
"""


def test_processes_at_once(store):
    """Files are whole, whoever writes them, and while others delete them."""
    commands = [[sys.executable, "-c", WRITER, store.path, text] for text in "ab"]
    environment = os.environ | {"PYTHONPATH": os.path.dirname(_store.__file__)}
    writers = [subprocess.Popen(command, env=environment) for command in commands]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    files = os.listdir(store.path)
    assert all(_store.PROGRAM.fullmatch(name) for name in files)
    assert sum(os.path.getsize(os.path.join(store.path, f)) for f in files) < 20_000


@pytest.mark.parametrize(
    ("platform", "variable", "folder"),
    [
        ("linux", ("XDG_CACHE_HOME", "/cache"), "/cache/skrln/programs"),
        ("linux", ("XDG_CACHE_HOME", "relative"), "/home/me/.cache/skrln/programs"),
        ("linux", ("XDG_CACHE_HOME", ""), "/home/me/.cache/skrln/programs"),
        ("darwin", ("XDG_CACHE_HOME", ""), "/home/me/Library/Caches/skrln/programs"),
        ("win32", ("LOCALAPPDATA", "/local"), "/local/skrln/programs"),
        ("win32", ("LOCALAPPDATA", ""), "/home/me/AppData/Local/skrln/programs"),
    ],
)
@POSIX
def test_folder_of_the_user(monkeypatch, platform, variable, folder):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv(*variable)
    monkeypatch.setattr(_store.sys, "platform", platform)
    assert _store.user_folder() == folder


def test_user_without_a_home(monkeypatch):
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(_store.sys, "platform", "linux")
    with pytest.raises(UnsafeFolderError, match="folder=None"):
        _store.user_folder()

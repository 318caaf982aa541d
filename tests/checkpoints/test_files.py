# SPDX-License-Identifier: BSD-3-Clause
"""Files of checkpoints: what is written is read, and anything else is an error."""

import io
import json
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from skrln._checkpoints import _files
from skrln._checkpoints._files import (
    UnreadableError,
    digest_arrays,
    read_arrays,
    read_json,
    write_arrays,
    write_json,
)

ARRAYS = {
    "state.0": np.arange(6, dtype=np.float32).reshape(2, 3),
    "state.1": np.array([True, False]),
    "by columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "number": np.array(7),
    "none": np.zeros((0, 3)),
    "not finite": np.array([np.nan, np.inf, -0.0]),
}


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "00000.npz")


def test_arrays_come_back_to_the_bit(path):
    write_arrays(path, {"start": "text"}, ARRAYS)
    values, arrays = read_arrays(path)
    assert values["start"] == "text"
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        assert arrays[name].shape == array.shape
        assert arrays[name].tobytes() == array.tobytes()
        assert arrays[name].flags.writeable


def test_numpy_reads_the_file(path):
    write_arrays(path, {}, ARRAYS)
    with np.load(path, allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["state.0"], ARRAYS["state.0"])


def test_a_write_that_fails_leaves_the_last_one(path, monkeypatch):
    write_arrays(path, {}, ARRAYS)
    before = Path(path).read_bytes()

    def full(*args):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            write_arrays(path, {}, {"state.0": np.ones(3)})
    assert Path(path).read_bytes() == before
    assert os.path.exists(f"{path}.tmp")
    write_arrays(path, {}, {"state.0": np.ones(3)})
    assert not os.path.exists(f"{path}.tmp")


def test_truncated_files_are_unreadable(path):
    write_arrays(path, {}, ARRAYS)
    whole = Path(path).read_bytes()
    for length in [*range(0, len(whole), 97), len(whole) - 1]:
        with open(path, "wb") as file:
            file.write(whole[:length])
        with pytest.raises(UnreadableError):
            read_arrays(path)


def test_no_byte_may_differ(path):
    """Of arrays and header; some bytes of a zip archive mean nothing, such as its dates."""
    write_arrays(path, {"start": "text"}, ARRAYS)
    expected = read_arrays(path)
    whole = Path(path).read_bytes()
    for k in range(0, len(whole), 7):
        with open(path, "wb") as file:
            file.write(whole[:k] + bytes([whole[k] ^ 0x55]) + whole[k + 1 :])
        try:
            values, arrays = read_arrays(path)
        except UnreadableError:
            continue
        assert values == expected[0]
        assert digest_arrays(arrays) == digest_arrays(expected[1])


def test_random_bytes_are_unreadable(path, global_random_seed):
    rng = np.random.default_rng(global_random_seed)
    for size in (0, 1, 22, 1000):
        for start in (b"", b"PK\x03\x04", b"PK\x05\x06", b"\x93NUMPY\x01\x00"):
            with open(path, "wb") as file:
                file.write(start + rng.bytes(size))
            with pytest.raises(UnreadableError):
                read_arrays(path)
            with pytest.raises(UnreadableError):
                read_json(path)


class Attack:
    """Makes a folder where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def archive(path, compression=zipfile.ZIP_STORED, **members):
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)


def saved(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


HEADER = saved(np.frombuffer(json.dumps({"format": 1}).encode(), np.uint8))


def test_nothing_is_executed(path, tmp_path):
    attack = Attack(str(tmp_path / "executed"))
    objects = saved(np.array([attack], object), allow_pickle=True)
    contents = (objects, pickle.dumps(attack))
    for content in contents:
        with open(path, "wb") as file:
            file.write(content)
        with pytest.raises(UnreadableError):
            read_arrays(path)
        archive(path, header=HEADER, state=content)
        with pytest.raises(UnreadableError):
            read_arrays(path)
    assert not os.path.exists(attack.path)
    assert pickle.loads(contents[1]) is None  # it is one
    assert os.path.exists(attack.path)


def test_archives_of_others_are_unreadable(path):
    ones = saved(np.ones(3))
    huge = saved(np.ones(3)).replace(b"(3,)", b"(9,)")
    text = saved(np.array(["a"]))
    for content, message in (
        ({"state": ones}, "no header"),
        ({"header": HEADER, "state": ones}, "not those that were written"),
        ({"header": HEADER, "state": huge}, "another size"),
        ({"header": HEADER, "state": text}, "array of <U1"),
        ({"header": ones}, "Expecting value|codec|JSON|format"),
        ({"header": HEADER, "state": b""}, "EOF|magic|array"),
    ):
        archive(path, **content)
        with pytest.raises(UnreadableError, match=message):
            read_arrays(path)
    archive(path, zipfile.ZIP_DEFLATED, header=HEADER, state=saved(np.zeros(10**6)))
    with pytest.raises(UnreadableError, match="compressed"):
        read_arrays(path)


def test_text_comes_back(path):
    write_json(path, {"estimator": "RLNRegressor", "parameters": {"theta": "-7"}})
    values = read_json(path)
    assert values["parameters"] == {"theta": "-7"}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"7", b'{"a": 1}', b'{"format": "1"}', b"[" * 10**5],
)
def test_nonsense_is_unreadable(content, path):
    with open(path, "wb") as file:
        file.write(content)
    with pytest.raises(UnreadableError):
        read_json(path)


def test_a_later_format_is_refused(path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(_files, "FORMAT", 2)
        write_json(path, {})
        write_arrays(f"{path}.npz", {}, ARRAYS)
    with pytest.raises(UnreadableError, match=r"format 2.*formats up to 1"):
        read_json(path)
    with pytest.raises(UnreadableError, match=r"format 2.*formats up to 1"):
        read_arrays(f"{path}.npz")


def test_damage_of_any_kind_is_unreadable(path):
    """A member of more than one buffer is parsed before its check sum is known."""
    arrays = {"state": np.arange(1024.0)}
    write_arrays(path, {}, arrays)
    whole = Path(path).read_bytes()
    for k in range(260):
        for flip in (0x01, 0x08, 0x55, 0x80):
            Path(path).write_bytes(
                whole[:k] + bytes([whole[k] ^ flip]) + whole[k + 1 :]
            )
            try:
                _, found = read_arrays(path)
            except UnreadableError:
                continue
            assert digest_arrays(found) == digest_arrays(arrays)


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_no_link_is_followed(path, tmp_path):
    other = tmp_path / "letters.txt"
    other.write_text("dear")
    os.symlink(other, f"{path}.tmp")
    write_json(path, {"a": "b"})
    assert other.read_text() == "dear"
    assert not os.path.islink(path)
    assert read_json(path)["a"] == "b"


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such call")
def test_the_name_is_on_the_disk_too(path, tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file)))
    write_json(path, {})
    assert os.path.samestat(synced[-1], os.stat(tmp_path))
    assert len(synced) == 2

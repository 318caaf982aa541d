# SPDX-License-Identifier: BSD-3-Clause
"""Files of arrays and of text: written whole or not at all, and checked when they are read."""

import contextlib
import hashlib
import json
import math
import os
import threading
import zipfile

import numpy as np

#: Version of the files; a reader refuses a later one.
FORMAT = 1
HEADER = "header"

_parsing = threading.Lock()


class UnreadableError(ValueError):
    """A file that no fit wrote, or that is damaged."""


def write_whole(path, write):
    """Write a file under another name, and give it its own name once it is on the disk.

    Parameters
    ----------
    path : str
    write : callable
        Takes the open file.
    """
    unfinished = f"{path}.tmp"
    # What has this name may be a link, and its target belongs to somebody else.
    with contextlib.suppress(FileNotFoundError):
        os.remove(unfinished)
    with open(unfinished, "xb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)
    if os.name == "posix":
        _sync_folder(os.path.dirname(path) or os.curdir)


def _sync_folder(path):
    """Write the names in a folder to the disk."""
    folder = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some file systems cannot do this
            os.fsync(folder)
    finally:
        os.close(folder)


def write_json(path, values):
    """Write a dict of text, numbers and lists."""
    text = json.dumps({"format": FORMAT, **values}, indent=1)
    write_whole(path, lambda file: file.write(text.encode()))


def read_json(path):
    """Read what `write_json` wrote; raise an UnreadableError for any other file."""
    with open(path, "rb") as file:
        return _parse(file.read())


def write_arrays(path, values, arrays):
    """Write arrays with a dict of text and numbers.

    Parameters
    ----------
    path : str
    values : dict
    arrays : dict of str to ndarray
        Numbers and booleans.
    """
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    header = {"format": FORMAT, "content": digest_arrays(arrays), **values}
    members = arrays | {HEADER: np.frombuffer(json.dumps(header).encode(), np.uint8)}
    write_whole(path, lambda file: np.savez(file, **members))


def read_arrays(path):
    """Read what `write_arrays` wrote; raise an UnreadableError for any other file.

    Returns
    -------
    values : dict
    arrays : dict of str to ndarray
    """
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = {
                info.filename.removesuffix(".npy"): _read_array(archive, info)
                for info in archive.infolist()
            }
    # zipfile, NumPy and tokenize document no list of errors for damaged bytes.
    except Exception as error:
        raise UnreadableError(str(error)) from error
    if HEADER not in arrays:
        raise UnreadableError("it has no header")
    values = _parse(arrays.pop(HEADER).tobytes())
    if values.get("content") != digest_arrays(arrays):
        raise UnreadableError("its arrays are not those that were written")
    return values, arrays


def _read_array(archive, info):
    """Read one array of an archive, without running anything that it holds."""
    # A compressed member could be far larger than its file.
    if info.compress_type != zipfile.ZIP_STORED:
        raise UnreadableError("it is compressed")
    with archive.open(info) as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise UnreadableError("its arrays are in another format")
        # NumPy parses the header, and Python 3.11 fails to parse in two threads at a time.
        with _parsing:
            shape, by_columns, dtype = np.lib.format.read_array_header_1_0(file)
        if dtype.kind not in "biuf" or by_columns:
            raise UnreadableError(f"it has an array of {dtype}")
        content = file.read()
    if len(content) != math.prod(shape) * dtype.itemsize:
        raise UnreadableError("an array has another size than its header says")
    return np.frombuffer(content, dtype).reshape(shape).copy()


def _parse(content):
    """Values of the JSON text of a file."""
    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(str(error)) from error
    if not isinstance(values, dict) or not isinstance(values.get("format"), int):
        raise UnreadableError("it has no format")
    if values["format"] > FORMAT:
        raise UnreadableError(
            f"it is of format {values['format']}, and this version of skrln reads formats "
            f"up to {FORMAT}"
        )
    return values


def digest_arrays(arrays):
    """Digest of arrays by name: of their types, shapes and bytes."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.asarray(arrays[name], order="C")
        digest.update(f"{name} {array.dtype.str} {array.shape};".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()

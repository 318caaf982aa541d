# SPDX-License-Identifier: BSD-3-Clause
"""Check that the encoded tables of a fit have room in memory, before they are made."""

import os
from pathlib import Path

PROC, GROUPS = Path("/proc"), Path("/sys/fs/cgroup")
#: Names of the limit, of the bytes in use and of the cache that the kernel gives back, in both
#: versions of control groups.
_FILES = {
    "": ("memory.max", "memory.current", "inactive_file"),
    "memory": (
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file",
    ),
}


def available_bytes():
    """Return the bytes of memory that this process may still use; None if it is unknown."""
    system, swap = _system_bytes()
    sizes = [size for size in (system, *_group_bytes()) if size is not None]
    return min(sizes) + swap if sizes else None


def _system_bytes():
    """Return the memory of the machine, and its swap space; None where they are unknown."""
    try:
        lines = (PROC / "meminfo").read_text().splitlines()
        sizes = dict(line.split(":", 1) for line in lines)
        available, swap = (
            int(sizes.get(name, "0").split()[0]) << 10
            for name in ("MemAvailable", "SwapFree")
        )
        if available:
            return available, swap
    except (OSError, ValueError, IndexError):
        pass  # not Linux
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), 0
    except (AttributeError, OSError, ValueError):
        return None, 0


def _group_bytes():
    """Yield what each control group of this process leaves to it, such as a container's."""
    try:
        lines = (PROC / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, names, path = line.split(":", 2)
        for controller in {"", "memory"} & set(names.split(",")):
            root = GROUPS / controller if controller else GROUPS
            folder = root / path.lstrip("/")
            # A container may see the groups of its host by name only: its own is the root.
            for group in {folder, *folder.parents} & {root, *_below(root, folder)}:
                yield _left_in(group, *_FILES[controller])


def _below(root, folder):
    """Folders from `folder` up to `root`."""
    return [
        group for group in (folder, *folder.parents) if root in (group, *group.parents)
    ]


def _left_in(group, limit, used, cache):
    """Bytes up to the limit of a control group; None without a limit."""
    try:
        most, now = (int((group / name).read_text()) for name in (limit, used))
        rows = (group / "memory.stat").read_text().splitlines()
    except (OSError, ValueError):  # no such group, or "max"
        return None
    counts = dict(row.split() for row in rows)
    return max(0, most - now + int(counts.get(cache, 0)))


def check_memory(needed, shape, advice):
    """Raise a MemoryError if tables of `needed` bytes have no room.

    The check is of clear cases: `needed` is the least that a fit holds at a time.

    Parameters
    ----------
    needed : int
    shape : (int, int)
        Rows and inputs.
    advice : list of str
        What the user may do, besides using fewer rows or columns.
    """
    available = available_bytes()
    if available is None or needed <= available:
        return
    further = "".join(f", {way_out}" for way_out in advice)
    raise MemoryError(
        f"Got {shape[0]:,} rows with at least {shape[1]:,} inputs, which need "
        f"{_size(needed)} or more while they are trained on, but {_size(available)} of "
        f"memory are available. Use fewer rows or columns{further}, or a machine with more "
        "memory."
    )


def training_bytes(n_rows, n_columns, itemsize):
    """Return the least bytes that a fit holds at a time: its table, here and on the device.

    Parameters
    ----------
    n_rows, n_columns : int
    itemsize : int
        Bytes of a number in the precision of the fit.
    """
    return 2 * n_rows * n_columns * itemsize


def _size(n_bytes):
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e8 else f"{n_bytes / 1e6:.1f} MB"

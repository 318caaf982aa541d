# SPDX-License-Identifier: BSD-3-Clause
"""Folder of the state of a fit under way: a file about the fit, and one for each network."""

import contextlib
import os
import re
import threading
import warnings
from importlib.metadata import PackageNotFoundError, version
from time import monotonic
from typing import Any, NamedTuple

from ._describe import digest_table
from ._files import (
    UnreadableError,
    digest_arrays,
    read_arrays,
    read_json,
    write_arrays,
    write_json,
)
from ._lock import FolderLock

ABOUT, LOCK = "fit.json", "lock"
#: Names of the files of a folder, finished or not.
STATES = re.compile(r"\d{5,}\.npz")
UNFINISHED = re.compile(r"(fit\.json|\d{5,}\.npz)\.tmp")
WAY_OUT = "Pass another path, or delete the folder to fit from the start."


class Identity(NamedTuple):
    """Everything that two fits of one result have in common."""

    owner: str  #: class name of the estimator
    parameters: dict[str, str]  #: text of each parameter that changes the result
    arguments: dict[str, Any]  #: arguments of `fit` as the user passed them


class Checkpoints:
    """Folder of one fit, as a context: files stay unless `finish` is called.

    Parameters
    ----------
    path : str
    every : float
        Seconds between two writes of the state of a network.
    identity : Identity
    """

    def __init__(self, path, every, identity):
        self.path, self.every, self.identity = path, every, identity
        # The process may change its folder during the fit.
        self._folder = os.path.abspath(path)
        self._lock = FolderLock(self._file(LOCK))
        self._writing = threading.Lock()
        self._n_slots, self._is_finished, self._is_described = 0, False, False
        self._has_warned = False
        self._ended: dict[Any, dict[str, Any]] = {}
        self._written = monotonic()

    def _file(self, name):
        return os.path.join(self._folder, name)

    def __enter__(self):
        """Lock the folder; raise a ValueError if it is not that of this fit."""
        self._make_folder()
        if not self._acquire():
            raise ValueError(
                f"Got checkpoint={self.path!r}, which another fit writes at this moment. "
                "Pass a path of its own to each fit. In a search of scikit-learn with n_jobs, "
                "pass checkpoint=None, and checkpoint the fit of the best parameters alone, or "
                "a search of skrln, such as RLNRegressorCV."
            )
        try:
            if os.path.exists(self._file(ABOUT)):
                self._compare(self._read(ABOUT, read_json))
                self._is_described = True
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *error):
        """Keep the files of a fit that did not end; remove those of a fit that did."""
        try:
            with self._writing:
                if self._is_finished:
                    self._remove()
                else:
                    self._try_to_write(self._write_ended)
        finally:
            self._lock.release()
            with contextlib.suppress(OSError):  # it is not empty
                os.rmdir(self._folder)

    def finish(self):
        """Remove the files when the context ends: the fit has its result."""
        self._is_finished = True

    def slots(self, n):
        """Places of the states of the next `n` networks, in the order of their training."""
        first = self._n_slots
        self._n_slots += n
        return [Slot(self, f"{number:05d}.npz") for number in range(first, first + n)]

    def write(self, slot, arrays, *, ended):
        """Write the state of a network.

        The state after the last epoch waits for the next write, because short fits would
        spend much of their time on it.
        """
        with self._writing:
            if ended:
                self._ended[slot] = arrays
            else:
                self._try_to_write(self._write_state, slot, arrays)
            if not ended or monotonic() - self._written >= self.every:
                self._try_to_write(self._write_ended)

    def _try_to_write(self, write, *args):
        """Write; a disk that takes nothing is no reason to end the fit."""
        try:
            write(*args)
        except OSError as error:
            if not self._has_warned:
                self._has_warned = True
                warnings.warn(
                    f"Got checkpoint={self.path!r}, but its state could not be written: "
                    f"{error}. The fit goes on; free space, or make the folder writable, to "
                    "keep its progress.",
                    RuntimeWarning,
                    stacklevel=2,
                )

    def _write_ended(self):
        while self._ended:
            slot = next(iter(self._ended))
            self._write_state(slot, self._ended[slot])
            del self._ended[slot]
        self._written = monotonic()

    def _write_state(self, slot, arrays):
        if not self._is_described:
            write_json(self._file(ABOUT), self._describe())
            self._is_described = True
        write_arrays(self._file(slot.name), {"start": slot.start}, arrays)

    def read(self, name):
        """Values and arrays of a state; None if it was not written."""
        if not (self._is_described and os.path.exists(self._file(name))):
            return None
        return self._read(name, read_arrays)

    def _read(self, name, read):
        try:
            return read(self._file(name))
        except (UnreadableError, OSError) as error:
            raise self.unreadable(name, error) from error

    def unreadable(self, name, error):
        """Make the error of a damaged file."""
        return ValueError(
            f"Got checkpoint={self.path!r}, whose file {name} cannot be read: {error}. "
            f"{WAY_OUT}"
        )

    def _make_folder(self):
        """Make the folder; raise a ValueError for a place that holds something else."""
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            names = os.listdir(self._folder)
        except OSError as error:
            raise ValueError(
                f"Got checkpoint={self.path!r}, but expected the path of a folder that can "
                f"be made: {error}. Pass another path."
            ) from error
        foreign_names = [
            name for name in names if name != LOCK and not UNFINISHED.fullmatch(name)
        ]
        if foreign_names and ABOUT not in names:
            raise ValueError(
                f"Got checkpoint={self.path!r}, a folder with files of its own, such as "
                f"{foreign_names[0]!r}. Pass the path of a folder that does not exist."
            )

    def _acquire(self):
        """Lock the folder; return whether no other fit has locked it."""
        try:
            return self._lock.acquire()
        except OSError as error:
            raise ValueError(
                f"Got checkpoint={self.path!r}, a folder in which no file can be written and "
                f"locked: {error}. Pass another path."
            ) from error

    def _describe(self):
        owner, parameters, arguments = self.identity
        return {
            "version": _version(),
            "estimator": owner,
            "parameters": parameters,
            "arguments": {
                name: digest_table(argument) for name, argument in arguments.items()
            },
        }

    def _compare(self, saved):
        """Raise a ValueError if the fit of the folder differs from this one."""
        own = self._describe()
        saved_parameters, saved_arguments = map(saved.get, ("parameters", "arguments"))
        if not (
            isinstance(saved_parameters, dict) and isinstance(saved_arguments, dict)
        ):
            raise self.unreadable(ABOUT, "it does not describe a fit")
        if saved.get("version") != own["version"]:
            self._refuse(f"skrln {saved.get('version')}", f"skrln {own['version']}")
        if saved.get("estimator") != own["estimator"]:
            self._refuse(f"a fit of {saved.get('estimator')}", own["estimator"])
        self._compare_parameters(saved_parameters, own["parameters"])
        differing = _differing(own["arguments"], saved_arguments)
        if differing:
            raise ValueError(
                f"Got checkpoint={self.path!r}, which was written by a fit of another "
                f"{' and another '.join(differing)}. Pass the arguments of that fit to go on "
                f"with it. {WAY_OUT}"
            )

    def _compare_parameters(self, saved, own):
        """Raise a ValueError that names a parameter that differs."""
        differing = _differing(own, saved)
        if not differing:
            return

        def tells(name):
            # An option says more than the object that it is in.
            return name in saved and name in own, name.count("__")

        name = max(differing, key=tells)
        saved_text, own_text = (
            f"{name}={_shorten(texts.get(name))}" for texts in (saved, own)
        )
        self._refuse(f"a fit with {saved_text}", own_text)

    def _refuse(self, saved_text, own_text):
        raise ValueError(
            f"Got checkpoint={self.path!r}, which was written by {saved_text}, but this one "
            f"is {own_text}. Go on with that fit as it was. {WAY_OUT}"
        )

    def _remove(self):
        """Remove the files of the fit, what describes it last."""
        try:
            for name in sorted(os.listdir(self._folder), reverse=True):
                if STATES.fullmatch(name) or UNFINISHED.fullmatch(name):
                    os.remove(self._file(name))
            if self._is_described:
                os.remove(self._file(ABOUT))
        except FileNotFoundError:
            pass  # somebody else has removed them
        except OSError as error:
            warnings.warn(
                f"Got checkpoint={self.path!r}, whose files could not be removed: {error}. "
                "The fit has ended, and they are of no more use. Delete the folder.",
                RuntimeWarning,
                stacklevel=2,
            )


class Slot:
    """Place of the state of one network.

    Parameters
    ----------
    folder : Checkpoints
    name : str
        Name of its file.
    """

    def __init__(self, folder, name):
        self._folder, self.name = folder, name
        self._written = monotonic()
        self.start = ""

    def load(self, start):
        """Arrays of the last write; None if the network has to train from the start.

        Parameters
        ----------
        start : dict of str to ndarray
            Everything that the training starts from. It has to be the same as when the
            arrays were written.
        """
        self.start = digest_arrays(start)
        saved = self._folder.read(self.name)
        self._written = monotonic()
        if saved is None:
            return None
        values, arrays = saved
        if values.get("start") != self.start:
            raise ValueError(
                f"Got checkpoint={self._folder.path!r}, whose file {self.name} was written by "
                "a network with other rows or another start. Give splitters a fixed "
                "random_state, and pass the same functions and the same pretrained network as "
                f"in that fit to go on with it. {WAY_OUT}"
            )
        return arrays

    def seconds_left(self):
        """Time until the state should be written again."""
        return self._folder.every - (monotonic() - self._written)

    def save(self, arrays, *, ended=False):
        """Write the state.

        Parameters
        ----------
        arrays : dict of str to ndarray
        ended : bool
            The network takes no further epoch.
        """
        self._folder.write(self, arrays, ended=ended)
        self._written = monotonic()

    def unreadable(self, error):
        """Make the error of a state that does not fit the network."""
        return self._folder.unreadable(self.name, error)

    def differs(self):
        """Make the error of scores that are computed again and come out differently."""
        return ValueError(
            f"Got checkpoint={self._folder.path!r}, whose file {self.name} was written by a "
            "search with other scores. Give the estimator and its parts a fixed random_state, "
            "and pass the same estimator, scoring and arguments as in that search to go on "
            f"with it. {WAY_OUT}"
        )


class _NoCheckpoints:
    """A fit that writes nothing."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        del error

    def finish(self):
        """Remove nothing."""

    def slots(self, n):
        """Return no place for each of `n` networks."""
        return [None] * n


NO_CHECKPOINTS = _NoCheckpoints()


def _version():
    try:
        return version("skrln")
    except PackageNotFoundError:  # run from a checkout
        return "unknown"


def _differing(own, saved):
    """Names whose values differ, or that only one of both has."""
    return [name for name in own | saved if own.get(name) != saved.get(name)]


def _shorten(text):
    text = str(text)
    return text if len(text) <= 80 else f"{text[:77]}..."

# SPDX-License-Identifier: BSD-3-Clause
"""From the parameter `checkpoint` of an estimator to the folder of its fit."""

import os
from numbers import Integral

from skrln._checkpoints._describe import IGNORED, describe
from skrln._checkpoints._folder import NO_CHECKPOINTS, Checkpoints, Identity
from skrln._kernels import StopReason
from skrln.options import Checkpoint

from ._open_options import read_option


def open_checkpoints(model, arguments):
    """Make the Checkpoints of a fit, a context that holds its folder.

    Parameters
    ----------
    model : estimator
    arguments : dict
        Arguments of `fit` by name.
    """
    option = model.checkpoint
    if option is None:
        return NO_CHECKPOINTS
    if not isinstance(option, Checkpoint):
        option = Checkpoint(option)
    options = read_option(option)
    path = os.fspath(options["path"])
    if not isinstance(model.random_state, Integral):
        raise ValueError(
            f"Got checkpoint={path!r} with random_state={model.random_state!r}, but a fit "
            "goes on only if the same numbers are drawn again. Pass an int as random_state."
        )
    parameters = {
        name: describe(value)
        for name, value in model.get_params().items()
        # Of the estimator itself, of its options, and of an estimator in it.
        if IGNORED.isdisjoint((name.partition("__")[0], name.rpartition("__")[2]))
    }
    identity = Identity(type(model).__name__, parameters, arguments)
    return Checkpoints(path, options["every"], identity)


def was_interrupted(reasons):
    """Return True if a network did not come to its end, so that its fit may go on."""
    return StopReason.INTERRUPTED in reasons

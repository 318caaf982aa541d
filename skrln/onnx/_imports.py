# SPDX-License-Identifier: BSD-3-Clause
"""Imports of onnx and skl2onnx, which come with an extra."""

from importlib import import_module

EXTRA = 'pip install "skrln[onnx]"'


def load(name):
    """Import a module of onnx or skl2onnx.

    Parameters
    ----------
    name : str
        Full name of the module.

    Raises
    ------
    ImportError
        If the extra is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(
            f"skrln.onnx needs skl2onnx and onnx, but {name} cannot be imported "
            f"({error}). Install the extra: {EXTRA}"
        ) from error

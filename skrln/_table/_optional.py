# SPDX-License-Identifier: BSD-3-Clause
"""Packages that only some functions need; an error says how to install them."""

from importlib import import_module

#: Command that installs a package.
COMMANDS = {
    "matplotlib": 'pip install "skrln[plot]"',
    "pandas": 'pip install "skrln[examples]"` or `pip install pandas',
    "rich": "pip install skrln` or `pip install rich",
}


def load_optional(module, user):
    """Import a module of an optional package.

    Parameters
    ----------
    module : str
        Full name of the module, of a package in `COMMANDS`.
    user : str
        What needs the package, the subject of the error message.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If the package is not installed; the message has the command that installs it.
    """
    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{user} requires {package}. Install it with `{COMMANDS[package]}`.",
            name=package,
        ) from error

# SPDX-License-Identifier: BSD-3-Clause
"""Run scripts as a user does, and keep what they print."""

import contextlib
import importlib.util
import io
import os
import re
import runpy
import subprocess
import sys
import warnings
from ast import Import, ImportFrom, parse, walk
from pathlib import Path

import skrln

ROOT = Path(__file__).parents[2]
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?")
#: Lines of the boxes that polars draws around a table, whose widths follow the numbers.
FRAME = re.compile(r"[─═┌┐└┘├┤╞╡┬┴┼╪│┆]+")


def imported_packages(script):
    """Names of the packages that a script imports."""
    packages = set()
    for node in walk(parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, Import):
            packages.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ImportFrom):
            packages.add(node.module.split(".")[0])
    return packages


def missing_packages(script):
    """Names of the packages that a script imports and that are not installed."""
    return sorted(
        name for name in imported_packages(script) if not importlib.util.find_spec(name)
    )


def run_script(script):
    """Return the variables of a script after its end, its output, and its warnings.

    Other packages warn of each other's deprecations. Neither the script nor this package can
    change that, so these warnings are left out.
    """
    printed = io.StringIO()
    with (
        warnings.catch_warnings(record=True) as caught,
        contextlib.redirect_stdout(printed),
    ):
        warnings.simplefilter("always")
        variables = runpy.run_path(str(script), run_name="__main__")
    package = Path(skrln.__file__).parent
    messages = [
        str(warning.message)
        for warning in caught
        if issubclass(warning.category, UserWarning)
        or warning.filename == str(script)
        or package in Path(warning.filename).parents
    ]
    return variables, printed.getvalue(), messages


def run_in_process(script, folder):
    """Return the output of a script that runs in a new process and in a folder of its own."""
    result = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        check=False,
        cwd=folder,
        encoding="utf-8",
        env=os.environ
        | {
            "DO_NOT_TRACK": "true",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
            "TMPDIR": str(folder),
        },
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def split_numbers(text):
    """Return the words of an output, with a mark for each number, and the numbers."""
    words = " ".join(NUMBER.sub("#", FRAME.sub(" ", text)).split())
    return words, [float(number) for number in NUMBER.findall(text)]

# SPDX-License-Identifier: BSD-3-Clause
"""The first code that a newcomer runs works with the packages of ``pip install .`` alone."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs._scripts import split_numbers

ROOT = Path(__file__).parents[1]
#: Packages of the extras, and those that they bring.
EXTRAS = {"matplotlib", "pandas", "polars", "pyarrow", "seaborn", "skops", "xgboost"}
#: Runs code in a process that cannot import the packages of the extras.
WITHOUT_EXTRAS = f"""
import sys
from importlib.abc import MetaPathFinder

class Blocker(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {EXTRAS!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocker())
exec(compile(sys.stdin.read(), "snippet", "exec"), {{"__name__": "__main__"}})
"""


def block_of(language):
    """First block of README.md in a language; the landing page of the site includes it."""
    text = (ROOT / "README.md").read_text("utf8")
    return re.search(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[1]


def run(code):
    """Run code without the extras; return the finished process."""
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_EXTRAS],
        input=code,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize("extra", sorted(EXTRAS))
def test_extras_are_out_of_reach(extra):
    done = run(f"import {extra}")
    assert f"No module named '{extra}'" in done.stderr


def test_first_snippet_needs_no_extra_and_prints_what_the_page_says():
    if not (ROOT / "README.md").exists():
        pytest.skip("The page comes with a checkout only.")
    done = run(block_of("python"))
    assert done.returncode == 0, done.stderr
    words, numbers = split_numbers(done.stdout)
    expected_words, expected_numbers = split_numbers(block_of("text"))
    assert words == expected_words
    assert numbers == pytest.approx(expected_numbers, abs=0.03)

# SPDX-License-Identifier: BSD-3-Clause
"""The first code that a newcomer runs works with the packages of ``pip install .`` alone."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

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


def snippet_of(page):
    """Python code of a page, of all its blocks in turn."""
    text = page.read_text()
    if page.suffix == ".md":
        blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    else:
        examples = doctest.DocTestParser().get_examples(text)
        blocks = [example.source for example in examples]
    return "\n".join(blocks)


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


@pytest.mark.parametrize("name", ["README.md", "docs/index.rst"])
def test_first_snippet_needs_no_extra(name):
    page = ROOT / name
    if not page.exists():
        pytest.skip("The page comes with a checkout only.")
    code = snippet_of(page)
    assert "skrln" in code
    done = run(code)
    assert done.returncode == 0, done.stderr

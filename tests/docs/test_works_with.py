# SPDX-License-Identifier: BSD-3-Clause
"""The snippets of the page "What does skrln work with?" print what the page shows."""

import re
from pathlib import Path

import pytest

from ._scripts import missing_packages, run_in_process, run_script, split_numbers

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "user_guide" / "works_with.rst"
SCRIPTS = sorted((DOCS / "works_with").glob("*.py"))
#: Another processor or version rounds otherwise, and a network trained with other roundings
#: predicts slightly other numbers.
RELATIVE, ABSOLUTE = 0.15, 0.05
#: Scripts whose packages leave connections to a database open, which end with the process.
SEPARATE = {"mlflow_logging"}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_output_is_the_output_of_the_page(script, tmp_path):
    if missing := missing_packages(script):
        pytest.skip(f"not installed: {', '.join(missing)}")
    if "set_callbacks" in script.read_text():
        pytest.importorskip("sklearn.callback", reason="callbacks need newer versions")
    if script.stem in SEPARATE:
        printed = run_in_process(script, tmp_path)
    else:
        _, printed, warned = run_script(script)
        assert not warned
    shown = script.with_suffix(".txt").read_text(encoding="utf-8")
    words, numbers = split_numbers(printed)
    shown_words, shown_numbers = split_numbers(shown)
    assert words == shown_words
    assert numbers == pytest.approx(shown_numbers, rel=RELATIVE, abs=ABSOLUTE), printed


def test_the_page_shows_every_script_and_its_output():
    included = re.findall(r"literalinclude:: \.\./works_with/(\S+)", PAGE.read_text())
    expected = [path.name for path in SCRIPTS]
    expected += [path.with_suffix(".txt").name for path in SCRIPTS]
    assert sorted(included) == sorted(expected)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_outputs_are_values(script):
    shown = script.with_suffix(".txt").read_text(encoding="utf-8")
    assert split_numbers(shown)[1]
    assert not re.search(r"\b(True|False)\b", shown)

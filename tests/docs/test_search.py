# SPDX-License-Identifier: BSD-3-Clause
"""The search of the built site gives the page that answers first."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from ._readability import DOCS

SITE = DOCS / "_build" / "html"
PAGES = {
    "missing values": "user_guide/categories_and_missing",
    "save": "user_guide/saving",
    "imbalance": "user_guide/imbalance",
    "GPU": "user_guide/gpu",
    "time series": "user_guide/validation",
    "SHAP": "user_guide/explaining",
    "memory": "user_guide/memory",
    "speed": "user_guide/speed",
    "tuning": "user_guide/tuning",
}


@pytest.fixture(scope="module")
def hits():
    if not (SITE / "searchindex.js").exists():
        pytest.skip("no built site: sphinx-build -W -b html docs docs/_build/html")
    if not shutil.which("node"):
        pytest.skip("no Node.js to run the search with")
    script = Path(__file__).with_name("_search.js")
    command = ["node", str(script), str(SITE), *PAGES]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("query", PAGES)
def test_first_hit(hits, query):
    assert hits[query][:1] == [PAGES[query]]

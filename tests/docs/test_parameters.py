# SPDX-License-Identifier: BSD-3-Clause
"""The page that groups the parameters has each of them, once."""

import re
from pathlib import Path

import pytest

from skrln import RLNClassifier, RLNRegressor

PAGE = Path(__file__).parents[2] / "docs" / "user_guide" / "parameters.rst"


def test_each_parameter_is_in_one_group():
    if not PAGE.exists():
        pytest.skip("The page comes with a checkout only.")
    table = PAGE.read_text("utf8").partition(".. list-table::")[2]
    table = table.partition("``RLNRegressor`` has")[0]
    grouped = sorted(re.findall(r"``(\w+)``", table))
    parameters = {
        *RLNRegressor().get_params(deep=False),
        *RLNClassifier().get_params(deep=False),
    }
    assert grouped == sorted(parameters)

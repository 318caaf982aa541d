# SPDX-License-Identifier: BSD-3-Clause
"""A few random cases with a fixed seed; ``python -m tests.fuzz`` runs many."""

import pytest
from hypothesis import HealthCheck, given, settings

from ._cases import ESTIMATORS, cases
from ._check import check_case


@pytest.mark.parametrize("name", ESTIMATORS)
def test_results_are_finite_or_errors_are_clear(name):
    @settings(
        max_examples=5 if name == "JointGenerator" else 20,  # its programs are large
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases((name,)))
    def run(case):
        check_case(case)

    run()

# SPDX-License-Identifier: BSD-3-Clause
"""Fits that several tests look at."""

import pytest

from ._domains import classifier, make_classes, make_table, regressor


@pytest.fixture(scope="session")
def table():
    return make_table()


@pytest.fixture(scope="session")
def fitted(table):
    X, y, domain = table
    return regressor().fit(X, y, sample_domain=domain)


@pytest.fixture(scope="session")
def fitted_classes():
    X, y, domain = make_classes(3)
    return classifier().fit(X, y, sample_domain=domain)

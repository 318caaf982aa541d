# SPDX-License-Identifier: BSD-3-Clause
"""Fits that happen whole or not at all."""

import pytest
from sklearn.base import BaseEstimator

from skrln.networks._whole import all_or_nothing


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_all_or_nothing(error):
    estimator = BaseEstimator()
    estimator.old_ = old = object()

    def half_a_fit():
        with all_or_nothing(estimator):
            estimator.old_ = estimator.new_ = None
            raise error

    with pytest.raises(error):
        half_a_fit()
    assert vars(estimator) == {"old_": old}

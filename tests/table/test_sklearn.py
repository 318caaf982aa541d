# SPDX-License-Identifier: BSD-3-Clause
"""Private names of scikit-learn: they exist, and do what the package needs."""

from numbers import Integral

import numpy as np
import pytest

from skrln._table import _sklearn
from skrln._table._sklearn import (
    HasMethods,
    Interval,
    StrOptions,
    check_parameters,
    count_samples,
    take,
    with_callbacks,
)


def test_every_name_is_there():
    assert _sklearn.__all__ == sorted(_sklearn.__all__)
    assert all(getattr(_sklearn, name) is not None for name in _sklearn.__all__)


def test_rules_of_parameters():
    rules = {
        "a": [Interval(Integral, 1, None, closed="left")],
        "b": [StrOptions({"x"}), HasMethods(["fit"])],
    }
    check_parameters(rules, {"a": 1, "b": "x"}, "Model")
    with pytest.raises(ValueError, match="The 'a' parameter of Model must be an int"):
        check_parameters(rules, {"a": 0, "b": "x"}, "Model")
    with pytest.raises(ValueError, match="The 'b' parameter of Model must be a str"):
        check_parameters(rules, {"a": 1, "b": "y"}, "Model")


def test_rows_and_columns():
    table = [[1, 2], [3, 4], [5, 6]]
    assert count_samples(table) == 3
    assert take(table, [2], axis=0) == [[5, 6]]
    np.testing.assert_array_equal(take(np.array(table), [1], axis=1), [[2], [4], [6]])


def test_methods_with_callbacks_still_run():
    class Model(_sklearn.CallbackSupportMixin):
        @with_callbacks
        def fit(self):
            return self

    model = Model()
    assert model.fit() is model

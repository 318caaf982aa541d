# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from skrln import RLNRegressor

from ._graphs import assert_same, to_onnx
from ._models import TINY


def with_holes(X):
    X = np.where(np.abs(X) > 1, np.nan, X)
    X[:, 2] = np.nan
    return X


# scikit-learn warns of the column that the test is about.
@pytest.mark.filterwarnings("ignore:Skipping features:UserWarning")
@pytest.mark.parametrize("keep", [False, True])
def test_column_without_values(table, keep):
    X, y = with_holes(table[0]), table[1]
    imputer = SimpleImputer(keep_empty_features=keep)
    assert_same(make_pipeline(imputer, RLNRegressor(**TINY)).fit(X, y), X)


def test_number_that_marks_missing_values(table):
    X, y = table
    X = np.where(X > 1, -999.0, X).astype(np.float32)
    imputer = SimpleImputer(missing_values=-999.0)
    assert_same(make_pipeline(imputer, RLNRegressor(**TINY)).fit(X, y), X)


def test_indicator_is_refused(table):
    X, y = np.where(table[0] > 1, np.nan, table[0]), table[1]
    imputer = SimpleImputer(add_indicator=True)
    model = make_pipeline(imputer, RLNRegressor(**TINY)).fit(X, y)
    with pytest.raises(NotImplementedError, match="Leave the missing values to"):
        to_onnx(model, X)

# SPDX-License-Identifier: BSD-3-Clause
"""Columns selected with an error rate: what is found, what is not, and what is refused."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from scipy.stats import false_discovery_control
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.linear_model import (
    LassoCV,
    LinearRegression,
    LogisticRegression,
    Ridge,
)
from sklearn.model_selection import GroupKFold, RepeatedKFold, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from skrln import ErrorRateSelector, RLNRegressor

N, P = 300, 12
RNG = np.random.default_rng(0)
X = RNG.standard_normal((N, P))
Y = X[:, 0] - 0.5 * X[:, 1] + 0.5 * RNG.standard_normal(N)
CLASSES = np.where(Y > 0.4, "high", np.where(Y < -0.4, "low", "middle"))
FRAME = pd.DataFrame(X, columns=[f"c{k}" for k in range(P)])


def select(estimator=None, X=X, y=Y, groups=None, **params):
    selector = ErrorRateSelector(
        Ridge() if estimator is None else estimator, **{"random_state": 0} | params
    )
    return selector.fit(X, y, groups=groups)


# Nearly every column is selected, because most checks use noise, and look at `transform`.
@pytest.mark.filterwarnings("ignore:No column is selected:UserWarning")
@parametrize_with_checks(
    [
        ErrorRateSelector(
            Ridge(), fdr=None, max_false_positives=1e3, cv=2, random_state=0
        )
    ]
)
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


# -- what is selected ------------------------------------------------------------------


def test_columns_that_matter_are_selected():
    selector = select()
    np.testing.assert_array_equal(selector.get_support(indices=True), [0, 1])
    assert selector.scores_[0] > selector.scores_[1] > 4
    np.testing.assert_array_equal(selector.transform(X), X[:, :2])
    np.testing.assert_array_equal(selector.selection_frequencies_, 1)


def test_a_column_without_main_effect_is_found_by_an_estimator_that_uses_it():
    y = X[:, 0] * X[:, 1] + 0.1 * np.random.default_rng(1).standard_normal(N)
    trees = ExtraTreesRegressor(50, min_samples_leaf=3, random_state=0)
    np.testing.assert_array_equal(
        select(trees, X[:, :5], y).get_support(indices=True), [0, 1]
    )


def test_a_copy_with_noise_of_a_column_that_matters_is_false():
    """It predicts the target, but tells nothing that the column does not tell."""
    noise = np.random.default_rng(1).standard_normal(N)
    table = np.column_stack([X, X[:, 0] + 0.5 * noise])
    selector = select(LassoCV(), table)
    assert selector.support_[0]
    assert not selector.support_[-1]


def test_scores_of_false_columns_are_about_standard_normal():
    """Over 15 tables of correlated columns, most of which are false."""
    shares = []
    for seed in range(15):
        rng = np.random.default_rng(seed)
        table = rng.standard_normal((N, P)) + rng.standard_normal((N, 1))
        y = table[:, 0] + rng.standard_normal(N)
        pvalues = select(LinearRegression(), table, y, fdr=0.9).pvalues_[1:]
        shares.append(np.mean(pvalues < 0.1))
    # 165 p-values: three standard errors around a tenth.
    assert 0.03 < np.mean(shares) < 0.17


def test_bounds_by_hand():
    selector = select(fdr=0.3)
    q = false_discovery_control(selector.pvalues_)
    np.testing.assert_allclose(selector.qvalues_, q)
    np.testing.assert_array_equal(selector.support_, q <= 0.3)
    assert selector.expected_false_positives_ == pytest.approx(
        P * selector.pvalues_[selector.support_].max()
    )
    for bound in (0.01, 3.0):
        counted = select(fdr=None, max_false_positives=bound)
        np.testing.assert_array_equal(counted.support_, counted.pvalues_ <= bound / P)
        assert counted.expected_false_positives_ <= bound


def test_larger_bounds_select_more():
    counts = [select(fdr=fdr).support_.sum() for fdr in (1e-6, 0.1, 0.99)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_columns_of_a_group_are_selected_together():
    """Two copies are expendable each; together they are not."""
    table = np.column_stack([X, X[:, 0]])
    alone = select(X=table)
    assert not alone.support_[[0, -1]].any()
    labels = [*map(str, range(P)), "0"]
    grouped = select(X=table, feature_groups=labels)
    assert grouped.support_[[0, -1]].all()
    assert grouped.scores_[0] == grouped.scores_[-1]
    assert grouped.support_[1]


def test_classes():
    selector = select(LogisticRegression(), y=CLASSES, fdr=0.001)
    np.testing.assert_array_equal(selector.get_support(indices=True), [0, 1])


def test_a_class_that_a_fold_does_not_know():
    labels = CLASSES.astype(object)
    labels[:2] = "rare"
    with pytest.warns(UserWarning, match="least populated class"):
        selector = select(LogisticRegression(), y=labels.astype(str))
    assert selector.support_[0]


def test_columns_that_no_model_uses():
    selector = select(LassoCV(alphas=[0.3]))
    unused = selector.selection_frequencies_ == 0
    assert unused.any()
    np.testing.assert_array_equal(selector.scores_[unused], 0)
    np.testing.assert_array_equal(selector.pvalues_[unused], 1)


def test_networks():
    network = RLNRegressor(
        (8,), n_estimators=1, numeric_embedding=None, theta=-7, max_iter=30,
        dropout=0.0, learning_rate_init=0.01, random_state=0,
    )  # fmt: skip
    selector = select(network, cv=2, fdr=0.001)
    np.testing.assert_array_equal(selector.get_support(indices=True), [0, 1])


# -- tables ----------------------------------------------------------------------------


def test_frames_with_categories_and_missing_numbers():
    rng = np.random.default_rng(1)
    frame = FRAME.assign(
        kind=pd.Categorical(rng.choice(list("abc"), N)),
        place=rng.choice(["here", "there", None], N),
    )
    frame.loc[::9, "c0"] = np.nan
    y = Y + 2 * (frame["kind"] == "a")
    network = RLNRegressor((16,), n_estimators=2, max_iter=40, random_state=0)
    selector = select(network, frame, y, cv=2)
    names = list(selector.get_feature_names_out())
    assert {"c0", "c1", "kind"} <= set(names)
    assert "place" not in names
    kept = selector.set_output(transform="pandas").transform(frame)
    assert list(kept) == names
    assert kept["kind"].dtype == frame["kind"].dtype


def test_frames_and_arrays_are_the_same():
    np.testing.assert_allclose(select(X=FRAME).scores_, select().scores_)


def test_in_a_pipeline():
    model = make_pipeline(
        ErrorRateSelector(LassoCV(), fdr=0.001, random_state=0), LinearRegression()
    )
    model.fit(X, Y)
    assert model[-1].n_features_in_ == 2
    assert model.score(X, Y) > 0.7


# -- rows ------------------------------------------------------------------------------


def test_rows_of_a_group_count_as_one():
    """Copies of rows carry no evidence of their own."""
    copies = np.repeat(np.arange(N), 3)
    groups = copies
    honest = select(X=X[copies], y=Y[copies], groups=groups)
    fooled = select(X=X[copies], y=Y[copies])
    assert honest.scores_[0] == pytest.approx(select().scores_[0], rel=0.3)
    assert fooled.scores_[0] > 1.4 * honest.scores_[0]


@pytest.mark.parametrize(
    "cv",
    [2, None, TimeSeriesSplit(3), RepeatedKFold(n_splits=2, n_repeats=2, random_state=0),
     [(np.arange(150), np.arange(150, 300))]],
)  # fmt: skip
def test_splits(cv):
    assert select(cv=cv).support_[0]


def test_repeats_count_once():
    once = select(cv=RepeatedKFold(n_splits=5, n_repeats=1, random_state=0))
    often = select(cv=RepeatedKFold(n_splits=5, n_repeats=3, random_state=0))
    assert often.scores_[0] == pytest.approx(once.scores_[0], rel=0.2)


def test_seeds():
    first, same, other = (select(random_state=seed).scores_ for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, same)
    assert np.any(first != other)


def test_parallel_fits_are_the_same():
    np.testing.assert_array_equal(select(n_jobs=2).scores_, select().scores_)


def test_metadata_reaches_the_estimator_and_the_splitter():
    weights = np.where(np.arange(N) < 150, 1.0, 1e-9)
    noise = np.random.default_rng(1).standard_normal(N)
    y = np.where(np.arange(N) < 150, Y, noise)
    with sklearn.config_context(enable_metadata_routing=True):
        ridge = Ridge().set_fit_request(sample_weight=True)
        selector = ErrorRateSelector(ridge, cv=GroupKFold(3), random_state=0)
        selector.fit(X, y, sample_weight=weights, groups=np.arange(N) // 3)
        plain = ErrorRateSelector(
            Ridge().set_fit_request(sample_weight=False),
            cv=GroupKFold(3),
            random_state=0,
        ).fit(X, y, groups=np.arange(N) // 3)
    assert np.any(selector.scores_ != plain.scores_)


# -- nothing selected, and bad input ---------------------------------------------------


def test_nothing_selected_warns_and_transform_refuses():
    noise = np.random.default_rng(5).standard_normal(N)
    with pytest.warns(UserWarning, match=r"No column is selected with fdr=0\.001"):
        selector = select(y=noise, fdr=0.001)
    assert selector.expected_false_positives_ == 0
    with pytest.raises(ValueError, match="Raise the bound"):
        selector.transform(X)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"fdr": 0.0}, "'fdr'"),
        ({"fdr": 1.0}, "'fdr'"),
        ({"fdr": None}, "expected one bound"),
        ({"max_false_positives": 1}, "expected one bound"),
        ({"fdr": None, "max_false_positives": 0}, "'max_false_positives'"),
        ({"feature_groups": [0, 1]}, "one label for each"),
        ({"cv": 400}, "n_splits=400"),
        ({"cv": 1}, "'cv'"),
        ({"estimator": LinearSVC()}, "CalibratedClassifierCV"),
        ({"X": FRAME.assign(day=pd.Timestamp("2020-01-01"))}, "Turn them into numbers"),
    ],
)
def test_bad_parameters(params, message):
    with pytest.raises(ValueError, match=message):
        select(**params)


def test_sparse_tables_are_refused_with_the_way_out():
    with pytest.raises(TypeError, match="toarray"):
        select(X=sparse.csr_matrix(X))


def test_a_fit_that_fails_leaves_the_selector_as_it_was():
    selector = select()
    before = dict(vars(selector))
    with pytest.raises(ValueError, match="y"):
        selector.fit(X, Y[:-1])
    assert vars(selector) == before


def test_clones_have_no_result():
    with pytest.raises(ValueError, match="generator"):
        clone(ErrorRateSelector(Ridge(), cv=(pair for pair in [])))
    assert not hasattr(clone(select()), "support_")


def test_probabilities_of_trees():
    trees = ExtraTreesClassifier(50, min_samples_leaf=5, random_state=0)
    assert select(trees, X[:, :4], CLASSES).support_[0]

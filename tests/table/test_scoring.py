# SPDX-License-Identifier: BSD-3-Clause
"""Scores where labels are missing."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.metrics import (
    accuracy_score,
    mean_squared_error,
    r2_score,
    roc_auc_score,
)

from skrln import make_masked_scorer
from skrln._table._scoring import exact_match, mean_r2, score_known, task_scores

NAN = np.nan


class Echo:
    """Predicts what it is told to, whatever the inputs."""

    def __init__(self, **responses):
        for method, response in responses.items():
            setattr(self, method, lambda X, response=response: response)


def test_score_known_leaves_out_what_is_missing():
    y = np.array([[0.0, 1.0], [1.0, NAN], [2.0, 3.0], [NAN, 2.0]])
    prediction = np.array([[0.0, 2.0], [1.0, 99.0], [2.0, 3.0], [99.0, 2.0]])
    expected = (1.0 + r2_score([1, 3, 2], [2, 3, 2])) / 2
    assert score_known(r2_score, y, prediction) == pytest.approx(expected)


def test_score_known_takes_weights_of_the_rows_that_count():
    y = np.array([[0.0], [1.0], [NAN]])
    prediction = np.array([1.0, 1.0, 99.0])
    found = score_known(mean_squared_error, y, prediction, [3.0, 1.0, 50.0])
    assert found == pytest.approx(0.75)


def test_score_known_leaves_out_tasks_without_a_label():
    y = np.array([[0.0, NAN], [1.0, NAN]])
    assert score_known(r2_score, y, y) == 1


def test_score_known_needs_a_label():
    with pytest.raises(ValueError, match="without a single label"):
        score_known(r2_score, np.full((3, 2), NAN), np.zeros((3, 2)))


def test_score_known_of_labels_in_object_arrays():
    y = np.array([["a", 1], ["b", None], [None, 2]], dtype=object)
    prediction = np.array([["a", 1], ["a", 1], ["a", 2]], dtype=object)
    assert score_known(accuracy_score, y, prediction) == pytest.approx(0.75)


def test_scorer_of_probabilities_of_several_tasks():
    y = np.array([[0, 1], [1, 0], [1, 1], [0, 0]], float)
    y[3, 1] = NAN
    first = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.7, 0.3]])
    second = np.array([[0.1, 0.9], [0.5, 0.5], [0.7, 0.3], [0, 1]])
    scorer = make_masked_scorer(roc_auc_score, response_method="predict_proba")
    expected = (1.0 + roc_auc_score([1, 0, 1], [0.9, 0.5, 0.3])) / 2
    lists = Echo(predict_proba=[first, second])
    assert scorer(lists, None, y) == pytest.approx(expected)
    labels = Echo(predict_proba=np.column_stack([first[:, 1], second[:, 1]]))
    assert scorer(labels, None, y) == pytest.approx(expected)


def test_scorer_of_probabilities_of_one_task():
    scorer = make_masked_scorer(roc_auc_score, response_method="predict_proba")
    proba = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    assert scorer(Echo(predict_proba=proba), None, [0, 1, 1]) == 1


def test_scorer_takes_the_first_method_there_is():
    scorer = make_masked_scorer(
        accuracy_score, response_method=["decision_function", "predict"]
    )
    assert scorer(Echo(predict=np.array([1, 0])), None, np.array([1, 1])) == 0.5


def test_scorer_of_a_loss_is_negative():
    scorer = make_masked_scorer(mean_squared_error, greater_is_better=False)
    better = scorer(Echo(predict=np.array([1.0, 2.1])), None, np.array([1.0, 2.0]))
    worse = scorer(Echo(predict=np.array([1.0, 3.0])), None, np.array([1.0, 2.0]))
    assert worse < better < 0


def test_scorer_passes_arguments_and_pickles():
    scorer = make_masked_scorer(accuracy_score, normalize=False)
    twice_right = Echo(predict=np.array([1, 1, 0]))
    assert scorer(twice_right, None, np.array([1, 1, 1])) == 2
    again = pickle.loads(pickle.dumps(scorer))
    assert again(twice_right, None, np.array([1, 1, 1])) == 2
    assert repr(again) == "make_masked_scorer(accuracy_score)"


def test_exact_match_of_one_task():
    assert exact_match(["a", "b"], ["a", "a"]) == 0.5
    assert exact_match([0, 1], [0, 0], [3, 1]) == 0.75


def test_exact_match_of_a_column():
    """A comparison of (n, 1) with (n,) would be one of all with all."""
    y = np.array([0, 1, 1])
    assert exact_match(y[:, None], y) == 1


def test_exact_match_needs_every_known_label():
    y = np.array([[0, 1], [1, 1], [1, NAN], [NAN, NAN]])
    prediction = np.array([[0, 1], [1, 0], [1, 0], [0, 0]])
    # The last row has no label, and does not count.
    assert exact_match(y, prediction) == pytest.approx(2 / 3)
    assert exact_match(y, prediction, [1, 2, 1, 99]) == pytest.approx(0.5)


def test_exact_match_of_a_sparse_indicator():
    y = np.array([[0, 1], [1, 1]])
    assert exact_match(sparse.csr_matrix(y), np.array([[0, 1], [0, 1]])) == 0.5


def test_mean_r2_is_that_of_scikit_learn_where_nothing_is_missing():
    rng = np.random.default_rng(0)
    y, prediction = rng.normal(size=(2, 9, 3))
    weights = rng.uniform(size=9)
    expected = r2_score(y, prediction, sample_weight=weights)
    assert mean_r2(y, prediction, weights) == pytest.approx(expected)


def test_mean_r2_with_missing_labels():
    y = np.array([[0.0, 1.0], [1.0, NAN], [NAN, 2.0]])
    prediction = np.where(np.isnan(y), 99.0, y)
    assert mean_r2(y, prediction) == 1


# -- what fit takes --------------------------------------------------------------------

NULLABLE = pd.DataFrame({"a": [0, 1, None, 1], "b": [1, None, 0, 0]}, dtype="Int64")
RIGHT = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
MEASURES = {
    "r2": mean_r2,
    "match": exact_match,
    "tasks": lambda y, guess, w=None: task_scores(
        y, guess, np.array([False, True]), w
    ).mean(),
    "known": lambda y, guess, w=None: score_known(r2_score, y, guess, w),
}


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
@pytest.mark.parametrize("weights", [None, 2.0, [1, 2, 1, 3], 1e300])
def test_scores_of_nullable_frames_and_weights(measure, weights):
    assert measure(NULLABLE, RIGHT, weights) == 1


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_scores_of_other_lengths(measure):
    with pytest.raises(ValueError, match=r"Got y with 3 rows, but X has 4"):
        measure(NULLABLE[:3], RIGHT)
    with pytest.raises(ValueError, match=r"sample_weight.shape == \(3,\)"):
        measure(NULLABLE, RIGHT, [1, 1, 1])


@pytest.mark.parametrize("measure", [mean_r2, exact_match])
def test_scores_of_a_task_with_missing_labels(measure):
    with pytest.raises(ValueError, match=r"Input y contains .*in 1 row\(s\) \(2\)"):
        measure(NULLABLE["a"], RIGHT[:, 0])
    assert measure(NULLABLE["a"].dropna(), RIGHT[[0, 1, 3], 0], 1.0) == 1


def test_exact_match_needs_a_label_and_as_many_tasks():
    with pytest.raises(ValueError, match="without a single label"):
        exact_match(np.full((2, 2), None), RIGHT[:2])
    with pytest.raises(ValueError, match=r"shape \(4, 1\), but expected \(4, 2\)"):
        exact_match(RIGHT[:, :1], RIGHT)


@pytest.mark.parametrize("size", [1e300, 1e-300])
def test_r2_of_extreme_numbers(size):
    y, guess = np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 4.0])
    assert mean_r2(y * size, guess * size) == pytest.approx(r2_score(y, guess))


def test_labels_without_weight_have_no_score():
    y = np.array([[1.0, 2.0], [NAN, 3.0], [NAN, NAN]])
    prediction = np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]])
    with pytest.raises(ValueError, match=r"label of positive weight.*Pass rows with"):
        exact_match(y, prediction, [0, 0, 1])
    assert exact_match(y, prediction, [0, 1, 1]) == 0
    scores = task_scores(y, prediction, np.array([True, True]), [0, 1, 1])
    np.testing.assert_array_equal(scores, [NAN, 0])
    assert score_known(accuracy_score, y, prediction, [0, 1, 1]) == 0

# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pandas as pd
import pytest

from skrln.inspection import ScoreComparisonDisplay

#: Splits differ by far more than models do.
SCORES = {
    "age": {
        "tree": [0.1, 0.5, 0.9],
        "net": [0.12, 0.52, 0.92],
        "mean": [0.0, 0.0, 0.0],
    },
    "sex": {"tree": [0.2, 0.4], "net": [0.3, 0.3]},
}


def test_means_and_paired_differences_by_hand(pyplot):
    display = ScoreComparisonDisplay.from_scores(SCORES, score_name="R2")
    assert (display.tasks, display.models) == (["age", "sex"], ["tree", "net", "mean"])
    assert display.reference == "tree"
    np.testing.assert_allclose(display.mean, [[0.5, 0.52, 0], [0.3, 0.3, np.nan]])
    error = 0.4 / np.sqrt(3)
    np.testing.assert_allclose(display.error[0], [error, error, 0])
    np.testing.assert_allclose(display.difference[:, 1], [0.02, 0], atol=1e-15)
    # The difference is beyond doubt where it is the same on every split.
    np.testing.assert_allclose(
        display.difference_error[:, 1], [0, np.sqrt(0.02) / np.sqrt(2)], atol=1e-15
    )


def test_data_frame_is_paired_by_split_in_any_order(pyplot):
    frame = pd.DataFrame(
        [
            (task, model, split, score)
            for task, models in SCORES.items()
            for model, scores in models.items()
            for split, score in enumerate(scores)
        ],
        columns=["task", "model", "split", "score"],
    )
    expected = ScoreComparisonDisplay.from_scores(SCORES, reference="net")
    shuffled = pd.concat([frame[:1], frame[1:].sample(frac=1, random_state=0)])
    found = ScoreComparisonDisplay.from_scores(shuffled, reference="net")
    order = [found.models.index(model) for model in expected.models]
    rows = [found.tasks.index(task) for task in expected.tasks]
    for name in ("mean", "error", "difference", "difference_error"):
        values = getattr(found, name)[np.ix_(rows, order)]
        np.testing.assert_allclose(values, getattr(expected, name), atol=1e-15)
    with pytest.raises(ValueError, match="without the column 'split'"):
        ScoreComparisonDisplay.from_scores(frame.drop(columns="split"))
    with pytest.raises(
        ValueError, match="two scores of model 'tree' on split 0 of task"
    ):
        ScoreComparisonDisplay.from_scores(pd.concat([frame, frame[:1]]))


def test_error_of_splits_that_overlap(pyplot):
    plain = ScoreComparisonDisplay.from_scores(SCORES)
    wide = ScoreComparisonDisplay.from_scores(SCORES, test_fraction=0.2)
    factor = np.sqrt((1 / 3 + 0.25) / (1 / 3))
    np.testing.assert_allclose(wide.error[0], plain.error[0] * factor)
    np.testing.assert_allclose(wide.mean, plain.mean)


def test_panels(pyplot):
    display = ScoreComparisonDisplay.from_scores(
        SCORES, reference="net", score_name="R2", capsize=2
    )
    left, right = display.ax_, display.difference_ax_
    assert [label.get_text() for label in left.get_yticklabels()] == ["age", "sex"]
    assert set(display.errorbars_) == {"tree", "net", "mean"}
    assert set(display.difference_errorbars_) == {"tree", "mean"}
    line = display.errorbars_["tree"].lines[0]
    np.testing.assert_allclose(line.get_xdata(), [0.5, 0.3])
    other = display.difference_errorbars_["tree"].lines[0]
    np.testing.assert_allclose(other.get_xdata(), [-0.02, 0], atol=1e-15)
    # A model is at one height and has one colour in both panels.
    np.testing.assert_array_equal(line.get_ydata(), other.get_ydata())
    assert line.get_color() == other.get_color()
    heights = [bars.lines[0].get_ydata()[0] for bars in display.errorbars_.values()]
    assert heights == sorted(heights)
    texts = [text.get_text() for text in right.get_legend().get_texts()]
    assert texts == ["tree", "net", "mean"]
    assert left.get_xlabel() == "Score (R2)"
    assert "Difference to net (R2)" in right.get_xlabel()


def test_one_split_has_no_error(pyplot):
    display = ScoreComparisonDisplay.from_scores({"age": {"a": [0.5], "b": 0.7}})
    display.figure_.canvas.draw()
    np.testing.assert_allclose(display.difference, [[0, 0.2]])
    assert np.all(np.isnan(display.error))


def test_errors(pyplot):
    draw = ScoreComparisonDisplay.from_scores
    with pytest.raises(
        ValueError, match="'tree' and 'net' on different splits of task"
    ):
        draw({"age": {"tree": [1, 2, 3], "net": [1, 2]}})
    with pytest.raises(
        ValueError, match="model 'net' on task 'age' that is not finite"
    ):
        draw({"age": {"tree": [1, 2], "net": [1, np.nan]}})
    with pytest.raises(ValueError, match="Got reference='forest', but expected one of"):
        draw(SCORES, reference="forest")
    with pytest.raises(
        ValueError, match=r"Got test_fraction=1\.0, but expected a number"
    ):
        draw(SCORES, test_fraction=1.0)
    with pytest.raises(ValueError, match="Got no scores"):
        draw({})
    assert pyplot.get_fignums() == []

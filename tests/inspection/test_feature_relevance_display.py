# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pandas as pd
import pytest

from skrln.inspection import FeatureRelevanceDisplay

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 50))
X[:, 7] = 0.1  # whose mean is not exactly 0.1
X[:, 3] += 1e6
Y = 2 * (X[:, 3] - 1e6) - X[:, 1] + 0.5 * rng.normal(size=200)


def test_squared_correlations_in_falling_order(pyplot):
    display = FeatureRelevanceDisplay.from_data(X, Y, name="table")
    with np.errstate(invalid="ignore"):
        expected = np.corrcoef(X, Y, rowvar=False)[-1, :-1] ** 2
    expected[7] = 0  # constant
    np.testing.assert_allclose(display.relevance, np.sort(expected)[::-1], atol=1e-15)
    assert list(display.feature_names[:2]) == ["x3", "x1"]
    assert display.feature_names[-1] == "x7"
    np.testing.assert_allclose(display.line_.get_xdata(), np.arange(2, 101, 2))
    np.testing.assert_array_equal(display.line_.get_ydata(), display.relevance)
    assert display.line_.get_label() == "table (50 columns, 200 rows)"
    assert display.figure_ is display.ax_.figure


def test_noise_is_what_noise_shows(pyplot):
    """The dotted curve, simulated: sorted correlations of noise, mean of 200 tables."""
    display = FeatureRelevanceDisplay(np.zeros(20), list("a" * 20), n_samples=30).plot()
    noise, y = rng.normal(size=(200, 30, 20)), rng.normal(size=30)
    y = (y - y.mean()) / np.linalg.norm(y - y.mean())
    noise -= noise.mean(axis=1, keepdims=True)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    squared = np.sort(np.einsum("tnp,n->tp", noise, y) ** 2, axis=1)[:, ::-1].mean(
        axis=0
    )
    found = display.noise_line_.get_ydata()
    # The median of an order statistic lies a little below its mean, most at the top.
    np.testing.assert_allclose(found[1:], squared[1:], rtol=0.15, atol=0.004)


def test_tables_on_one_axis(pyplot):
    first = FeatureRelevanceDisplay.from_data(X, Y, name="first")
    second = FeatureRelevanceDisplay.from_data(
        X[:, :10], Y, name="second", ax=first.ax_, lw=3
    )
    assert second.ax_ is first.ax_
    np.testing.assert_allclose(second.line_.get_xdata()[-1], 100)
    assert second.line_.get_linewidth() == 3
    assert second.line_.get_color() == second.noise_line_.get_color()
    assert second.line_.get_color() != first.line_.get_color()
    texts = [text.get_text() for text in first.ax_.get_legend().get_texts()]
    assert [text.split(" ")[0] for text in texts] == ["first", "noise", "second"]


def test_columns_of_a_data_frame_are_marked_by_name(pyplot):
    table = pd.DataFrame(X[:, :4], columns=list("abcd"))
    display = FeatureRelevanceDisplay.from_data(table, Y, highlight=["d", "a"])
    assert set(display.feature_names) == set("abcd")
    assert [text.get_text() for text in display.ax_.texts] == ["d", "a"]
    marks = display.ax_.lines[2:]
    assert marks[0].get_ydata() == [display.relevance[0]]
    given = FeatureRelevanceDisplay.from_data(table, Y, feature_names=list("efgh"))
    assert given.feature_names[0] == "h"
    with pytest.raises(ValueError, match="Got highlight with 'e', but expected names"):
        FeatureRelevanceDisplay.from_data(table, Y, highlight=["e"])


def test_two_classes_are_numbers(pyplot):
    classes = np.where(Y > 0, "yes", "no")
    display = FeatureRelevanceDisplay.from_data(X, classes)
    expected = FeatureRelevanceDisplay.from_data(X, (Y > 0).astype(int))
    np.testing.assert_allclose(display.relevance, expected.relevance)
    with pytest.raises(
        ValueError, match="Got y with 3 classes, but expected numbers or"
    ):
        FeatureRelevanceDisplay.from_data(X[:3], ["a", "b", "c"])

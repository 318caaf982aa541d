# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LassoCV

from skrln import ErrorRateSelector
from skrln.inspection import SelectionDisplay

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.standard_normal((120, 6)), columns=list("abcdef"))
Y = X["b"] + 0.3 * X["e"] + 0.3 * RNG.standard_normal(120)


@pytest.fixture(scope="module")
def selector():
    return ErrorRateSelector(LassoCV(), fdr=0.01, cv=3, random_state=0).fit(X, Y)


def test_bars_are_the_scores(pyplot, selector):
    display = SelectionDisplay.from_estimator(selector)
    np.testing.assert_array_equal(display.scores, np.sort(selector.scores_)[::-1])
    widths = [bar.get_width() for bar in display.bars_]
    np.testing.assert_array_equal(widths, display.scores)
    shown = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert shown == list(display.feature_names)
    assert shown[:2] == ["b", "e"]
    # Selected columns are filled, and the line is at the smallest of their scores.
    filled = [bar.get_facecolor()[3] > 0 for bar in display.bars_]
    np.testing.assert_array_equal(filled, display.support)
    np.testing.assert_array_equal(
        display.line_.get_xdata(), [selector.scores_[selector.support_].min()] * 2
    )
    assert display.ax_.get_title() == (
        f"{selector.support_.sum()} of 6 columns selected, "
        f"{selector.expected_false_positives_:.2g} false ones expected"
    )


def test_few_bars_names_and_style(pyplot, selector):
    axes = pyplot.subplots()[1]
    display = SelectionDisplay.from_estimator(
        selector, feature_names=range(6), max_features=2, ax=axes, ec="red"
    )
    assert display.ax_ is axes
    assert len(display.bars_) == 2
    assert [label.get_text() for label in axes.get_yticklabels()] == ["1", "4"]
    assert display.bars_[0].get_edgecolor()[:3] == (1, 0, 0)


def test_without_a_selected_column(pyplot):
    display = SelectionDisplay(
        np.array([0.5, 0.0]),
        np.array(["a", "b"], object),
        np.zeros(2, bool),
        expected_false_positives=0.0,
    ).plot()
    assert display.line_ is None
    assert display.ax_.get_title().startswith("0 of 2 columns selected")


def test_other_estimators_are_refused(pyplot):
    with pytest.raises(ValueError, match="expected_false_positives_"):
        SelectionDisplay.from_estimator(LassoCV(cv=2).fit(X, Y))

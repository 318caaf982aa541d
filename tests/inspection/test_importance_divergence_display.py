# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest

from skrln.inspection import (
    ImportanceDivergenceDisplay,
    importance_divergence,
    selection_stability,
)

rng = np.random.default_rng(0)
FLAT = 1 + 0.01 * rng.normal(size=(5, 60))
#: Every fit rests on the first three inputs and on another one.
SPARSE = np.zeros((5, 60))
SPARSE[:, :3] = rng.uniform(0.5, 1, size=(5, 3))
SPARSE[np.arange(5), 10 + np.arange(5)] = 0.1


def test_both_measures(pyplot):
    kinds = {"flat": FLAT, "sparse": SPARSE}
    display = ImportanceDivergenceDisplay.from_importances(kinds, n_top=3)
    assert [len(pairs) for pairs in display.divergences] == [10, 10]
    for pairs, table in zip(display.divergences, kinds.values(), strict=True):
        assert pairs.mean() == pytest.approx(importance_divergence(table))
    # What it is for: the divergence prefers those that tell nothing.
    assert display.divergences[0].max() < display.divergences[1].min()
    assert display.top_stability[0] < 0.2
    assert display.top_stability[1] == 1
    assert np.isnan(display.used_stability[0])
    assert display.used_stability[1] == selection_stability(SPARSE) < 1


def test_fewer_inputs_than_asked_for_and_ties(pyplot):
    # Four of ten are used; zeros are not told apart by their position.
    display = ImportanceDivergenceDisplay.from_importances(SPARSE, n_top=10)
    assert display.top_stability[0] == display.used_stability[0]
    flat = ImportanceDivergenceDisplay.from_importances(np.ones((3, 20)), n_top=5)
    assert np.isnan(flat.top_stability[0])
    named = ImportanceDivergenceDisplay.from_importances(SPARSE, n_top=3, name="net")
    assert named.ax_.get_yticklabels()[0].get_text() == "net"
    flat.figure_.canvas.draw()


def test_panels(pyplot):
    display = ImportanceDivergenceDisplay.from_importances(
        {"flat": FLAT, "sparse": SPARSE}, n_top=3, color="k"
    )
    left, right = display.ax_, display.stability_ax_
    assert [label.get_text() for label in left.get_yticklabels()] == ["flat", "sparse"]
    assert left.yaxis_inverted()
    for row, line in enumerate(display.lines_):
        np.testing.assert_array_equal(line.get_xdata(), display.divergences[row])
        assert set(line.get_ydata()) == {row}
        assert line.get_color() == "k"
    means = left.lines[2].get_xdata()
    np.testing.assert_allclose(means, [pairs.mean() for pairs in display.divergences])
    assert right.lines[0].get_label() == "top 3 inputs"
    np.testing.assert_array_equal(right.lines[0].get_xdata(), display.top_stability)
    np.testing.assert_array_equal(right.lines[1].get_xdata(), display.used_stability)
    # The kind that has no mark there says why.
    (note,) = right.texts
    assert (note.get_text(), note.xy[1]) == ("uses every input", 0)


def test_estimators_on_own_axes(pyplot, rln, classifier):
    _, axes = pyplot.subplots(2)
    display = ImportanceDivergenceDisplay.from_estimators(
        [rln, classifier], n_top=4, ax=axes
    )
    assert [display.ax_, display.stability_ax_] == list(axes)
    # The rows have their names once, whether the panels share them or not.
    display.figure_.canvas.draw()
    assert not any(label.get_visible() for label in axes[1].get_yticklabels())
    importances = [rln.feature_importances_, classifier.feature_importances_]
    assert display.divergences[0] == pytest.approx(importance_divergence(importances))
    assert display.kinds == ["RLNRegressor"]


def test_errors(pyplot):
    with pytest.raises(ValueError, match=r"Got n_top=60, but .* fewer than the 60"):
        ImportanceDivergenceDisplay.from_importances(FLAT, n_top=60)
    with pytest.raises(ValueError, match="Got importances of 1 fit"):
        ImportanceDivergenceDisplay.from_importances({"one": FLAT[:1]})
    _, ax = pyplot.subplots()
    with pytest.raises(ValueError, match="Got ax with 1 axes, but expected 2"):
        ImportanceDivergenceDisplay.from_importances(FLAT, ax=ax)

# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest

from skrln.inspection import OutgoingWeightsDisplay


@pytest.mark.parametrize("network", ["rln", "plain", "classifier", "multi_output"])
def test_weights_are_those_of_the_estimator(pyplot, request, network):
    model = request.getfixturevalue(network)
    display = OutgoingWeightsDisplay.from_estimator(model)
    assert display.n_features == 15
    rows = [int(name[1:]) for name in display.feature_names]
    assert set(rows) == set(model.active_features_)
    for row, weights in zip(rows, display.weights, strict=True):
        expected = model.coefs_[0][row]
        np.testing.assert_array_equal(weights, expected[expected != 0])
    assert np.all(np.diff(model.feature_importances_[rows]) <= 0)


def test_dots(pyplot, rln):
    display = OutgoingWeightsDisplay.from_estimator(rln, max_features=2, name="RLN")
    n_used = rln.n_active_features_
    assert 2 < n_used < 15  # else the test is void
    assert len(display.lines_) == 2
    for row, line in enumerate(display.lines_):
        np.testing.assert_array_equal(line.get_xdata(), display.weights[row])
        assert set(line.get_ydata()) == {row}
    shown = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert shown == list(display.feature_names[:2])
    title = f"RLN: {n_used} of 15 inputs used, top 2 shown"
    assert display.ax_.get_title() == title
    assert display.ax_.get_xlabel() == "Weights (standardized inputs)"
    assert display.ax_.yaxis_inverted()


def test_encoded_columns_of_one_input_share_a_row(pyplot, frame_network):
    display = OutgoingWeightsDisplay.from_estimator(frame_network)
    counts = {
        name: len(weights)
        for name, weights in zip(display.feature_names, display.weights, strict=True)
    }
    first = frame_network.coefs_[0]
    # Three numbers, a flag of missing ones, four categories.
    assert first.shape == (8, 8)
    assert sum(counts.values()) == np.count_nonzero(first)
    # The flag of missing values belongs to the column that has them.
    assert counts["width"] == np.count_nonzero(first[[0, 3]])
    assert counts["kind"] == np.count_nonzero(first[4:])


def test_side_by_side(pyplot, rln, plain):
    _, axes = pyplot.subplots(ncols=2)
    for model, ax in zip((rln, plain), axes, strict=True):
        display = OutgoingWeightsDisplay.from_estimator(model, ax=ax, color="black")
        assert display.ax_ is ax
        assert display.lines_[0].get_color() == "black"
    assert "15 of 15 inputs used" in axes[1].get_title()
    assert len(pyplot.get_fignums()) == 1


def test_nothing_left(pyplot):
    display = OutgoingWeightsDisplay([], np.array([]), n_features=3).plot()
    display.figure_.canvas.draw()
    assert display.ax_.get_title() == "0 of 3 inputs used"
    assert display.lines_ == []

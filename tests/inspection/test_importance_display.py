# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

from skrln.inspection import ImportanceDisplay, importance_entropy

from .conftest import friedman


@pytest.mark.parametrize("network", ["rln", "classifier", "multi_output"])
def test_numbers_are_those_of_the_estimator(pyplot, request, network):
    model = request.getfixturevalue(network)
    importances = model.feature_importances_
    display = ImportanceDisplay.from_estimator(model)
    assert np.all(np.diff(display.importances) <= 0)
    np.testing.assert_allclose(display.importances, np.sort(importances)[::-1])
    assert display.entropy == importance_entropy(importances)
    assert display.n_used == np.count_nonzero(importances)
    order = [int(name[1:]) for name in display.feature_names]
    np.testing.assert_allclose(importances[order], display.importances)


def test_curve(pyplot, rln):
    display = ImportanceDisplay.from_estimator(rln)
    assert display.figure_ is display.ax_.figure
    assert display.bars_ is None
    np.testing.assert_array_equal(display.line_.get_xdata(), np.arange(1, 16))
    np.testing.assert_array_equal(display.line_.get_ydata(), display.importances)
    assert (display.ax_.get_xscale(), display.ax_.get_yscale()) == ("log", "log")
    assert display.ax_.get_xlabel() == "Rank of the input"
    assert display.ax_.get_ylabel() == "Importance (share of the total)"
    assert display.line_.get_label() == (
        f"RLNRegressor ({display.entropy:.1f} bits, {display.n_used} of 15 inputs)"
    )
    display.figure_.canvas.draw()


def test_several_curves_on_one_axis(pyplot, rln, plain):
    first = ImportanceDisplay.from_estimator(rln, name="RLN")
    second = ImportanceDisplay.from_estimator(plain, name="plain", ax=first.ax_)
    assert second.ax_ is first.ax_
    assert len(pyplot.get_fignums()) == 1
    labels = [text.get_text() for text in first.ax_.get_legend().get_texts()]
    assert [label.split(" ")[0] for label in labels] == ["RLN", "plain"]
    assert first.line_.get_color() != second.line_.get_color()
    assert first.line_.get_linestyle() != second.line_.get_linestyle()


def test_bars_name_the_most_important_inputs(pyplot, frame_network):
    display = ImportanceDisplay.from_estimator(
        frame_network, kind="bar", max_features=3, name="net"
    )
    assert display.line_ is None
    widths = [bar.get_width() for bar in display.bars_]
    np.testing.assert_array_equal(widths, display.importances[:3])
    shown = [label.get_text() for label in display.ax_.get_yticklabels()]
    order = np.argsort(-frame_network.feature_importances_)
    assert shown == list(frame_network.feature_names_in_[order[:3]])
    # The most important input is at the top.
    assert display.ax_.yaxis_inverted()
    assert display.ax_.get_legend().get_texts()[0].get_text().startswith("net (")


def test_one_importance_per_column_of_a_data_frame(pyplot, frame_network):
    display = ImportanceDisplay.from_estimator(frame_network)
    assert set(display.feature_names) == {"width", "height", "depth", "kind"}
    assert display.importances.sum() == pytest.approx(1)


def test_names_given(pyplot, rln):
    names = [f"gene {i}" for i in range(15)]
    display = ImportanceDisplay.from_estimator(rln, feature_names=names)
    top = np.argmax(rln.feature_importances_)
    assert display.feature_names[0] == f"gene {top}"


def test_plot_again_with_another_name_and_style(pyplot, rln):
    display = ImportanceDisplay.from_estimator(rln, name="first")
    old_ax = display.ax_
    assert display.plot(name="second", c="black", lw=3) is display
    assert display.ax_ is not old_ax
    assert display.line_.get_label().startswith("second (")
    assert display.line_.get_color() == "black"
    assert display.line_.get_linewidth() == 3
    assert display.name == "first"


def test_forest(pyplot):
    forest = RandomForestRegressor(5, random_state=0).fit(*friedman())
    display = ImportanceDisplay.from_estimator(forest)
    np.testing.assert_allclose(
        display.importances, np.sort(forest.feature_importances_)[::-1]
    )


def test_importances_at_hand_are_scaled(pyplot):
    display = ImportanceDisplay.from_importances([1, 0, 3], feature_names=list("abc"))
    np.testing.assert_array_equal(display.importances, [0.75, 0.25, 0])
    assert list(display.feature_names) == ["c", "a", "b"]
    assert display.line_.get_label() == "0.8 bits, 2 of 3 inputs"


@pytest.mark.parametrize("kind", ["curve", "bar"])
@pytest.mark.parametrize("importances", [[0.0, 0.0], [2.0]])
def test_no_input_left_and_one_input(pyplot, importances, kind):
    display = ImportanceDisplay.from_importances(importances, kind=kind, name="net")
    display.figure_.canvas.draw()
    label = display.ax_.get_legend().get_texts()[0].get_text()
    expected = {2: "net (0 of 2 inputs)", 1: "net (0.0 bits, 1 of 1 inputs)"}
    assert label == expected[len(importances)]


def test_bad_arguments(pyplot, rln):
    with pytest.raises(ValueError, match="Got kind='pie', but expected one of 'curve'"):
        ImportanceDisplay.from_estimator(rln, kind="pie")
    with pytest.raises(ValueError, match="Got 2 feature_names, but expected 15"):
        ImportanceDisplay.from_estimator(rln, feature_names=["a", "b"])
    with pytest.raises(ValueError, match="finite, non-negative numbers"):
        ImportanceDisplay.from_importances([0.5, -0.5])
    assert pyplot.get_fignums() == []

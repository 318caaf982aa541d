# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest

from skrln.inspection import RegularizationPathDisplay


def test_paths_lead_to_the_weights_that_were_kept(pyplot, rln):
    display = RegularizationPathDisplay.from_estimator(rln)
    kept = rln.best_iteration_ + 1
    np.testing.assert_array_equal(display.path, rln.reg_path_[:kept])
    rows, units = rln.reg_path_edges_.T
    weights = rln.coefs_[0][rows, units]
    np.testing.assert_allclose(display.path[-1, :, 0], weights)
    np.testing.assert_allclose(display.path[-1, :, 1], rln.reg_coefs_[0][rows, units])
    np.testing.assert_array_equal(display.survives, weights != 0)
    np.testing.assert_array_equal(display.zero_curve, rln.sparsity_curve_[:kept, 0])
    assert display.zero_curve[-1] == pytest.approx(rln.sparsity_[0])
    assert display.n_left == np.count_nonzero(rln.coefs_[0])
    assert display.theta == -5.5


def test_both_axes(pyplot, rln):
    display = RegularizationPathDisplay.from_estimator(rln, name="RLN")
    survives = display.survives
    assert 0 < survives.sum() < len(survives)  # else the test is void
    assert len(display.survivors_.get_segments()) == survives.sum()
    assert len(display.others_.get_segments()) == (~survives).sum()
    first = np.flatnonzero(survives)[0]
    np.testing.assert_array_equal(
        display.survivors_.get_segments()[0], display.path[:, first]
    )
    assert display.ax_.get_xlabel() == "Weight $w$"
    assert (
        display.ax_.get_ylabel() == r"Log coefficient $\lambda$ (lower: weaker penalty)"
    )
    legend = display.ax_.get_legend()
    assert legend.get_title().get_text() == f"RLN: {display.n_left} edges left"
    assert [text.get_text() for text in legend.get_texts()] == [
        "start (after epoch 1)",
        "end: survives",
        "end: zero",
        r"mean, $\theta$ = -5.5",
    ]
    np.testing.assert_array_equal(
        display.zeros_ax_.lines[0].get_ydata(), display.zero_curve
    )
    assert display.zeros_ax_.get_xlabel() == "Epoch"
    assert display.zeros_ax_.get_ylabel() == "Zeros in the first layer"
    display.figure_.canvas.draw()


def test_one_axis_has_the_plane_alone(pyplot, rln):
    _, ax = pyplot.subplots()
    display = RegularizationPathDisplay.from_estimator(rln, ax=ax, color="black", lw=2)
    assert display.ax_ is ax
    assert display.zeros_ax_ is None
    assert display.survivors_.get_linewidth() == [2]
    np.testing.assert_array_equal(display.survivors_.get_color(), [[0, 0, 0, 0.7]])


def test_two_axes_given(pyplot, rln):
    _, axes = pyplot.subplots(2)
    display = RegularizationPathDisplay.from_estimator(rln, ax=axes)
    assert display.ax_ is axes[0]
    assert display.zeros_ax_ is axes[1]
    with pytest.raises(ValueError, match="Got 3 axes as ax, but expected one or two"):
        display.plot([*axes, axes[0]])


@pytest.mark.parametrize("network", ["classifier", "multi_output"])
def test_other_tasks(pyplot, request, network):
    model = request.getfixturevalue(network)
    display = RegularizationPathDisplay.from_estimator(model)
    assert display.path.shape == (model.n_iter_, 4, 2)


@pytest.mark.parametrize("survives", [True, False])
def test_all_edges_survive_or_none(pyplot, survives):
    path = np.array([[[0.1, -6.0], [0.2, -6.5]], [[0.3, -7.0], [0.1, -7.5]]])
    display = RegularizationPathDisplay(
        path * [survives, 1],
        survives=np.array([survives] * 2),
        theta=-6.5,
        zero_curve=np.array([0.0, 1.0 - survives]),
        n_left=2 * survives,
    ).plot()
    display.figure_.canvas.draw()
    legend = display.ax_.get_legend()
    assert legend.get_title().get_text() == f"{2 * survives} edges left"


def test_path_that_was_not_recorded(pyplot, frame_network):
    message = r"n_path_edges=0 in its penalty, but.*RLNPenalty\(n_path_edges=50\)"
    with pytest.raises(ValueError, match=message):
        RegularizationPathDisplay.from_estimator(frame_network)


def test_network_without_coefficients(pyplot, plain):
    with pytest.raises(ValueError, match="Got an estimator fitted with penalty=None"):
        RegularizationPathDisplay.from_estimator(plain)
    assert pyplot.get_fignums() == []

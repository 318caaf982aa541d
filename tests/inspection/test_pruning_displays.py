# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPClassifier

from skrln.inspection import (
    AngleMatrixDisplay,
    PruningHistoryDisplay,
    PruningTradeoffDisplay,
)
from skrln.pruning import DistinctivenessPruner

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4))
Y = (X[:, 0] > 0).astype(int)


@pytest.fixture(scope="module")
def pruner():
    network = MLPClassifier((8, 6), max_iter=12, random_state=0)
    wide = {"similar_angle": 60, "complementary_angle": 120}
    return DistinctivenessPruner(
        network, schedule="middle_third", prune_every=2, **wide
    ).fit(X, Y)


@pytest.fixture(scope="module")
def once():
    network = MLPClassifier((8, 6), solver="lbfgs", random_state=0)
    return DistinctivenessPruner(network, layers=1, retrain=False).fit(X, Y)


def test_tradeoff(pyplot, once):
    display = PruningTradeoffDisplay.from_estimator(once, X, Y)
    path = once.path(X, Y, [(0, 180), (80, 100)])
    assert display.line_.get_xdata()[0] == path["pruning_ratio"][0] == 0
    assert display.line_.get_xdata()[-1] == path["pruning_ratio"][1] > 0
    assert display.line_.get_ydata()[-1] == path["score"][1]
    second = PruningTradeoffDisplay.from_estimator(
        once, X, Y, thresholds=[(0, 180)], name="other", ax=display.ax_, color="k"
    )
    assert second.ax_ is display.ax_
    assert len(second.line_.get_xdata()) == 1
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts == ["weight", "other"]
    assert second.line_.get_linestyle() != display.line_.get_linestyle()


def test_tradeoff_with_errors(pyplot):
    display = PruningTradeoffDisplay([0, 0.5], [1.0, 0.8], error=[0.1, 0.2]).plot()
    (band,) = display.ax_.collections
    corners = band.get_paths()[0].vertices
    assert corners[:, 1].min() == pytest.approx(0.6)
    assert display.ax_.get_legend() is None


def test_angles(pyplot, pruner, once):
    display = AngleMatrixDisplay.from_estimator(pruner, layer=0)
    np.testing.assert_array_equal(display.im_.get_array(), pruner.angles_[0])
    assert display.ax_.get_title() == "Layer 0, weight angles"
    assert AngleMatrixDisplay.from_estimator(once).angles.shape == (6, 6)
    with pytest.raises(ValueError, match=r"Got layer=0, but expected .* \[1\]"):
        AngleMatrixDisplay.from_estimator(once, layer=0)


def test_history(pyplot, pruner, once):
    display = PruningHistoryDisplay.from_estimator(pruner)
    np.testing.assert_array_equal(
        display.line_.get_ydata(), pruner.history_["loss_curve"]
    )
    marks = display.ax_.lines[1:]
    assert len(marks) == len(pruner.history_["epoch"]) > 1
    assert marks[0].get_xdata()[0] == pruner.history_["epoch"][0] - 0.5
    assert display.ax_.texts[0].get_text() == f"-{pruner.history_['n_removed'][0]}"
    with pytest.raises(ValueError, match="Got a network without a loss_curve_"):
        PruningHistoryDisplay.from_estimator(once)


@pytest.mark.parametrize("display", [AngleMatrixDisplay, PruningHistoryDisplay])
def test_other_estimators(pyplot, display):
    with pytest.raises(ValueError, match="Got Ridge, but expected an estimator with"):
        display.from_estimator(Ridge().fit(X, Y))
    with pytest.raises(NotFittedError):
        display.from_estimator(DistinctivenessPruner(MLPClassifier()))
    with pytest.raises(ValueError, match="Got Ridge"):
        PruningTradeoffDisplay.from_estimator(Ridge().fit(X, Y), X, Y)

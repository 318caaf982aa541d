# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.multioutput import MultiOutputRegressor

from skrln import PerTaskEarlyStopping
from skrln.inspection import (
    ClusterTradeoffDisplay,
    IntervalPlotDisplay,
    TaskValidationCurveDisplay,
)

from .conftest import friedman


@pytest.fixture(scope="module")
def stopped():
    X, y = friedman()
    noise = np.random.default_rng(0).normal(size=(len(y), 2))
    trees = MultiOutputRegressor(GradientBoostingRegressor(n_estimators=30))
    model = PerTaskEarlyStopping(trees, n_clusters="all", random_state=0)
    return model.fit(X, np.c_[y, noise])


def test_curves(pyplot, stopped):
    display = TaskValidationCurveDisplay.from_estimator(stopped, linewidth=3)
    assert len(display.lines_) == 3
    for line, curve in zip(display.lines_, stopped.smoothed_curves_, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), curve)
        assert line.get_linewidth() == 3
    np.testing.assert_array_equal(
        display.summary_line_.get_ydata(), stopped.summary_curve_
    )
    assert display.ax_.get_ylabel() == "Validation score (r2)"
    assert display.ax_.get_title(loc="left") == "MultiOutputRegressor"
    some = TaskValidationCurveDisplay.from_estimator(stopped, tasks=[2], smoothed=False)
    (line,) = some.lines_
    np.testing.assert_array_equal(line.get_ydata(), stopped.validation_curves_[2])


def test_intervals(pyplot, stopped):
    display = IntervalPlotDisplay.from_estimator(stopped, name="trees")
    middle = stopped.intervals_.mean(axis=1)[display.order_]
    assert np.all(np.diff(middle) >= 0)
    names = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert names == [str(task) for task in display.order_]
    dots, line = display.ax_.lines
    assert (
        dots.get_xdata().tolist() == stopped.task_best_stage_[display.order_].tolist()
    )
    assert set(line.get_xdata()) == {stopped.best_stage_}
    assert display.ax_.get_title(loc="left") == "trees"
    by_best = IntervalPlotDisplay.from_estimator(stopped, sort_by="best")
    assert np.all(np.diff(stopped.task_best_stage_[by_best.order_]) >= 0)
    with pytest.raises(ValueError, match="Got sort_by='name', but expected one of"):
        display.plot(sort_by="name")


def test_five_hundred_intervals(pyplot):
    best = np.arange(500)
    intervals = np.c_[best - 3, best + 3]
    display = IntervalPlotDisplay(intervals, best, 250).plot()
    assert display.ax_.get_yticklabels() == []
    assert display.ax_.get_ylabel() == "500 tasks, sorted"
    assert display.figure_.get_figheight() <= 8
    assert len(display.bars_.get_segments()) == 500


def test_tradeoff(pyplot, stopped):
    display = ClusterTradeoffDisplay.from_estimator(stopped)
    line = display.errorbar_.lines[0]
    np.testing.assert_array_equal(line.get_ydata(), stopped.tradeoff_["mean_gain"])
    assert line.get_ydata()[0] == 0
    assert line.get_xdata()[-1] == len(set(stopped.task_best_stage_))
    many = ClusterTradeoffDisplay(np.arange(1, 40), np.zeros(39), np.ones(39)).plot()
    assert many.ax_.get_xscale() == "log"
    stopped_without = PerTaskEarlyStopping(GradientBoostingRegressor(n_estimators=12))
    stopped_without.fit(*(part[:20] for part in friedman()))
    with pytest.raises(ValueError, match="Got tradeoff_=None"):
        ClusterTradeoffDisplay.from_estimator(stopped_without)

# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from skrln import RLNMultiTask
from skrln.inspection import LossCurveDisplay

from .conftest import TINY, friedman


def labels(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def test_training_and_validation(pyplot, rln):
    display = LossCurveDisplay.from_estimator(rln)
    validation, training = display.lines_
    np.testing.assert_array_equal(training.get_ydata(), rln.loss_curve_)
    np.testing.assert_array_equal(validation.get_ydata(), rln.validation_loss_curve_)
    assert training.get_color() == validation.get_color()
    best = rln.best_iteration_
    mark = display.ax_.lines[-1]
    assert list(mark.get_xdata()) == [best]
    assert list(mark.get_ydata()) == [rln.validation_loss_curve_[best]]
    assert labels(display) == [
        "RLNRegressor: validation",
        "RLNRegressor: training",
        f"RLNRegressor: restored, epoch {best}",
    ]
    assert display.ax_.get_xlabel() == "Epoch"
    assert display.ax_.get_ylabel() == "Loss (squared error, scaled target)"
    assert display.zeros_ax_ is None


@pytest.mark.parametrize(
    ("network", "unit"),
    [
        ("plain", "Loss (squared error, scaled target)"),
        ("multi_output", "Loss (squared error, scaled target)"),
        ("classifier", "Loss (log loss)"),
    ],
)
def test_without_validation_nothing_is_marked(pyplot, request, network, unit):
    model = request.getfixturevalue(network)
    display = LossCurveDisplay.from_estimator(model, name="net")
    (training,) = display.lines_
    np.testing.assert_array_equal(training.get_ydata(), model.loss_curve_)
    assert display.best_iteration is None
    assert labels(display) == ["net: training"]
    assert display.ax_.get_ylabel() == unit


def test_weights_of_the_start_are_not_marked(pyplot):
    validation = np.array([2.0, 3.0])
    for best, n_marks in ((0, 1), (-1, 0)):
        display = LossCurveDisplay(
            np.array([2.0, 1.0]), validation_loss_curve=validation, best_iteration=best
        ).plot()
        assert len(display.ax_.lines) == len(display.lines_) + n_marks == 2 + n_marks
        assert len(labels(display)) == 2 + n_marks


def test_share_of_zeros_on_a_second_axis(pyplot, rln):
    display = LossCurveDisplay.from_estimator(rln, sparsity=True)
    (line,) = display.zeros_ax_.lines
    np.testing.assert_array_equal(line.get_ydata(), rln.sparsity_curve_[:, 0])
    assert display.zeros_ax_.get_ylabel() == "Zeros in the first layer (dotted)"
    assert len(display.figure_.axes) == 2


def test_several_on_one_axis(pyplot, rln, plain):
    first = LossCurveDisplay.from_estimator(rln, name="RLN")
    second = LossCurveDisplay.from_estimator(plain, name="plain", ax=first.ax_)
    assert labels(second)[-1] == "plain: training"
    assert len(labels(second)) == 4
    assert first.lines_[0].get_color() != second.lines_[0].get_color()


def test_numbers_alone(pyplot):
    display = LossCurveDisplay(np.array([3.0, 2.0]))
    assert display.plot(linewidth=3) is display
    assert labels(display) == ["training"]
    assert display.ax_.get_ylabel() == "Loss"
    assert display.lines_[0].get_linewidth() == 3
    with pytest.raises(ValueError, match="Got sparsity=True, but this display has no"):
        display.plot(sparsity=True)


def test_network_of_scikit_learn(pyplot):
    with pytest.warns(ConvergenceWarning):
        mlp = MLPRegressor(hidden_layer_sizes=(4,), max_iter=3, random_state=0).fit(
            *friedman()
        )
    display = LossCurveDisplay.from_estimator(mlp)
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), mlp.loss_curve_)


def test_tasks_of_both_kinds_have_no_one_loss(pyplot):
    X, y = friedman()
    model = RLNMultiTask(**TINY).fit(X, np.column_stack([y, y > y.mean()]))
    display = LossCurveDisplay.from_estimator(model)
    assert display.ax_.get_ylabel() == "Loss (mean of the tasks)"

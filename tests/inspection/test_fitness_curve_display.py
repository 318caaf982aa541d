# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from skrln.feature_selection import GeneticSelector
from skrln.inspection import FitnessCurveDisplay


@pytest.fixture(scope="module")
def selector():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 8))
    selector = GeneticSelector(fitness="mrmr", n_generations=4, random_state=0)
    return selector.fit(X, X[:, 0] > 0)


def test_curves_are_those_of_the_selector(pyplot, selector):
    display = FitnessCurveDisplay.from_estimator(selector)
    best, mean = display.lines_
    np.testing.assert_array_equal(best.get_ydata(), selector.fitness_curve_[:, 0])
    np.testing.assert_array_equal(mean.get_ydata(), selector.fitness_curve_[:, 1])
    reference = display.ax_.lines[-1]
    assert set(reference.get_ydata()) == {selector.swap_fitness_}
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == [
        "GeneticSelector: best",
        "GeneticSelector: mean",
        "GeneticSelector: worst to best",
        "GeneticSelector: after greedy exchanges",
    ]
    assert display.ax_.get_ylabel() == "Fitness (mrmr)"


def test_numbers_alone_and_style(pyplot):
    display = FitnessCurveDisplay(np.array([[3.0, 2.0, 1.0], [4.0, 3.0, 2.0]]))
    _, ax = pyplot.subplots()
    assert display.plot(ax, linewidth=3) is display
    assert display.ax_ is ax
    assert len(ax.lines) == 2
    assert display.lines_[1].get_linewidth() == 3


def test_other_estimators_are_refused(pyplot):
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(ValueError, match="Got LogisticRegression, but expected"):
        FitnessCurveDisplay.from_estimator(model)

# SPDX-License-Identifier: BSD-3-Clause
"""What holds for every display."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skrln.inspection
from skrln import RLNRegressor
from skrln.inspection import (
    DomainNetworkDisplay,
    FeatureRelevanceDisplay,
    ImportanceDisplay,
    IntervalPlotDisplay,
    LossCurveDisplay,
    OutgoingWeightsDisplay,
    RegularizationPathDisplay,
    TaskValidationCurveDisplay,
    WeightDistributionDisplay,
)

from .conftest import friedman

DISPLAYS = [
    ImportanceDisplay,
    LossCurveDisplay,
    OutgoingWeightsDisplay,
    RegularizationPathDisplay,
    WeightDistributionDisplay,
]


def test_public_names():
    assert skrln.inspection.__all__ == sorted(skrln.inspection.__all__)
    assert {display.__name__ for display in DISPLAYS} < set(skrln.inspection.__all__)


@pytest.mark.parametrize("display", DISPLAYS)
def test_unfitted(pyplot, display):
    with pytest.raises(NotFittedError, match="RLNRegressor instance is not fitted yet"):
        display.from_estimator(RLNRegressor())


@pytest.mark.parametrize("display", DISPLAYS)
def test_other_estimators_are_told_the_way_out(pyplot, display):
    pipeline = make_pipeline(StandardScaler(), Ridge()).fit(*friedman())
    message = "Got Pipeline, but expected .* Pass the last step of a pipeline"
    with pytest.raises(ValueError, match=message):
        display.from_estimator(pipeline)
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("display", DISPLAYS)
def test_missing_matplotlib_names_the_extra(monkeypatch, rln, display):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    message = rf'{display.__name__}\.plot requires .* `pip install "skrln\[plot\]"`'
    with pytest.raises(ImportError, match=message):
        display.from_estimator(rln)


@pytest.mark.parametrize("display", DISPLAYS)
def test_parameters_are_stored_and_survive_pickle(pyplot, rln, display):
    drawn = display.from_estimator(rln, name="net")
    stored = {k: v for k, v in vars(drawn).items() if not k.endswith("_")}
    again = pickle.loads(pickle.dumps(display(**stored)))
    assert vars(again).keys() == stored.keys()
    assert again.plot().name == "net"


@pytest.mark.parametrize("display", DISPLAYS)
def test_estimator_is_left_alone(pyplot, rln, display):
    before = set(vars(rln))
    display.from_estimator(rln)
    assert set(vars(rln)) == before


def test_import_does_not_import_matplotlib():
    code = "import skrln.inspection, sys; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "display", [display for display in DISPLAYS if display is not ImportanceDisplay]
)
def test_ensemble_is_too_much_for_one_network(display):
    X = np.random.default_rng(0).normal(size=(40, 3))
    small = {"hidden_layer_sizes": (3,), "max_iter": 2, "random_state": 0}
    model = RLNRegressor(n_estimators=2, numeric_embedding=None, **small)
    model.fit(X, X[:, 0])
    with pytest.raises(ValueError, match="Got an ensemble of 2 networks, but expected"):
        display.from_estimator(model)
    assert len(ImportanceDisplay.from_estimator(model).figure_.axes) == 1


#: No formula that matplotlib can read, and a formula.
NAMES = [r"$\nope{$", "$x$"]
HALVES = np.full((2, 2), 0.5)
NAMED = {
    "importances": ImportanceDisplay(
        np.array([0.6, 0.4]), NAMES, entropy=0.5, n_used=2, name="model"
    ),
    "weights": OutgoingWeightsDisplay(HALVES, NAMES, n_features=2),
    "relevance": FeatureRelevanceDisplay(
        HALVES[0], NAMES, n_samples=9, highlighted=np.array([0, 1])
    ),
    "domains": DomainNetworkDisplay(HALVES, NAMES, groups=np.arange(2)),
    "intervals": IntervalPlotDisplay(
        np.array([[1, 3], [2, 4]]), np.array([2, 3]), 2, task_names=NAMES
    ),
    "curves": TaskValidationCurveDisplay(
        np.eye(2), HALVES[0], np.array([0, 1]), 1, task_names=NAMES
    ),
}


@pytest.mark.parametrize("display", NAMED.values(), ids=NAMED)
def test_names_are_drawn_as_plain_text(pyplot, display):
    bars = {"kind": "bar"} if isinstance(display, ImportanceDisplay) else {}
    figure = display.plot(**bars).ax_.figure
    if isinstance(display, TaskValidationCurveDisplay):
        display.ax_.legend()
    figure.canvas.draw()  # a formula that is none raises here
    texts = {text.get_text() for text in figure.findobj(pyplot.Text)}
    assert {name.replace("$", r"\$") for name in NAMES} <= texts

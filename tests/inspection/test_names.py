# SPDX-License-Identifier: BSD-3-Clause
"""Names of columns, classes and models are drawn as they are, whatever is in them."""

import io
import sys

import numpy as np
import pytest
from rich.console import Console

from skrln import RLNRegressor, inspection
from skrln.inspection._plotting import plain_text, with_unit
from skrln.networks._watch import Watch

#: In formulas, markup and formats these characters mean something.
NAMES = ["a$b$", "$_{", "%s %d", "[red]", "<b>&amp;</b>", "{0}", r"\frac", "$"]
N = len(NAMES)
NAME = "x$_{y$ [bold]%"
RNG = np.random.default_rng(0)
CURVE = np.linspace(1, 0, 6)
PAIRS = np.abs(RNG.normal(size=(N, N)))

DISPLAYS = {
    "AngleMatrixDisplay": lambda of: of(90 * np.ones((3, 3)), name=NAME),
    "ClusterTradeoffDisplay": lambda of: of(
        np.arange(1, 4), CURVE[:3], CURVE[:3], chosen=2, score_name=NAME, name=NAME
    ),
    "ConsistencyCurveDisplay": lambda of: of(
        CURVE, CURVE, best_iteration=2, loss_name=NAME, name=NAME
    ),
    "DomainNetworkDisplay": lambda of: of(
        PAIRS + PAIRS.T, NAMES, groups=np.zeros(N, int), name=NAME
    ),
    "EnsembleGainDisplay": lambda of: of(
        np.ones(N), np.ones(N), np.array(NAMES, object), score_name=NAME
    ),
    "FeatureRelevanceDisplay": lambda of: of(
        CURVE[:5],
        np.array(NAMES[:5], object),
        n_samples=9,
        highlighted=[0, 1, 2, 3, 4],
        name=NAME,
    ),
    "FitnessCurveDisplay": lambda of: of(
        np.ones((4, 3)), swap_fitness=1.0, fitness_name=NAME, name=NAME
    ),
    "ImportanceDisplay": lambda of: of(
        np.ones(N) / N, np.array(NAMES, object), entropy=1.0, n_used=N, name=NAME
    ),
    "ImportanceDivergenceDisplay": lambda of: of(
        [CURVE] * N, np.ones(N), np.ones(N), NAMES, n_top=3
    ),
    "IntervalPlotDisplay": lambda of: of(
        np.tile([1, 4], (N, 1)), np.full(N, 2), 2, task_names=NAMES, name=NAME
    ),
    "LossCurveDisplay": lambda of: of(
        CURVE,
        validation_loss_curve=CURVE,
        best_iteration=3,
        loss_name=NAME,
        name=NAME,
    ),
    "OutgoingWeightsDisplay": lambda of: of(
        RNG.normal(size=(N, 3)), np.array(NAMES, object), n_features=N, name=NAME
    ),
    "PruningHistoryDisplay": lambda of: of(CURVE, [2], [1], name=NAME),
    "PruningTradeoffDisplay": lambda of: of([0, 0.5], [1.0, 0.8], name=NAME),
    "RegularizationPathDisplay": lambda of: of(
        RNG.normal(size=(6, 3, 2)),
        survives=np.array([True, False, True]),
        theta=-7.0,
        zero_curve=CURVE,
        n_left=5,
        name=NAME,
    ),
    "SelectionDisplay": lambda of: of(
        CURVE,
        np.array(NAMES[:6], object),
        CURVE > 0.5,
        expected_false_positives=0.1,
    ),
    "TaskValidationCurveDisplay": lambda of: of(
        np.tile(CURVE, (N, 1)),
        CURVE,
        np.full(N, 2),
        2,
        task_names=NAMES,
        score_name=NAME,
        name=NAME,
    ),
    "WeightDistributionDisplay": lambda of: of(
        CURVE, 0.5, distance=0.1, reference_name=NAME, name=NAME
    ),
}


@pytest.mark.parametrize("name", DISPLAYS)
def test_displays_draw(pyplot, name):
    display = DISPLAYS[name](getattr(inspection, name)).plot()
    figure = np.ravel(np.asarray(display.ax_, object))[0].figure
    figure.canvas.draw()


@pytest.mark.parametrize("name", DISPLAYS)
def test_missing_matplotlib_names_the_extra(monkeypatch, name):
    """Without any module of matplotlib, no display fails in another way."""
    display = DISPLAYS[name](getattr(inspection, name))
    without_matplotlib(monkeypatch)
    message = rf'{name}\.plot requires matplotlib.* `pip install "skrln\[plot\]"`'
    with pytest.raises(ImportError, match=message):
        display.plot()


def test_missing_matplotlib_of_a_comparison(monkeypatch):
    without_matplotlib(monkeypatch)
    message = r'ScoreComparisonDisplay\.plot .* `pip install "skrln\[plot\]"`'
    with pytest.raises(ImportError, match=message):
        inspection.ScoreComparisonDisplay.from_scores({"a": {"b": CURVE}})


def without_matplotlib(monkeypatch):
    modules = [m for m in sys.modules if m.partition(".")[0] == "matplotlib"]
    for module in {*modules, "matplotlib", "matplotlib.pyplot"}:
        monkeypatch.setitem(sys.modules, module, None)


def test_all_displays_are_here():
    names = {name for name in inspection.__all__ if name.endswith("Display")}
    assert names == {*DISPLAYS, "ScoreComparisonDisplay"}


def test_comparison_of_models(pyplot):
    display = inspection.ScoreComparisonDisplay.from_scores(
        {name: {model: CURVE + k for k, model in enumerate(NAMES)} for name in NAMES},
        score_name=NAME,
    )
    display.figure_.canvas.draw()


def test_text_is_the_name():
    assert plain_text("cost in $") == r"cost in \$"
    assert plain_text(3) == "3"
    assert plain_text(None) is None
    assert with_unit("Score", "$R$") == r"Score (\$R\$)"


def test_names_are_shown_in_full(pyplot):
    axes = pyplot.subplots()[1]
    for name in NAMES:
        text = axes.text(0, 0, plain_text(name))
        shown, is_formula = text._preprocess_math(text.get_text())
        assert shown == name
        assert not is_formula


@pytest.mark.parametrize("name", ["[red]", "[/]", "{0}"])
def test_progress_bar_shows_the_class_name(monkeypatch, name):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True)
    monkeypatch.setattr("rich.console.Console", lambda **_: console)
    estimator = type(name, (RLNRegressor,), {})(verbose=True)
    with Watch(estimator).epochs(3):
        pass
    assert name in stream.getvalue()


def test_html_is_escaped():
    model = RLNRegressor(categorical_features=["<script>alert(1)</script>"])
    assert "<script>alert" not in model._repr_html_()

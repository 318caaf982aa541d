# SPDX-License-Identifier: BSD-3-Clause
"""Displays of joint estimators."""

import pickle

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge

from skrln.datasets import make_domains
from skrln.inspection import ConsistencyCurveDisplay, DomainNetworkDisplay
from skrln.joint import JointRegressor

DISPLAYS = [ConsistencyCurveDisplay, DomainNetworkDisplay]


def fit(**params):
    X, y, domain = make_domains(20, 5, n_hostile=1, random_state=0)
    names = np.array(["a", "b", "c", "d", "nonsense"])[domain]
    model = JointRegressor((5, 4), max_iter=8, random_state=0, **params)
    return model.fit(X, y, sample_domain=names)


@pytest.fixture(scope="module")
def joint():
    return fit()


@pytest.mark.parametrize("display", DISPLAYS)
def test_what_holds_for_every_display(pyplot, joint, display):
    before = set(vars(joint))
    drawn = display.from_estimator(joint, name="five")
    assert set(vars(joint)) == before
    stored = {k: v for k, v in vars(drawn).items() if not k.endswith("_")}
    again = pickle.loads(pickle.dumps(display(**stored)))
    assert again.plot(ax=drawn.ax_).figure_ is drawn.figure_
    with pytest.raises(NotFittedError):
        display.from_estimator(JointRegressor())
    with pytest.raises(ValueError, match="Got Ridge, but expected an estimator with"):
        display.from_estimator(Ridge().fit([[0.0], [1]], [0, 1]))


def test_network_of_domains(pyplot, joint):
    drawn = DomainNetworkDisplay.from_estimator(joint, term=1)
    np.testing.assert_array_equal(drawn.weights, joint.pair_weights_[1])
    assert drawn.ax_.get_title() == "JointRegressor: layers 2 and 3"
    assert [text.get_text() for text in drawn.ax_.texts] == joint.domains_.tolist()
    n_shown = np.sum(np.triu(drawn.weights, 1) > 0.01)
    assert len(drawn.lines_.get_segments()) == n_shown
    whole = DomainNetworkDisplay.from_estimator(joint)
    np.testing.assert_allclose(whole.weights, joint.pair_weights_.min(axis=0))
    assert whole.ax_.get_title() == "JointRegressor: all layers"
    with pytest.raises(ValueError, match="term=2, but expected None or a number"):
        DomainNetworkDisplay.from_estimator(joint, term=2)


def test_domains_lie_as_far_as_their_weights_say(pyplot):
    weights = np.full((5, 5), 0.02)
    weights[:3, :3] = weights[3:, 3:] = 0.95
    np.fill_diagonal(weights, 1)
    drawn = DomainNetworkDisplay(
        weights, list("abcde"), groups=np.array([0, 0, 0, 1, 1])
    ).plot(color="red")
    apart = np.linalg.norm(drawn.positions_[:, None] - drawn.positions_, axis=2)
    assert apart[:3, :3].max() < apart[:3, 3:].min()


def test_groups_go_by_the_threshold(pyplot, joint):
    one = DomainNetworkDisplay.from_estimator(joint, threshold=0.0)
    assert one.groups.max() == 0
    each = DomainNetworkDisplay.from_estimator(joint, threshold=1.0)
    assert len(set(each.groups)) == 5


def test_a_single_domain_is_no_network(pyplot):
    X, y, _ = make_domains(30, 2, random_state=0)
    model = JointRegressor((5, 4), max_iter=2, random_state=0, theta=-9).fit(X, y)
    with pytest.raises(ValueError, match="a single domain, but a network needs"):
        DomainNetworkDisplay.from_estimator(model)


def test_curve(pyplot, joint):
    drawn = ConsistencyCurveDisplay.from_estimator(joint)
    x, y = drawn.line_.get_data()
    np.testing.assert_array_equal(x, joint.consistency_curve_)
    np.testing.assert_array_equal(y, joint.loss_curve_)
    assert drawn.ax_.get_ylabel() == "Training loss"
    assert drawn.line_.get_label() == "JointRegressor"
    stopped = fit(early_stopping=True)
    other = ConsistencyCurveDisplay.from_estimator(stopped, name="other", ax=drawn.ax_)
    assert other.ax_.get_ylabel() == "Validation loss"
    assert other.line_.get_linestyle() != drawn.line_.get_linestyle()
    kept = other.ax_.lines[-1].get_xydata()[0]
    best = stopped.best_iteration_
    assert kept.tolist() == [
        stopped.consistency_curve_[best],
        stopped.validation_loss_curve_[best],
    ]

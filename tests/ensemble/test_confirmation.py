# SPDX-License-Identifier: BSD-3-Clause
"""Columns whose contributions held-out rows confirm: losses by hand, and noise."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.utils import check_random_state

from skrln import RLNRegressor
from skrln._ensemble._confirmation import _directions, confirm_columns
from skrln._network._fitted import dense_inputs

from ._values import CLASS_LABELS, draw_combination, make_parameters

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = X[:, 0] - X[:, 1] + RNG.normal(size=60)
LINEAR = {"hidden_layer_sizes": (), "input_selection": False, "n_estimators": 3}


def drawn(X=X, y=Y, scale=0.3, labels=None, **params):
    """Ensemble of linear networks with random weights."""
    labels = {} if labels is None else {"labels": labels}
    seen = draw_combination(make_parameters(**labels, **(LINEAR | params)), X=X, y=y)
    trained = []
    for one in seen.combination.trained:
        network = one.fitted.network
        coefs = [scale * network.coefs[0]]
        network = network._replace(coefs=coefs, intercepts=[0 * network.intercepts[0]])
        trained.append(one._replace(fitted=one.fitted._replace(network=network)))
    seen.combination = seen.combination._replace(trained=trained)
    return seen


def contributions(seen):
    """Contribution of each column to each held-out row, and the predictions."""
    n_rows, n_columns = len(seen.held_out.rows), 4
    parts, outputs = np.zeros((n_rows, n_columns)), np.zeros((n_rows, 1))
    for one in seen.combination.trained:
        here, own = seen.held_out.positions(one)
        inputs = seen.shared.held_out_inputs(one.job.kind, one.job.split)[own]
        weight = one.fitted.network.coefs[0]
        center = seen.shared.encodings[None].center
        parts[here] = (dense_inputs(one.fitted.network, inputs) - center) * weight.T
        outputs[here] = dense_inputs(one.fitted.network, inputs) @ weight
    return parts, outputs


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix])
def test_squared_loss(make):
    """The share is twice the rise of the loss, relative to the movement."""
    seen = drawn(make(np.where(X > -0.5, X, 0)))
    parts, outputs = contributions(seen)
    residual = seen.held_out.targets - outputs
    residual = residual - residual.mean()
    rise = 0.5 * ((residual + parts) ** 2 - residual**2).mean(axis=0)
    expected = np.clip(2 * rise / (parts**2).mean(axis=0), 0, 1)
    found = confirm_columns(seen.combination, seen.held_out, check_random_state(0))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert 0 < np.count_nonzero(found) < 4


def test_log_loss():
    """To the second order of small contributions."""
    seen = drawn(y=(Y > 0).astype(int), scale=0.05, labels=CLASS_LABELS)
    seen.combination = seen.combination._replace(temperature=1.0)
    parts, outputs = contributions(seen)
    truth = seen.held_out.targets

    def loss(logit):
        return np.logaddexp(0, logit) - truth * logit

    rise = (loss(outputs - parts) - loss(outputs)).mean(axis=0)
    residuals, _ = _directions(seen.combination, seen.held_out, check_random_state(0))
    np.testing.assert_allclose(
        (residuals * parts).mean(axis=0), rise, atol=0.05 * np.abs(rise).max()
    )


def test_directions_of_classes_are_the_curvature_on_average():
    seen = drawn(y=np.digitize(Y, [-0.7, 0.7]), labels=CLASS_LABELS)
    seen.combination = seen.combination._replace(temperature=1.0)
    rng, total = check_random_state(0), 0
    n_draws = 2000
    for _ in range(n_draws):
        _, pseudo = _directions(seen.combination, seen.held_out, rng)
        total = total + pseudo[:, :, None] * pseudo[:, None]
    means = [
        one.fitted.means(seen.shared.held_out_inputs(one.job.kind, one.job.split))
        for one in seen.combination.trained
    ]
    proba = seen.combination.blend(seen.held_out, means)
    information = np.eye(3) * proba[:, None] - proba[:, :, None] * proba[:, None]
    np.testing.assert_allclose(total / n_draws, information, atol=0.05)


def test_columns_that_move_nothing_are_not_confirmed():
    seen = drawn()
    for one in seen.combination.trained:
        one.fitted.network.coefs[0][2] = 0
    found = confirm_columns(seen.combination, seen.held_out, check_random_state(0))
    assert found[2] == 0


def test_few_held_out_rows_confirm_nothing():
    model = RLNRegressor(
        hidden_layer_sizes=(4,),
        max_iter=2,
        n_estimators=4,
        validation_fraction=0.25,
        theta=-8.0,
        input_selection=False,
        random_state=0,
    )
    assert model.fit(X[:20], Y[:20])._fitted.confirmed is None
    assert model.fit(X, Y)._fitted.confirmed.shape == (4,)


def test_random_categories_rank_below_true_columns():
    """Each level of a category has a few rows, whose noise the networks fit."""
    frame = pd.DataFrame(X[:, :2], columns=["a", "b"])
    for n_levels in (3, 30):
        frame[f"noise {n_levels}"] = RNG.integers(n_levels, size=60).astype(str)
    model = RLNRegressor(
        hidden_layer_sizes=(16,),
        max_iter=60,
        n_estimators=4,
        numeric_embedding=None,
        theta=-9.0,
        learning_rate_init=0.02,
        random_state=0,
    )
    model.fit(frame, X[:, 0] - X[:, 1] + 0.5 * RNG.normal(size=60))
    importances = dict(zip(frame, model.feature_importances_, strict=True))
    assert min(importances["a"], importances["b"]) > 0.2
    assert max(importances["noise 3"], importances["noise 30"]) < 0.1

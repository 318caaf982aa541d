# SPDX-License-Identifier: BSD-3-Clause
"""Predictions per domain, classes that differ, unknown domains, metadata routing."""

import pickle
from copy import copy

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrln.options import Coupling

from ._domains import classifier, make_classes, regressor

SKLEARN = tuple(map(int, sklearn.__version__.split(".")[:2]))


def by_hand(model, X, k):
    """Network of domain `k` on inputs scaled as in fit."""
    values = model._encoder.transform(X)
    last = len(model.coefs_) - 1
    for layer, (w, b) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        values = values @ w[k] + b[k]
        values = values if layer == last else np.maximum(values, 0)
    return values


def test_every_row_is_predicted_by_the_network_of_its_domain(table, fitted):
    X, _, domain = table
    found = fitted.predict(X, sample_domain=domain)
    target = fitted._targets[0]
    for k, name in enumerate(fitted.domains_):
        rows = domain == name
        outputs = by_hand(fitted, X[rows], k)[:, 0]
        expected = outputs * target.scale[0] + target.center[0]
        assert_allclose(found[rows], expected, rtol=1e-5)


def test_probabilities(fitted_classes):
    X, _, domain = make_classes(3)
    proba = fitted_classes.predict_proba(X, sample_domain=domain)
    assert_allclose(proba.sum(axis=1), 1)
    logits = by_hand(fitted_classes, X[domain == "south"], 2)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert_allclose(proba[domain == "south"], expected, rtol=1e-4)
    log_proba = fitted_classes.predict_log_proba(X, sample_domain=domain)
    assert_allclose(log_proba, np.log(proba))
    guess = fitted_classes.predict(X, sample_domain=domain)
    assert_array_equal(guess, fitted_classes.classes_[proba.argmax(axis=1)])


def test_domains_with_classes_of_their_own():
    """No domain has all classes: each predicts its own, and nothing else is learned."""
    X, y, domain = make_classes(3)
    kept = ((domain == "north") & (y != 2)) | ((domain == "east") & (y != 0))
    kept |= (domain == "south") & (y == 1)
    X, y, domain = X[kept], np.array(list("abc"))[y[kept]], domain[kept]
    model = classifier(max_iter=60).fit(X, y, sample_domain=domain)
    assert model.classes_.tolist() == ["a", "b", "c"]
    # Sorted by name: east, north, south.
    assert [c.tolist() for c in model.domain_classes_] == [
        ["b", "c"],
        ["a", "b"],
        ["b"],
    ]
    assert model.n_shared_layers_ == 2
    proba = model.predict_proba(X, sample_domain=domain)
    assert_array_equal(proba[domain == "north"][:, 2], 0)
    assert_array_equal(proba[domain == "east"][:, 0], 0)
    assert_array_equal(proba[domain == "south"], [[0, 1, 0]] * sum(domain == "south"))
    assert_allclose(proba.sum(axis=1), 1)
    assert model.score(X, y, sample_domain=domain) > 0.7
    # Weights to a class that a domain lacks are the same as at the start in all domains.
    weight = model.coefs_[-1]
    assert_array_equal(weight[1][:, 2], weight[2][:, 2])


def test_classes_that_a_domain_happens_to_lack_are_shared():
    X, y, domain = make_classes(3)
    kept = (domain != "south") | (y != 2)
    X, y, domain = X[kept], y[kept], domain[kept]
    shared = classifier().fit(X, y, sample_domain=domain)
    assert [len(c) for c in shared.domain_classes_] == [3, 3, 3]
    assert shared.n_shared_layers_ == 3
    own = classifier(share_output=False).fit(X, y, sample_domain=domain)
    assert [len(c) for c in own.domain_classes_] == [3, 3, 2]


def test_domains_of_one_row_and_of_one_class():
    X, y, domain = make_classes()
    kept = (domain != "south") | (
        np.arange(len(y)) == np.flatnonzero(domain == "south")[0]
    )
    kept &= (domain != "east") | (y == 1)
    X, y, domain = X[kept], y[kept], domain[kept]
    model = classifier(early_stopping=True).fit(X, y, sample_domain=domain)
    assert np.isfinite(model.predict_proba(X, sample_domain=domain)).all()
    own = classifier(share_output=False).fit(X, y, sample_domain=domain)
    proba = own.predict_proba(X, sample_domain=domain)
    assert_array_equal(proba[domain == "east"][:, 1], 1)


@pytest.mark.parametrize("label", [None, "west"])
def test_unknown_domains(table, fitted, label):
    X, _, domain = table
    where = None if label is None else np.full(len(X), label)
    message = (
        "each of the 3 fitted domains" if label is None else "Got the domain.*'west'"
    )
    with pytest.raises(ValueError, match=message):
        fitted.predict(X, sample_domain=where)
    each = [
        fitted.predict(X, sample_domain=np.full(len(X), name))
        for name in fitted.domains_
    ]
    model = copy(fitted).set_params(unknown_domain="average")
    assert_allclose(model.predict(X, sample_domain=where), np.mean(each, axis=0))
    model.set_params(unknown_domain="nearest")
    inputs = model._encoder.transform(X)
    distances = np.linalg.norm(inputs[:, None] - model._centers, axis=2)
    nearest = distances.argmin(axis=1)
    expected = np.stack(each)[nearest, np.arange(len(X))]
    assert_allclose(model.predict(X, sample_domain=where), expected)
    # Rows of domains that are known do not care.
    mixed = domain.astype(object)
    mixed[3] = None
    found = model.predict(X, sample_domain=mixed)
    known = np.arange(len(X)) != 3
    assert_array_equal(found[known], fitted.predict(X, sample_domain=domain)[known])


def test_sparse_inputs_are_as_dense_ones_without_centring():
    X, y, domain = make_classes()
    X = np.where(np.abs(X) < 0.7, 0, X)
    table = sparse.csr_array(X)
    model = classifier().fit(table, y, sample_domain=domain)
    assert_allclose(
        model.predict_proba(table, sample_domain=domain),
        model.predict_proba(X, sample_domain=domain),
        rtol=1e-6,
    )
    assert model._centers.shape == (3, 4)
    assert_allclose(
        model._centers[2], model._encoder.transform(X[domain == "south"]).mean(axis=0)
    )


def test_sparse_inputs_whose_last_column_is_empty():
    """The stored numbers alone do not tell how many columns there are."""
    X, y, domain = make_classes()
    X[:, -1] = 0
    model = classifier(unknown_domain="nearest").fit(
        sparse.csr_array(X), y, sample_domain=domain
    )
    assert model._centers.shape == (3, 4)
    unknown = np.full(len(X), None, dtype=object)
    assert_array_equal(
        model.predict(sparse.csr_array(X), sample_domain=unknown),
        model.predict(X, sample_domain=unknown),
    )


def test_data_frames(table):
    X, y, domain = table
    frame = pd.DataFrame(X, columns=list("wxyz"))
    frame.loc[::9, "w"] = np.nan
    frame["kind"] = pd.Categorical(np.where(X[:, 3] > 0, "up", "down"))
    model = regressor().fit(frame, y, sample_domain=pd.Series(domain))
    assert model.feature_names_in_.tolist() == [*"wxyz", "kind"]
    found = model.predict(frame, sample_domain=pd.Series(domain))
    assert np.isfinite(found).all()


def test_pickle(table, fitted):
    X, _, domain = table
    again = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(
        again.predict(X, sample_domain=domain), fitted.predict(X, sample_domain=domain)
    )


def check_cross_validation(model, scale, name, table):
    """Search and cross-validate `model`; compare with the calls by hand."""
    X, y, domain = table
    folds = KFold(2, shuffle=True, random_state=0)
    search = GridSearchCV(model, {name: [1.0, 10.0]}, cv=folds)
    with sklearn.config_context(enable_metadata_routing=True):
        search.fit(X, y, sample_domain=domain)
        params = {"sample_domain": domain}
        found = cross_validate(model, X, y, cv=folds, params=params)
    for score, (train, test) in zip(found["test_score"], folds.split(X), strict=True):
        first, second = scale(X[train], X[test])
        by_hand = regressor().fit(first, y[train], sample_domain=domain[train])
        assert score == by_hand.score(second, y[test], sample_domain=domain[test])
    return search.best_estimator_


def test_cross_validation_passes_the_domains_on(table):
    best = check_cross_validation(
        regressor(coupling=Coupling()), lambda *X: X, "coupling__strength", table
    )
    assert best.domains_.tolist() == ["east", "north", "south"]


@pytest.mark.skipif(
    SKLEARN < (1, 8), reason="scikit-learn 1.7 scores pipelines without their metadata"
)
def test_cross_validation_of_a_pipeline_passes_the_domains_on(table):
    def scale(first, second):
        scaler = StandardScaler().fit(first)
        return scaler.transform(first), scaler.transform(second)

    pipeline = make_pipeline(StandardScaler(), regressor(coupling=Coupling()))
    name = "jointregressor__coupling__strength"
    best = check_cross_validation(pipeline, scale, name, table)
    assert best[-1].domains_.tolist() == ["east", "north", "south"]


def test_scores(table, fitted):
    X, y, domain = table
    guess = fitted.predict(X, sample_domain=domain)
    expected = 1 - np.sum((y - guess) ** 2) / np.sum((y - y.mean()) ** 2)
    assert_allclose(fitted.score(X, y, sample_domain=domain), expected)
    weight = np.linspace(0, 1, len(y))
    assert fitted.score(X, y, weight, sample_domain=domain) != expected

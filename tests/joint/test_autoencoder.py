# SPDX-License-Identifier: BSD-3-Clause
"""Autoencoders: codes, completion, and the networks behind them."""

from copy import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline

from skrln import RLNRegressor
from skrln.joint import JointAutoencoder
from skrln.options import RLNPenalty

from ._domains import NAMES, is_same_call, kernel_call


def make_rows(seed=0, n=90):
    """Four columns made of two numbers, in three domains; the third turns a sign."""
    rng = np.random.default_rng(seed)
    domain = NAMES[np.arange(n) % 3]
    a, b = rng.normal(size=(2, n))
    sign = np.where(domain == "south", -1, 1)
    noise = 0.05 * rng.normal(size=(n, 4))
    return 5 + np.c_[a, b, 2 * sign * a, a + b] + noise, domain


def autoencoder(**params):
    defaults = {
        "n_components": 2,
        "hidden_layer_sizes": (6,),
        "theta": -9.0,
        "penalty": RLNPenalty(warmup=0.0),
        "max_iter": 10,
        "learning_rate_init": 0.02,
        "batch_size": 32,
        "random_state": 0,
    }
    return JointAutoencoder(**(defaults | params))


@pytest.fixture(scope="module")
def fitted():
    X, domain = make_rows()
    model = autoencoder(max_iter=150, masked_fraction=0.3)
    return model.fit(X, sample_domain=domain)


def test_codes_and_rows(fitted):
    X, domain = make_rows(1)
    codes = fitted.transform(X, sample_domain=domain)
    assert codes.shape == (90, 2)
    again = fitted.inverse_transform(codes, sample_domain=domain)
    assert_allclose(again, fitted._predict_columns(X, domain), rtol=1e-4)
    total = np.sum((X - X.mean(axis=0)) ** 2)
    expected = 1 - np.sum((X - again) ** 2) / total
    assert_allclose(fitted.score(X, sample_domain=domain), expected, rtol=1e-4)
    assert expected > 0.8
    names = fitted.get_feature_names_out().tolist()
    assert names == ["jointautoencoder0", "jointautoencoder1"]
    assert [w.shape for w in fitted.coefs_[1:]] == [(3, 6, 2), (3, 2, 6), (3, 6, 4)]


def test_completion_goes_by_the_domain(fitted):
    """The third column is twice the first, or minus that."""
    X, domain = make_rows(1)
    holed = X.copy()
    holed[:, 2] = np.nan
    found = fitted.inpaint(holed, sample_domain=domain)
    assert_array_equal(found[:, [0, 1, 3]], X[:, [0, 1, 3]])
    assert np.std(found[:, 2] - X[:, 2]) < 0.5 * np.std(X[:, 2])
    south = domain == "south"
    other = fitted.inpaint(holed, sample_domain=np.where(south, "north", "south"))
    assert np.corrcoef(other[south, 2], X[south, 2])[0, 1] < 0


def test_a_single_domain_is_the_plain_network_bit_for_bit():
    X, _ = make_rows()
    model = autoencoder().fit(X)
    shared = {
        k: v for k, v in model.get_params().items() if k in RLNRegressor().get_params()
    }
    plain = RLNRegressor(
        **shared
        | {
            "hidden_layer_sizes": (6, 2, 6),
            "n_estimators": 1,
            "numeric_embedding": None,
            "categorical_features": None,
            "input_clip": None,
        }
    ).fit(X, X)
    for a, b in zip(model.coefs_, plain.coefs_, strict=True):
        assert_array_equal(a[0], b)


@pytest.mark.parametrize(
    "params",
    [
        {"n_components": 1},
        {"masked_fraction": 0.5},
        {"masks": [[True, False, False, False]]},
        {"coupling": "isolated"},
        {"share_output": False},
    ],
)
def test_parameters_go_to_the_kernel(monkeypatch, params):
    """Kernel tests show that each of them matters."""
    X, domain = make_rows()
    before, again, after = (
        kernel_call(monkeypatch, autoencoder(**changes), X, sample_domain=domain)
        for changes in ({}, {}, params)
    )
    assert is_same_call(before, again)
    assert not is_same_call(before, after)


def test_copies_are_rows_to_learn_from(monkeypatch):
    X, domain = make_rows()
    for n_copies in (1, 3):
        model = autoencoder(masked_fraction=0.3, n_masked_copies=n_copies)
        (tables, *_), _ = kernel_call(monkeypatch, model, X, sample_domain=domain)
        assert_array_equal(tables.data.n_rows, [30 * (1 + n_copies)] * 3)
    with pytest.raises(ValueError, match=r"masks of shape \(1, 3\), but expected"):
        autoencoder(masks=[[True, False, False]]).fit(X, sample_domain=domain)
    with pytest.raises(ValueError, match="one visible cell in each"):
        autoencoder(masks=[[True] * 4]).fit(X, sample_domain=domain)


def test_new_and_unknown_domains(fitted):
    X, _ = make_rows(2)
    west = np.full(len(X), "west")
    for call in (fitted.transform, fitted.inpaint):
        with pytest.raises(ValueError, match=r"Got the domain.*'west'"):
            call(X, sample_domain=west)
    model = copy(fitted).set_params(unknown_domain="nearest")
    assert np.isfinite(model.transform(X, sample_domain=west)).all()
    model.add_domain(X[:12], domain="west")
    assert model.domains_[-1] == "west"
    codes = model.transform(X, sample_domain=west)
    assert model.inverse_transform(codes, sample_domain=west).shape == X.shape
    with pytest.raises(ValueError, match="codes with 3 columns, but expected 2"):
        model.inverse_transform(np.zeros((2, 3)), sample_domain=west[:2])


def test_pipelines_pass_the_domains_on():
    import sklearn
    from sklearn.linear_model import Ridge

    X, domain = make_rows()
    with sklearn.config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(autoencoder(), Ridge())
        pipeline.fit(X, X[:, 0], sample_domain=domain)
        found = pipeline.predict(X, sample_domain=domain)
    model = autoencoder().fit(X, sample_domain=domain)
    codes = model.transform(X, sample_domain=domain)
    assert_allclose(found, Ridge().fit(codes, X[:, 0]).predict(codes))

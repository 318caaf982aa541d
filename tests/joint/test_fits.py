# SPDX-License-Identifier: BSD-3-Clause
"""What a joint fit is: reductions, strategies, invariance, and what every parameter does."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skrln import RLNClassifier, RLNRegressor
from skrln.datasets import make_domains

from ._domains import (
    NAMES,
    SIZES,
    arrays,
    classifier,
    is_same_fit,
    make_classes,
    make_table,
    regressor,
)

PLAIN = {"n_estimators": 1, "numeric_embedding": None}


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("make", [regressor, classifier])
def test_a_single_domain_is_the_plain_network_bit_for_bit(make, named):
    X, y, _ = make_table() if make is regressor else make_classes()
    weight = np.linspace(0, 1, len(X))
    only = np.full(len(X), "here") if named else None
    options = {"early_stopping": True, "theta": -9.0, "dropout": 0.1}
    joint = make(**options).fit(X, y, weight, sample_domain=only)
    params = joint.get_params()
    plain = RLNRegressor if make is regressor else RLNClassifier
    shared = {k: v for k, v in params.items() if k in plain().get_params()}
    plain = plain(**(shared | PLAIN)).fit(X, y, weight)
    for a, b in zip(joint.coefs_, plain.coefs_, strict=True):
        assert_array_equal(a[0], b)
    assert_array_equal(joint.loss_curve_, plain.loss_curve_)
    assert_array_equal(joint.validation_loss_curve_, plain.validation_loss_curve_)
    assert_array_equal(joint.predict(X, sample_domain=only), plain.predict(X))
    assert_array_equal(joint.predict(X), plain.predict(X))
    assert joint.domains_.tolist() == (["here"] if named else [0])
    assert joint.cluster_domains().tolist() == [0]
    assert joint.affinity_graph_ == []


def test_shapes(table, fitted):
    X, y, domain = table
    assert_array_equal(fitted.domains_, np.sort(NAMES))
    assert [w.shape for w in fitted.coefs_] == [(3, 4, 5), (3, 5, 4), (3, 4, 1)]
    assert [b.shape for b in fitted.intercepts_] == [(3, 5), (3, 4), (3, 1)]
    assert fitted.pair_weights_.shape == fitted.pair_distances_.shape == (2, 3, 3)
    assert fitted.sigma_.shape == (2,)
    assert fitted.weight_history_.shape == (fitted.n_irls_iter_, 2, 3, 3)
    assert_array_equal(fitted.weight_history_[-1], fitted.pair_weights_)
    assert fitted.domain_loss_curve_.shape == (10, 3)
    assert_allclose(fitted.loss_curve_, fitted.domain_loss_curve_.mean(axis=1))
    assert fitted.sparsity_.shape == (3, 3)
    assert fitted.predict(X, sample_domain=domain).shape == y.shape
    assert fitted.n_iter_ == 10
    assert fitted.n_shared_layers_ == 3


def test_objective_is_the_losses_and_the_consistency(fitted):
    squares = fitted.sigma_[:, None, None] ** 2
    robust = squares * fitted.pair_distances_ / (squares + fitted.pair_distances_)
    consistency = np.sum(np.triu(robust, 1))
    assert_allclose(fitted.consistency_curve_[-1], consistency, rtol=1e-6)
    assert_allclose(
        fitted.objective_curve_,
        fitted.domain_loss_curve_.sum(axis=1) + 3 * fitted.consistency_curve_,
    )


def test_consistency_without_a_robust_norm_is_the_squared_distance(table):
    X, y, domain = table
    for strategy in ("l2", "isolated"):
        model = regressor(strategy=strategy).fit(X, y, sample_domain=domain)
        squares = np.sum(np.triu(model.pair_distances_, 1))
        assert_allclose(model.consistency_curve_[-1], squares, rtol=1e-5)
        strength = 3 if strategy == "l2" else 0
        expected = model.domain_loss_curve_[-1].sum() + strength * squares
        assert_allclose(model.objective_curve_[-1], expected, rtol=1e-5)


def test_domains_that_are_alike_find_each_other():
    X, y, _ = make_table((150,) * 6)
    label = np.repeat(np.arange(6), 150)
    model = regressor(
        solver="sgd",
        learning_rate_init=0.1,
        regularization=None,
        max_iter=120,
        hidden_layer_sizes=(8,),
        coupling=10.0,
        sigma_factor=4.5,
    ).fit(X, y, sample_domain=label)
    weights = model.pair_weights_[0]
    kind = np.arange(6) % 3 == 2
    same = kind[:, None] == kind
    assert weights[same].min() > 0.9
    assert weights[~same].max() < 0.1
    assert_array_equal(model.cluster_domains(), np.where(kind, 1, 0))
    graph = model.affinity_graph_[0].toarray()
    assert_array_equal(graph, graph.T)
    assert np.all(graph[same & ~np.eye(6, dtype=bool) & kind[:, None]] >= 0)


def test_a_hostile_domain_is_let_go_of():
    """Random labels in one of five domains: the others gain as if it were not there."""
    options = {"random_state": 0, "n_domains": 5, "n_clusters": 1, "n_hostile": 1}
    X, y, domain = make_domains(340, **options)
    train = np.arange(len(y)) % 340 < 40
    params = {
        "hidden_layer_sizes": (16,),
        "solver": "sgd",
        "learning_rate_init": 0.1,
        "regularization": None,
        "sigma_factor": 3.0,
        "max_iter": 200,
        "batch_size": "auto",
    }
    score, test = {}, ~train & (domain < 4)
    for strategy in ("isolated", "l2", "joint"):
        model = regressor(**params, strategy=strategy)
        model.fit(X[train], y[train], sample_domain=domain[train])
        score[strategy] = model.score(X[test], y[test], sample_domain=domain[test])
    assert model.pair_weights_[:, 4, :4].max() < 0.2
    assert model.cluster_domains().tolist() == [0, 0, 0, 0, 1]
    assert score["joint"] > score["l2"] + 0.03
    assert score["joint"] > score["isolated"] + 0.05


@pytest.mark.parametrize("strategy", ["joint", "l2"])
def test_no_coupling_is_isolated_bit_for_bit(table, strategy):
    X, y, domain = table
    loose = regressor(strategy=strategy, coupling=0).fit(X, y, sample_domain=domain)
    alone = regressor(strategy="isolated").fit(X, y, sample_domain=domain)
    assert is_same_fit(loose, alone)


def test_endless_l2_coupling_is_shared(table):
    X, y, domain = table
    options = {"solver": "sgd", "reg_step": 0.0}
    near = regressor(strategy="l2", coupling=1e9, **options)
    shared = regressor(strategy="shared", **options)
    for a, b in zip(
        arrays(near.fit(X, y, sample_domain=domain))[:6],
        arrays(shared.fit(X, y, sample_domain=domain))[:6],
        strict=True,
    ):
        assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_shared_networks_are_one(table):
    X, y, domain = table
    one = regressor(strategy="shared").fit(X, y, sample_domain=domain)
    for w in one.coefs_:
        assert_allclose(w, w[[0, 0, 0]], atol=1e-6)
    heads = regressor(strategy="shared", share_output=False)
    heads.fit(X, y, sample_domain=domain)
    assert heads.n_shared_layers_ == 2
    assert_allclose(heads.coefs_[1], heads.coefs_[1][[0, 0, 0]], atol=1e-6)
    assert np.abs(heads.coefs_[2] - heads.coefs_[2][0]).max() > 1e-3


def test_all_strategies_have_one_start(table):
    X, y, domain = table
    starts = [
        regressor(strategy=one, learning_rate_init=1e-12, regularization=None)
        .fit(X, y, sample_domain=domain)
        .coefs_
        for one in ("joint", "l2", "shared", "finetune", "isolated")
    ]
    for other in starts[1:]:
        for a, b in zip(starts[0], other, strict=True):
            assert_allclose(a, a[[0, 0, 0]], atol=1e-6)
            assert_allclose(a, b, atol=1e-6)


def test_order_of_rows_and_names_of_domains_do_not_matter(table):
    X, y, domain = table
    order = np.random.default_rng(0).permutation(len(y))
    renamed = np.array([{"north": 3, "east": 7, "south": 5}[d] for d in domain])
    # In one batch, and with one optimum: rounding must not grow.
    options = {"dtype": "float64", "regularization": None}
    first = regressor(**options).fit(X, y, sample_domain=domain)
    second = regressor(**options).fit(X[order], y[order], sample_domain=renamed[order])
    assert_array_equal(second.domains_, [3, 5, 7])
    assert_allclose(
        second.predict(X, sample_domain=renamed),
        first.predict(X, sample_domain=domain),
        rtol=1e-7,
    )


def test_rows_of_weight_zero_are_as_good_as_not_there(table):
    X, y, domain = table
    weight = np.ones(len(y))
    weight[domain == "south"] = 0
    weight[:3] = 0
    kept = weight > 0
    first = regressor().fit(X, y, weight, sample_domain=domain)
    second = regressor().fit(X[kept], y[kept], sample_domain=domain[kept])
    assert_array_equal(first.domains_, ["east", "north"])
    assert is_same_fit(first, second)


def test_domains_count_the_same_whatever_their_weights(table):
    X, y, domain = table
    factor = np.where(domain == "north", 5.0, 1.0)
    # Scaling of inputs and target respects weights; here it has nothing to change.
    options = {"strategy": "shared", "regularization": None, "dtype": "float64"}
    rows = np.concatenate([np.flatnonzero(domain == d)[:18] for d in NAMES])
    Z, target = np.tile(X[rows[:18]], (3, 1)), np.tile(y[rows[:18]], 3)
    first = regressor(**options).fit(Z, target, sample_domain=domain[rows])
    second = regressor(**options)
    second.fit(Z, target, factor[rows], sample_domain=domain[rows])
    for a, b in zip(first.coefs_, second.coefs_, strict=True):
        assert_allclose(a, b, rtol=1e-9)


def test_targets_in_different_units(table):
    """With an output of its own each domain is scaled for itself."""
    X, y, domain = table
    big = np.where(domain == "south", 1e6 * y, y)
    model = regressor(
        share_output=False, max_iter=100, learning_rate_init=0.05, theta=-9.0
    )
    model.fit(X, big, sample_domain=domain)
    for name in NAMES:
        rows = domain == name
        residual = big[rows] - model.predict(X[rows], sample_domain=domain[rows])
        assert residual.var() < 0.2 * big[rows].var()


def test_several_targets(table):
    X, y, domain = table
    two = np.c_[y, -y]
    two[::7, 1] = np.nan
    model = regressor().fit(X, two, sample_domain=domain)
    assert model.predict(X, sample_domain=domain).shape == two.shape
    assert model.score(X, two, sample_domain=domain) <= 1


PARAMETERS = {
    "hidden_layer_sizes": (6, 4),
    "activation": "tanh",
    "strategy": "l2",
    "coupling": 10.0,
    "robust_norm": "cauchy",
    "irls_weight": "paper",
    "sigma": "median",
    "sigma_factor": 1.0,
    "pair_layers": False,
    "share_output": False,
    "n_shared_layers": 2,
    "first_stage": 0.5,
    "max_irls_iter": 1,
    "inner_max_iter": 2,
    "irls_tol": 0.99,
    "dropout": 0.5,
    "regularization": None,
    "theta": -5.0,
    "norm": "l2",
    "reg_step": 0.5,
    "reg_warmup": 0.9,
    "reg_layers": "all",
    "reg_group": "input",
    "solver": "rmsprop",
    "learning_rate": "constant",
    "learning_rate_init": 0.02,
    "clip_value": 1e-4,
    "clip_norm": 1e-4,
    "weight_decay": 10.0,
    "batch_size": 8,
    "max_iter": 5,
    "early_stopping": True,
    "input_clip": None,
    "random_state": 1,
    "dtype": "float64",
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_matters(table, fitted, name):
    X, y, domain = table
    before = fitted
    options = {name: PARAMETERS[name]}
    if name in ("clip_value", "clip_norm"):  # Adam does not see the size of a gradient
        options["solver"] = "sgd"
        before = regressor(solver="sgd").fit(X, y, sample_domain=domain)
    if name == "irls_tol":  # weights that change by less come to rest at once
        options["sigma_factor"] = 100.0
        before = regressor(sigma_factor=100.0, irls_tol=0).fit(
            X, y, sample_domain=domain
        )
        assert before.n_irls_iter_ == 8
    if name == "dtype":  # this table is small: "auto" is double
        options["dtype"] = "float32"
    other = regressor(**options).fit(X, y, sample_domain=domain)
    assert not is_same_fit(before, other)


@pytest.mark.parametrize(
    ("name", "value", "base"),
    [
        ("momentum", 0.5, {"solver": "sgd"}),
        ("learning_rate_params", {"power": 3}, {"learning_rate": "power"}),
        ("reg_scope", "layer", {"reg_layers": "all"}),
        ("quantile", 0.9, {"loss": "quantile"}),
        ("huber_threshold", 0.1, {"loss": "huber"}),
        ("loss", "absolute_error", {}),
        ("validation_fraction", 0.4, {"early_stopping": True}),
        (
            "n_iter_no_change",
            1,
            {"early_stopping": True, "learning_rate_init": 0.3, "regularization": None},
        ),
        (
            "tol",
            10.0,
            {"early_stopping": True, "n_iter_no_change": 3, "first_stage": 0.1},
        ),
    ],
)
def test_parameters_that_need_another(table, name, value, base):
    X, y, domain = table
    base = {"max_iter": 30} | base
    before = regressor(**base).fit(X, y, sample_domain=domain)
    after = regressor(**base, **{name: value}).fit(X, y, sample_domain=domain)
    assert not is_same_fit(before, after)


def test_class_weight():
    X, y, domain = make_classes()
    before = classifier().fit(X, y, sample_domain=domain)
    after = classifier(class_weight={0: 5.0}).fit(X, y, sample_domain=domain)
    assert not is_same_fit(before, after)


def test_a_callable_learning_rate(table):
    X, y, domain = table
    slow = regressor(learning_rate=lambda step: 0.001).fit(X, y, sample_domain=domain)
    fast = regressor(learning_rate=lambda step: 0.01).fit(X, y, sample_domain=domain)
    assert not is_same_fit(slow, fast)
    constant = regressor(learning_rate="constant").fit(X, y, sample_domain=domain)
    assert is_same_fit(fast, constant)


def test_early_stopping_keeps_an_epoch_after_the_first_stage(table):
    X, y, domain = table
    model = regressor(
        early_stopping=True, max_iter=40, learning_rate_init=0.1, n_iter_no_change=5
    ).fit(X, y, sample_domain=domain)
    best = model.best_iteration_
    assert best >= 9
    assert best == 9 + np.argmin(model.validation_loss_curve_[9:])
    assert model.n_iter_ < 40


def test_fits_repeat(table, fitted):
    X, y, domain = table
    assert is_same_fit(fitted, regressor().fit(X, y, sample_domain=domain))
    assert sum(SIZES) == len(y)

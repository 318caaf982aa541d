# SPDX-License-Identifier: BSD-3-Clause
"""What a joint fit is: reductions, strategies, invariance, and what every parameter does."""

from copy import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skrln import RLNClassifier, RLNRegressor
from skrln.datasets import make_domains
from skrln.joint import JointRegressor
from skrln.options import Coupling, PowerDecay, RLNPenalty, Solver, UniformPenalty

from ._domains import (
    NAMES,
    SIZES,
    RecordedError,
    arrays,
    classifier,
    is_same_call,
    is_same_fit,
    kernel_call,
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


def test_objective_is_the_losses_and_the_consistency(table, fitted):
    X, y, domain = table
    weighted = np.sum(np.triu(fitted.pair_weights_ * fitted.pair_distances_, 1))
    assert_allclose(fitted.consistency_curve_[-1], weighted, rtol=1e-6)
    assert_allclose(
        fitted.objective_curve_,
        fitted.domain_loss_curve_.sum(axis=1) + 10 * fitted.consistency_curve_,
    )
    published = regressor(coupling=Coupling(distance="weights"))
    published.fit(X, y, sample_domain=domain)
    squares = published.sigma_[:, None, None] ** 2
    robust = squares * published.pair_distances_ / (squares + published.pair_distances_)
    consistency = np.sum(np.triu(robust, 1))
    assert_allclose(published.consistency_curve_[-1], consistency, rtol=1e-6)


def test_consistency_without_a_robust_norm_is_the_squared_distance(table):
    X, y, domain = table
    for strategy in ("l2", "isolated"):
        model = regressor(coupling=strategy).fit(X, y, sample_domain=domain)
        squares = np.sum(np.triu(model.pair_distances_, 1))
        assert_allclose(model.consistency_curve_[-1], squares, rtol=1e-5)
        strength = 10 if strategy == "l2" else 0
        expected = model.domain_loss_curve_[-1].sum() + strength * squares
        assert_allclose(model.objective_curve_[-1], expected, rtol=1e-5)


def test_domains_that_are_alike_find_each_other():
    X, y, _ = make_table((150,) * 6)
    label = np.repeat(np.arange(6), 150)
    model = regressor(
        solver="sgd",
        learning_rate_init=0.1,
        penalty=None,
        max_iter=120,
        hidden_layer_sizes=(8,),
        coupling=Coupling(strength=10.0, sigma_factor=4.5, distance="weights"),
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


@pytest.mark.parametrize("seed", [0, 1])
def test_clusters_show_at_the_defaults(seed):
    """Six domains of 100 rows in two clusters: only their first layers differ."""
    options = {"n_domains": 6, "n_clusters": 2, "return_clusters": True}
    X, y, domain, cluster = make_domains(100, random_state=seed, **options)
    model = JointRegressor(random_state=seed).fit(X, y, sample_domain=domain)
    same = cluster[:, None] == cluster
    first = model.pair_weights_[0]
    assert first[same & ~np.eye(6, dtype=bool)].mean() > 0.7
    assert first[~same].mean() < 0.4
    assert_array_equal(model.cluster_domains(), cluster)


def test_clusters_that_are_found_predict_better():
    """Above networks alone, and above a coupling that draws all clusters together."""
    X, y, domain = make_domains(260, 12, 3, random_state=0)
    train = np.arange(len(y)) % 260 < 60
    error = {}
    for strategy in ("isolated", "l2", "joint"):
        model = JointRegressor(random_state=0, coupling=strategy)
        model.fit(X[train], y[train], sample_domain=domain[train])
        predictions = model.predict(X[~train], sample_domain=domain[~train])
        error[strategy] = np.mean((predictions - y[~train]) ** 2)
    assert error["joint"] < 0.9 * error["l2"]
    assert error["joint"] < 0.75 * error["isolated"]


def test_a_hostile_domain_is_let_go_of():
    """Random labels in one of five domains: the others gain as if it were not there."""
    options = {"random_state": 0, "n_domains": 5, "n_clusters": 1, "n_hostile": 1}
    X, y, domain = make_domains(340, **options)
    train = np.arange(len(y)) % 340 < 40
    params = {
        "hidden_layer_sizes": (16,),
        "solver": "sgd",
        "learning_rate_init": 0.1,
        "penalty": None,
        "max_iter": 200,
        "batch_size": "auto",
    }
    score, test = {}, ~train & (domain < 4)
    published = {"sigma_factor": 3.0, "distance": "weights"}
    for strategy in ("isolated", "l2", "joint"):
        model = regressor(
            **params, coupling=Coupling(strategy, strength=3.0, **published)
        )
        model.fit(X[train], y[train], sample_domain=domain[train])
        score[strategy] = model.score(X[test], y[test], sample_domain=domain[test])
    assert model.pair_weights_[:, 4, :4].max() < 0.2
    assert model.cluster_domains().tolist() == [0, 0, 0, 0, 1]
    assert score["joint"] > score["l2"] + 0.03
    assert score["joint"] > score["isolated"] + 0.05


def test_domains_that_share_nothing_are_clusters_of_their_own():
    X, y, domain = make_classes()
    own = np.char.add(y.astype(str), domain)  # the domains have different classes
    model = classifier(hidden_layer_sizes=(), coupling="isolated")
    model.fit(X, own, sample_domain=domain)
    assert model.pair_weights_.shape == (0, 3, 3)
    assert model.cluster_domains().tolist() == [0, 1, 2]


@pytest.mark.parametrize("strategy", ["joint", "l2"])
def test_no_coupling_is_isolated_bit_for_bit(table, strategy):
    X, y, domain = table
    loose = regressor(coupling=Coupling(strategy, strength=0)).fit(
        X, y, sample_domain=domain
    )
    alone = regressor(coupling="isolated").fit(X, y, sample_domain=domain)
    assert is_same_fit(loose, alone)


def test_endless_l2_coupling_is_shared(table):
    X, y, domain = table
    options = {"solver": "sgd", "penalty": RLNPenalty(step=0.0, warmup=0.0)}
    near = regressor(coupling=Coupling("l2", strength=1e9), **options)
    shared = regressor(coupling="shared", **options)
    for a, b in zip(
        arrays(near.fit(X, y, sample_domain=domain))[:6],
        arrays(shared.fit(X, y, sample_domain=domain))[:6],
        strict=True,
    ):
        assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_shared_networks_are_one(table):
    X, y, domain = table
    one = regressor(coupling="shared").fit(X, y, sample_domain=domain)
    for w in one.coefs_:
        assert_allclose(w, w[[0, 0, 0]], atol=1e-6)
    heads = regressor(coupling="shared", share_output=False)
    heads.fit(X, y, sample_domain=domain)
    assert heads.n_shared_layers_ == 2
    assert_allclose(heads.coefs_[1], heads.coefs_[1][[0, 0, 0]], atol=1e-6)
    assert np.abs(heads.coefs_[2] - heads.coefs_[2][0]).max() > 1e-3


def test_all_strategies_have_one_start(table):
    X, y, domain = table
    starts = [
        regressor(coupling=strategy, learning_rate_init=1e-12)
        .fit(X, y, sample_domain=domain)
        .coefs_
        for strategy in ("joint", "l2", "shared", "finetune", "isolated")
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
    options = {"dtype": "float64", "penalty": None}
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
    options = {"coupling": "shared", "penalty": None, "dtype": "float64"}
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


#: Each has to change the fit. Most share the compiled program of the fit that they change.
PARAMETERS = {
    "strategy": {"coupling": "l2"},
    "strength": {"coupling": Coupling(strength=3.0)},
    "robust_norm": {"coupling": Coupling(robust_norm="cauchy")},
    "irls_weight": {"coupling": Coupling(irls_weight="paper")},
    "sigma": {"coupling": Coupling(sigma="median")},
    "sigma_factor": {"coupling": Coupling(sigma_factor=1.0)},
    "distance": {"coupling": Coupling(distance="weights")},
    "pair_layers": {"coupling": Coupling(pair_layers=False)},
    "share_output": {"share_output": False},
    "n_shared_layers": {"coupling": Coupling(n_shared_layers=2)},
    "first_stage": {"coupling": Coupling(first_stage=0.5)},
    "max_irls_iter": {"coupling": Coupling(max_irls_iter=1)},
    "inner_max_iter": {"coupling": Coupling(inner_max_iter=2)},
    "penalty": {"penalty": None},
    "uniform": {"penalty": UniformPenalty(warmup=0.0)},
    "theta": {"theta": -5.0},
    "step": {"penalty": RLNPenalty(step=0.5, warmup=0.0)},
    "warmup": {"penalty": RLNPenalty(warmup=0.9)},
    "learning_rate_init": {"learning_rate_init": 0.02},
    "batch_size": {"batch_size": 8},
    "max_iter": {"max_iter": 5},
    "early_stopping": {"early_stopping": True},
    "input_clip": {"input_clip": None},
    "random_state": {"random_state": 1},
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_matters(table, fitted, name):
    X, y, domain = table
    other = regressor(**PARAMETERS[name]).fit(X, y, sample_domain=domain)
    assert not is_same_fit(fitted, other)


def test_tolerance_of_the_reweighting(table):
    """Weights that change by less than the tolerance end the reweighting at once."""
    X, y, domain = table
    never, at_once = (
        regressor(coupling=Coupling(sigma_factor=100.0, irls_tol=tol)).fit(
            X, y, sample_domain=domain
        )
        for tol in (0, 0.99)
    )
    assert never.n_irls_iter_ == 8
    assert not is_same_fit(never, at_once)


SGD = {"solver": "sgd"}
ALL_LAYERS = {"penalty": RLNPenalty(layers="all", warmup=0.0)}


@pytest.mark.parametrize(
    ("change", "base"),
    [
        ({"hidden_layer_sizes": (6, 4)}, {}),
        ({"activation": "tanh"}, {}),
        ({"dropout": 0.5}, {}),
        ({"penalty": RLNPenalty(norm="l2", warmup=0.0)}, {}),
        ({"penalty": RLNPenalty(group="input", warmup=0.0)}, {}),
        ({"penalty": RLNPenalty(rule="subgradient", warmup=0.0)}, {}),
        (ALL_LAYERS, {}),
        (
            {"penalty": RLNPenalty(layers="all", scope="layer", warmup=0.0)},
            ALL_LAYERS,
        ),
        ({"solver": "rmsprop"}, {}),
        ({"solver": Solver(weight_decay=10.0)}, {}),
        ({"solver": Solver("sgd", options={"momentum": 0.5})}, SGD),
        ({"solver": Solver("sgd", clip_value=1e-4)}, SGD),
        ({"solver": Solver("sgd", clip_norm=1e-4)}, SGD),
        ({"learning_rate": "constant"}, {}),
        ({"learning_rate": PowerDecay(power=3)}, {"learning_rate": "power"}),
        ({"loss": "absolute_error"}, {}),
        ({"quantile": 0.9}, {"loss": "quantile"}),
        ({"huber_threshold": 0.1}, {"loss": "huber"}),
        ({"dtype": "float32"}, {}),  # this table is small: "auto" is double
    ],
)
def test_structure_goes_to_the_kernel(table, monkeypatch, change, base):
    """Kernel tests show that each of them matters."""
    X, y, domain = table
    before, again, after = (
        kernel_call(monkeypatch, regressor(**params), X, y, sample_domain=domain)
        for params in (base, base, base | change)
    )
    assert is_same_call(before, again)
    assert not is_same_call(before, after)


STOPS = {"max_iter": 30, "early_stopping": True}


@pytest.mark.parametrize(
    ("change", "base"),
    [
        ({"validation_fraction": 0.4}, {}),
        ({"n_iter_no_change": 1}, {"learning_rate_init": 0.3, "penalty": None}),
        (
            {"tol": 10.0},
            {"n_iter_no_change": 3, "coupling": Coupling(first_stage=0.1)},
        ),
    ],
)
def test_parameters_of_early_stopping(table, change, base):
    X, y, domain = table
    before, after = (
        regressor(**STOPS | params).fit(X, y, sample_domain=domain)
        for params in (base, base | change)
    )
    assert not is_same_fit(before, after)


def test_class_weight(fitted_classes):
    X, y, domain = make_classes(3)
    other = classifier(class_weight={0: 5.0}).fit(X, y, sample_domain=domain)
    assert not is_same_fit(fitted_classes, other)


def test_a_fit_that_fails_in_the_kernel_changes_nothing(table, fitted, monkeypatch):
    X, y, domain = table
    model = copy(fitted)
    before = dict(vars(model))

    def fail(*arguments, **options):
        raise RecordedError

    monkeypatch.setattr("skrln._kernels.fit_joint", fail)
    with pytest.raises(RecordedError):
        model.fit(X[:, :2], y, sample_domain=domain)
    with pytest.raises(RecordedError):
        model.add_domain(X[:9], y[:9], "west")
    assert vars(model) == before


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

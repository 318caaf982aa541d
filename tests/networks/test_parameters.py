# SPDX-License-Identifier: BSD-3-Clause
"""Every parameter of the constructors, and every option, changes the fit as documented."""

import numpy as np
import pandas as pd
import pytest

from skrln import (
    JointAutoencoder,
    JointClassifier,
    JointGenerator,
    JointRegressor,
    RLNClassifier,
    RLNClassifierCV,
    RLNMultiTask,
    RLNRegressor,
    RLNRegressorCV,
)
from skrln.networks._open_options import (
    open_penalty,
    open_schedule,
    open_solver,
    open_transfer,
)
from skrln.options import (
    ExponentialDecay,
    PlainBranch,
    PowerDecay,
    ReduceOnPlateau,
    RLNPenalty,
    Solver,
    Transfer,
    UniformPenalty,
)

from ._tables import (
    arrays,
    assert_close_fit,
    assert_same_fit,
    classifier,
    encoder_of,
    is_same_fit,
    make_classes,
    make_table,
    regressor,
    rln,
    uniform,
)

X, Y = make_table()
_, CLASSES = make_classes()
TASKS = np.column_stack([Y, X[:, 2]])
# Of these 48 rows up to eight or ten are held out, and the rest makes the same program.
X_LONG, Y_LONG = make_table(48)
_, CLASSES_LONG = make_classes(48)
VALIDATION = {"early_stopping": True, "validation_fraction": 0.2}
LINEAR = {"hidden_layer_sizes": ()}
#: Networks to start from; the module fits them before its first test.
SOURCE, OTHER_SOURCE = regressor(random_state=5), regressor(random_state=6)

#: Parameter -> another value than that of `regressor`, and the parameters that it needs.
CHANGES = {
    "hidden_layer_sizes": ((3,), {}),
    "activation": ("tanh", {}),
    "batch_norm": ("after", {}),
    "dropout": (0.5, {}),
    "loss": ("absolute_error", LINEAR),
    "quantile": (0.9, {"loss": "quantile", **LINEAR}),
    "huber_threshold": (0.1, {"loss": "huber", **LINEAR}),
    "penalty": (None, {}),
    "theta": (-6.0, {}),
    "solver": ("sgd", {}),
    "learning_rate": ("constant", {}),
    "learning_rate_init": (0.02, {}),
    "batch_size": (10, {}),
    "max_iter": (11, {}),
    "task_weight": ([1, 3], {}),
    "early_stopping": (True, {"validation_fraction": 0.2}),
    "validation_fraction": (0.25, {"early_stopping": True}),
    "validation_cv": (5, VALIDATION),
    "n_iter_no_change": (1, {"tol": 10.0, **VALIDATION}),
    "tol": (10.0, {"n_iter_no_change": 1, **VALIDATION}),
    "categorical_features": ([3], {}),
    "input_clip": (1.0, {}),
    "plain_branch": (PlainBranch([3]), {}),
    "numeric_embedding": ("piecewise", {}),
    "n_estimators": (2, {"input_selection": False}),
    "input_selection": (True, {"n_estimators": 2, "max_iter": 60, **VALIDATION}),
    "pretrained": (SOURCE, {}),
    "random_state": (1, {}),
    "dtype": ("float32", {}),
}
#: These parameters have tests of their own, because they do not change the fit.
NOT_THE_FIT = {"checkpoint", "device", "verbose", "warm_start"}
#: These are parameters of the classifier alone.
CLASSIFIER_CHANGES = {"class_weight": ({0: 2.0, 1: 1.0}, {})}

SGD = {"options": {"momentum": 0.5}}
#: The second layer has fewer inputs than the first, hence a weaker mean per layer.
NARROW = {"hidden_layer_sizes": (3,)}
#: With a tolerance of ten no epoch improves, and the rate falls as often as it may.
PLATEAU = {"tol": 10.0}
FROZEN = {"n_frozen_layers": 1}
THAWS = {"unfreeze_every": 2, **FROZEN}
#: Option -> parameters of two fits that differ in this option alone.
OPTION_CHANGES = {
    (RLNPenalty, "step"): ({}, {"penalty": rln(0.5)}),
    (RLNPenalty, "norm"): ({}, {"penalty": rln(norm="l2")}),
    (RLNPenalty, "layers"): ({}, {"penalty": rln(layers="all")}),
    (RLNPenalty, "scope"): (
        {"penalty": rln(layers="all"), **NARROW},
        {"penalty": rln(layers="all", scope="layer"), **NARROW},
    ),
    (RLNPenalty, "group"): ({}, {"penalty": rln(group="input")}),
    (RLNPenalty, "warmup"): ({}, {"penalty": rln(warmup=0.5)}),
    (RLNPenalty, "rule"): ({}, {"penalty": rln(rule="subgradient")}),
    (UniformPenalty, "norm"): (
        {"penalty": uniform()},
        {"penalty": uniform(norm="l2")},
    ),
    (UniformPenalty, "layers"): (
        {"penalty": uniform()},
        {"penalty": uniform(layers="all")},
    ),
    (UniformPenalty, "scope"): (
        {"penalty": uniform(layers="all"), **NARROW},
        {"penalty": uniform(layers="all", scope="layer"), **NARROW},
    ),
    (UniformPenalty, "group"): (
        {"penalty": uniform()},
        {"penalty": uniform(group="input")},
    ),
    (UniformPenalty, "warmup"): (
        {"penalty": uniform()},
        {"penalty": uniform(warmup=0.5)},
    ),
    (Solver, "name"): ({}, {"solver": Solver("sgd")}),
    (Solver, "options"): ({"solver": Solver("sgd")}, {"solver": Solver("sgd", **SGD)}),
    (Solver, "clip_value"): (
        {"solver": Solver("sgd")},
        {"solver": Solver("sgd", clip_value=1e-3)},
    ),
    (Solver, "clip_norm"): (
        {"solver": Solver("sgd")},
        {"solver": Solver("sgd", clip_norm=1e-3)},
    ),
    (Solver, "weight_decay"): ({}, {"solver": Solver(weight_decay=1.0)}),
    (PowerDecay, "decay_steps"): (
        {"learning_rate": PowerDecay()},
        {"learning_rate": PowerDecay(3.0)},
    ),
    (PowerDecay, "power"): (
        {"learning_rate": PowerDecay()},
        {"learning_rate": PowerDecay(power=3.0)},
    ),
    (ExponentialDecay, "decay_steps"): (
        {"learning_rate": ExponentialDecay()},
        {"learning_rate": ExponentialDecay(3.0)},
    ),
    (ReduceOnPlateau, "factor"): (
        {"learning_rate": ReduceOnPlateau(patience=1), **PLATEAU},
        {"learning_rate": ReduceOnPlateau(0.9, patience=1), **PLATEAU},
    ),
    (ReduceOnPlateau, "patience"): (
        {"learning_rate": ReduceOnPlateau(patience=1), **PLATEAU},
        {"learning_rate": ReduceOnPlateau(patience=2), **PLATEAU},
    ),
    (ReduceOnPlateau, "cooldown"): (
        {"learning_rate": ReduceOnPlateau(patience=1), **PLATEAU},
        {"learning_rate": ReduceOnPlateau(patience=1, cooldown=3), **PLATEAU},
    ),
    (ReduceOnPlateau, "smallest"): (
        {"learning_rate": ReduceOnPlateau(patience=1), **PLATEAU},
        {"learning_rate": ReduceOnPlateau(patience=1, smallest=0.4), **PLATEAU},
    ),
    (Transfer, "estimator"): (
        {"pretrained": Transfer(SOURCE)},
        {"pretrained": Transfer(OTHER_SOURCE)},
    ),
    (Transfer, "n_frozen_layers"): (
        {"pretrained": Transfer(SOURCE)},
        {"pretrained": Transfer(SOURCE, **FROZEN)},
    ),
    (Transfer, "reuse_head"): (
        {"pretrained": Transfer(SOURCE)},
        {"pretrained": Transfer(SOURCE, reuse_head=True)},
    ),
    (Transfer, "unfreeze_every"): (
        {"pretrained": Transfer(SOURCE, **FROZEN)},
        {"pretrained": Transfer(SOURCE, **THAWS)},
    ),
    (Transfer, "unfreeze_factor"): (
        {"pretrained": Transfer(SOURCE, **THAWS)},
        {"pretrained": Transfer(SOURCE, unfreeze_factor=0.5, **THAWS)},
    ),
    (PlainBranch, "columns"): (
        {"plain_branch": PlainBranch([3])},
        {"plain_branch": PlainBranch([2])},
    ),
    (PlainBranch, "layer_sizes"): (
        {"plain_branch": PlainBranch([3])},
        {"plain_branch": PlainBranch([3], layer_sizes=(3,))},
    ),
}
#: Recorded edges do not change the fit either.
NOT_THE_FIT_OPTIONS = {(RLNPenalty, "n_path_edges"), (UniformPenalty, "n_path_edges")}
OPTION_TYPES = {kind for kind, _ in OPTION_CHANGES}


@pytest.fixture(scope="module", autouse=True)
def sources():
    for source in (SOURCE, OTHER_SOURCE):
        source.fit(X, Y)


@pytest.fixture(scope="module")
def usual():
    """The fit that most tests compare to."""
    return regressor().fit(X, Y)


def test_no_parameter_is_forgotten():
    names = set(RLNRegressor().get_params(deep=False))
    assert names == set(CHANGES) | NOT_THE_FIT
    of_regressor = {"loss", "quantile", "huber_threshold"}
    expected = (set(CHANGES) - of_regressor) | NOT_THE_FIT | set(CLASSIFIER_CHANGES)
    assert set(RLNClassifier().get_params(deep=False)) == expected


def test_no_option_is_forgotten():
    options = {(kind, n) for kind in OPTION_TYPES for n in kind._get_param_names()}
    assert options == set(OPTION_CHANGES) | NOT_THE_FIT_OPTIONS


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        (RLNRegressor, 34),
        (RLNClassifier, 34),
        (RLNRegressorCV, 36),
        (RLNClassifierCV, 36),
        (RLNMultiTask, 36),
        (JointRegressor, 36),
        (JointClassifier, 36),
        (JointAutoencoder, 36),
        (JointGenerator, 36),
    ],
)
def test_constructors_are_short(kind, most):
    assert len(kind._get_param_names()) <= most


def fit_twice(before, after):
    """Fit two networks to a table whose last column may be categories."""
    changes = str([before, after])
    table, y = (X_LONG, Y_LONG) if "validation" in changes else (X, Y)
    y = TASKS if "task_weight" in changes else y
    table = table.copy()
    table[:, 3] = np.arange(len(table)) % 3
    return [regressor(**params).fit(table, y) for params in (before, after)]


@pytest.mark.parametrize("name", CHANGES)
def test_parameter_changes_the_fit(name):
    value, others = CHANGES[name]
    assert not is_same_fit(*fit_twice(others, others | {name: value}))


@pytest.mark.parametrize(
    ("kind", "name"),
    OPTION_CHANGES,
    ids=[f"{kind.__name__}.{name}" for kind, name in OPTION_CHANGES],
)
def test_option_changes_the_fit(kind, name):
    assert not is_same_fit(*fit_twice(*OPTION_CHANGES[kind, name]))


def test_class_weight_changes_the_fit():
    weighted = classifier(class_weight={0: 2.0, 1: 1.0}).fit(X, CLASSES)
    assert not is_same_fit(classifier().fit(X, CLASSES), weighted)


@pytest.mark.parametrize(
    ("open_option", "name", "option"),
    [
        (open_penalty, "rln", RLNPenalty()),
        (open_penalty, "uniform", UniformPenalty()),
        (open_solver, "sgd", Solver("sgd")),
        (open_schedule, "power", PowerDecay()),
        (open_schedule, "exponential", ExponentialDecay()),
        (open_schedule, "performance", ReduceOnPlateau()),
        (open_transfer, SOURCE, Transfer(SOURCE)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_name_is_the_option_object_with_its_defaults(open_option, name, option):
    assert open_option(name) == open_option(option)


#: Values for `set_params` after a fit; those of `CHANGES` where a name is not in here.
LATER = {"device": "cpu", "verbose": True, "warm_start": True}


@pytest.fixture(scope="module")
def fitted():
    """A network and an ensemble of each kind, and what they predict."""
    pair = {"n_estimators": 2, "input_selection": False, "max_iter": 2}
    models = [regressor(**p).fit(X, Y) for p in ({}, pair)]
    models += [classifier(**p).fit(X, CLASSES) for p in ({}, pair)]
    return [(model, predictions(model)) for model in models]


def predictions(model):
    """Predictions and attributes of a fit."""
    found = [model.predict(X), model.feature_importances_, model.sparsity_]
    found += [model.estimator_weights_, model.temperature_, model.theta_]
    found += arrays(model)
    return [*found, model.predict_proba(X)] if hasattr(model, "classes_") else found


@pytest.mark.parametrize("name", [*CHANGES, *LATER, *CLASSIFIER_CHANGES])
def test_parameter_set_after_the_fit_changes_no_prediction(fitted, name):
    values = CHANGES | CLASSIFIER_CHANGES
    value = LATER[name] if name in LATER else values[name][0]
    for model, expected in fitted:
        before = model.get_params(deep=False)
        if name not in before:
            continue
        try:
            model.set_params(**{name: value})
            for a, b in zip(predictions(model), expected, strict=True):
                np.testing.assert_array_equal(a, b)
        finally:
            model.set_params(**before)


# -- regularization --------------------------------------------------------------------


def test_higher_theta_makes_more_zeros():
    shares = [
        regressor(theta=theta, max_iter=30).fit(X, Y).sparsity_[0]
        for theta in (-9, -7, -6)
    ]
    assert shares[0] < shares[1] < shares[2]


@pytest.mark.parametrize("layers", ["first", "all"])
@pytest.mark.parametrize("scope", ["network", "layer"])
def test_mean_of_the_coefficients(layers, scope):
    model = regressor(penalty=rln(layers=layers, scope=scope), theta=-5).fit(X, Y)
    regularized = [c for c in model.reg_coefs_ if np.isfinite(c).all()]
    assert len(regularized) == (1 if layers == "first" else 2)
    if scope == "network":
        regularized = [np.concatenate([c.ravel() for c in regularized])]
    thetas = [-5, -5]  # the second layer has more inputs than the first
    for found, theta in zip(regularized, thetas, strict=False):
        assert found.std() > 0
        assert found.mean() == pytest.approx(theta)
    assert model.theta_ == -5


def test_layer_with_fewer_inputs_gets_a_weaker_mean():
    penalty = rln(layers="all", scope="layer")
    model = regressor(hidden_layer_sizes=(3,), penalty=penalty, theta=-5).fit(X, Y)
    expected = -5 + np.log(3 / 4)
    assert model.reg_coefs_[1].mean() == pytest.approx(expected)


def test_uniform_is_a_step_of_zero(usual):
    by_name = regressor(penalty=uniform()).fit(X, Y)
    frozen = regressor(penalty=rln(0)).fit(X, Y)
    assert_same_fit(by_name, frozen)
    np.testing.assert_array_equal(by_name.reg_coefs_[0], -6.5)
    # Learned coefficients differ.
    assert not is_same_fit(by_name, usual)


def test_no_penalty_is_the_plain_network():
    plain = regressor(penalty=None).fit(X, Y)
    for coefficients in plain.reg_coefs_:
        np.testing.assert_array_equal(coefficients, -np.inf)
    np.testing.assert_array_equal(plain.sparsity_, 0)
    # A penalty below the smallest number changes nothing either.
    feeble = regressor(theta=-80, penalty=rln(0)).fit(X, Y)
    for a, b in zip(plain.coefs_, feeble.coefs_, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)


def test_warmup_lets_the_penalty_grow():
    settings = {"theta": -6, "max_iter": 300}
    at_once = regressor(**settings).fit(X, Y).sparsity_curve_[:, 0]
    growing = regressor(penalty=rln(warmup=0.5), **settings).fit(X, Y)
    growing = growing.sparsity_curve_[:, 0]
    assert growing[4] < at_once[4]
    assert growing[-1] > 0


def test_patience_begins_after_the_warmup():
    settings = {"max_iter": 30, "n_iter_no_change": 5, "tol": 10.0, **VALIDATION}
    # Of 30 epochs 6 warm up, and the first after them is the one that counts.
    model = regressor(penalty=rln(warmup=0.2), **settings).fit(X_LONG, Y_LONG)
    assert model.n_iter_ == 5 + 1 + 5
    assert model.best_iteration_ >= 5


def test_l2_makes_no_zeros():
    l1, l2 = (
        regressor(penalty=rln(norm=norm), theta=-6).fit(X, Y) for norm in ("l1", "l2")
    )
    assert l1.sparsity_[0] > 0
    np.testing.assert_array_equal(l2.sparsity_, 0)
    plain = regressor(penalty=None).fit(X, Y)
    assert np.abs(l2.coefs_[0]).sum() < np.abs(plain.coefs_[0]).sum()


def test_subgradient_rule_lowers_coefficients_where_weights_pass_zero():
    released = regressor(penalty=rln(rule="subgradient"), max_iter=30).fit(X, Y)
    proximal = regressor(max_iter=30).fit(X, Y)
    assert released.reg_coefs_[0].min() < proximal.reg_coefs_[0].min() - 1


def test_regularized_layers():
    first = regressor(max_iter=20).fit(X, Y)
    assert first.sparsity_[0] > 0
    assert first.sparsity_[1] == 0
    np.testing.assert_array_equal(first.reg_coefs_[1], -np.inf)
    both = regressor(penalty=rln(layers="all"), max_iter=20).fit(X, Y)
    assert both.sparsity_.min() > 0
    assert np.isfinite(both.reg_coefs_[1]).all()


def frame():
    """A number and a category that matter, and one of each that does not."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "number": X[:, 0],
            "noise": rng.normal(size=len(X)),
            "kind": pd.Categorical(rng.permutation(np.arange(len(X)) % 3)),
            "junk": rng.permutation(np.array(list("pqrs"))[np.arange(len(X)) % 4]),
        }
    )
    effect = table["kind"].cat.codes.to_numpy()
    return table, table["number"].to_numpy() + 2 * effect


def test_group_of_a_column_dies_as_one():
    table, y = frame()
    model = regressor(
        penalty=rln(group="input"), theta=-7, learning_rate_init=0.03, max_iter=60
    ).fit(table, y)
    groups = encoder_of(model).groups
    assert len(groups) == 9  # two numbers, three and four categories
    alive = model.coefs_[0] != 0
    for column in range(4):
        of_column = alive[groups == column]
        assert of_column.all() or not of_column.any()
    assert model.active_features_.tolist() == ["number", "kind"]
    # One coefficient per column.
    for column in range(4):
        assert np.ptp(model.reg_coefs_[0][groups == column]) == 0


def test_groups_with_the_subgradient_rule_are_refused():
    model = regressor(penalty=rln(group="input", rule="subgradient"))
    with pytest.raises(ValueError, match=r"group='input' with rule='subgradient'"):
        model.fit(X, Y)


def test_reg_path_ends_in_the_fit(usual):
    model = regressor(penalty=rln(n_path_edges=6), max_iter=30).fit(X, Y)
    assert model.reg_path_.shape == (30, 6, 2)
    assert model.reg_path_edges_.shape == (6, 2)
    inputs, units = model.reg_path_edges_.T
    fitted = (model.coefs_[0], model.reg_coefs_[0])
    last = np.column_stack([found[inputs, units] for found in fitted])
    np.testing.assert_array_equal(model.reg_path_[-1], last)
    # Half of them are the strongest that are left.
    strongest = np.sort(np.abs(model.coefs_[0]).ravel())[-3:]
    assert set(strongest) <= set(np.abs(last[:, 0]))
    assert not hasattr(usual, "reg_path_")


def test_reg_path_is_gone_after_a_fit_that_stores_none():
    model = regressor(penalty=rln(n_path_edges=6)).fit(X, Y)
    model.set_params(penalty__n_path_edges=0).fit(X, Y)
    assert not hasattr(model, "reg_path_")
    assert not hasattr(model, "reg_path_edges_")


def test_recorded_edges_do_not_change_the_fit(usual):
    assert_same_fit(regressor(penalty=rln(n_path_edges=6)).fit(X, Y), usual)
    recorded = regressor(penalty=uniform(n_path_edges=6)).fit(X, Y)
    assert_same_fit(recorded, regressor(penalty=uniform()).fit(X, Y))
    assert recorded.reg_path_.shape == (10, 6, 2)


def test_more_edges_asked_for_than_there_are():
    model = regressor(penalty=rln(n_path_edges=1000)).fit(X, Y)
    assert model.reg_path_.shape == (10, 20, 2)


# -- training --------------------------------------------------------------------------


def test_hidden_layers():
    model = regressor(hidden_layer_sizes=(5, 3)).fit(X, Y)
    assert [w.shape for w in model.coefs_] == [(4, 5), (5, 3), (3, 1)]
    assert model.n_layers_ == 4
    linear = regressor(hidden_layer_sizes=()).fit(X, Y)
    assert [w.shape for w in linear.coefs_] == [(4, 1)]
    weights = linear.predict(np.eye(4)) - linear.predict(np.zeros((1, 4)))
    twice = linear.predict(2 * np.eye(4)) - linear.predict(np.zeros((1, 4)))
    if getattr(linear, "input_clip", None) is None:
        np.testing.assert_allclose(twice, 2 * weights)


def test_solvers_all_learn():
    for solver, rate in [("adam", 0.02), ("rmsprop", 0.02), ("sgd", 0.02)]:
        model = regressor(solver=solver, learning_rate_init=rate, max_iter=40).fit(X, Y)
        assert model.loss_curve_[-1] < 0.5 * model.loss_curve_[0]


def test_schedules():
    curves = {
        schedule: regressor(learning_rate=schedule, max_iter=30).fit(X, Y).loss_curve_
        for schedule in ("constant", "cosine")
    }
    last = {name: abs(curve[-1] - curve[-2]) for name, curve in curves.items()}
    # The last but one of 30 steps of the cosine is at sin^2 of three degrees.
    assert last["cosine"] < 0.02 * last["constant"]


def test_learning_rate_init_is_how_far_weights_move():
    near, far = (
        regressor(penalty=None, learning_rate_init=rate, max_iter=1).fit(X, Y)
        for rate in (1e-3, 1e-2)
    )
    start = regressor(penalty=None, learning_rate_init=1e-12, max_iter=1).fit(X, Y)
    moved = [np.abs(model.coefs_[1] - start.coefs_[1]) for model in (near, far)]
    # The first step of Adam is as long as the learning rate.
    np.testing.assert_allclose(moved[0], 1e-3, rtol=1e-3)
    np.testing.assert_allclose(moved[1], 1e-2, rtol=1e-3)


def test_batch_size_of_more_than_all_rows_is_all_rows(usual):
    assert_same_fit(regressor(batch_size=4000).fit(X, Y), usual)
    assert_same_fit(regressor(batch_size=40).fit(X, Y), usual)


def test_batches_are_more_steps(usual):
    batches = regressor(batch_size=10).fit(X, Y)
    assert batches.loss_curve_[-1] < usual.loss_curve_[-1]


def test_max_iter_is_the_number_of_epochs():
    for n_epochs in (1, 7, 70):
        model = regressor(max_iter=n_epochs).fit(X, Y)
        assert model.n_iter_ == n_epochs
        assert model.best_iteration_ == n_epochs - 1
        assert model.loss_curve_.shape == (n_epochs,)
        assert model.sparsity_curve_.shape == (n_epochs, 2)
    np.testing.assert_array_equal(model.sparsity_curve_[-1], model.sparsity_)


def test_random_state():
    again = [regressor(random_state=3).fit(X, Y) for _ in range(2)]
    assert_same_fit(*again)
    assert not is_same_fit(again[0], regressor(random_state=4).fit(X, Y))
    unseeded = [regressor(random_state=None).fit(X, Y) for _ in range(2)]
    assert not is_same_fit(*unseeded)
    # A generator goes on from fit to fit, and two alike make fits alike.
    rng, same = np.random.RandomState(5), np.random.RandomState(5)
    first, second = (regressor(random_state=rng).fit(X, Y) for _ in range(2))
    assert not is_same_fit(first, second)
    assert_same_fit(first, regressor(random_state=same).fit(X, Y))


def test_fit_leaves_the_random_state_of_numpy_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002 -- that is the point
    regressor().fit(X, Y)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002 - what is asked


# -- losses ----------------------------------------------------------------------------

SKEWED = np.random.default_rng(7).exponential(size=40) + 0.5


def constant_prediction(**params):
    """Prediction of a loss where the inputs are constant."""
    model = regressor(learning_rate_init=0.02, max_iter=400, **LINEAR, **params)
    prediction = model.fit(np.zeros((40, 4)), SKEWED).predict(np.zeros((2, 4)))
    assert prediction[0] == prediction[1]
    return prediction[0]


# The inputs are constant on purpose.
@pytest.mark.filterwarnings("ignore:No input reaches the output")
@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"loss": "squared_error"}, SKEWED.mean()),
        ({"loss": "poisson"}, SKEWED.mean()),
        ({"loss": "absolute_error"}, np.median(SKEWED)),
        ({"loss": "quantile", "quantile": 0.5}, np.median(SKEWED)),
        ({"loss": "quantile", "quantile": 0.1}, np.quantile(SKEWED, 0.1)),
        ({"loss": "quantile", "quantile": 0.9}, np.quantile(SKEWED, 0.9)),
        # Far out it is the mean, close in the median.
        ({"loss": "huber", "huber_threshold": 100.0}, SKEWED.mean()),
        ({"loss": "huber", "huber_threshold": 1e-3}, np.median(SKEWED)),
    ],
)
def test_losses_find_their_minimum(params, expected):
    # Any number between two targets is a median: their distance is the tolerance.
    gap = np.diff(np.sort(SKEWED)).max() if "quantile" in params else 0.05
    assert constant_prediction(**params) == pytest.approx(expected, abs=max(gap, 0.05))


def test_quantiles_cover_their_share():
    rng = np.random.default_rng(1)
    y = X[:, 0] + rng.normal(size=40) * np.exp(X[:, 1])
    for level in (0.2, 0.8):
        model = regressor(loss="quantile", quantile=level, theta=-80, **LINEAR)
        model.set_params(learning_rate_init=0.02, max_iter=400).fit(X, y)
        # A plane through five of the forty points has its share of the others below.
        below = np.mean(y < model.predict(X))
        assert below == pytest.approx(level, abs=5 / 40)


def test_poisson_predictions_are_positive():
    counts = np.random.default_rng(0).poisson(np.exp(X[:, 0]))
    model = regressor(loss="poisson", theta=-20, learning_rate_init=0.03, **LINEAR)
    prediction = model.set_params(max_iter=100).fit(X, counts).predict(X * 50)
    assert prediction.min() > 0
    assert np.corrcoef(model.predict(X), np.exp(X[:, 0]))[0, 1] > 0.9


def test_unused_numbers_of_losses_are_unused(usual):
    model = regressor(quantile=0.9, huber_threshold=9.0)
    assert_same_fit(model.fit(X, Y), usual)


# -- stopping --------------------------------------------------------------------------


def test_auto_stops_early_only_with_validation_data(usual):
    assert usual.validation_loss_curve_ is None
    by_splitter = regressor(validation_cv=5).fit(X_LONG, Y_LONG)
    assert by_splitter.validation_loss_curve_.shape == (10,)
    by_data = regressor().fit(X, Y, X_val=X[:10], y_val=Y[:10])
    assert by_data.validation_loss_curve_.shape == (10,)


@pytest.mark.parametrize("fraction", [0.2, 0.25])
def test_validation_fraction_is_held_out(fraction):
    model = regressor(early_stopping=True, validation_fraction=fraction)
    # The mean of a column that marks a row is zero if the row is held out.
    means = encoder_of(model.fit(np.eye(48), Y_LONG)).table.scaler.center
    n_trained = np.count_nonzero(means)
    assert n_trained == 48 - np.ceil(48 * fraction)


def test_patience():
    settings = {"max_iter": 30, **VALIDATION}
    longest = regressor(**settings).fit(X_LONG, Y_LONG).n_iter_
    for patience in (5, 9):
        # Every epoch improves by less than ten: the first one alone counts.
        model = regressor(n_iter_no_change=patience, tol=10.0, **settings)
        assert model.fit(X_LONG, Y_LONG).n_iter_ == 1 + patience < longest


# -- the rest --------------------------------------------------------------------------


def test_categorical_features():
    table, y = frame()
    by_type = regressor().fit(table, y)
    assert by_type.n_features_in_ == 4
    assert by_type.coefs_[0].shape[0] == 9
    assert by_type.feature_importances_.shape == (4,)
    for asked in ([2, 3], ["kind", "junk"], [False, False, True, True]):
        assert_same_fit(regressor(categorical_features=asked).fit(table, y), by_type)


def test_no_categories_where_none_are_wanted():
    table, y = frame()
    numbers = table[["number", "noise"]].assign(kind=table["kind"].cat.codes, junk=1.0)
    found = regressor(categorical_features=None).fit(numbers, y)
    assert_same_fit(found, regressor().fit(numbers.to_numpy(float), y))
    with pytest.raises(ValueError, match="could not convert string to float"):
        regressor(categorical_features=None).fit(table, y)


def test_input_clip_bounds_what_a_wild_row_does():
    wild = np.array([[1e9, 0, 0, 0], [1e12, 0, 0, 0]])
    bounded = regressor(input_clip=3.0).fit(X, Y)
    np.testing.assert_allclose(*bounded.predict(wild))
    assert np.ptp(regressor(input_clip=None).fit(X, Y).predict(wild)) > 1e6


@pytest.mark.parametrize("make", [regressor, classifier])
@pytest.mark.parametrize("verbose", [1, True])
def test_verbose_shows_epochs_on_standard_error(capsys, make, verbose):
    model = make(verbose=verbose, max_iter=3, validation_cv=5)
    loud = model.fit(X_LONG, CLASSES_LONG)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert type(model).__name__ in shown.err
    assert "epoch 3/3" in shown.err
    assert f"loss {loud.loss_curve_[-1]:.4g}" in shown.err
    assert f"validation {loud.validation_loss_curve_[-1]:.4g}" in shown.err
    # The progress is not part of the fit.
    quiet = make(max_iter=3, validation_cv=5).fit(X_LONG, CLASSES_LONG)
    shown = capsys.readouterr()
    assert shown.out == shown.err == ""
    assert_same_fit(loud, quiet)


def test_names_in_the_progress_are_neither_markup_nor_formats(capsys):
    """A subclass may have any name."""
    odd = type("[/b]{0}", (type(regressor()),), {})
    odd(**regressor(verbose=True, max_iter=2).get_params(deep=False)).fit(X, Y)
    assert "[/b]{0}" in capsys.readouterr().err


def test_dtype(usual):
    single = regressor(dtype="float32").fit(X, Y)
    double = regressor(dtype="float64").fit(X, Y)
    assert_same_fit(double, usual)
    assert {a.dtype for a in arrays(single)} == {np.dtype("float32")}
    assert {a.dtype for a in arrays(double)} == {np.dtype("float64")}
    assert_close_fit(single, double, rtol=1e-3, atol=1e-4)
    # Predictions are doubles all the same.
    assert single.predict(X).dtype == double.predict(X).dtype == np.float64


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_auto_dtype_goes_by_size_and_not_by_the_type_of_the_table(monkeypatch, dtype):
    assert regressor().fit(X.astype(dtype), Y).coefs_[0].dtype == np.float64
    monkeypatch.setattr("skrln._network._settings.DOUBLE_CELLS", X.size - 1)
    assert regressor().fit(X.astype(dtype), Y).coefs_[0].dtype == np.float32


def test_device(usual):
    assert_same_fit(regressor(device="cpu").fit(X, Y), usual)
    assert_same_fit(regressor(device="cpu:0").fit(X, Y), usual)
    # Tests with two devices have a process of their own: tests/test_devices.py.
    assert_same_fit(regressor(device="all").fit(X, Y), usual)


@pytest.mark.parametrize("device", ["toaster", "cpu:77", "cpu:x"])
def test_device_that_is_not_there(device):
    message = rf"Got device='{device}', but expected None or one of .* cpu:0"
    with pytest.raises(ValueError, match=message):
        regressor(device=device).fit(X, Y)


def test_constructor_stores_and_does_nothing_else():
    sizes, cv = [5, 3], [(np.arange(30), np.arange(30, 40))]
    model = RLNRegressor(hidden_layer_sizes=sizes, validation_cv=cv, theta="wrong")
    assert model.hidden_layer_sizes is sizes
    assert model.validation_cv is cv
    assert set(vars(model)) == set(model.get_params(deep=False))


def test_fit_leaves_parameters_alone():
    model = regressor(hidden_layer_sizes=[5], task_weight=[2.0], batch_size="auto")
    before = model.get_params()
    after = model.fit(X, Y).get_params()
    assert all(after[name] is before[name] for name in before)

# SPDX-License-Identifier: BSD-3-Clause
"""Every parameter of the constructors does what it says."""

import numpy as np
import pandas as pd
import pytest

from skrln import RLNClassifier, RLNRegressor

from ._tables import (
    arrays,
    assert_close_fit,
    assert_same_fit,
    classifier,
    is_same_fit,
    make_classes,
    make_table,
    regressor,
)

X, Y = make_table()
_, CLASSES = make_classes()
TASKS = np.column_stack([Y, X[:, 2]])
# Of these 48 rows up to eight or ten are held out, and the rest makes the same program.
X_LONG, Y_LONG = make_table(48)
_, CLASSES_LONG = make_classes(48)
VALIDATION = {"early_stopping": True, "validation_fraction": 0.2}
LINEAR = {"hidden_layer_sizes": ()}

#: Parameter -> another value than that of `regressor`, and what it needs beside it.
CHANGES = {
    "hidden_layer_sizes": ((3,), {}),
    "activation": ("tanh", {}),
    "batch_norm": ("after", {}),
    "dropout": (0.5, {}),
    "loss": ("absolute_error", LINEAR),
    "quantile": (0.9, {"loss": "quantile", **LINEAR}),
    "huber_threshold": (0.1, {"loss": "huber", **LINEAR}),
    "regularization": (None, {}),
    "theta": (-6.0, {}),
    "norm": ("l2", {}),
    "reg_step": (0.5, {}),
    "nu": (0.0, {}),
    "max_reg_step": (1e-3, {}),
    "reg_warmup": (0.5, {}),
    "rule": ("subgradient", {}),
    "reg_layers": ("all", {}),
    "reg_scope": ("layer", {"reg_layers": "all"}),
    "reg_group": ("input", {}),
    "solver": ("sgd", {}),
    "momentum": (0.0, {"solver": "sgd"}),
    "learning_rate": ("constant", {}),
    "learning_rate_params": ({"power": 3.0}, {"learning_rate": "power"}),
    "learning_rate_init": (0.02, {}),
    "clip_value": (1e-3, {"solver": "sgd"}),
    "clip_norm": (1e-3, {"solver": "sgd"}),
    "weight_decay": (1.0, {}),
    "average_decay": (0.5, {}),
    "batch_size": (10, {}),
    "max_iter": (11, {}),
    "task_weight": ([1, 3], {}),
    "pretrained": (regressor(random_state=5).fit(X, Y), {}),
    "n_frozen_layers": (1, {"pretrained": regressor().fit(X, Y)}),
    "reuse_head": (True, {"pretrained": regressor().fit(X, Y)}),
    "unfreeze_every": (2, {"pretrained": regressor().fit(X, Y), "n_frozen_layers": 1}),
    "unfreeze_factor": (
        0.5,
        {
            "pretrained": regressor().fit(X, Y),
            "n_frozen_layers": 1,
            "unfreeze_every": 2,
        },
    ),
    "early_stopping": (True, {"validation_fraction": 0.2}),
    "validation_fraction": (0.25, {"early_stopping": True}),
    "validation_cv": (5, VALIDATION),
    "n_iter_no_change": (1, {"tol": 10.0, **VALIDATION}),
    "tol": (10.0, {"n_iter_no_change": 1, **VALIDATION}),
    "categorical_features": ([3], {}),
    "input_clip": (1.0, {}),
    "plain_features": ([3], {}),
    "plain_layer_sizes": ((3,), {"plain_features": [3]}),
    "numeric_embedding": ("periodic", {}),
    "n_estimators": (2, {"input_selection": False}),
    "bootstrap": (True, {"n_estimators": 2, "input_selection": False}),
    "input_selection": (True, {"n_estimators": 2, "max_iter": 60, **VALIDATION}),
    "random_state": (1, {}),
    "dtype": ("float32", {}),
}
#: These change other things than the fit, and have tests of their own below.
NOT_THE_FIT = {"device", "store_reg_path", "verbose", "warm_start"}
#: These are of the classifier alone.
CLASSIFIER_CHANGES = {"class_weight": ({0: 2.0, 1: 1.0}, {})}


def test_no_parameter_is_forgotten():
    assert set(RLNRegressor().get_params()) == set(CHANGES) | NOT_THE_FIT
    of_regressor = {"loss", "quantile", "huber_threshold"}
    expected = (set(CHANGES) - of_regressor) | NOT_THE_FIT | set(CLASSIFIER_CHANGES)
    assert set(RLNClassifier().get_params()) == expected


@pytest.mark.parametrize("name", CHANGES)
def test_parameter_changes_the_fit(name):
    value, others = CHANGES[name]
    table, y = (X_LONG, Y_LONG) if "validation" in str([name, others]) else (X, Y)
    y = TASKS if name == "task_weight" else y
    table = table.copy()
    table[:, 3] = np.arange(len(table)) % 3  # may be categories
    before = regressor(**others).fit(table, y)
    after = regressor(**(others | {name: value})).fit(table, y)
    assert not is_same_fit(before, after)


def test_class_weight_changes_the_fit():
    weighted = classifier(class_weight={0: 2.0, 1: 1.0}).fit(X, CLASSES)
    assert not is_same_fit(classifier().fit(X, CLASSES), weighted)


# -- regularization --------------------------------------------------------------------


def test_higher_theta_makes_more_zeros():
    shares = [
        regressor(theta=theta, max_iter=30).fit(X, Y).sparsity_[0]
        for theta in (-9, -7, -6)
    ]
    assert shares[0] < shares[1] < shares[2]


@pytest.mark.parametrize("reg_layers", ["first", "all"])
@pytest.mark.parametrize("reg_scope", ["network", "layer"])
def test_mean_of_the_coefficients(reg_layers, reg_scope):
    model = regressor(reg_layers=reg_layers, reg_scope=reg_scope, theta=-5).fit(X, Y)
    regularized = [c for c in model.reg_coefs_ if np.isfinite(c).all()]
    assert len(regularized) == (1 if reg_layers == "first" else 2)
    if reg_scope == "network":
        regularized = [np.concatenate([c.ravel() for c in regularized])]
    thetas = [-5, -5]  # the second layer has more inputs than the first
    for found, theta in zip(regularized, thetas, strict=False):
        assert found.std() > 0
        assert found.mean() == pytest.approx(theta)
    assert model.theta_ == -5


def test_layer_with_fewer_inputs_gets_a_weaker_mean():
    model = regressor(hidden_layer_sizes=(2,), reg_layers="all", reg_scope="layer")
    model.set_params(theta=-5).fit(X, Y)
    expected = -5 + np.log(2 / 4)
    assert model.reg_coefs_[1].mean() == pytest.approx(expected)


def test_uniform_is_no_reg_step():
    uniform = regressor(regularization="uniform").fit(X, Y)
    frozen = regressor(reg_step=0).fit(X, Y)
    assert_same_fit(uniform, frozen)
    np.testing.assert_array_equal(uniform.reg_coefs_[0], -6.5)
    # Which the learned coefficients are not.
    assert not is_same_fit(uniform, regressor().fit(X, Y))


def test_uniform_ignores_the_steps():
    uniform = regressor(regularization="uniform").fit(X, Y)
    other = regressor(regularization="uniform", reg_step=0.7, nu=1e5).fit(X, Y)
    assert_same_fit(uniform, other)


def test_no_regularization_is_the_plain_network():
    plain = regressor(regularization=None).fit(X, Y)
    for found in plain.reg_coefs_:
        np.testing.assert_array_equal(found, -np.inf)
    np.testing.assert_array_equal(plain.sparsity_, 0)
    # As is a penalty that no number can feel.
    feeble = regressor(theta=-80, reg_step=0).fit(X, Y)
    for a, b in zip(plain.coefs_, feeble.coefs_, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)


@pytest.mark.parametrize("rate", [1e-3, 1e-2])
def test_nu_is_the_step_of_the_paper(rate):
    """``reg_step = nu * rate * exp(theta)`` at 1e-3, in proportion at other rates."""
    theta, reg_step = -6.0, 0.05
    nu = reg_step / (rate * np.exp(theta)) * (1e-3 / rate)
    settings = {"learning_rate_init": rate, "theta": theta}
    by_nu = regressor(nu=nu, reg_step=0.9, **settings).fit(X, Y)
    by_step = regressor(reg_step=reg_step, **settings).fit(X, Y)
    assert_close_fit(by_nu, by_step, rtol=1e-8)


def test_max_reg_step_bounds_the_coefficients():
    bound, n_steps = 1e-3, 10
    free, bounded = (
        regressor(reg_step=0.5, max_reg_step=size).fit(X, Y).reg_coefs_[0] + 6.5
        for size in (1.0, bound)
    )
    # A step, and the shift that undoes the mean of all steps.
    assert np.abs(bounded).max() <= 2 * bound * n_steps
    assert np.abs(free).max() > 2 * bound * n_steps


def test_warmup_lets_the_penalty_grow():
    settings = {"theta": -6, "max_iter": 300}
    at_once = regressor(**settings).fit(X, Y).sparsity_curve_[:, 0]
    growing = regressor(reg_warmup=0.5, **settings).fit(X, Y).sparsity_curve_[:, 0]
    assert growing[4] < at_once[4]
    assert growing[-1] > 0


def test_patience_begins_after_the_warmup():
    settings = {"max_iter": 30, "n_iter_no_change": 5, "tol": 10.0, **VALIDATION}
    # Of 30 epochs 6 warm up, and the first after them is the one that counts.
    model = regressor(reg_warmup=0.2, **settings).fit(X_LONG, Y_LONG)
    assert model.n_iter_ == 5 + 1 + 5
    assert model.best_iteration_ >= 5


def test_l2_makes_no_zeros():
    l1, l2 = (regressor(norm=norm, theta=-6).fit(X, Y) for norm in ("l1", "l2"))
    assert l1.sparsity_[0] > 0
    np.testing.assert_array_equal(l2.sparsity_, 0)
    plain = regressor(regularization=None).fit(X, Y)
    assert np.abs(l2.coefs_[0]).sum() < np.abs(plain.coefs_[0]).sum()


def test_subgradient_rule_lowers_coefficients_where_weights_pass_zero():
    released = regressor(rule="subgradient", max_iter=30).fit(X, Y)
    proximal = regressor(max_iter=30).fit(X, Y)
    assert released.reg_coefs_[0].min() < proximal.reg_coefs_[0].min() - 1


def test_regularized_layers():
    first = regressor(reg_layers="first", max_iter=20).fit(X, Y)
    assert first.sparsity_[0] > 0
    assert first.sparsity_[1] == 0
    np.testing.assert_array_equal(first.reg_coefs_[1], -np.inf)
    both = regressor(reg_layers="all", max_iter=20).fit(X, Y)
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
        reg_group="input", theta=-7, learning_rate_init=0.03, max_iter=60
    ).fit(table, y)
    groups = model._encoder.groups
    assert len(groups) == 9  # two numbers, three and four categories
    alive = model.coefs_[0] != 0
    for column in range(4):
        of_column = alive[groups == column]
        assert of_column.all() or not of_column.any()
    assert model.active_features_.tolist() == ["number", "kind"]
    # One coefficient per column.
    for column in range(4):
        assert np.ptp(model.reg_coefs_[0][groups == column]) == 0


def test_groups_know_no_subgradient_rule():
    model = regressor(reg_group="input", rule="subgradient")
    with pytest.raises(ValueError, match=r"reg_group='input' with rule='subgradient'"):
        model.fit(X, Y)


def test_reg_path_ends_in_the_fit():
    model = regressor(store_reg_path=6, max_iter=30).fit(X, Y)
    assert model.reg_path_.shape == (30, 6, 2)
    assert model.reg_path_edges_.shape == (6, 2)
    inputs, units = model.reg_path_edges_.T
    fitted = (model.coefs_[0], model.reg_coefs_[0])
    last = np.column_stack([found[inputs, units] for found in fitted])
    np.testing.assert_array_equal(model.reg_path_[-1], last)
    # Half of them are the strongest that are left.
    strongest = np.sort(np.abs(model.coefs_[0]).ravel())[-3:]
    assert set(strongest) <= set(np.abs(last[:, 0]))
    assert not hasattr(regressor().fit(X, Y), "reg_path_")


def test_reg_path_is_gone_after_a_fit_that_stores_none():
    model = regressor(store_reg_path=6).fit(X, Y)
    model.set_params(store_reg_path=0).fit(X, Y)
    assert not hasattr(model, "reg_path_")
    assert not hasattr(model, "reg_path_edges_")


def test_following_edges_does_not_change_the_fit():
    assert_same_fit(regressor(store_reg_path=6).fit(X, Y), regressor().fit(X, Y))


def test_more_edges_asked_for_than_there_are():
    model = regressor(store_reg_path=1000).fit(X, Y)
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


def test_momentum_is_of_sgd_alone():
    assert_same_fit(regressor(momentum=0.1).fit(X, Y), regressor().fit(X, Y))


def test_solvers_all_learn():
    for solver, rate in [("adam", 0.02), ("rmsprop", 0.02), ("sgd", 0.02)]:
        model = regressor(solver=solver, learning_rate_init=rate, max_iter=40).fit(X, Y)
        assert model.loss_curve_[-1] < 0.5 * model.loss_curve_[0]


def test_schedules():
    curves = {
        schedule: regressor(learning_rate=schedule, max_iter=30).fit(X, Y).loss_curve_
        for schedule in ("constant", "cosine", "multi_cycle")
    }
    last = {name: abs(curve[-1] - curve[-2]) for name, curve in curves.items()}
    # The last but one of 30 steps of the cosine is at sin^2 of three degrees.
    assert last["cosine"] < 0.02 * last["constant"]
    # Cycles start at zero: the first step is none.
    assert curves["multi_cycle"][0] == curves["multi_cycle"][1]
    assert curves["multi_cycle"][2] != curves["multi_cycle"][1]


def test_learning_rate_init_is_how_far_weights_move():
    near, far = (
        regressor(regularization=None, learning_rate_init=rate, max_iter=1).fit(X, Y)
        for rate in (1e-3, 1e-2)
    )
    start = regressor(regularization=None, learning_rate_init=1e-12, max_iter=1).fit(
        X, Y
    )
    moved = [np.abs(model.coefs_[1] - start.coefs_[1]) for model in (near, far)]
    # The first step of Adam is as long as the learning rate.
    np.testing.assert_allclose(moved[0], 1e-3, rtol=1e-3)
    np.testing.assert_allclose(moved[1], 1e-2, rtol=1e-3)


def test_batch_size_of_more_than_all_rows_is_all_rows():
    assert_same_fit(regressor(batch_size=4000).fit(X, Y), regressor().fit(X, Y))
    assert_same_fit(regressor(batch_size=40).fit(X, Y), regressor().fit(X, Y))


def test_batches_are_more_steps():
    whole = regressor().fit(X, Y)
    batches = regressor(batch_size=10).fit(X, Y)
    assert batches.loss_curve_[-1] < whole.loss_curve_[-1]


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
    """What a loss predicts where the inputs tell nothing."""
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


def test_unused_numbers_of_losses_are_unused():
    model = regressor(quantile=0.9, huber_threshold=9.0)
    assert_same_fit(model.fit(X, Y), regressor().fit(X, Y))


# -- stopping --------------------------------------------------------------------------


def test_auto_stops_early_only_with_validation_data():
    assert regressor().fit(X, Y).validation_loss_curve_ is None
    by_splitter = regressor(validation_cv=5).fit(X_LONG, Y_LONG)
    assert by_splitter.validation_loss_curve_.shape == (10,)
    by_data = regressor().fit(X, Y, X_val=X[:10], y_val=Y[:10])
    assert by_data.validation_loss_curve_.shape == (10,)


@pytest.mark.parametrize("fraction", [0.2, 0.25])
def test_validation_fraction_is_held_out(fraction):
    model = regressor(early_stopping=True, validation_fraction=fraction)
    n_trained = model.fit(X_LONG, Y_LONG)._encoder.scaler.n_samples_seen_
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
def test_verbose_shows_a_bar_on_standard_error(capsys, make, verbose):
    model = make(verbose=verbose, max_iter=3, validation_cv=5)
    loud = model.fit(X_LONG, CLASSES_LONG)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert type(model).__name__ in shown.err
    assert "epoch 3/3" in shown.err
    assert f"loss {loud.loss_curve_[-1]:.4g}" in shown.err
    assert f"validation {loud.validation_loss_curve_[-1]:.4g}" in shown.err
    # A bar is not part of the fit.
    quiet = make(max_iter=3, validation_cv=5).fit(X_LONG, CLASSES_LONG)
    shown = capsys.readouterr()
    assert shown.out == shown.err == ""
    assert_same_fit(loud, quiet)


def test_dtype():
    single = regressor(dtype="float32").fit(X, Y)
    double = regressor(dtype="float64").fit(X, Y)
    assert {a.dtype for a in arrays(single)} == {np.dtype("float32")}
    assert {a.dtype for a in arrays(double)} == {np.dtype("float64")}
    assert_close_fit(single, double, rtol=1e-3, atol=1e-4)
    # Predictions are doubles all the same.
    assert single.predict(X).dtype == double.predict(X).dtype == np.float64


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_auto_dtype_goes_by_size_and_not_by_the_type_of_the_table(monkeypatch, dtype):
    assert regressor().fit(X.astype(dtype), Y).coefs_[0].dtype == np.float64
    monkeypatch.setattr("skrln._core._settings.DOUBLE_CELLS", X.size - 1)
    assert regressor().fit(X.astype(dtype), Y).coefs_[0].dtype == np.float32


def test_device():
    assert_same_fit(regressor(device="cpu").fit(X, Y), regressor().fit(X, Y))
    assert_same_fit(regressor(device="cpu:0").fit(X, Y), regressor().fit(X, Y))


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
    assert set(vars(model)) == set(model.get_params())


def test_fit_leaves_parameters_alone():
    model = regressor(hidden_layer_sizes=[5], task_weight=[2.0], batch_size="auto")
    before = model.get_params()
    after = model.fit(X, Y).get_params()
    assert all(after[name] is before[name] for name in before)

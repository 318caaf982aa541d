# SPDX-License-Identifier: BSD-3-Clause
"""Fits that go on: partial_fit and warm_start."""

import numpy as np
import pytest

from skrln._kernels import (
    Data,
    FitData,
    Hyper,
    NetworkSpec,
    PenaltySpec,
    RunSpec,
    TrainSpec,
    fit_network,
)
from skrln.options import Solver

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
)

X, Y = make_table()
_, CLASSES = make_classes(n_classes=3)
LETTERS = np.array(["a", "b", "c"])[CLASSES]


# -- partial_fit -----------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_calls_go_on_exactly(solver):
    """A call is an epoch: solver, coefficients and slopes go on where they were."""
    model = regressor(solver=solver, learning_rate="constant")
    for _ in range(5):
        model.partial_fit(X, Y)
    assert_close_fit(model, model_of_kernel(solver, 5), rtol=1e-9, atol=1e-12)
    assert model.n_iter_ == 5
    assert model.loss_curve_.shape == (5,)
    assert model.sparsity_curve_.shape == (5, 2)
    # Other than a fit that begins anew every time.
    restarted = regressor(solver=solver, learning_rate="constant", max_iter=1)
    restarted.set_params(warm_start=True)
    for _ in range(5):
        restarted.fit(X, Y)
    assert not is_same_fit(model, restarted)


class Network:
    """Result of `fit_network` with the attributes of an estimator."""

    def __init__(self, result):
        self.coefs_ = [layer.weight for layer in result.params]
        self.intercepts_ = [layer.bias for layer in result.params]
        self.reg_coefs_ = list(result.coefficients)
        self.estimators_ = [self]


def model_of_kernel(solver, n_epochs):
    """One call of the kernel with as many epochs, on data that are encoded by hand."""
    clip = regressor().input_clip
    inputs = (X - X.mean(axis=0)) / X.std(axis=0)
    inputs = inputs / np.sqrt(1 + (inputs / clip) ** 2)
    targets = ((Y - Y.mean()) / Y.std())[:, None]
    seed = np.random.RandomState(0).randint(np.iinfo(np.int32).max)
    result = fit_network(
        FitData(
            Data(inputs, targets, np.ones((40, 1)), 40),
            groups=np.arange(4),
            dead_inputs=np.zeros(4, bool),
        ),
        NetworkSpec((4, 5, 1), "relu", (1,)),
        TrainSpec("squared_error", solver, "constant", PenaltySpec()),
        Hyper(0.01, (-6.5,), 0.03, 0.0, 1e-4, np.inf),
        RunSpec(n_epochs, 40, seed, precision="float64"),
    )
    return Network(result)


def test_ignores_the_schedule():
    first, second = (
        regressor(learning_rate=schedule) for schedule in ("cosine", "constant")
    )
    for _ in range(3):
        first.partial_fit(X, Y)
        second.partial_fit(X, Y)
    assert_same_fit(first, second)


def test_batches_of_any_size_and_of_one_row():
    model = regressor().partial_fit(X[:30], Y[:30])
    scaling = encoder_of(model).table.scaler.center.copy()
    for rows in (slice(30, 31), slice(31, 33), slice(33, 40)):
        model.partial_fit(X[rows], Y[rows])
    assert model.n_iter_ == 4
    assert all(np.isfinite(found).all() for found in arrays(model)[:4])
    # Scaling is that of the first call.
    np.testing.assert_array_equal(encoder_of(model).table.scaler.center, scaling)


def test_first_call_of_one_row_is_refused():
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        regressor().partial_fit(X[:1], Y[:1])


def test_classes_of_the_first_call():
    model = classifier()
    with pytest.raises(ValueError, match=r"Got classes=None, .* Pass classes=numpy"):
        model.partial_fit(X, LETTERS)
    two = LETTERS != "c"
    model.partial_fit(X[two], LETTERS[two], classes=["c", "b", "a"])
    assert model.classes_.tolist() == ["a", "b", "c"]
    assert model.predict_proba(X).shape == (40, 3)
    model.partial_fit(X, LETTERS)
    model.partial_fit(X, LETTERS, classes=["a", "b", "c"])
    assert model.n_iter_ == 3


def test_classes_of_one_row():
    model = classifier().partial_fit(X, LETTERS, classes=["a", "b", "c"])
    model.partial_fit(X[:1], LETTERS[:1])
    assert np.isfinite(model.predict_proba(X)).all()


@pytest.mark.parametrize(
    ("y", "classes", "message"),
    [
        (
            np.array(["z"] * 40),
            None,
            r"Got the class\(es\) \['z'\] in y, .* name all classes",
        ),
        (LETTERS, ["a", "b"], r"Got classes=\['a', 'b'\], but the calls before"),
        (LETTERS, ["a", "b", "c", "d"], "but the calls before were for"),
    ],
)
def test_classes_do_not_change(y, classes, message):
    model = classifier().partial_fit(X, LETTERS, classes=["a", "b", "c"])
    before = dict(vars(model))
    with pytest.raises(ValueError, match=message):
        model.partial_fit(X, y, classes=classes)
    assert all(vars(model)[name] is value for name, value in before.items())


def test_classes_of_several_tasks():
    y = np.column_stack([LETTERS, np.where(CLASSES, "+", "-")])
    model = classifier().partial_fit(X, y, classes=[["a", "b", "c"], ["+", "-"]])
    model.partial_fit(X, y)
    assert [names.tolist() for names in model.classes_] == [["a", "b", "c"], ["+", "-"]]
    labels = np.column_stack([CLASSES > 0, CLASSES > 1]).astype(int)
    model = classifier().partial_fit(X, labels, classes=[[0, 1], [0, 1]])
    assert model.predict_proba(X).shape == (40, 2)


@pytest.mark.parametrize("make", [regressor, classifier])
def test_later_rows_may_lack_labels(make):
    y = np.column_stack([CLASSES > 0, CLASSES > 1]).astype(float)
    options = {} if make is regressor else {"classes": [[0, 1], [0, 1]]}
    model = make().partial_fit(X, y, **options)
    y[0, 1] = np.nan
    model.partial_fit(X[:1], y[:1])
    assert np.isfinite(model.predict(X)).all()
    y[0] = np.nan
    with pytest.raises(
        ValueError, match=r"Got no sample with a positive weight and a l"
    ):
        model.partial_fit(X[:1], y[:1])


def test_other_number_of_tasks_is_refused():
    model = regressor().partial_fit(X, np.column_stack([Y, Y]))
    with pytest.raises(ValueError, match=r"Got y with 1 task\(s\), but expected 2"):
        model.partial_fit(X, Y)


def test_weights():
    model, other = regressor(), regressor()
    counts = np.repeat([1, 2], [24, 16])
    model.partial_fit(X, Y, sample_weight=counts)
    other.partial_fit(np.repeat(X, counts, axis=0), np.repeat(Y, counts))
    assert_close_fit(model, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("make", [regressor, classifier])
def test_after_fit_goes_on_from_its_weights(make):
    model = make(theta=-9, learning_rate_init=0.03, max_iter=60).fit(X, CLASSES)
    before = model.score(X, CLASSES)
    model.set_params(learning_rate_init=1e-12).partial_fit(X, CLASSES)
    assert model.score(X, CLASSES) == pytest.approx(before, abs=1e-6)
    assert model.n_iter_ == 61
    assert model.loss_curve_.shape == (61,)


def test_fit_after_it_begins_anew():
    model = regressor().partial_fit(X, Y).fit(X, Y)
    assert_same_fit(model, regressor().fit(X, Y))
    assert vars(model).keys() == vars(regressor().fit(X, Y)).keys()


def test_other_solver_between_calls_begins_a_state_of_its_own():
    model = regressor().partial_fit(X, Y)
    model.set_params(solver="sgd").partial_fit(X, Y)
    # Options of the solver that are structure begin a new state as well.
    nesterov = Solver("sgd", options={"nesterov": True})
    model.set_params(solver=nesterov).partial_fit(X, Y)
    model.set_params(penalty=None).partial_fit(X, Y)
    assert model.n_iter_ == 4
    assert np.isfinite(model.predict(X)).all()


def test_learns_from_a_stream():
    X_all, y_all = make_table(400)
    model = regressor(theta=-9, learning_rate_init=0.03)
    # Batches of one size share a program.
    for start in range(0, 360, 40):
        rows = slice(start, start + 40)
        for _ in range(8):
            model.partial_fit(X_all[rows], y_all[rows])
    assert model.score(X_all[360:], y_all[360:]) > 0.8


# -- warm_start ------------------------------------------------------------------------


@pytest.mark.parametrize("make", [regressor, classifier])
def test_warm_start_goes_on_from_the_weights(make):
    model = make(warm_start=True, learning_rate="constant").fit(X, CLASSES)
    last = model.loss_curve_[-1]
    model.fit(X, CLASSES)
    # With one batch the first loss is that of the weights before the first step.
    assert model.loss_curve_[0] < last
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    assert model.n_iter_ == 10
    cold = make(learning_rate="constant").fit(X, CLASSES).fit(X, CLASSES)
    assert cold.loss_curve_[0] > last


def test_warm_start_keeps_coefficients():
    model = regressor(warm_start=True).fit(X, Y)
    before = [found.copy() for found in model.reg_coefs_]
    model.set_params(learning_rate_init=1e-12, max_iter=1).fit(X, Y)
    np.testing.assert_allclose(model.reg_coefs_[0], before[0], atol=1e-9)


@pytest.mark.parametrize(
    "params",
    [
        {"penalty": rln(layers="all")},
        {"penalty": rln(group="input")},
        {"penalty": None},
    ],
    ids=str,
)
def test_warm_start_of_other_penalties(params):
    model = regressor(warm_start=True, **params).fit(X, Y)
    before = arrays(model)
    model.set_params(learning_rate_init=1e-12, max_iter=1).fit(X, Y)
    for a, b in zip(arrays(model), before, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)


def test_warm_start_keeps_the_scaling():
    model = regressor(warm_start=True).fit(X, Y)
    scaler = encoder_of(model).table.scaler
    model.fit(X + 100, Y + 100)
    assert encoder_of(model).table.scaler is scaler


def test_warm_start_without_a_fit_before_is_a_fit():
    assert_same_fit(regressor(warm_start=True).fit(X, Y), regressor().fit(X, Y))


@pytest.mark.parametrize(
    ("params", "arguments", "message"),
    [
        (
            {"hidden_layer_sizes": (7,)},
            {},
            r"Got hidden_layer_sizes=\(7,\), .* has \(4, 5, 1\)\. Set warm_start=False",
        ),
        ({}, {"X": X[:, :3]}, "X has 3 features, but .* is expecting 4"),
        ({}, {"y": np.column_stack([Y, Y])}, r"Got y with 2 task\(s\), but expected 1"),
    ],
)
def test_warm_start_in_another_shape_is_refused(params, arguments, message):
    model = regressor(warm_start=True).fit(X, Y)
    weights = model.coefs_
    with pytest.raises(ValueError, match=message):
        model.set_params(**params).fit(**({"X": X, "y": Y} | arguments))
    assert model.coefs_ is weights


def test_warm_start_of_a_new_class_is_refused():
    model = classifier(warm_start=True).fit(X, LETTERS)
    with pytest.raises(ValueError, match=r"Got the class\(es\) \['z'\] in y"):
        model.fit(X, np.where(LETTERS == "a", "z", LETTERS))

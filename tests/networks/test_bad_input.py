# SPDX-License-Identifier: BSD-3-Clause
"""Bad parameters and arguments: the error names them, and the estimator stays as it was."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from skrln.options import PlainBranch, PowerDecay, Solver, Transfer, UniformPenalty

from ._tables import (
    arrays,
    assert_same_fit,
    classifier,
    encoder_of,
    make_classes,
    make_table,
    regressor,
    rln,
    target_of,
)

X, Y = make_table()
_, CLASSES = make_classes()
NAN, INF = np.nan, np.inf


def put(value, array=X, place=(3, 1)):
    array = np.array(array, float)
    array[place] = value
    return array


def kinds(n=40):
    return pd.DataFrame({"number": Y[:n], "kind": np.tile(["a", "b"], n // 2)})


#: Case -> estimator, arguments of fit, and words of the message.
REFUSED = {
    # Parameters: the name, the value and what is expected.
    "theta": (regressor(theta=INF), {}, r"'theta' .* a float in the range .* Got inf"),
    "theta as text": (regressor(theta="auto!"), {}, "'theta' parameter .* Got 'auto!'"),
    "step": (
        regressor(penalty=rln(-1)),
        {},
        r"'step' parameter of RLNPenalty .*\[0.0, inf\). Got -1",
    ),
    "norm": (
        regressor(penalty=UniformPenalty("l3")),
        {},
        "'norm' parameter of UniformPenalty .* a str among .* Got 'l3'",
    ),
    "penalty": (regressor(penalty="lasso"), {}, "'penalty' .* Got 'lasso'"),
    "power": (
        regressor(learning_rate=PowerDecay(power=-1)),
        {},
        "'power' parameter of PowerDecay .* Got -1",
    ),
    "frozen layers": (
        regressor(pretrained=Transfer(n_frozen_layers=-1)),
        {},
        "'n_frozen_layers' parameter of Transfer .* Got -1",
    ),
    "layers of the plain branch": (
        regressor(plain_branch=PlainBranch([0], layer_sizes=0)),
        {},
        "'layer_sizes' parameter of PlainBranch .* Got 0",
    ),
    "max_iter": (regressor(max_iter=0), {}, r"'max_iter' .*\[1, inf\). Got 0"),
    "rate": (regressor(learning_rate_init=0), {}, "'learning_rate_init' .* Got 0"),
    "options of the solver": (
        regressor(solver=Solver("adam", options={"momentum": 0.5})),
        {},
        r"Got options \{'momentum': 0.5\} of solver 'adam', which takes \[.*'b1'",
    ),
    "clip_norm": (
        regressor(solver=Solver(clip_norm=0)),
        {},
        "'clip_norm' parameter of Solver .* Got 0",
    ),
    "quantile": (regressor(quantile=1), {}, r"'quantile' .*\(0.0, 1.0\). Got 1"),
    "loss": (regressor(loss="l3"), {}, "'loss' .* must be a str among .* Got 'l3'"),
    "solver": (regressor(solver="lbfgs"), {}, "'solver' .* a str among .* Got 'lbfgs'"),
    "dtype": (
        regressor(dtype="float16"),
        {},
        "'dtype' .* a str among .* Got 'float16'",
    ),
    "batch_size": (regressor(batch_size=0.5), {}, "'batch_size' .* Got 0.5"),
    "hidden layers": (
        regressor(hidden_layer_sizes=(3, 0)),
        {},
        r"Got hidden_layer_sizes=\(3, 0\), but expected positive whole .* e\.g\. \(64",
    ),
    "device": (
        regressor(device="toaster"),
        {},
        "Got device='toaster', .* None or one .* 'all' for all .* Install .* pass None",
    ),
    "group and rule": (
        regressor(penalty=rln(group="input", rule="subgradient")),
        {},
        "Got penalty group='input' with rule='subgradient', but .* expected",
    ),
    "class_weight": (classifier(class_weight="equal"), {}, "'class_weight' .* 'equal'"),
    "positions": (
        regressor(categorical_features=[9]),
        {},
        r"Got categorical_features=\[9\], but expected positions between 0 and 3",
    ),
    "names": (
        regressor(categorical_features=["kind"]),
        {},
        r"Got categorical_features=\['kind'\], but X has no column .* data frame",
    ),
    # Inputs.
    "infinity": (regressor(), {"X": put(INF)}, "Input X contains infinity"),
    "minus infinity": (regressor(), {"X": put(-INF)}, "Input X contains infinity"),
    "infinity beside categories": (
        regressor(),
        {"X": kinds().assign(number=put(INF, Y, 3))},
        "Input X contains infinity",
    ),
    "NaN in sparse inputs": (
        regressor(),
        {"X": sparse.csr_matrix(put(NAN))},
        "Input X contains NaN",
    ),
    "categories in sparse inputs": (
        regressor(categorical_features=[0]),
        {"X": sparse.csr_matrix(X)},
        r"Got categorical_features=\[0\] with sparse X, but .* One-hot encode",
    ),
    "words": (
        regressor(),
        {"X": np.full((40, 2), "word", dtype=object)},
        "could not convert string to float: 'word'",
    ),
    "one dimension": (regressor(), {"X": X[:, 0]}, "Expected 2D array, got 1D array"),
    "one dimension of categories": (
        regressor(categorical_features=[0]),
        {"X": X[:, 0]},
        r"Expected 2D array, got 1D array instead: X of shape \(40,\)\. Reshape",
    ),
    "one row": (
        regressor(),
        {"X": X[:1], "y": Y[:1]},
        r"1 sample\(s\) \(shape=\(1, 4\)\) while a minimum of 2 is required",
    ),
    "one row with categories": (
        regressor(),
        {"X": kinds()[:1], "y": Y[:1]},
        r"1 sample\(s\) \(shape=\(1, 2\)\) while a minimum of 2 is required",
    ),
    "no row": (regressor(), {"X": X[:0], "y": Y[:0]}, r"0 sample\(s\)"),
    "no row with categories": (regressor(), {"X": kinds()[:0], "y": []}, "0 sample"),
    "no column": (regressor(), {"X": X[:, :0]}, r"0 feature\(s\)"),
    "other lengths": (regressor(), {"y": Y[:7]}, "inconsistent numbers of samples"),
    # Targets.
    "NaN in y": (regressor(), {"y": put(NAN, Y, 3)}, "Input y contains NaN"),
    "infinity in y": (regressor(), {"y": put(INF, Y, 3)}, "Input y contains infinity"),
    "infinity in several tasks": (
        regressor(),
        {"y": np.column_stack([Y, put(INF, Y, 3)])},
        "Input y contains infinity",
    ),
    "no y": (regressor(), {"y": None}, "requires y to be passed"),
    "one class": (
        classifier(),
        {"y": np.ones(40, int)},
        r"Got 1 class \(\[1\]\) in y, but a classifier needs at least 2 .* Add rows",
    ),
    "one class of a task": (
        classifier(),
        {"y": np.column_stack([CLASSES, np.full(40, 7)])},
        r"Got 1 class \(\[7\]\) in task 1 of y",
    ),
    "numbers for classes": (classifier(), {"y": Y}, "Unknown label type: continuous"),
    "tables of numbers for classes": (
        classifier(),
        {"y": np.column_stack([Y, Y])},
        "Unknown label type: continuous",
    ),
    "three dimensions": (classifier(), {"y": np.zeros((40, 2, 2))}, r"\(40, 2, 2\)"),
    "negative counts": (
        regressor(loss="poisson"),
        {"y": -np.abs(Y)},
        "Got loss='poisson' with y between .* Use another loss, or shift",
    ),
    # Weights.
    "no weight": (
        regressor(),
        {"sample_weight": np.zeros(40)},
        "Got sample_weight that is zero everywhere, but at least one",
    ),
    "negative weight": (
        regressor(),
        {"sample_weight": put(-1.0, np.ones(40), 3)},
        r"Got sample_weight with a smallest value of -1\.0, but expected non-neg",
    ),
    "no weight left": (
        classifier(class_weight={0: 0, 1: 0}),
        {},
        "Got weights that leave no label of y to count: .* Make one of each positive",
    ),
}


def refuse(model, message, **arguments):
    """Fit, expect an error, and assert that the estimator stays as it was."""
    before = dict(vars(model))
    with pytest.raises(ValueError, match=message):
        model.fit(**arguments)
    assert vars(model).keys() == before.keys()
    for name, value in vars(model).items():
        assert value is before[name], name


@pytest.fixture(scope="module")
def usual():
    """A fit of each type of estimator."""
    return {type(make()): make().fit(X, CLASSES) for make in (regressor, classifier)}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("fitted", [False, True], ids=["fresh", "fitted"])
def test_refused_without_a_trace(usual, case, fitted):
    model, arguments, message = REFUSED[case]
    expected = usual[type(model)]
    wanted, accepted = (one.get_params(deep=False) for one in (model, expected))
    model = type(model)(**accepted)
    if fitted:
        model.fit(X, CLASSES)
    model.set_params(**wanted)
    refuse(model, message, **({"X": X, "y": CLASSES} | arguments))
    # The estimator works as before.
    model.set_params(**accepted)
    if fitted:
        np.testing.assert_array_equal(model.predict(X), expected.predict(X))
    assert_same_fit(model.fit(X, CLASSES), expected)


# -- before and after fit --------------------------------------------------------------


@pytest.mark.parametrize("make", [regressor, classifier])
@pytest.mark.parametrize(
    "use",
    [
        lambda model: model.predict(X),
        lambda model: model.score(X, CLASSES),
        lambda model: model.feature_importances_,
        lambda model: model.active_features_,
        lambda model: model.n_active_features_,
        lambda model: model.sparsity_,
    ],
)
def test_unfitted(make, use):
    with pytest.raises(NotFittedError, match=r"is not fitted yet. Call 'fit'"):
        use(make())


@pytest.mark.parametrize("method", ["predict_proba", "predict_log_proba"])
def test_unfitted_probabilities(method):
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        getattr(classifier(), method)(X)


def test_unfitted_classes_are_no_attribute():
    assert not hasattr(classifier(), "classes_")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (X[:, :3], "X has 3 features, but RLNRegressor is expecting 4"),
        (X[:0], r"0 sample\(s\)"),
        (X[0], "Expected 2D array, got 1D array"),
        (put(INF), "Input X contains infinity"),
        (pd.DataFrame(X, columns=list("dcba")), "feature names should match"),
        (pd.DataFrame(X[:, :3], columns=list("abc")), "feature names should match"),
        (pd.DataFrame(X, columns=list("abcx")), "Feature names unseen at fit time"),
    ],
)
def test_predict_refuses(table, message):
    model = regressor().fit(pd.DataFrame(X, columns=list("abcd")), Y)
    if not hasattr(table, "columns"):
        model = regressor().fit(X, Y)
    with pytest.raises(ValueError, match=message):
        model.predict(table)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (kinds()[["kind", "number"]], "feature names should match"),
        (kinds()[["number"]], "feature names should match"),
        (kinds()[:0], r"0 sample\(s\)"),
        (kinds().assign(number="much"), "could not convert string to float: 'much'"),
        (kinds().assign(number=INF), "Input X contains infinity"),
    ],
)
def test_predict_refuses_frames(table, message):
    model = regressor().fit(kinds(), Y)
    with pytest.raises(ValueError, match=message):
        model.predict(table)


def test_category_that_predict_sees_first():
    model = regressor().fit(kinds(), Y)
    new = kinds().assign(kind="new")
    # All inputs of the column are zero.
    expected = encoder_of(model).transform(kinds())
    expected[:, 1:] = 0
    np.testing.assert_array_equal(encoder_of(model).transform(new), expected)
    assert np.isfinite(model.predict(new)).all()


def test_class_that_score_sees_first_is_wrong():
    model = classifier().fit(X, CLASSES)
    assert model.score(X, np.where(CLASSES, 7, CLASSES)) < 1


# -- unusual tables that can be fitted ---------------------------------------------------------


def check_usable(model):
    assert all(np.isfinite(found).all() for found in arrays(model)[:4])
    assert np.isfinite(model.predict(X)).all()
    assert np.isfinite(model.loss_curve_).all()


@pytest.mark.parametrize("make", [regressor, classifier])
def test_missing_inputs(make):
    check_usable(make().fit(put(NAN), CLASSES))
    # An empty column becomes zeros and a mark of missing values, as above.
    check_usable(make().fit(put(NAN, place=(slice(None), 1)), CLASSES))


@pytest.mark.parametrize("value", [0.0, -3.0, 1e30 / 7])
def test_constant_column(value):
    """autogluon#4508: a column without variance, and the loss is NaN."""
    model = regressor().fit(put(value, place=(slice(None), 1)), Y)
    check_usable(model)
    # No weight depends on the column.
    assert 1 not in model.active_features_
    assert model.feature_importances_[1] == 0


def test_constant_table():
    with pytest.warns(ConvergenceWarning, match="No input reaches the output"):
        model = regressor().fit(np.ones((40, 4)), Y)
    assert np.ptp(model.predict(X)) == 0


def test_duplicate_columns():
    model = regressor().fit(X[:, [0, 0, 0, 1]], Y)
    assert np.isfinite(model.predict(X[:, [0, 0, 0, 1]])).all()


@pytest.mark.parametrize("size", [1e30, 1e-30])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_enormous_and_tiny_numbers(size, dtype):
    model = regressor(dtype=dtype).fit(X * size, Y * size)
    usual = regressor(dtype=dtype).fit(X, Y)
    found, expected = model.predict(X * size) / size, usual.predict(X)
    tolerance = 1e-9 if dtype == "float64" else 1e-4
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def test_one_enormous_number():
    check_usable(regressor().fit(put(1e30), Y))
    check_usable(regressor().fit(X, put(1e30, Y, 3)))
    check_usable(classifier().fit(put(-1e30), CLASSES))


@pytest.mark.parametrize("value", [0.0, 4.0, 1e30 / 3])
def test_constant_target(value):
    model = regressor().fit(X, np.full(40, value))
    assert np.isfinite(model.predict(X)).all()


# Two rows need not keep any input.
@pytest.mark.filterwarnings("ignore:No input reaches the output")
def test_two_rows():
    model = regressor().fit(X[:2], Y[:2])
    assert np.isfinite(model.predict(X)).all()
    model = regressor(early_stopping=True).fit(X[:2], Y[:2])
    assert np.isfinite(model.predict(X)).all()


def test_fewer_rows_than_a_batch():
    assert_same_fit(regressor(batch_size=500).fit(X, Y), regressor().fit(X, Y))


@pytest.mark.parametrize("batch_size", [1, 3, 13, 39])
def test_no_batch_is_a_lonely_row(batch_size):
    """brulee#122: a last batch of one row, and all predictions were NaN."""
    check_usable(regressor(batch_size=batch_size).fit(X, Y))


def test_one_column_and_one_unit():
    model = regressor(hidden_layer_sizes=1).fit(X[:, :1], Y)
    assert np.isfinite(model.predict(X[:, :1])).all()


# -- fits that diverge --------------------------------------------------------


def training_loss(model):
    return np.mean(0.5 * ((model.predict(X) - Y) / target_of(model).scale) ** 2)


# A fit that goes wrong may end with whatever weights it had.
@pytest.mark.filterwarnings("ignore:No input reaches the output")
@pytest.mark.parametrize(
    "params",
    [
        {"learning_rate_init": 1e3},
        {"learning_rate_init": 1e3, "penalty": rln(warmup=0.2)},
        {"learning_rate_init": 1e6, "solver": "sgd", "penalty": None},
        {"learning_rate_init": 1e3, "dtype": "float32"},
    ],
)
def test_diverging_learning_rate(params):
    """The fit stops, warns, and keeps the best weights."""
    model = regressor(learning_rate="constant", max_iter=50, **params)
    message = r"Training diverged in epoch \d+: .* learning_rate_init=.*; lower it"
    with pytest.warns(ConvergenceWarning, match=message):
        model.fit(X, Y)
    assert model.n_iter_ < 50
    assert all(np.isfinite(found).all() for found in arrays(model)[:4])
    assert np.isfinite(model.predict(X)).all()
    # With a single batch the first loss is that of the network before any step.
    assert training_loss(model) <= model.loss_curve_[0] * (1 + 1e-6)


# That it diverges, perhaps with no input left, is what it is about.
@pytest.mark.filterwarnings("ignore:Training diverged")
@pytest.mark.filterwarnings("ignore:No input reaches the output")
def test_best_iteration_of_a_diverged_fit_is_that_of_its_weights():
    model = regressor(learning_rate="constant", max_iter=50, learning_rate_init=1e3)
    model.fit(X, Y)
    assert model.best_iteration_ < model.n_iter_ - 1


def test_usable_after_a_fit_that_diverged():
    model = regressor(learning_rate_init=1e6, solver="sgd", penalty=None)
    with pytest.warns(ConvergenceWarning, match="diverged"):
        model.fit(X, Y)
    model.set_params(**regressor().get_params())
    assert_same_fit(model.fit(X, Y), regressor().fit(X, Y))


@pytest.mark.parametrize("make", [regressor, classifier])
def test_no_survivor(make):
    message = (
        r"No input reaches the output: .* Got theta=2 and penalty step=0\.03; lower "
        r"theta .* raise the step"
    )
    with pytest.warns(ConvergenceWarning, match=message):
        model = make(theta=2).fit(X, CLASSES)
    np.testing.assert_array_equal(model.feature_importances_, np.zeros(4))
    assert model.n_active_features_ == 0
    assert model.active_features_.shape == (0,)
    assert model.sparsity_[0] == 1
    assert np.ptp(model.predict(X)) == 0


def test_no_survivor_among_names():
    with pytest.warns(ConvergenceWarning, match="No input reaches the output"):
        model = regressor(theta=2).fit(kinds(), Y)
    assert model.active_features_.tolist() == []

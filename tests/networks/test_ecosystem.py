# SPDX-License-Identifier: BSD-3-Clause
"""Copies, meta-estimators, callbacks, processes and data frames."""

import copy
import os
import pickle
import subprocess
import sys

import jax
import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io as io
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    BaggingRegressor,
    StackingRegressor,
    VotingClassifier,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skrln import RLNRegressor
from skrln.options import Transfer

from ._tables import (
    BEFORE_CALLBACKS,
    assert_close_fit,
    assert_same_fit,
    classifier,
    make_classes,
    make_inputs,
    make_table,
    regressor,
    rln,
)
from .test_parameters import CHANGES

X, Y = make_table()
_, CLASSES = make_classes()


# -- copies ----------------------------------------------------------------------------


def test_clone_keeps_every_parameter():
    """TabPFN#1031: a clone that lost some of them."""
    params = {name: value for name, (value, _) in CHANGES.items()}
    params |= {"verbose": 3, "warm_start": True, "device": "cpu", "checkpoint": "fit"}
    # Option objects are copies, of equal values.
    copied = {"plain_branch"}
    model = clone(RLNRegressor(**params))
    assert set(params) == set(model.get_params(deep=False))
    for name in set(params) - copied:
        assert getattr(model, name) == params[name]
    assert model.plain_branch is not params["plain_branch"]
    assert model.plain_branch.columns == params["plain_branch"].columns


def test_clone_copies_option_objects():
    """A clone whose option object is the same one would change with the original."""
    source = regressor()
    start = Transfer(source, n_frozen_layers=1)
    model = regressor(penalty=rln(0.7, n_path_edges=7), pretrained=start)
    copied = clone(model)
    assert copied.get_params(deep=False).keys() == model.get_params(deep=False).keys()
    assert copied.penalty is not model.penalty
    assert copied.penalty.get_params() == model.penalty.get_params()
    assert copied.pretrained is not start
    assert copied.pretrained.estimator is source
    assert copied.pretrained.n_frozen_layers == 1
    model.set_params(penalty__step=0.1)
    assert copied.penalty.step == 0.7


def test_clone_is_not_fitted():
    assert not hasattr(clone(regressor().fit(X, Y)), "coefs_")


def frame(n_rows=40):
    kinds = np.array([f"kind {i % 3}" for i in range(n_rows)], dtype=object)
    kinds[5] = None
    sizes = pd.Categorical.from_codes(np.arange(n_rows) % 2, ["small", "large"])
    return pd.DataFrame({"number": Y[:n_rows], "kind": kinds, "size": sizes})


LETTERS = np.array(["a", "b"])[CLASSES]
#: Estimator, and the table and labels of its fit.
MODELS = {
    "regressor": (regressor(), X, Y),
    "classifier": (classifier(), X, LETTERS),
    "several tasks": (classifier(), X, np.column_stack([LETTERS, LETTERS])),
    "data frame": (regressor(), frame(), Y),
    "partial_fit": (regressor(), X, Y),
    "path": (regressor(penalty=rln(n_path_edges=6)), X, Y),
    "ensemble": (regressor(n_estimators=2, input_selection=False), X, Y),
}


@pytest.fixture(scope="module", params=MODELS)
def fitted(request):
    """A fitted estimator and its table; no test changes the estimator."""
    model, table, y = MODELS[request.param]
    model = clone(model)
    if request.param == "partial_fit":
        return model.partial_fit(table, y), table
    return model.fit(table, y), table


@pytest.mark.parametrize(
    "copied",
    [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))],
    ids=["deepcopy", "pickle"],
)
def test_copies_predict_the_same(copied, fitted):
    model, table = fitted
    again = copied(model)
    np.testing.assert_array_equal(again.predict(table), model.predict(table))
    assert_same_fit(again, model)
    assert str(again.get_params()) == str(model.get_params())


def test_copy_of_partial_fit_goes_on_as_the_original():
    model = regressor().partial_fit(X, Y)
    again = pickle.loads(pickle.dumps(model))
    assert_same_fit(model.partial_fit(X, Y), again.partial_fit(X, Y))


def test_pickle_is_small():
    """pytabkit#33: a pickle that held the data set."""
    table, y = make_table(2000)
    model = regressor(hidden_layer_sizes=(64, 32), max_iter=1).fit(table, y)
    n_bytes = sum(array.nbytes for array in model.coefs_ + model.intercepts_)
    # Weights and their coefficients, and twenty kilobytes for the rest.
    assert len(pickle.dumps(model)) < 2 * n_bytes + 20_000


def test_skops_trusts_nothing_but_this_package(fitted):
    """skops#432: one stray type, and nobody can load the model."""
    model, table = fitted
    dumped = io.dumps(model)
    untrusted = io.get_untrusted_types(data=dumped)
    assert all(name.startswith("skrln.") for name in untrusted)
    again = io.loads(dumped, trusted=untrusted)
    np.testing.assert_array_equal(again.predict(table), model.predict(table))


def leaves(value):
    """Leaves of nested containers and of the attributes of encoders."""
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in leaves(item)]
    if type(value).__module__.startswith("skrln."):
        return leaves(vars(value)) if hasattr(value, "__dict__") else [value]
    return [value]


def test_fitted_attributes_are_numpy(fitted):
    found = leaves(fitted[0]._fitted)
    assert any(isinstance(leaf, np.ndarray) for leaf in found)
    assert not any(isinstance(leaf, jax.Array) for leaf in found)


def test_fitted_estimator_holds_its_parameters_and_one_value(fitted):
    model, _ = fitted
    assert set(vars(model)) == {*model.get_params(deep=False), "_fitted"}


# -- meta-estimators -------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_cross_validation_in_parallel(backend):
    expected = cross_val_score(regressor(), X, Y, cv=2)
    with joblib.parallel_backend(backend):
        found = cross_val_score(regressor(), X, Y, cv=2, n_jobs=2)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_search():
    grid = {"theta": [-9.0, -7.0], "penalty__step": [0.01, 0.1]}
    search = GridSearchCV(regressor(), grid, cv=2).fit(X, Y)
    assert search.best_params_.keys() == grid.keys()
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    expected = regressor().set_params(**search.best_params_).fit(X, Y)
    assert_same_fit(search.best_estimator_, expected)


def test_names_of_a_pipeline_with_set_output():
    with config_context(transform_output="pandas"):
        encode = make_column_transformer(
            (OneHotEncoder(sparse_output=False), ["kind", "size"]),
            remainder=StandardScaler(),
            verbose_feature_names_out=False,
        )
        model = make_pipeline(encode, regressor()).fit(frame(), Y)
    names = model[0].get_feature_names_out().tolist()
    assert model[-1].feature_names_in_.tolist() == names
    assert set(model[-1].active_features_) <= set(names)


def test_select_from_model():
    table = pd.DataFrame(X.copy(), columns=list("abcd"))
    network = regressor(theta=-7.5, penalty=rln(group="input"), learning_rate_init=0.03)
    network.set_params(max_iter=60)
    selector = SelectFromModel(network, threshold=1e-12).set_output(transform="pandas")
    found = selector.fit_transform(table, Y)
    kept = selector.estimator_.active_features_.tolist()
    assert found.columns.tolist() == kept
    assert 0 < len(kept) < 4
    assert selector.estimator_.feature_importances_.sum() == pytest.approx(1)


def test_importances_are_per_column():
    model = regressor().fit(frame(), Y)
    assert model.coefs_[0].shape[0] == 7  # one number, four and two categories
    assert model.feature_importances_.shape == (3,)
    assert model.feature_importances_.sum() == pytest.approx(1)


def test_stacking():
    stack = StackingRegressor([("rln", regressor()), ("ridge", Ridge())], cv=2)
    assert stack.fit(X, Y).predict(X).shape == (40,)


def test_voting():
    members = [("rln", classifier()), ("linear", LogisticRegression())]
    vote = VotingClassifier(members, voting="soft").fit(X, CLASSES)
    assert vote.predict_proba(X).shape == (40, 2)


def test_bagging():
    bag = BaggingRegressor(regressor(), n_estimators=2, random_state=0).fit(X, Y)
    assert bag.predict(X).shape == (40,)
    first, second = bag.estimators_
    assert not np.array_equal(first.coefs_[0], second.coefs_[0])


# -- callbacks -------------------------------------------------------------------------


class Recorder:
    """Callback that records its arguments and calls `at_epoch` with the number of an epoch."""

    max_propagation_depth = None

    def __init__(self, at_epoch=lambda epoch: False):
        self.at_epoch = at_epoch
        self.begun, self.scores, self.tasks, self.weights = [], [], [], []

    def setup(self, estimator, context):
        self.tasks.append("setup")

    def teardown(self, estimator, context):
        self.tasks.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.begun.append((context.task_name, context.task_id))

    def on_fit_task_end(
        self, estimator, context, *, X, y, metadata=None, fitted_estimator=None
    ):
        if context.task_name != "epoch":
            return None
        self.tasks.append(context.task_id)
        self.weights.append(metadata)
        self.scores.append(fitted_estimator.score(X, y))
        return self.at_epoch(context.task_id)


@pytest.fixture
def callbacks():
    return pytest.importorskip("sklearn.callback", reason=BEFORE_CALLBACKS)


@pytest.mark.usefixtures("callbacks")
@pytest.mark.parametrize("make", [regressor, classifier])
def test_callback_sees_every_epoch_and_changes_nothing(make):
    seen = Recorder()
    watched = make().set_callbacks(seen).fit(X, CLASSES)
    alone = make().fit(X, CLASSES)
    assert_same_fit(watched, alone)
    np.testing.assert_array_equal(watched.loss_curve_, alone.loss_curve_)
    assert seen.tasks == ["setup", *range(10), "teardown"]
    assert seen.begun == [("fit", 0)] + [("epoch", k) for k in range(10)]
    assert seen.scores[-1] == alone.score(X, CLASSES)
    # The score after four epochs is the score of a fit of four epochs.
    shorter = make(max_iter=4, learning_rate="constant").fit(X, CLASSES)
    seen = Recorder()
    make(learning_rate="constant").set_callbacks(seen).fit(X, CLASSES)
    assert seen.scores[3] == shorter.score(X, CLASSES)


@pytest.mark.usefixtures("callbacks")
def test_callback_gets_the_weights():
    seen = Recorder()
    weights = np.arange(40.0) + 1
    regressor(max_iter=2).set_callbacks(seen).fit(X, Y, sample_weight=weights)
    assert [list(one) for one in seen.weights] == [["sample_weight"]] * 2
    assert seen.weights[0]["sample_weight"] is weights


@pytest.mark.usefixtures("callbacks")
def test_callback_stops_the_fit():
    stop = Recorder(lambda epoch: epoch == 3)
    stopped = regressor(learning_rate="constant").set_callbacks(stop).fit(X, Y)
    assert stopped.n_iter_ == 4
    assert stopped.loss_curve_.shape == (4,)
    assert stop.tasks == ["setup", 0, 1, 2, 3, "teardown"]
    shorter = regressor(learning_rate="constant", max_iter=4).fit(X, Y)
    assert_same_fit(stopped, shorter)


@pytest.mark.usefixtures("callbacks")
def test_interrupt_keeps_what_there_is():
    """Ctrl-C in the middle of a fit."""

    def interrupt(epoch):
        if epoch == 3:
            raise KeyboardInterrupt

    model = regressor(learning_rate="constant").set_callbacks(Recorder(interrupt))
    with pytest.warns(
        ConvergenceWarning, match="interrupted by the user after 4 epochs"
    ):
        model.fit(X, Y)
    assert model.n_iter_ == 4
    assert_same_fit(model, regressor(learning_rate="constant", max_iter=4).fit(X, Y))
    assert np.isfinite(model.predict(X)).all()
    assert_same_fit(model.set_callbacks().fit(X, Y), model)


def test_interrupt_before_the_first_epoch(monkeypatch):
    """Ctrl-C while the program is compiled: there is nothing to keep."""

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("skrln._kernels._run.train_epochs", interrupt)
    model = regressor()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert not hasattr(model, "n_features_in_")


@pytest.mark.usefixtures("callbacks")
@pytest.mark.parametrize("fitted", [False, True])
def test_error_in_a_callback_leaves_the_estimator_as_it_was(fitted):
    def fail(epoch):
        raise RuntimeError("out of paper")

    seen = Recorder(fail)
    model = regressor()
    if fitted:
        model.fit(X, Y)
    before = dict(vars(model))
    with pytest.raises(RuntimeError, match="out of paper"):
        model.set_callbacks(seen).fit(2 * X, Y)
    assert seen.tasks == ["setup", 0, "teardown"]
    assert vars(model.set_callbacks()) == before
    model.fit(X, Y)


def test_scoring_monitor(callbacks):
    monitor = callbacks.ScoringMonitor(scoring="r2")
    model = regressor().set_callbacks(monitor).fit(X, Y)
    scores = [row["r2"] for row in monitor.get_logs().data if "r2" in row]
    assert len(scores) == 10
    assert scores[-1] == pytest.approx(model.score(X, Y))
    assert scores[-1] > scores[0]


@pytest.mark.usefixtures("callbacks")
def test_callback_of_a_search_reaches_the_epochs():
    seen = Recorder()
    search = GridSearchCV(regressor(max_iter=2), {"theta": [-9.0, -7.0]}, cv=2)
    search.set_callbacks(seen).fit(X, Y)
    # Two values on two folds, and the best once more on all rows.
    assert seen.tasks == ["setup", *[0, 1] * 5, "teardown"]


# -- processes -------------------------------------------------------------------------


IMPORT = """
import os, sys
environment = dict(os.environ)
import jax, sklearn.model_selection
heavy = {"matplotlib", "pandas", "rich", "skops", "xgboost", "polars"}
heavy -= set(sys.modules)  # what scikit-learn itself imports
before = dict(jax.config.values)
import skrln
assert dict(jax.config.values) == before
assert dict(os.environ) == environment
from jax._src import xla_bridge
assert not xla_bridge._backends
assert not heavy & set(sys.modules), heavy & set(sys.modules)
print("light")
"""
FORK = """
import os, warnings
warnings.simplefilter("ignore")  # JAX and Python both warn of what is done here
import numpy as np
from skrln import RLNRegressor
X = np.random.default_rng(0).normal(size=(20, 2))
model = RLNRegressor((3,), theta=-7, n_estimators=1, numeric_embedding=None, max_iter=2)
model.fit(X, X[:, 0])
expected = model.predict(X)
child = os.fork()
if child == 0:
    code = 1
    try:
        assert np.array_equal(model.predict(X), expected)
        model.fit(X, X[:, 0])
    except RuntimeError as error:
        code = 42 if 'joblib' in str(error) and 'forked' in str(error) else 2
    os._exit(code)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status))
"""


@pytest.fixture(scope="module")
def interpreter():
    """A new interpreter that imports the package, fits, forks and ends."""
    code = IMPORT + (FORK if hasattr(os, "fork") else "")
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_import_is_light_and_changes_nothing(interpreter):
    """nemos#208: an import that took the memory of the device."""
    assert interpreter.stdout.startswith("light"), interpreter.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_forked_child_is_told_and_does_not_hang(interpreter):
    """layup#302, joblib#1650: training there would wait for ever; predicting is fine."""
    assert interpreter.stdout.split()[1:] == ["42"], interpreter.stderr


def test_fit_leaves_jax_as_it_was():
    before = dict(jax.config.values)
    regressor(dtype="float64", device="cpu").fit(X, Y)
    assert dict(jax.config.values) == before
    assert jax.numpy.ones(1).dtype == np.float32


# -- data frames -----------------------------------------------------------------------


def mixed_frame():
    """A column of every type that pandas has for numbers and categories."""
    rng = np.random.default_rng(0)
    n = np.arange(40)
    table = pd.DataFrame(
        {
            "float": Y,
            "float32": Y.astype(np.float32),
            "int": n,
            "bool": n % 2 == 0,
            "category": pd.Categorical(n % 3),
            "str": np.array(["x", "y", "z"])[n % 3],
            "object": np.array(["p", "q"], dtype=object)[n % 2],
            "Int64": pd.array(n % 5, dtype="Int64"),
            "boolean": pd.array(n % 2 == 1, dtype="boolean"),
            "string": pd.array(np.array(["u", "v"])[n % 2], dtype="string"),
        }
    )
    for column in ("float", "category", "object", "Int64", "boolean", "string"):
        table.loc[rng.choice(40, 4, replace=False), column] = None
    return table


def test_frame_of_all_types():
    table = mixed_frame()
    model = regressor().fit(table, Y)
    assert np.isfinite(model.predict(table)).all()
    assert model.n_features_in_ == len(table.columns)
    assert model.feature_names_in_.tolist() == table.columns.tolist()
    assert model.feature_importances_.shape == (10,)
    assert set(model.active_features_) <= set(table.columns)
    # Row by row, as they come in production.
    rows = [model.predict(table.iloc[[i]])[0] for i in range(40)]
    np.testing.assert_allclose(rows, model.predict(table), rtol=1e-9)


def test_frame_of_numbers_is_the_array():
    table = pd.DataFrame(X.copy(), columns=list("abcd"))
    model = regressor().fit(table, Y)
    # The columns lie in another order in memory, and are summed in another order.
    assert_close_fit(model, regressor().fit(X, Y), rtol=1e-9, atol=1e-12)
    assert set(model.active_features_) <= set("abcd")
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(X)


def test_array_of_objects_with_categories():
    array = frame().to_numpy(dtype=object)
    by_position = regressor(categorical_features=[1, 2]).fit(array, Y)
    expected = regressor().fit(frame(), Y)
    assert_close_fit(by_position, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", ["alone", "beside numbers", "beside categories"])
def test_dates_are_refused(kind):
    when = pd.date_range("2024-01-01", periods=40)
    table = {
        "alone": pd.DataFrame({"when": when}),
        "beside numbers": pd.DataFrame({"when": when, "number": Y}),
        "beside categories": pd.DataFrame({"when": when, "kind": ["a", "b"] * 20}),
    }[kind]
    with pytest.raises(ValueError, match=r"column\(s\) \['when'\] of dates or times"):
        regressor().fit(table, Y)


def test_polars_frame_is_the_pandas_frame():
    polars = pytest.importorskip(
        "polars", reason="polars is no dependency, not of the tests either"
    )
    table = mixed_frame().drop(columns=["object", "string"])
    table["category"] = table["category"].astype("str").astype("category")
    columns = {
        name: polars.Series(
            name, [None if pd.isna(v) else v for v in column.tolist()], strict=False
        )
        for name, column in table.items()
    }
    other = polars.DataFrame(columns).with_columns(
        polars.col("category").cast(polars.Categorical)
    )
    model = regressor().fit(other, polars.Series(Y))
    expected = regressor().fit(table, Y)
    np.testing.assert_allclose(model.predict(other), expected.predict(table), rtol=1e-9)
    assert model.feature_names_in_.tolist() == table.columns.tolist()
    with pytest.raises(ValueError, match="of dates or times"):
        regressor().fit(
            polars.DataFrame({"when": pd.date_range("2024", periods=40)}), Y
        )


def test_duplicate_columns_share_the_importance():
    table = np.column_stack([make_inputs(), X[:, 0]])
    model = regressor().fit(table, Y)
    assert np.isfinite(model.predict(table)).all()
    assert model.feature_importances_.shape == (5,)

# SPDX-License-Identifier: BSD-3-Clause
"""Inputs that an ensemble drops: the cases in which it does, and the columns that stay."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold

from skrln import RLNRegressor
from skrln._ensemble import _engine, _fit
from skrln._interrupts import whole_fits
from skrln._network._importance import active_columns

from ._tables import (
    BEFORE_CALLBACKS,
    assert_same_fit,
    classifier,
    encoder_of,
    is_same_fit,
)
from ._tables import regressor as small

N_ROWS, N_COLUMNS = 80, 20
#: Fits of these are about at their end, and few of the inputs survive their selection.
TRAINED = {"theta": -8.0, "max_iter": 60, "learning_rate_init": 0.03}


def regressor(**params):
    return small(**({"n_estimators": 3} | TRAINED | params))


def make_table():
    """Two inputs that matter, the first and the second, among noise."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(N_ROWS, N_COLUMNS))
    return X, 2 * X[:, 0] - X[:, 1] + rng.normal(size=N_ROWS)


X, Y = make_table()
X_OTHER = np.random.default_rng(2).normal(size=(30, N_COLUMNS))
Y_OTHER = 2 * X_OTHER[:, 0] - X_OTHER[:, 1]


@pytest.fixture(scope="module")
def selected():
    """The inputs were selected, and the networks trained again on what was left."""
    return regressor().fit(X, Y)


@pytest.fixture(scope="module")
def everything():
    return regressor(input_selection=False).fit(X, Y)


def never(*args):
    raise AssertionError("No inputs are to be selected here.")


def drops_most(model, table=X, y=Y):
    """Return the selected inputs: both that matter, and at most half of all columns."""
    left = model.fit(table, y).active_features_
    assert {0, 1} <= set(left)
    assert len(left) <= N_COLUMNS / 2
    return left


# -- what goes -------------------------------------------------------------------------


def test_inputs_without_use_are_exactly_unused(selected, everything):
    assert everything.n_active_features_ == N_COLUMNS
    left = drops_most(clone(selected))
    np.testing.assert_array_equal(left, selected.active_features_)
    gone = np.setdiff1d(np.arange(N_COLUMNS), left)
    np.testing.assert_array_equal(selected.feature_importances_[gone], 0)
    assert selected.feature_importances_.shape == (N_COLUMNS,)
    wild = X_OTHER.copy()
    wild[:, gone] = 1e6
    np.testing.assert_array_equal(selected.predict(wild), selected.predict(X_OTHER))
    assert selected.score(X_OTHER, Y_OTHER) > everything.score(X_OTHER, Y_OTHER)


def test_networks_are_trained_again_on_few_columns(selected):
    """Each on the columns of the networks that hold the same rows out."""
    left = set()
    for member in selected._fitted.members:
        encoded = set(member.encoder.table.numeric)
        own = np.flatnonzero(active_columns(member))
        assert set(own) <= encoded
        assert member.network.coefs[0].shape == (len(encoded), 5)
        left |= set(own)
    assert left == set(selected.active_features_)
    assert len(encoded) < N_COLUMNS


def spied(monkeypatch, name, change=None):
    """Record the results of a function of a fit; `change` replaces them."""
    found, original = [], getattr(_fit, name)

    def watch(*args):
        found.append(original(*args))
        return found[-1] if change is None else change(found[-1])

    monkeypatch.setattr(_fit, name, watch)
    return found


def test_first_networks_without_inputs_stay_where_the_second_are_no_better(monkeypatch):
    found = spied(monkeypatch, "eliminate")
    spied(monkeypatch, "is_better", lambda better: False)
    model = regressor().fit(X, Y)
    assert found[0].narrows
    kept = found[0].order[: found[0].n_kept]
    assert set(model.active_features_) == set(kept)
    for member in model.estimators_:
        assert member.coefs_[0].shape == (N_COLUMNS, 5)
        np.testing.assert_array_equal(np.delete(member.coefs_[0], kept, axis=0), 0)


def test_half_of_the_inputs_are_too_many_for_a_second_fit(monkeypatch):
    spied(monkeypatch, "eliminate", lambda found: found._replace(n_kept=11))
    monkeypatch.setattr(_fit._Refits, "on", never)
    assert regressor().fit(X, Y).n_active_features_ == 11


def test_networks_use_no_column_but_those_of_their_support(monkeypatch):
    """Members share a table, in which inputs are set to zero that a network may not use."""
    asked = spied(monkeypatch, "supports")
    spied(monkeypatch, "eliminate", lambda elimination: elimination._replace(n_kept=4))
    fits, refit = [], _fit._Refits.on

    def record(self, columns):
        fits.append(refit(self, columns))
        return fits[-1]

    monkeypatch.setattr(_fit._Refits, "on", record)
    regressor().fit(X, Y)
    [(trained, _)], [columns] = fits, asked
    assert len(set(map(frozenset, columns.values()))) > 1
    for one in trained:
        own = set(columns[one.job.number])
        assert set(np.flatnonzero(active_columns(one.fitted))) <= own


def test_column_that_never_changes_is_no_input_of_pieces():
    table = X[:, :4].copy()
    table[:, 3] = 7
    model = small(numeric_embedding="piecewise", **TRAINED).fit(table, Y)
    assert 3 not in model.active_features_
    assert {0, 1} <= set(model.active_features_)


def test_labels_that_inputs_tell_nothing_about():
    shuffled = np.random.default_rng(5).permutation(Y)
    with pytest.warns(
        ConvergenceWarning, match="Input selection dropped every.*='auto'"
    ):
        model = regressor().fit(X, shuffled)
    assert model.n_active_features_ == 0
    np.testing.assert_array_equal(model.feature_importances_, 0)
    assert np.ptp(model.predict(X)) < 1e-9
    # Which is better than to predict noise.
    kept = regressor(input_selection=False).fit(X, shuffled)
    assert kept.n_active_features_ == N_COLUMNS
    assert np.var(model.predict(X_OTHER)) < np.var(kept.predict(X_OTHER))


# -- fewer rows than columns ----------------------------------------------------------


def make_wide_table(n_rows=N_ROWS, n_columns=1000):
    rng = np.random.default_rng(3)
    table = rng.normal(size=(n_rows, n_columns))
    return table, 2 * table[:, 0] - table[:, 1] + 0.3 * rng.normal(size=n_rows)


WIDE, WIDE_Y = make_wide_table()


def test_first_columns_of_a_lasso_where_all_of_them_tell_little(monkeypatch):
    asked = spied(monkeypatch, "screened")
    model = regressor().fit(WIDE, WIDE_Y)
    [columns] = asked
    assert sorted(columns) == [0, 1, 2]
    for member in model._fitted.members:
        own = set(np.flatnonzero(active_columns(member)))
        assert any(own <= set(some) for some in columns.values())
    assert {0, 1} <= set(model.active_features_)
    monkeypatch.setattr(_fit, "screens", lambda *args: False)
    without = regressor().fit(WIDE, WIDE_Y)
    rng = np.random.default_rng(4)
    table = rng.normal(size=(500, WIDE.shape[1]))
    y = 2 * table[:, 0] - table[:, 1]
    assert model.score(table, y) > max(0.7, without.score(table, y) + 0.2)


def test_first_columns_are_left_where_they_are_no_better(monkeypatch):
    shuffled = np.random.default_rng(6).permutation(WIDE_Y)
    asked = spied(monkeypatch, "screened")
    spied(monkeypatch, "is_better", lambda better: False)
    model = regressor().fit(WIDE, shuffled)
    assert len(asked) == 1
    monkeypatch.setattr(_fit, "screens", lambda *args: False)
    assert_same_fit(model, regressor().fit(WIDE, shuffled))


def test_no_first_columns_of_a_lasso_without_any(monkeypatch):
    spied(monkeypatch, "screened", lambda found: dict.fromkeys(found, np.zeros(0, int)))
    model = regressor().fit(WIDE, WIDE_Y)
    monkeypatch.setattr(_fit, "screens", lambda *args: False)
    assert_same_fit(model, regressor().fit(WIDE, WIDE_Y))


@pytest.mark.parametrize("outputs", ["several", "classes", "frame"])
def test_first_columns_of_other_tables(monkeypatch, outputs):
    asked = spied(monkeypatch, "screened")
    monkeypatch.setattr(_fit, "screens", lambda *args: True)
    table, y, model = WIDE, WIDE_Y, regressor()
    if outputs == "several":
        y = np.column_stack([y, np.where(np.arange(N_ROWS) % 5, WIDE[:, 2], np.nan)])
    elif outputs == "classes":
        y = np.digitize(y, [-1, 1])
        model = classifier(n_estimators=3, **TRAINED)
    else:
        odd = np.arange(N_ROWS) % 2
        table = pd.DataFrame(WIDE).assign(**{"class": pd.Categorical(odd)})
        table, y = table.set_axis(table.columns.astype(str), axis=1), y + 5 * odd
    model.fit(table, y)
    expected = {"several": {0, 2}, "classes": {0}, "frame": {1000}}[outputs]
    assert all(expected <= set(some) for some in asked[0].values())


# -- when ------------------------------------------------------------------------------


def test_single_network_where_it_is_asked_for():
    network = {"n_estimators": 1, "early_stopping": True}
    drops = regressor(input_selection=True, **network)
    drops_most(drops)
    assert len(drops.estimators_) == 1
    gone = np.delete(np.arange(N_COLUMNS), drops.active_features_)
    encoded = encoder_of(drops).table.numeric
    np.testing.assert_array_equal(drops.coefs_[0][np.isin(encoded, gone)], 0)
    keeps = regressor(**network).fit(X, Y)
    assert keeps.n_active_features_ == N_COLUMNS


def test_auto_keeps_all_inputs_without_rows_held_out():
    model = regressor(early_stopping=False).fit(X, Y)
    assert model.n_active_features_ == N_COLUMNS


@pytest.mark.parametrize("chosen", [np.False_, np.True_])
def test_numbers_of_numpy_are_taken_at_their_word(chosen):
    model = regressor(n_estimators=1, early_stopping=True, input_selection=chosen)
    alone = regressor(n_estimators=1, early_stopping=True, input_selection=bool(chosen))
    assert_same_fit(model.fit(X, Y), alone.fit(X, Y))
    assert (model.n_active_features_ < N_COLUMNS) == chosen


def test_validation_data_choose():
    held_out = {"X_val": X_OTHER, "y_val": Y_OTHER}
    model = regressor().fit(X, Y, **held_out)
    assert {0, 1} <= set(model.active_features_)
    assert model.n_active_features_ <= N_COLUMNS / 2
    contrary = {"X_val": X_OTHER, "y_val": -Y_OTHER}
    with pytest.warns(ConvergenceWarning, match="Input selection dropped every column"):
        model.fit(X, Y, **contrary)


def test_own_splitter():
    drops_most(regressor(validation_cv=KFold(3)))


# -- all kinds of tables ---------------------------------------------------------------


def test_sparse_table():
    table = sparse.csr_matrix(np.where(np.abs(X) < 0.3, 0, X))
    model = regressor()
    drops_most(model, table)
    np.testing.assert_allclose(model.predict(table), model.predict(table.toarray()))


def test_frame_whose_categories_go(monkeypatch):
    """Attributes still have an entry per column, and tables still have all columns."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(X.copy(), columns=[f"n{k}" for k in range(N_COLUMNS)])
    frame.insert(1, "junk", pd.Categorical(rng.integers(0, 3, N_ROWS)))
    frame["kind"] = np.array(["a", "b"])[(X[:, 0] > 0).astype(int)]
    for name, found in {
        "eliminate": lambda found: found._replace(n_kept=3),
        "supports": lambda own: dict.fromkeys(own, np.array([0, 2, 21])),
        "is_better": lambda better: True,
    }.items():
        spied(monkeypatch, name, found)
    model = regressor().fit(frame, Y)
    assert encoder_of(model).table.classes.tolist() == [21]
    assert set(model.active_features_) == {"n0", "n1", "kind"}
    assert model.feature_importances_.shape == (22,)
    assert model.feature_importances_[1] == 0
    assert model.n_features_in_ == 22
    expected = model.predict(frame)
    frame["junk"] = pd.Categorical(["never seen"] * N_ROWS)
    np.testing.assert_array_equal(model.predict(frame), expected)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.drop(columns="junk"))


def test_several_outputs_with_missing_labels():
    tasks = np.column_stack([Y, 3 * X[:, 2] + 0.5 * Y])
    tasks[::5, 0] = np.nan
    model = regressor(max_iter=100).fit(X, tasks)
    assert {0, 1, 2} <= set(model.active_features_)
    assert model.n_active_features_ - 3 <= (N_COLUMNS - 3) / 2
    assert model.predict(X).shape == (N_ROWS, 2)


def test_classes():
    model = classifier(n_estimators=3, **TRAINED)
    drops_most(model, X, np.digitize(Y, [-1, 1]))
    assert model.predict_proba(X).sum(axis=1) == pytest.approx(1)


def test_weights_of_rows_count():
    """Rows of weight zero are ignored, however large their labels."""
    table, y = np.concatenate([X, X]), np.concatenate([Y, 100 * X[:, 7]])
    weights = np.repeat([1.0, 0.0], N_ROWS)
    model = regressor().fit(table, y, sample_weight=weights)
    assert_same_fit(model, regressor().fit(X, Y))


# -- life ------------------------------------------------------------------------------


def test_fits_repeat_themselves(monkeypatch, selected):
    monkeypatch.setattr(_engine, "effective_n_jobs", lambda n_jobs: 1)
    again = clone(selected).fit(X, Y)
    assert_same_fit(again, selected)
    np.testing.assert_array_equal(again.predict(X), selected.predict(X))


def test_copies(selected):
    again = pickle.loads(pickle.dumps(selected))
    np.testing.assert_array_equal(again.predict(X), selected.predict(X))
    np.testing.assert_array_equal(again.active_features_, selected.active_features_)


def test_fits_that_go_on_keep_their_inputs(monkeypatch, selected):
    """Columns that were not encoded for the second fit cannot return."""
    monkeypatch.setattr(_fit, "eliminate", never)
    encoded = set(encoder_of(selected).table.numeric)
    online = pickle.loads(pickle.dumps(selected)).partial_fit(X, Y)
    warm = pickle.loads(pickle.dumps(selected)).set_params(warm_start=True).fit(X, Y)
    transferred = regressor(pretrained=selected).fit(X, Y)
    assert not is_same_fit(online, selected)
    for model in (online, warm, transferred):
        assert {0, 1} <= set(model.active_features_) <= encoded
        assert model.score(X_OTHER, Y_OTHER) > 0.5


class Steps:
    """Callback that counts epochs, and does something in one of them."""

    max_propagation_depth = None

    def __init__(self, act=lambda k: False):
        self.act, self.count = act, 0

    def setup(self, estimator, context):
        self.count = 0

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(
        self, estimator, context, *, X, y, metadata=None, fitted_estimator=None
    ):
        if context.task_name != "epoch":
            return None
        self.count += 1
        return self.act(self.count)


@pytest.fixture(scope="module")
def counted(selected):
    """Epochs of all networks, and of those of the first fit, with a callback that looks on."""
    pytest.importorskip("sklearn.callback", reason=BEFORE_CALLBACKS)
    steps, model = Steps(), clone(selected)
    assert_same_fit(model.set_callbacks(steps).fit(X, Y), selected)
    whole = steps.count
    steps, model = Steps(), regressor(input_selection=False)
    model.set_callbacks(steps).fit(X, Y)
    return whole, steps.count


def test_callbacks_hear_of_both_fits(counted):
    whole, first = counted
    assert first < whole <= 2 * first + 180


def interrupt(at):
    def act(k):
        if k == at:
            raise KeyboardInterrupt

    return act


def test_nothing_is_selected_in_a_fit_that_was_stopped(monkeypatch, counted):
    monkeypatch.setattr(_fit, "eliminate", never)
    model = regressor().set_callbacks(Steps(lambda k: k == 7)).fit(X, Y)
    assert model.n_active_features_ == N_COLUMNS
    model.set_callbacks(Steps(interrupt(at=7)))
    with pytest.warns(ConvergenceWarning, match="interrupted"):
        model.fit(X, Y)
    assert model.n_active_features_ == N_COLUMNS


def test_second_fit_that_was_stopped_is_not_taken(monkeypatch, selected, counted):
    found = spied(monkeypatch, "eliminate")
    at = counted[1] + 2
    model = regressor().set_callbacks(Steps(lambda k: k == at)).fit(X, Y)
    kept = found[0].order[: found[0].n_kept]
    assert set(model.active_features_) == set(kept)
    model.set_callbacks(Steps(interrupt(at=at)))
    with pytest.warns(ConvergenceWarning, match="interrupted"):
        model.fit(X, Y)
    assert set(model.active_features_) == set(kept)


def test_interrupt_between_the_fits_keeps_the_networks(monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    expected = regressor(input_selection=False).fit(X, Y).predict(X)
    model = regressor()
    monkeypatch.setattr(_fit, "eliminate", interrupted)
    with pytest.warns(ConvergenceWarning, match="interrupted by the user"):
        model.fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), expected)
    before = dict(vars(model))
    with pytest.raises(KeyboardInterrupt), whole_fits():
        model.fit(2 * X, Y)
    assert vars(model) == before


def test_interrupt_while_the_last_epochs_run_is_one(monkeypatch):
    """Networks that ended before they saw the interrupt do not make a whole fit."""
    monkeypatch.setattr(_fit, "eliminate", never)
    wait = _engine.wait

    def interrupted_wait(futures, return_when):
        wait(futures)
        raise KeyboardInterrupt

    monkeypatch.setattr(_engine, "wait", interrupted_wait)
    with pytest.warns(ConvergenceWarning, match="interrupted"):
        model = regressor(max_iter=5, tol=0.0).fit(X, Y)
    assert model.n_active_features_ == N_COLUMNS


def test_few_rows_choose_nothing_unless_asked():
    """Seven rows would drop inputs by chance."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(56, 10))
    y = 2 * X[:, 0] - X[:, 1] + rng.normal(size=56)
    settings = {"n_estimators": 1, "theta": -6.0, "numeric_embedding": "auto"}
    settings |= {"hidden_layer_sizes": (16,), "max_iter": 30, "random_state": 0}
    settings |= {"early_stopping": True}
    fits = [
        RLNRegressor(**settings, input_selection=asked).fit(X, y)
        for asked in (False, "auto", True)
    ]
    counts = [model.n_active_features_ for model in fits]
    assert counts[0] == counts[1] > counts[2]

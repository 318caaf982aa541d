# SPDX-License-Identifier: BSD-3-Clause
"""Fits that are killed between two epochs and go on, in every estimator with a checkpoint."""

import functools
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, ShuffleSplit

from skrln import (
    GeneticSelector,
    RLNClassifierCV,
    RLNMultiTask,
    RLNRegressor,
    RLNRegressorCV,
)
from skrln._checkpoints._folder import Checkpoints
from skrln._kernels._chunks import Chunks
from skrln.joint import JointAutoencoder, JointGenerator
from skrln.options import Checkpoint, Solver
from tests.feature_selection._problems import make_table as make_columns
from tests.joint import _domains
from tests.networks import _tables

TABLE, CLASSES = _tables.make_table(), _tables.make_classes()
#: The networks of an ensemble are trained again on the fewer columns that matter.
WIDE = _tables.make_table(120, n_features=20)
SPLIT = {"early_stopping": True, "validation_fraction": 0.25}
ENSEMBLE = SPLIT | {"n_estimators": 2, "input_selection": True}
X, Y, DOMAIN = _domains.make_table()
IN_DOMAINS = {"sample_domain": DOMAIN}
COLUMNS = make_columns()
GENETIC = {"n_features_to_select": 3, "random_state": 0, "population_size": 6}


def networks_of_tasks(**params):
    return _tables.small(RLNMultiTask, **params)


def regressors_of_a_grid(**params):
    params = _tables.regressor(**SPLIT, **params).get_params(deep=False)
    del params["theta"], params["warm_start"]
    return RLNRegressorCV(**params, thetas=(-8, -6), cv=2)


def classifiers_of_a_grid(**params):
    params = _tables.classifier(**params).get_params(deep=False)
    del params["theta"], params["warm_start"]
    return RLNClassifierCV(**params, thetas=(-8, -6), cv=2)


def genetic_selector(**params):
    defaults = {"cv": 2, "n_generations": 4, "swap_evaluations": 9, "polish": True}
    return GeneticSelector(Ridge(), **(GENETIC | defaults | params))


def fast_selector(**params):
    return GeneticSelector(fitness="mrmr", n_generations=4, **(GENETIC | params))


def generator(**params):
    defaults = {"hidden_layer_sizes": (5,), "max_iter": 10, "random_state": 0}
    return JointGenerator(3, **(defaults | params))


def autoencoder(**params):
    return _domains.small(JointAutoencoder, n_components=2, **params)


#: Estimator, its parameters, and the arguments of its fit.
CASES = {
    "one network": (_tables.regressor, {}, TABLE, {}),
    "early stopping": (
        _tables.regressor,
        SPLIT | {"early_stopping": "sparsest", "n_iter_no_change": 2, "max_iter": 40},
        TABLE,
        {},
    ),
    "plateaus": (
        _tables.classifier,
        SPLIT | {"learning_rate": "performance", "batch_norm": "after"},
        CLASSES,
        {},
    ),
    "momentum": (
        _tables.regressor,
        {"solver": Solver("sgd"), "dropout": 0.2},
        TABLE,
        {},
    ),
    "ensemble": (_tables.regressor, ENSEMBLE | {"max_iter": 30, "theta": -7}, WIDE, {}),
    "kinds": (
        _tables.classifier,
        ENSEMBLE
        | {"numeric_embedding": "auto", "theta": "auto", "input_selection": False},
        CLASSES,
        {},
    ),
    "tasks": (
        networks_of_tasks,
        {"task_weight": "uncertainty"},
        (TABLE[0], np.c_[TABLE[1], CLASSES[1]]),
        {},
    ),
    "search": (regressors_of_a_grid, {}, TABLE, {}),
    "search of classes": (classifiers_of_a_grid, {}, CLASSES, {}),
    "joint": (_domains.regressor, {}, (X, Y), IN_DOMAINS),
    "joint classes": (
        _domains.classifier,
        {"coupling": "finetune", "early_stopping": True},
        _domains.make_classes()[:2],
        IN_DOMAINS,
    ),
    "one domain": (_domains.regressor, {}, (X, Y), {}),
    "autoencoder": (autoencoder, {}, (X,), IN_DOMAINS),
    "generator": (generator, {}, (X,), IN_DOMAINS),
    "genetic": (genetic_selector, {}, COLUMNS, {}),
    "fast genetic": (fast_selector, {}, COLUMNS, {}),
}


class KilledError(BaseException):
    """Stands for the end of the process."""


class Killer:
    """Ends a fit after a write, and leaves its folder as a dead process would."""

    def __init__(self, monkeypatch, path):
        self.path, self.image = path, path.with_suffix(".image")
        self.n_writes = self.n_epochs = 0
        self.last = np.inf
        write, run_chunk, exit_ = (
            Checkpoints.write,
            Chunks.run_chunk,
            Checkpoints.__exit__,
        )

        def counted_write(folder, slot, arrays, *, ended):
            if self.n_writes >= self.last:
                raise KilledError
            write(folder, slot, arrays, ended=ended)
            self.n_writes += 1
            if self.n_writes == self.last:
                unfinished = shutil.ignore_patterns("*.tmp")
                shutil.copytree(path, self.image, ignore=unfinished)
                raise KilledError

        def counted_chunk(loop, n_epochs):
            before = loop.done
            run_chunk(loop, n_epochs)
            self.n_epochs += loop.done - before

        def dead_exit(folder, *error):
            exit_(folder, *error)
            if self.image.exists():
                shutil.rmtree(path)
                self.image.rename(path)

        monkeypatch.setattr(Checkpoints, "write", counted_write)
        monkeypatch.setattr(Chunks, "run_chunk", counted_chunk)
        monkeypatch.setattr(Checkpoints, "__exit__", dead_exit)

    def run(self, fit, last=np.inf):
        """Call `fit`, end it after `last` writes, and return the writes and epochs."""
        self.n_writes = self.n_epochs = 0
        self.last = last
        if last == np.inf:
            fit()
        else:
            with pytest.raises(KilledError):
                fit()
        return self.n_writes, self.n_epochs


def every_epoch(path):
    return Checkpoint(path, every=0)


def assert_same(first, second, name="model"):
    """Assert that two fitted values are equal to the bit, apart from times."""
    assert type(first) is type(second), name
    if isinstance(first, np.ndarray) and first.dtype != object:
        assert (first.shape, first.dtype) == (second.shape, second.dtype), name
        assert first.tobytes() == second.tobytes(), name
    elif isinstance(first, list | tuple):
        assert len(first) == len(second), name
        for k, pair in enumerate(zip(first, second, strict=True)):
            assert_same(*pair, f"{name}[{k}]")
    elif isinstance(first, dict):
        assert list(first) == list(second), name
        for key in first:
            if key != "checkpoint" and not str(key).endswith("_time"):
                assert_same(first[key], second[key], f"{name}.{key}")
    elif hasattr(first, "__dict__") and not callable(first):
        assert_same(vars(first), vars(second), name)
    elif not callable(first):
        assert first == second or (first != first and second != second), name


@pytest.mark.parametrize("case", CASES)
def test_killed_fit_goes_on_to_the_same_bits(case, tmp_path, monkeypatch):
    make, params, args, options = CASES[case]
    whole = make(**params).fit(*args, **options)
    path = tmp_path / "fit"
    killer = Killer(monkeypatch, path)

    def fit():
        return make(**params, checkpoint=every_epoch(path)).fit(*args, **options)

    n_writes, n_epochs = killer.run(lambda: assert_same(whole, fit()))
    assert not path.exists()
    done = 0
    for last in {1, n_writes // 3 + 1, n_writes // 3}:
        done += last
        killer.run(fit, last)
        assert (path / "fit.json").exists()
    result = []
    again, epochs_again = killer.run(lambda: result.append(fit()))
    assert_same(whole, result[0])
    assert not path.exists()
    assert again < n_writes
    if n_epochs:
        assert epochs_again < n_epochs


def test_networks_on_fewer_inputs_have_places_too(tmp_path, monkeypatch):
    numbers = []
    slots = Checkpoints.slots

    def counted(folder, n):
        numbers.append(n)
        return slots(folder, n)

    monkeypatch.setattr(Checkpoints, "slots", counted)
    make, params, args, _ = CASES["ensemble"]
    make(**params, checkpoint=tmp_path / "fit").fit(*args)
    assert numbers == [2, 2]


def test_ended_networks_train_no_epoch(tmp_path, monkeypatch):
    path = tmp_path / "fit"
    killer = Killer(monkeypatch, path)
    n_writes, _ = killer.run(fit_small(path))
    killer.run(fit_small(path), n_writes)
    assert n_writes == 11  # ten epochs, and the end
    assert killer.run(fit_small(path)) == (0, 0)


def fit_small(path, **params):
    params = {"checkpoint": every_epoch(path)} | params
    return lambda: _tables.regressor(**params).fit(*TABLE)


@pytest.fixture
def killed(tmp_path, monkeypatch):
    """Folder of a fit that was killed after three writes."""
    path = tmp_path / "fit"
    Killer(monkeypatch, path).run(fit_small(path), 3)
    monkeypatch.undo()
    return path


SCRIPT = """
import sys
from skrln.options import Checkpoint
from tests.networks import _tables
checkpoint = Checkpoint(sys.argv[1], every=0)
_tables.regressor(max_iter=10**6, checkpoint=checkpoint).fit(*_tables.make_table())
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_killed_process(tmp_path):
    """A true kill, in the middle of whatever the process does; then its lock is free."""
    path = tmp_path / "fit"
    state = path / "00000.npz"
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(path)], cwd=Path(__file__).parents[2]
    )
    try:
        deadline = time.monotonic() + 120
        while not state.exists() and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.05)
        time.sleep(0.3)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    with np.load(state, allow_pickle=False) as arrays:
        done = len(arrays["history.loss"])
    assert done > 0
    # The fit would take very long: a callback ends it.
    resumed = fit_until(5, every_epoch(path))
    whole = fit_until(done + 5, None)
    assert resumed.n_iter_ == whole.n_iter_ == done + 5
    assert_same(whole._fitted, resumed._fitted)
    assert not path.exists()


def fit_until(n_epochs, checkpoint):
    """Fit of the script, stopped after some epochs of this call."""
    count = iter(range(1, n_epochs + 1))
    model = _tables.regressor(max_iter=10**6, checkpoint=checkpoint)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "skrln.networks._base.Watch.epochs",
            lambda watch, total: watching(lambda *_: next(count) == n_epochs),
        )
        return model.fit(*TABLE)


class watching:  # noqa: N801 - a context like that of Watch
    """Yields the function to call after every epoch."""

    def __init__(self, on_epoch):
        self.on_epoch = on_epoch

    def __enter__(self):
        return self.on_epoch

    def __exit__(self, *error):
        pass


# -- what is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"theta": -7}, r"by a fit with theta=-6\.5, but this one is theta=-7"),
        ({"max_iter": 11}, "max_iter=10, but this one is max_iter=11"),
        ({"random_state": 1}, "random_state=0, but this one is random_state=1"),
        ({"penalty": _tables.rln(0.1)}, r"penalty__step=0\.03, .* penalty__step=0\.1"),
        (
            {"penalty": "rln"},
            "a fit with penalty=RLNPenalty.*, but this one is penalty='rln'",
        ),
    ],
)
def test_other_parameters_are_refused_by_name(killed, params, message):
    with pytest.raises(ValueError, match=rf"Got checkpoint='.*fit'.*{message}"):
        fit_small(killed, **params)()


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"X": TABLE[0] + 1e-9}, "another X"),
        ({"X": TABLE[0][::-1]}, "another X"),
        ({"y": TABLE[1] + 1e-9}, "another y"),
        ({"sample_weight": np.ones(40)}, "another sample_weight"),
        ({"X": TABLE[0][:30], "y": TABLE[1][:30]}, "another X and another y"),
        ({"X_val": TABLE[0], "y_val": TABLE[1]}, "another X_val and another y_val"),
    ],
)
def test_other_tables_are_refused_by_name(killed, changed, name):
    arguments = {"X": TABLE[0], "y": TABLE[1]} | changed
    model = _tables.regressor(checkpoint=every_epoch(killed))
    with pytest.raises(
        ValueError, match=f"Got checkpoint=.*written by a fit of {name}"
    ):
        model.fit(**arguments)
    assert (killed / "fit.json").exists()


def test_other_estimators_are_refused(killed):
    model = _tables.classifier(checkpoint=every_epoch(killed))
    with pytest.raises(ValueError, match=r"a fit of RLNRegressor, .* RLNClassifier"):
        model.fit(*CLASSES)


def test_what_changes_nothing_is_admitted(killed):
    whole = _tables.regressor().fit(*TABLE)
    again = fit_small(
        killed, verbose=True, checkpoint=str(killed), theta=np.float32(-6.5)
    )
    assert_same(whole._fitted, again()._fitted)


def test_a_start_without_a_text_is_compared_too(tmp_path, monkeypatch):
    """Two functions of one name, and a splitter that splits anew in each call."""
    path = tmp_path / "fit"

    def fit(rate):
        fit_small(path, learning_rate=lambda step: rate)()

    Killer(monkeypatch, path).run(lambda: fit(0.01), 3)
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"00000\.npz was written .* another start"):
        fit(0.02)
    fit(0.01)
    split = {"early_stopping": True, "validation_cv": ShuffleSplit(1, test_size=0.25)}
    Killer(monkeypatch, path).run(fit_small(path, **split), 3)
    with pytest.raises(ValueError, match="Give splitters a fixed random_state"):
        fit_small(path, **split)()


@pytest.mark.parametrize("random_state", [None, np.random.RandomState(0)])
@pytest.mark.parametrize(
    ("make", "args"),
    [
        (_tables.regressor, TABLE),
        (_domains.regressor, (X, Y)),
        (generator, (X,)),
        (genetic_selector, COLUMNS),
    ],
)
def test_draws_must_be_repeatable(make, args, random_state, tmp_path):
    path = tmp_path / "fit"
    with pytest.raises(
        ValueError, match=r"Got checkpoint=.*Pass an int as random_state"
    ):
        make(checkpoint=path, random_state=random_state).fit(*args)
    assert not path.exists()


@pytest.mark.parametrize("checkpoint", [1, Checkpoint(1), Checkpoint("fit", every=-1)])
def test_bad_values_are_refused(checkpoint):
    with pytest.raises(ValueError, match=r"checkpoint|'path'|'every'"):
        fit_small(None, checkpoint=checkpoint)()


def test_two_fits_at_a_time_are_refused(tmp_path):
    path = tmp_path / "fit"
    errors = []

    def on_epoch(*_):
        with pytest.raises(
            ValueError, match="another fit writes at this moment"
        ) as error:
            fit_small(path)()
        errors.append(error)
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "skrln.networks._base.Watch.epochs", lambda *_: watching(on_epoch)
        )
        fit_small(path)()
    assert errors
    assert not path.exists()


def test_damaged_states_are_refused(killed):
    state = killed / "00000.npz"
    whole = state.read_bytes()
    for content in (b"", whole[:100], whole[:-1], b"\0" * 100, pickle.dumps({"a": 1})):
        state.write_bytes(content)
        with pytest.raises(
            ValueError, match=r"Got checkpoint=.*00000\.npz cannot be read"
        ):
            fit_small(killed)()
    state.write_bytes(whole)
    fit_small(killed)()
    assert not killed.exists()


# -- what stays, and what does not -----------------------------------------------------------


def test_unfinished_files_are_ignored(killed):
    (killed / "00000.npz.tmp").write_bytes(b"half of")
    fit_small(killed)()
    assert not killed.exists()


def test_refused_arguments_leave_nothing(tmp_path):
    path = tmp_path / "fit"
    model = _tables.regressor(checkpoint=path)
    with pytest.raises(ValueError, match=r"NaN|inf"):
        model.fit(np.full((40, 4), np.inf), TABLE[1])
    assert not path.exists()


# The rate is absurd on purpose.
@pytest.mark.filterwarnings("ignore:Training diverged")
def test_diverged_fit_leaves_nothing(tmp_path):
    path = tmp_path / "fit"
    model = fit_small(path, learning_rate_init=1e30, solver="sgd")()
    assert model.n_iter_ < 10
    assert not path.exists()


def test_interrupted_fit_goes_on(tmp_path):
    path = tmp_path / "fit"
    whole = _tables.regressor().fit(*TABLE)
    count = iter(range(5))

    def on_epoch(*_):
        if next(count) == 3:
            raise KeyboardInterrupt
        return False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "skrln.networks._base.Watch.epochs", lambda *_: watching(on_epoch)
        )
        with pytest.warns(match="interrupted by the user after 4 epochs"):
            fit_small(path)()
    assert (path / "00000.npz").exists()
    assert_same(whole._fitted, fit_small(path)()._fitted)
    assert not path.exists()


def test_copies_and_searches_of_scikit_learn(tmp_path):
    """One fit after the other may have one folder; members have none."""
    model = _tables.regressor(checkpoint=every_epoch(tmp_path / "fit"), n_estimators=2)
    assert clone(model).checkpoint.path == model.checkpoint.path
    search = GridSearchCV(model, {"theta": [-7, -6]}, cv=2).fit(*TABLE)
    plain = GridSearchCV(
        model.set_params(checkpoint=None), {"theta": [-7, -6]}, cv=2
    ).fit(*TABLE)
    np.testing.assert_array_equal(search.predict(TABLE[0]), plain.predict(TABLE[0]))
    assert search.best_estimator_.estimators_[0].checkpoint is None
    assert not (tmp_path / "fit").exists()


def test_warm_start_goes_on_from_the_same_fit(tmp_path, monkeypatch):
    path = tmp_path / "fit"
    first = _tables.regressor(warm_start=True).fit(*TABLE)
    whole = pickle.loads(pickle.dumps(first)).fit(*TABLE)
    first.set_params(checkpoint=every_epoch(path))
    stored = pickle.dumps(first)
    Killer(monkeypatch, path).run(lambda: first.fit(*TABLE), 3)
    monkeypatch.undo()
    again = pickle.loads(stored).fit(*TABLE)
    assert_same(whole._fitted, again._fitted)


def test_partial_fit_writes_nothing(tmp_path):
    path = tmp_path / "fit"
    RLNRegressor((5,), theta=-6.5, checkpoint=path).partial_fit(*TABLE)
    assert not path.exists()


# -- searches whose scores differ -----------------------------------------------------------


def slope(estimator, X, y, *, sign):
    return sign * estimator.score(X, y)


def test_scores_of_another_search_are_refused(tmp_path, monkeypatch):
    """A partial has no text of its own."""
    path = tmp_path / "fit"

    def fit(sign, **params):
        scoring = functools.partial(slope, sign=sign)
        params = {"scoring": scoring, "checkpoint": every_epoch(path)} | params
        return genetic_selector(**params).fit(*COLUMNS)

    Killer(monkeypatch, path).run(lambda: fit(1), 3)
    monkeypatch.undo()
    with pytest.raises(
        ValueError, match=r"00000\.npz was written by a search with other"
    ):
        fit(-1)
    whole = fit(1, checkpoint=None)
    np.testing.assert_array_equal(fit(1).fitness_curve_, whole.fitness_curve_)


def test_workers_of_an_estimator_in_another_change_nothing(tmp_path, monkeypatch):
    path = tmp_path / "fit"

    def fit(n_jobs):
        selector = genetic_selector(checkpoint=every_epoch(path))
        selector.set_params(estimator=LinearRegression(n_jobs=n_jobs))
        return selector.fit(*COLUMNS)

    Killer(monkeypatch, path).run(lambda: fit(None), 2)
    monkeypatch.undo()
    fit(1)
    assert not path.exists()


# -- the last step ---------------------------------------------------------------------------


def refuse(*args):
    raise PermissionError("not permitted")


def remove_nothing(path):
    if path.endswith(".tmp"):
        raise FileNotFoundError
    refuse()


@pytest.mark.parametrize(
    ("make", "args"), [(_tables.regressor, TABLE), (generator, (X,))]
)
def test_a_folder_that_cannot_be_cleaned(make, args, tmp_path, monkeypatch):
    """The fit has its result; where warnings are errors, the estimator stays as it was."""
    model = make(checkpoint=every_epoch(tmp_path / "fit"))
    before = dict(vars(model))
    monkeypatch.setattr(os, "remove", remove_nothing)
    with pytest.raises(RuntimeWarning, match="Delete the folder"):
        model.fit(*args)
    assert vars(model) == before
    with pytest.warns(RuntimeWarning, match="Delete the folder"):
        model.fit(*args)
    assert vars(model) != before


@pytest.mark.parametrize(
    ("make", "args"), [(_domains.regressor, (X, Y)), (autoencoder, (X,))]
)
def test_files_stay_where_a_warning_is_an_error(make, args, tmp_path, monkeypatch):
    """The warning comes before the files of a joint fit are removed."""
    path = tmp_path / "fit"
    model = make(checkpoint=every_epoch(path))
    before = dict(vars(model))
    module = sys.modules[type(model).__module__]
    if not hasattr(module, "warn_outcome"):
        module = sys.modules["skrln.joint._base"]
    with monkeypatch.context() as patch:
        patch.setattr(module, "warn_outcome", refuse)
        with pytest.raises(PermissionError):
            model.fit(*args, **IN_DOMAINS)
    assert vars(model) == before
    assert (path / "fit.json").exists()
    model.fit(*args, **IN_DOMAINS)
    assert not path.exists()

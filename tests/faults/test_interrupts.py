# SPDX-License-Identifier: BSD-3-Clause
"""Ctrl-C anywhere in a fit leaves a usable estimator or the one from before."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge, SGDRegressor
from sklearn.model_selection import cross_validate
from sklearn.tree import DecisionTreeClassifier

from skrln import (
    BlendingClassifier,
    RLNClassifier,
    RLNClassifierCV,
    RLNMultiTask,
    RLNRegressor,
    RLNRegressorCV,
)
from skrln._ensemble import _fit
from skrln._kernels import _chunks
from skrln.feature_selection import GeneticSelector, _cross_validated
from skrln.joint import (
    JointAutoencoder,
    JointClassifier,
    JointGenerator,
    JointRegressor,
)
from skrln.multitask import PerTaskEarlyStopping
from skrln.networks._whole import restored_on_error
from skrln.pruning import DistinctivenessPruner
from tests.joint import _domains
from tests.multitask._models import make_network
from tests.networks._tables import assert_same_fit, make_classes, make_table, small

from ._keys import in_thread, press_ctrl_c, pressing, wait_for

X, Y = make_table()
CLASSES = make_classes()[1]
DOMAINS = _domains.make_table()
ROOT = Path(__file__).parents[2]


def several(estimator, **params):
    return small(estimator, n_estimators=3, input_selection=False, **params)


def search(estimator):
    options = {"thetas": (-7.0, -6.0), "cv": 2, "max_iter": 10, "random_state": 0}
    return estimator((5,), **options)


#: Estimators that keep the epochs that ran, with the arguments of their fit.
KEEP = {
    "single": lambda: (small(RLNRegressor), (X, Y)),
    "classifier": lambda: (small(RLNClassifier), (X, CLASSES)),
    "ensemble": lambda: (several(RLNRegressor), (X, Y)),
    "tasks": lambda: (small(RLNMultiTask), (X, np.column_stack([Y, CLASSES]))),
    "joint": lambda: (_domains.regressor(), DOMAINS),
    "joint classifier": lambda: (_domains.classifier(), _domains.make_classes()),
    "autoencoder": lambda: (
        JointAutoencoder(2, hidden_layer_sizes=(5,), max_iter=10, random_state=0),
        (DOMAINS[0], None, DOMAINS[2]),
    ),
    "generator": lambda: (
        JointGenerator(2, hidden_layer_sizes=(5,), max_iter=10, random_state=0),
        (DOMAINS[0], None, DOMAINS[2]),
    ),
}
#: Estimators that are made of several fits, which are nothing by halves.
RAISE = {
    "search": lambda: (search(RLNRegressorCV), (X, Y)),
    "search of classes": lambda: (search(RLNClassifierCV), (X, CLASSES)),
    "stages": lambda: (
        PerTaskEarlyStopping(make_network(), smoothing_window=1, random_state=0),
        (X, np.column_stack([Y, X[:, 3]])),
    ),
    "pruner": lambda: (
        DistinctivenessPruner(small(RLNRegressor), random_state=0),
        (X, Y),
    ),
    "pruner while training": lambda: (
        DistinctivenessPruner(
            small(RLNRegressor), schedule="middle_third", random_state=0
        ),
        (X, Y),
    ),
    "genes": lambda: (genes(small(RLNRegressor)), (X, Y)),
    "genes of ensembles": lambda: (genes(several(RLNRegressor)), (X, Y)),
    "blend": lambda: (blend(small(RLNClassifier)), (X, CLASSES)),
    "blend of ensembles": lambda: (blend(several(RLNClassifier)), (X, CLASSES)),
}


def genes(estimator, **params):
    options = {"n_generations": 1, "population_size": 3, "cv": 2, "random_state": 0}
    return GeneticSelector(estimator, **options | params)


def blend(network):
    models = [("tree", DecisionTreeClassifier(max_depth=2)), ("network", network)]
    return BlendingClassifier(models, cv=2, random_state=0)


def fit(model, arguments):
    """Fit; joint estimators get the domains as the third argument."""
    if len(arguments) == 3:
        X, y, domain = arguments
        return model.fit(X, y, sample_domain=domain)
    return model.fit(*arguments)


def is_same(model, before):
    """True if the attributes are the objects that they were."""
    after = vars(model)
    return after.keys() == before.keys() and all(
        after[name] is before[name] for name in before
    )


def use(model, X):
    """Finite numbers that the model makes."""
    if isinstance(model, JointGenerator):
        return model.sample(5, random_state=0)[0]
    if isinstance(model, JointAutoencoder):
        return model.transform(X, sample_domain=DOMAINS[2])
    domain = {}
    if isinstance(model, (JointRegressor, JointClassifier)):
        domain = {"sample_domain": DOMAINS[2]}
    return np.asarray(model.predict(X, **domain), float)


@pytest.fixture(autouse=True)
def no_thread_is_left():
    """Threads end with the fit that they belong to."""
    before = set(threading.enumerate())
    yield
    assert wait_for(lambda: set(threading.enumerate()) <= before, 5)


# -- single fits -----------------------------------------------------------------------


@pytest.mark.parametrize("name", KEEP)
def test_interrupt_before_an_epoch_leaves_the_estimator_as_it_was(name, monkeypatch):
    """While the program is compiled."""
    model, arguments = KEEP[name]()
    before = dict(vars(model))
    compile_once = pressing(_chunks.compile_once, at=1)

    def compile_slowly(*args):
        compile_once(*args)
        time.sleep(0.5)  # no other network is faster than the interrupt

    monkeypatch.setattr(_chunks, "compile_once", compile_slowly)
    with pytest.raises(KeyboardInterrupt):
        fit(model, arguments)
    assert is_same(model, before)


@pytest.mark.parametrize("name", KEEP)
def test_interrupt_in_an_epoch_keeps_it(name, monkeypatch):
    """While the program runs, which ends its call."""
    model, arguments = KEEP[name]()
    draw_orders = pressing(_chunks.draw_orders, at=1)
    monkeypatch.setattr(_chunks, "draw_orders", draw_orders)
    monkeypatch.setattr(_chunks.Chunks, "_affordable", 1)
    with pytest.warns(ConvergenceWarning, match="interrupted by the user after"):
        fit(model, arguments)
    assert 1 <= model.n_iter_ < 10
    assert np.isfinite(use(model, arguments[0])).all()
    monkeypatch.undo()
    again = fit(KEEP[name]()[0], arguments)
    assert_equal_fits(fit(model, arguments), again, arguments[0])


def assert_equal_fits(first, second, X):
    """The interrupted estimator is fitted again as if nothing had been."""
    np.testing.assert_array_equal(use(first, X), use(second, X))


@pytest.mark.parametrize("step", ["held_out_rows", "combine"])
def test_interrupt_between_training_and_result_is_raised(step, monkeypatch):
    def interrupted(*args):
        press_ctrl_c()
        time.sleep(1)  # the signal arrives

    model = several(RLNRegressor).fit(X, Y)
    before = dict(vars(model))
    monkeypatch.setattr(_fit, step, interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.fit(2 * X, Y)
    assert is_same(model, before)


def test_interrupt_of_a_batch_leaves_the_networks_as_they_were(monkeypatch):
    model = several(RLNRegressor).partial_fit(X, Y)
    before = dict(vars(model))
    monkeypatch.setattr(_chunks, "draw_orders", pressing(_chunks.draw_orders, at=2))
    with pytest.raises(KeyboardInterrupt):
        model.partial_fit(X, Y)
    assert is_same(model, before)


# -- several fits ----------------------------------------------------------------------


@pytest.mark.parametrize("at", [1, 3])
@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize("name", RAISE)
def test_interrupt_of_a_part_leaves_the_estimator_as_it_was(
    name, fitted, at, monkeypatch
):
    model, arguments = RAISE[name]()
    if fitted:
        model.fit(*arguments)
    before = dict(vars(model))
    monkeypatch.setattr(_chunks, "draw_orders", pressing(_chunks.draw_orders, at))
    monkeypatch.setattr(_chunks.Chunks, "_affordable", 1)
    with pytest.raises(KeyboardInterrupt):
        model.fit(*arguments)
    assert is_same(model, before)


def test_interrupt_of_the_fit_on_all_rows_keeps_its_epochs(monkeypatch):
    model = search(RLNRegressorCV)
    original = RLNRegressorCV._run_fit

    def run_fit(self, parameters, arguments, engine):
        run = engine.run

        def pressed(jobs):
            draw_orders = pressing(_chunks.draw_orders, at=1)
            monkeypatch.setattr(_chunks, "draw_orders", draw_orders)
            return run(jobs)

        engine.run = pressed
        return original(self, parameters, arguments, engine)

    monkeypatch.setattr(RLNRegressorCV, "_run_fit", run_fit)
    with pytest.warns(
        ConvergenceWarning, match="interrupted by the user after 1 epoch"
    ):
        model.fit(X, Y)
    assert model.n_iter_ == 1
    assert model.theta_ in (-7.0, -6.0)


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_interrupt_of_a_cross_validation_is_raised(backend, monkeypatch):
    """The threads of joblib end their fits; its processes are ended."""
    model = small(RLNRegressor, max_iter=10 if backend == "threading" else 10**6)
    monkeypatch.setattr(_chunks, "draw_orders", pressing(_chunks.draw_orders, at=1))
    timer = threading.Timer(1.0, press_ctrl_c)
    if backend == "loky":
        timer.start()
    with parallel_config(backend=backend), pytest.raises(KeyboardInterrupt):
        cross_validate(model, X, Y, cv=2, n_jobs=2)


def test_interrupt_of_a_blend_ends_its_threads(monkeypatch):
    model = blend(small(RLNClassifier, max_iter=10**6)).set_params(n_jobs=2)
    before = dict(vars(model))
    monkeypatch.setattr(_chunks, "draw_orders", pressing(_chunks.draw_orders, at=1))
    with parallel_config(backend="threading"), pytest.raises(KeyboardInterrupt):
        model.fit(X, CLASSES)
    assert is_same(model, before)  # and no thread is left, says the fixture


def test_blend_in_threads_is_that_alone():
    model, arguments = RAISE["blend"]()
    expected = model.fit(*arguments).predict_proba(X)
    with parallel_config(backend="threading", n_jobs=2):
        again = model.fit(*arguments).predict_proba(X)
    np.testing.assert_array_equal(again, expected)


def test_interrupt_while_an_estimator_is_restored_acts_afterwards():
    class Pressing(dict):
        def clear(self):
            super().clear()
            press_ctrl_c()

    class Model:
        pass

    @restored_on_error(model := Model())
    def fail():
        model.fitted = 2
        raise ValueError("body")

    model.__dict__ = Pressing(fitted=1)
    with pytest.raises(KeyboardInterrupt):
        fail()
    assert model.fitted == 1


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_interrupt_of_an_estimator_of_the_user(backend, monkeypatch):
    """A model that knows nothing of interrupts ends what it is at, in threads."""
    model = genes(Slow(), n_jobs=2)
    before = dict(vars(model))
    timer = threading.Timer(1.0, press_ctrl_c)
    timer.start()
    with parallel_config(backend=backend), pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert is_same(model, before)
    assert not Slow.running


class Slow(Ridge):
    """Takes a moment; `running` has an entry for each fit of this process under way."""

    running: list = []  # noqa: RUF012 - shared on purpose

    def fit(self, X, y):
        self.running.append(None)
        time.sleep(0.5)
        self.running.pop()
        return super().fit(X, y)


def test_interrupt_of_steps_of_the_user_leaves_the_estimator_as_it_was():
    class Pressing(SGDRegressor):
        def partial_fit(self, X, y, sample_weight=None):
            press_ctrl_c()
            return super().partial_fit(X, y)

    model = PerTaskEarlyStopping(Pressing(), smoothing_window=1, random_state=0)
    before = dict(vars(model))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert is_same(model, before)


# -- threads ---------------------------------------------------------------------------


def test_fit_in_another_thread_is_not_interrupted(monkeypatch):
    expected = several(RLNRegressor).fit(X, Y)
    monkeypatch.setattr(_chunks, "draw_orders", pressing(_chunks.draw_orders, at=2))
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(several(RLNRegressor).fit, X, Y)
        with pytest.raises(KeyboardInterrupt):
            future.result(60)
    assert_same_fit(future.result(), expected)


def test_fits_and_predictions_at_the_same_time_are_those_alone():
    """Two fits, and eight predictions meanwhile."""
    shifted = 2 * X - 1
    alone = [several(RLNRegressor).fit(table, Y) for table in (X, shifted)]
    fitted = several(RLNClassifier).fit(X, CLASSES)
    tables = [X[k:] for k in range(8)]
    expected = [fitted.predict_proba(table) for table in tables]
    barrier = threading.Barrier(10, timeout=60)

    def run(function, *args):
        barrier.wait()
        for _ in range(3):
            result = function(*args)
        return result

    with ThreadPoolExecutor(10) as pool:
        fits = [
            pool.submit(run, several(RLNRegressor).fit, table, Y)
            for table in (X, shifted)
        ]
        predictions = [pool.submit(run, fitted.predict_proba, part) for part in tables]
    for future, model in zip(fits, alone, strict=True):
        assert_same_fit(future.result(), model)
    for future, values in zip(predictions, expected, strict=True):
        np.testing.assert_array_equal(future.result(), values)


def test_composite_fit_in_another_thread_is_that_alone():
    model, arguments = RAISE["genes"]()
    expected = model.fit(*arguments).support_
    again = in_thread(RAISE["genes"]()[0].fit, *arguments)
    np.testing.assert_array_equal(again.support_, expected)


def test_selection_of_threads_ends_with_the_first_error(monkeypatch):
    """Not an interrupt, but threads are not left alone either."""
    running, calls = [], []
    score = _cross_validated.CrossValidatedScore._score

    def failing(self, *args):
        calls.append(None)
        if len(calls) == 2:
            raise ValueError("no score")
        running.append(None)
        try:
            return score(self, *args)
        finally:
            running.pop()

    monkeypatch.setattr(_cross_validated.CrossValidatedScore, "_score", failing)
    with pytest.raises(ValueError, match="no score"):
        genes(small(RLNRegressor, max_iter=10**6), n_jobs=2).fit(X, Y)
    assert not running


# -- processes -------------------------------------------------------------------------


INTERRUPTED = "KeyboardInterrupt []"
#: Programs that run one after the other in a process, and what each of them leaves.
PROGRAMS = [
    {
        "genetic": INTERRUPTED,
        "workers": INTERRUPTED,
        "generator": "JointGenerator of 1 epoch or more []",
    },
    {"threads": INTERRUPTED},
]
#: Seconds from an interrupt to its effect, on a machine that is busy.
SOON = 20


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal of POSIX")
@pytest.mark.parametrize("programs", PROGRAMS, ids="-".join)
def test_process_that_is_interrupted_ends(programs):
    """Soon, in order, and with all that it started; Ctrl-C reaches its workers, too."""
    command = [sys.executable, "-m", "tests.faults._programs", *programs]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(
        command, cwd=ROOT, start_new_session=True, **pipes
    ) as process:
        try:
            for name, left in programs.items():
                begin = interrupt_program(process, name)
                line = read_other(process, f"READY {name}")
                if line != f"OUT {name} {left}":
                    pytest.fail(line + "".join(process.communicate(timeout=60)))
                assert time.monotonic() - begin < SOON
            out, error = process.communicate(timeout=60)
            assert set(out.splitlines()) <= {f"READY {name}"}, error
            assert process.returncode == 0, error
            assert time.monotonic() - begin < SOON
            assert wait_for(lambda: not has_members(process.pid))
        finally:
            if has_members(process.pid):
                os.killpg(process.pid, signal.SIGKILL)


def interrupt_program(process, name):
    """Interrupt a program when it is ready; return the time."""
    line = process.stdout.readline()
    if line != f"READY {name}\n":
        pytest.fail(line + "".join(process.communicate(timeout=60)))
    time.sleep(0.3)  # its other worker is under way, too
    os.killpg(process.pid, signal.SIGINT)
    return time.monotonic()


def read_other(process, expected):
    """Next line that is not the expected one."""
    for line in process.stdout:
        if line.strip() != expected:
            return line.strip()
    return ""


def has_members(group):
    """True if a process of the group lives."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True

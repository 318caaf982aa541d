# SPDX-License-Identifier: BSD-3-Clause
"""Tests of ``device="all"`` in a process with two devices, which ``test_devices.py`` starts.

Without a GPU::

    XLA_FLAGS=--xla_force_host_platform_device_count=2 pytest -n 0 tests/_two_devices.py
"""

import os
import pickle
import re
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

import skrln
from skrln import RLNMultiTask, RLNRegressorCV
from skrln._ensemble import _jobs, _workers
from skrln._kernels import _padding, _run, list_devices
from skrln._kernels.joint import _adversarial_run
from skrln._kernels.joint import _run as _joint_run
from skrln.joint import JointGenerator
from skrln.multitask import PerTaskEarlyStopping
from tests.benchmarks._measure import compiled_programs
from tests.faults.test_checkpoints import Killer, every_epoch
from tests.joint import _domains
from tests.multitask._models import make_network, make_outputs
from tests.networks import _tables
from tests.networks._tables import arrays, classifier, regressor

X, Y = _tables.make_table()
TASKS = np.where(np.arange(80).reshape(40, 2) % 7 == 0, np.nan, np.c_[Y, Y**2])
BATCHES = {"batch_size": 16, "dtype": "float64"}
HELD_OUT = {"early_stopping": True, "validation_fraction": 0.25}
GRID = {"thetas": (-8, -6), "cv": 2}

#: A network with each thing that reads rows, and its table.
NETWORKS = {
    "batches": (regressor(**BATCHES), X, Y),
    "one batch": (regressor(), X, Y),
    "statistics": (regressor(batch_norm="after", dropout=0.2, **BATCHES), X, Y),
    "plateaus": (regressor(learning_rate="performance", **HELD_OUT, **BATCHES), X, Y),
    "sparsest": (classifier(**HELD_OUT | {"early_stopping": "sparsest"}), X, Y > 3),
    "pieces": (regressor(numeric_embedding="piecewise", **BATCHES), X, Y),
    "sparse": (regressor(**BATCHES), sparse.csr_matrix(np.where(X > 0, X, 0)), Y),
    "tasks": (_tables.small(RLNMultiTask, **BATCHES), X, TASKS),
}


def on_all(model):
    return pickle.loads(pickle.dumps(model)).set_params(device="all")


def assert_close(first, second):
    for a, b in zip(first, second, strict=True):
        assert_allclose(a, b, rtol=1e-6, atol=1e-9)


@pytest.fixture
def compiled(monkeypatch):
    """Returns the text of the last program that has trained."""
    texts = []

    def watch(module, name):
        program = getattr(module, name)

        def call(*args, **static):
            texts.append(lambda: program._jitted.lower(*args, **static).compile())
            return program(*args, **static)

        monkeypatch.setattr(module, name, call)

    watch(_run, "train_epochs")
    watch(_joint_run, "train_joint_epochs")
    watch(_adversarial_run, "train_adversarial_epochs")

    def last():
        with jax.enable_x64(True):
            return texts[-1]().as_text()

    return last


@pytest.fixture
def places(monkeypatch):
    """Device of each network of an ensemble or a search."""
    devices = []
    train = _jobs.train_network

    def train_network(*args):
        devices.append(args[-1])
        return train(*args)

    monkeypatch.setattr(_jobs, "train_network", train_network)
    return devices


def test_names():
    assert list_devices() == ["cpu:0", "cpu:1"]


# -- one network ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
def test_devices_share_each_batch(monkeypatch, name):
    monkeypatch.setattr(_padding, "EXPANDED_CELLS", 0)  # pieces are made on the device
    model, table, y = NETWORKS[name]
    alone = on_all(model).set_params(device=None).fit(table, y)
    shared = on_all(model).fit(table, y)
    assert_close(arrays(shared), arrays(alone))
    assert_close([shared.predict(table)], [alone.predict(table)])
    assert shared.n_iter_ == alone.n_iter_
    assert all(type(array) is np.ndarray for array in arrays(shared))


def test_parts_of_a_batch(compiled):
    """Each device takes half of the rows out of the table, and sums are added up."""
    regressor(device="all", **BATCHES).fit(X, Y)
    text = compiled()  # the capacity of a batch is 32 rows
    assert re.search(r"f64\[16,4\]\S* gather\(|f64\[16,1,4\]\S* gather\(", text)
    assert not re.search(r"f64\[32,(1,)?[45]\]", text)
    assert "all-reduce" in text


def test_one_compilation():
    """The state that comes out is placed as the one that goes in."""
    model = regressor(hidden_layer_sizes=(6,), device="all", **BATCHES)
    with compiled_programs() as programs:
        model.fit(X, Y)
        assert "train_epochs" in " ".join(programs)
        n_programs = len(programs)
        model.set_params(max_iter=50).fit(X, Y)  # several calls of the program
    assert len(programs) == n_programs


def test_fits_in_threads():
    """Programs of several devices wait for each other, unless they run in turn."""
    models = [regressor(device="all", random_state=k, **BATCHES) for k in range(6)]
    alone = [arrays(on_all(model).fit(X, Y)) for model in models]
    with ThreadPoolExecutor(6) as pool:
        fits = [pool.submit(model.fit, X, Y) for model in models]
        together = [arrays(fit.result(timeout=120)) for fit in fits]
    for first, second in zip(together, alone, strict=True):
        for a, b in zip(first, second, strict=True):
            assert_array_equal(a, b)


def test_killed_fit_goes_on(monkeypatch, tmp_path):
    killer = Killer(monkeypatch, tmp_path / "fit")
    model = regressor(device="all", checkpoint=every_epoch(killer.path), **BATCHES)
    whole = on_all(model).set_params(checkpoint=None).fit(X, Y)
    n_writes, n_epochs = killer.run(lambda: on_all(model).fit(X, Y))
    killer.run(lambda: on_all(model).fit(X, Y), last=n_writes // 2)
    _, n_left = killer.run(lambda: model.fit(X, Y))
    assert 0 < n_left < n_epochs
    _tables.assert_same_fit(model, whole)


def test_checkpoint_does_not_depend_on_the_devices(monkeypatch, tmp_path):
    killer = Killer(monkeypatch, tmp_path / "fit")
    model = regressor(device="all", checkpoint=every_epoch(killer.path), **BATCHES)
    n_writes, n_epochs = killer.run(lambda: on_all(model).fit(X, Y))
    killer.run(lambda: on_all(model).fit(X, Y), last=n_writes // 2)
    monkeypatch.setattr(_run, "count_devices", lambda device: 1)
    _, n_left = killer.run(lambda: model.fit(X, Y))
    assert 0 < n_left < n_epochs
    assert_close(arrays(model), arrays(regressor(**BATCHES).fit(X, Y)))


def test_records_of_epochs():
    table = make_outputs()
    alone, shared = (
        PerTaskEarlyStopping(
            make_network(device=device, dtype="float64"), random_state=0
        ).fit(*table)
        for device in (None, "all")
    )
    assert_close([shared.predict(table[0])], [alone.predict(table[0])])


def test_online():
    models = [regressor(device=device, **BATCHES) for device in (None, "all")]
    for model in models:
        for rows in np.split(np.arange(40), 2):
            model.partial_fit(X[rows], Y[rows])
    assert_close(*map(arrays, models))


# -- several networks ------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, HELD_OUT], ids=["all rows", "folds"])
def test_members_are_dealt(places, options):
    model = regressor(n_estimators=5, **options, **BATCHES)
    alone = on_all(model).set_params(device="cpu:1").fit(X, Y)
    places.clear()
    model = on_all(model).fit(X, Y)
    assert sorted(set(places)) == ["cpu:0", "cpu:1"]
    _tables.assert_same_fit(model, alone)
    assert_array_equal(model.predict(X), alone.predict(X))
    members = model._fitted.members
    assert {member.settings.device for member in members} == {"all"}


def test_fits_of_a_search_are_dealt(places):
    params = regressor(**HELD_OUT, **BATCHES).get_params(deep=False)
    del params["theta"], params["warm_start"]
    alone, dealt = (
        RLNRegressorCV(**params | GRID | {"device": device}) for device in (None, "all")
    )
    alone.fit(X, Y)
    places.clear()
    dealt.fit(X, Y)
    *fits, last = places
    assert (sorted(set(fits)), last) == (["cpu:0", "cpu:1"], "all")
    name = "mean_test_score"
    assert_array_equal(dealt.cv_results_[name], alone.cv_results_[name])
    assert_close(arrays(dealt), arrays(alone))


def test_workers_deal_over_their_devices():
    parcel = _workers._pack(name_device, ["a", "b", "c"], "all", None)
    answers = [_workers.run_job(parcel, "token", k) for k in range(3)]
    assert answers == [(0, "cpu:0"), (1, "cpu:1"), (2, "cpu:0")]


def name_device(job, device):
    return device


# -- programs on disk --------------------------------------------------------------------------


@pytest.fixture
def unshared():
    """The cache of JAX, which all tests share, takes no program: see `keep`."""
    name = "jax_persistent_cache_min_compile_time_secs"
    before = getattr(jax.config, name)
    jax.config.update(name, 1e9)
    yield
    jax.config.update(name, before)


def test_programs_on_disk(tmp_path, unshared):
    """Those of several devices are compiled in each process; those of one device are kept."""
    folder = skrln.cache_programs(tmp_path / "programs")
    try:
        skrln.clear_caches()
        regressor(hidden_layer_sizes=(9,), device="all", **BATCHES).fit(X, Y)
        assert os.listdir(folder) == []
        model = regressor(
            hidden_layer_sizes=(9,), n_estimators=2, device="all", **BATCHES
        )
        first = on_all(model).fit(X, Y)
        n_files = len(os.listdir(folder))
        assert n_files >= 2  # a program for each device
        skrln.clear_caches()
        _tables.assert_same_fit(on_all(model).fit(X, Y), first)
        assert len(os.listdir(folder)) == n_files
    finally:
        skrln.cache_programs(False)


# -- joint fits --------------------------------------------------------------------------------


def test_domains(compiled):
    X, y, domain = _domains.make_table()
    options = {"coupling": "finetune", "early_stopping": True, **BATCHES}
    models = [
        _domains.regressor(device=device, **options).fit(X, y, sample_domain=domain)
        for device in (None, "all")
    ]
    assert_close(*map(_domains.arrays, models))
    assert "all-reduce" in compiled()


def test_generator(compiled, monkeypatch):
    X, _, domain = _domains.make_table()
    params = {"hidden_layer_sizes": (5,), "max_iter": 4, "random_state": 0}

    def samples(device):
        model = JointGenerator(3, device=device, dtype="float64", **params)
        model.fit(X, sample_domain=domain)
        return model.sample(20, random_state=0)[0]

    alone = samples(None)
    assert_close([samples("all")], [alone])
    assert "all-reduce" in compiled()
    # Its batches are not padded to a multiple of three.
    monkeypatch.setattr(_adversarial_run, "count_devices", lambda device: 3)
    assert_array_equal(samples("all"), alone)

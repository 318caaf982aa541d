# SPDX-License-Identifier: BSD-3-Clause
"""Compiled programs that are kept on disk."""

import inspect
import os
import pickle
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import skrln
from skrln._kernels import _executables, _programs
from skrln._kernels._store import ProgramStore

N = 3


def scale(values, *, factor):
    return {"scaled": values * factor, "sum": jnp.sum(values)}


MIN_SECONDS = "jax_persistent_cache_min_compile_time_secs"


@pytest.fixture
def unshared():
    """The cache of JAX, which all tests share, takes no program: see `keep`."""
    before = getattr(jax.config, MIN_SECONDS)
    jax.config.update(MIN_SECONDS, 1e9)
    yield
    jax.config.update(MIN_SECONDS, before)


@pytest.fixture
def folder(tmp_path, monkeypatch, unshared):
    """The cache is on, in a folder of its own; no other program is known."""
    monkeypatch.setattr(_programs, "_jitted", [])
    monkeypatch.setattr(_programs, "_store", None)
    return Path(skrln.cache_programs(tmp_path / "programs"))


@pytest.fixture
def program(folder):
    return _programs.compiled("factor")(scale)


@pytest.fixture
def made(monkeypatch):
    """Names of the programs that were not in the folder."""
    names = []
    keep = _executables.keep

    def note(store, name, *args):
        names.append(name)
        return keep(store, name, *args)

    monkeypatch.setattr(_executables, "keep", note)
    return names


def call(program, n=N, factor=2):
    result = program(jnp.arange(float(n)), factor=factor)
    np.testing.assert_array_equal(result["scaled"], factor * np.arange(n))
    return result


def files(folder):
    return sorted(folder.glob("*.program"))


def restart(program):
    """Forget what is in memory, as a new process does."""
    program.clear_cache()


def test_program_is_compiled_once_for_all_processes(program, folder, made):
    call(program)
    assert len(made) == 1
    restart(program)
    call(program)
    call(program)
    assert len(made) == 1
    assert len(files(folder)) == 1


def test_programs_of_other_signatures(program, folder):
    call(program)
    call(program, n=N + 1)
    call(program, factor=3)
    with jax.enable_x64(True):
        call(program)
    with jax.default_matmul_precision("highest"):
        call(program)
    assert len(files(folder)) == 5


@pytest.mark.parametrize("changed", ["_versions", "_processor", "_digest_kernels"])
def test_programs_of_other_versions_are_not_used(program, folder, monkeypatch, changed):
    call(program)
    restart(program)
    _executables._versions.cache_clear()
    monkeypatch.setattr(_executables, changed, lambda: "another")
    call(program)
    assert len(files(folder)) == 2
    monkeypatch.undo()
    getattr(_executables._versions, "cache_clear", lambda: None)()


def test_variables_of_the_compiler_are_part_of_the_name(program, monkeypatch):
    signature = _executables.sign("scale", (jnp.zeros(N),), {"factor": 2})
    name = _executables.name_of(signature)
    monkeypatch.setenv("XLA_FLAGS", "--another=1")
    assert _executables.name_of(signature) != name


@pytest.mark.parametrize("damage", ["cut", "no program", "no pickle"])
def test_damaged_program_is_replaced(program, folder, made, damage):
    call(program)
    restart(program)
    (file,) = files(folder)
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-1])
    else:
        store = ProgramStore(str(folder), 1000)
        body = pickle.dumps((b"", None)) if damage == "no program" else b"text"
        store.write(file.stem, body)
    with pytest.warns(RuntimeWarning, match=rf"{file.name}.*compiled again"):
        call(program)
    restart(program)
    call(program)
    assert made == [file.stem] * 2


def test_folder_that_became_unsafe(program, folder):
    if os.name != "posix":
        pytest.skip("modes are those of POSIX")
    call(program)
    restart(program)
    folder.chmod(0o777)
    with pytest.raises(ValueError, match=r"programs.*777.*chmod 700"):
        call(program)


def test_folder_that_was_deleted_is_made_again(program, folder):
    call(program)
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    restart(program)
    call(program)
    assert len(files(folder)) == 1


def test_program_larger_than_the_bound(program, folder):
    skrln.cache_programs(folder, max_bytes=1000)
    with pytest.warns(RuntimeWarning, match="more than max_bytes=1000"):
        call(program)
    assert files(folder) == []


def test_full_disk_ends_no_fit(program, folder, monkeypatch):
    def fail(*args):
        raise OSError("no space left")

    monkeypatch.setattr(ProgramStore, "write", fail)
    with pytest.warns(RuntimeWarning, match=r"could not be written.*no space left"):
        call(program)


@pytest.mark.parametrize("has_cache_of_jax", [True, False])
def test_program_that_cannot_be_written(
    program, folder, monkeypatch, recwarn, has_cache_of_jax
):
    """XLA on a CPU writes nothing useful of a program from the cache of JAX."""

    def fail(compiled):
        raise ValueError("function not found")

    monkeypatch.setattr(_executables, "_dump", fail)
    before = jax.config.jax_compilation_cache_dir
    jax.config.update(
        "jax_compilation_cache_dir", str(folder) if has_cache_of_jax else None
    )
    try:
        call(program)
    finally:
        jax.config.update("jax_compilation_cache_dir", before)
    assert len(recwarn) == (not has_cache_of_jax)
    assert files(folder) == []


def test_switched_off(program, folder, made):
    assert skrln.cache_programs(False) is None
    call(program)
    assert files(folder) == []
    skrln.cache_programs(folder)
    call(program)
    assert len(files(folder)) == 1
    skrln.cache_programs(False)
    call(program)  # still in memory
    call(program, n=N + 1)
    assert len(made) == 1
    assert len(files(folder)) == 1


@pytest.mark.parametrize("arguments", ["none", "two devices"])
def test_calls_without_a_device_of_their_own(program, folder, monkeypatch, arguments):
    """What cannot be named is left to JAX."""
    if arguments == "none":
        result = program(np.arange(float(N)), factor=2)
        np.testing.assert_array_equal(result["scaled"], 2 * np.arange(N))
    else:
        monkeypatch.setattr(_executables, "sign", lambda *args: None)
        call(program)
    assert files(folder) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"folder": 3}, r"Got folder=3, but expected the path"),
        ({"folder": ""}, r"Got folder='', but expected the path"),
        ({"folder": True}, r"Got folder=True, but expected the path"),
        ({"max_bytes": 0}, r"Got max_bytes=0, but expected a whole number above 0"),
        ({"max_bytes": 1.5}, r"Got max_bytes=1.5, but"),
        ({"max_bytes": True}, r"Got max_bytes=True, but"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        skrln.cache_programs(**arguments)


def test_folder_of_the_user_is_the_default(folder, monkeypatch, tmp_path):
    monkeypatch.setattr(_programs, "user_folder", lambda: str(tmp_path / "default"))
    assert skrln.cache_programs() == str(tmp_path / "default")


def fit_small():
    X = np.random.default_rng(0).normal(size=(40, 3))
    model = skrln.RLNRegressor(
        hidden_layer_sizes=(4,), max_iter=3, n_estimators=1, random_state=0
    )
    coefs = model.fit(X, X[:, 0]).coefs_
    return np.concatenate([coef.ravel() for coef in coefs]).tobytes().hex()


FIT = f"""
import sys
import numpy as np
import skrln
skrln.cache_programs(sys.argv[1])
assert "jax" not in sys.modules
import jax
events = []
jax.monitoring.register_event_duration_secs_listener(
    lambda name, seconds, **kwargs: events.append(name))
{inspect.getsource(fit_small)}
weights = fit_small()
print(sum("backend_compile" in name for name in events), weights)
"""


def test_fit_in_a_new_process_compiles_nothing(tmp_path):
    """Weights are the same bits with and without the folder."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("JAX_COMPILATION_CACHE")
    }
    folder = str(tmp_path / "programs")

    command = [sys.executable, "-W", "error", "-c", FIT, folder]
    outputs = [
        subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True
        ).stdout.split()
        for _ in range(2)
    ]
    n_compiled = [int(output[0]) for output in outputs]
    assert n_compiled[0] > 0
    assert n_compiled[1] == 0
    assert {output[1] for output in outputs} == {fit_small()}

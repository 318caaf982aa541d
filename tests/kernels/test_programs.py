# SPDX-License-Identifier: BSD-3-Clause
"""Compiled programs: one for all numbers, and a bounded number of them."""

from dataclasses import replace
from types import SimpleNamespace

import jax
import pytest

from skrln._kernels import _programs, clear_caches

from ._problems import N_VALIDATION, assert_equal, fit, make_table, watched
from ._reference import Settings


def test_programs_kept_are_bounded(monkeypatch):
    programs, cleared = set(), []
    monkeypatch.setattr(_programs, "_programs", programs)
    monkeypatch.setattr(_programs, "MAX_PROGRAMS", 2)
    monkeypatch.setattr(
        _programs, "_free", lambda everything: cleared.append(programs.copy())
    )
    compiled = []
    for name in ("a", "b", "a", "b"):
        _programs.compile_once(name, lambda name=name: compiled.append(name))
    assert not cleared
    _programs.compile_once("c", lambda: compiled.append("c"))
    assert cleared == [{"a", "b"}]
    assert compiled == ["a", "b", "c"]


def test_caches_of_jax_are_cleared_after_many_programs(monkeypatch):
    """They keep a part of each program that is freed."""
    cleared = []
    monkeypatch.setattr(_programs, "_programs", set())
    monkeypatch.setattr(_programs, "_history", [])
    monkeypatch.setattr(_programs, "_jitted", [])
    monkeypatch.setattr(_programs, "MAX_PROGRAMS", 2)
    monkeypatch.setattr(_programs, "MAX_COMPILED", 5)
    monkeypatch.setattr(jax, "clear_caches", lambda: cleared.append(name))
    for name in "abcdefghijklm":
        _programs.compile_once(name, lambda: None)
    assert cleared == ["g", "m"]


def test_cleared_caches_compile_again(compilations):
    first = fit(Settings(), make_table())
    count = compilations().count("train_epochs")
    clear_caches()
    assert_equal(fit(Settings(), make_table()), first)
    assert compilations().count("train_epochs") == count + 1


def test_numbers_do_not_compile_again(compilations):
    fit(Settings(), make_table(), **watched())
    before = compilations()
    for change in (
        {"learning_rate": 0.02},
        {"theta": -7.0},
        {"reg_step": 0.0},
        {"max_epochs": 9},
        {"seed": 5},
        {"batch_size": 7},
    ):
        fit(
            replace(Settings(), **change),
            make_table(n_rows=21),
            patience=3,
            tol=1e-3,
            restore_best=True,
            **watched(N_VALIDATION + 1),
        )
    assert compilations() == before


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_cleared_caches_return_their_memory(monkeypatch, platform):
    """Freed, the memory of a hundred programs stayed with the C library."""
    trimmed = []
    library = SimpleNamespace(malloc_trim=trimmed.append)
    monkeypatch.setattr(_programs.sys, "platform", platform)
    monkeypatch.setattr(_programs.ctypes, "CDLL", lambda name: library)
    clear_caches()
    assert trimmed == ([0] if platform == "linux" else [])
    del library.malloc_trim  # musl has none
    clear_caches()

# SPDX-License-Identifier: BSD-3-Clause
"""What is available in memory, and the check of a fit before it encodes its table."""

import numpy as np
import pytest
from scipy import sparse

from skrln import JointRegressor, RLNRegressor
from skrln._table import _memory
from skrln._table._inputs import InputEncoder
from skrln._table._memory import available_bytes, check_memory, training_bytes

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
MEMINFO = "MemTotal: 9000 kB\nMemAvailable:    4000 kB\nSwapFree:  96 kB\n"


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Write files as the kernel of Linux has them."""
    monkeypatch.setattr(_memory, "PROC", tmp_path / "proc")
    monkeypatch.setattr(_memory, "GROUPS", tmp_path / "group")

    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return write


def group(limit, used, inactive=0):
    return {
        "memory.max": f"{limit}\n",
        "memory.current": f"{used}\n",
        "memory.stat": f"anon 5\ninactive_file {inactive}\n",
    }


def test_memory_of_the_system_and_its_swap(system):
    system({"proc/meminfo": MEMINFO})
    assert available_bytes() == 4096 << 10


@pytest.mark.parametrize("place", ["group", "group/user", "group/user/job"])
def test_control_groups_bound_it(system, place):
    files = {"proc/meminfo": MEMINFO, "proc/self/cgroup": "0::/user/job\n"}
    files |= {f"{place}/{k}": v for k, v in group(1 << 20, 3 << 18, 1 << 18).items()}
    files["group/user/job/memory.max"] = files.get("group/user/job/memory.max", "max\n")
    system(files)
    assert available_bytes() == (1 << 19) + (96 << 10)


def test_control_groups_of_the_first_version(system):
    system(
        {
            "proc/meminfo": MEMINFO,
            "proc/self/cgroup": "5:cpu,memory:/job\n4:devices:/\n",
            "group/memory/job/memory.limit_in_bytes": "3000",
            "group/memory/job/memory.usage_in_bytes": "1000",
            "group/memory/job/memory.stat": "total_inactive_file 500\n",
        }
    )
    assert available_bytes() == 2500 + (96 << 10)


def test_systems_without_these_files(system, monkeypatch):
    sizes = {"SC_PHYS_PAGES": 7, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(_memory.os, "sysconf", sizes.__getitem__)
    assert available_bytes() == 7 * 4096

    def unknown(name):
        raise ValueError

    monkeypatch.setattr(_memory.os, "sysconf", unknown)
    assert available_bytes() is None
    check_memory(1 << 80, (1, 1), [])  # nobody knows: no check


def test_clear_cases_only(monkeypatch):
    monkeypatch.setattr(_memory, "available_bytes", lambda: 3 * 10**9)
    check_memory(3 * 10**9, (1, 1), [])
    expected = (
        r"Got 9,000,000 rows with at least 50 inputs, which need 3\.6 GB or more "
        r".*, but 3\.0 GB of memory are available\. Use fewer rows or columns, a sparse X,"
    )
    with pytest.raises(MemoryError, match=expected):
        check_memory(3_600_000_000, (9_000_000, 50), ["a sparse X"])


def test_bytes_of_whole_numbers_of_any_size():
    assert training_bytes(10**12, 10**9, 4) == 8 * 10**21
    assert training_bytes(10, 3, 8) == 480


def small(**changes):
    parameters = {"theta": -7, "n_estimators": 1, "max_iter": 2, "random_state": 0}
    return RLNRegressor((3,), numeric_embedding=None, **parameters | changes)


@pytest.mark.parametrize("changes", [{}, {"n_estimators": 3}])
def test_a_fit_says_so_before_it_encodes(monkeypatch, changes):
    """Before even the encoder is fitted, which copies the table as well."""
    monkeypatch.setattr(_memory, "available_bytes", lambda: 3000)
    monkeypatch.setattr(InputEncoder, "fit", None)
    model = small(**changes)
    with pytest.raises(MemoryError, match="Got 60 rows with at least 4 inputs"):
        model.fit(X, X[:, 0])
    assert not hasattr(model, "_fitted")


def test_the_way_out_names_the_precision(monkeypatch):
    monkeypatch.setattr(_memory, "available_bytes", lambda: 3000)
    with pytest.raises(MemoryError, match=r"a sparse X, dtype='float32', or"):
        small(dtype="float64").fit(X, X[:, 0])
    monkeypatch.setattr(_memory, "available_bytes", lambda: 3840)
    assert np.isfinite(small(dtype="float64").fit(X, X[:, 0]).predict(X)).all()


def test_sparse_tables_stay_small(monkeypatch):
    monkeypatch.setattr(_memory, "available_bytes", lambda: 100)
    model = small().fit(sparse.csr_matrix(np.maximum(X, 0)), X[:, 0])
    assert np.isfinite(model.predict(X)).all()


def test_joint_fits_check_too(monkeypatch):
    monkeypatch.setattr(_memory, "available_bytes", lambda: 1000)
    model = JointRegressor(hidden_layer_sizes=(3,), max_iter=2)
    with pytest.raises(MemoryError, match="Got 60 rows with at least 4 inputs"):
        model.fit(X, X[:, 0], sample_domain=np.arange(60) % 2)

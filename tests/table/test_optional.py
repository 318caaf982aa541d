# SPDX-License-Identifier: BSD-3-Clause
"""Errors of packages that are not installed say how to install them."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import skrln
from skrln import JointGenerator
from skrln._table._columns import check_dimensions
from skrln._table._optional import COMMANDS, load_optional
from skrln.datasets import make_domains
from tests.networks._tables import make_table, regressor

SOURCE = Path(skrln.__file__).parent
#: Imports that follow a successful import of the same package, by folder or file.
AFTER_ANOTHER = {
    "inspection": "matplotlib",  # of artists, after `get_axes`
    "networks/_progress.py": "rich",  # of bars, after the console
    "_ensemble/_workers.py": "dask",  # by a client of dask
}
#: scikit-learn requires joblib.
REQUIRED = {"jax", "joblib", "numpy", "optax", "scipy", "sklearn", "skrln"}
PLATFORMS = {"fcntl", "msvcrt"}  # of the standard library


@pytest.mark.parametrize("package", COMMANDS)
def test_error_has_the_command(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    command = re.escape(f"`{COMMANDS[package]}`")
    with pytest.raises(ImportError, match=f"^This requires {package}.*{command}") as e:
        load_optional(package, "This")
    assert e.value.name == package


def test_installed_package_is_returned():
    assert load_optional("rich.console", "This") is sys.modules["rich.console"]


def test_extras_of_the_commands_have_the_packages():
    project = tomllib.loads((SOURCE.parent / "pyproject.toml").read_text())["project"]
    for package, command in COMMANDS.items():
        extra = re.search(r"\[(\w+)\]", command)
        group = (
            project["optional-dependencies"][extra.group(1)]
            if extra
            else project["dependencies"]
        )
        assert any(re.match(rf"{package}\b", line) for line in group), package


def imports_of(path):
    """Packages that a module imports, outside of blocks for type checkers."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


def test_every_optional_import_is_guarded():
    """A new import of an optional package goes through `load_optional`."""
    for path in SOURCE.rglob("*.py"):
        place = path.relative_to(SOURCE).as_posix()
        admitted = {
            package for key, package in AFTER_ANOTHER.items() if place.startswith(key)
        }
        others = set(imports_of(path)) - REQUIRED - PLATFORMS - admitted
        assert others <= set(sys.stdlib_module_names), f"{place} imports {others}"


# -- the users of optional packages --------------------------------------------------------


def test_progress_without_rich(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "rich"]:
        monkeypatch.setitem(sys.modules, name, None)
    X, y = make_table()
    with pytest.raises(ImportError, match=r"verbose=True requires rich.*`pip install"):
        regressor(verbose=True).fit(X, y)
    assert np.isfinite(regressor().fit(X, y).predict(X)).all()


def test_table_of_pyarrow_without_pandas(monkeypatch):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is an extra")
    table = pyarrow.table({"a": [1.0, 2.0]})
    monkeypatch.setitem(sys.modules, "pandas", None)
    message = r'X of type Table requires pandas.*`pip install "skrln\[examples\]"`'
    with pytest.raises(ImportError, match=message):
        check_dimensions(table)


class WithoutPandas:
    """Finder of modules that finds no pandas."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] == "pandas":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_samples_in_the_form_of_a_frame_without_pandas(monkeypatch):
    pandas = pytest.importorskip("pandas", reason="pandas is an extra")
    X, _, domain = make_domains(16, 3, 2, 4, random_state=0)
    model = JointGenerator(2, hidden_layer_sizes=(4,), max_iter=2, random_state=0)
    model.fit(pandas.DataFrame(X), sample_domain=domain)
    # Not None in sys.modules, which scikit-learn takes for pandas.
    for name in [name for name in sys.modules if name.partition(".")[0] == "pandas"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [WithoutPandas, *sys.meta_path])
    with pytest.raises(ImportError, match="was fitted to a data frame requires pandas"):
        model.sample(3)

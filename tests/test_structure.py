# SPDX-License-Identifier: BSD-3-Clause
"""Rules of the structure that no tool checks, read from the source without importing it."""

import ast
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parents[1] / "skrln"
#: Rooms from the lowest to the highest; rooms of one row do not import each other.
LAYERS = (
    {"_interrupts", "_typing"},
    {"_kernels", "options", "_checkpoints"},
    {"_table", "datasets", "presets", "_show_versions"},
    {"_network"},
    {"_ensemble"},
    {"networks", "stacking"},
    {"multitask", "joint", "pruning", "feature_selection"},
    {"inspection", "onnx"},
)
#: Rooms whose functions take values, never an estimator.
BELOW_ESTIMATORS = ("_kernels", "_checkpoints", "_table", "_network", "_ensemble")
MOST_FUNCTION_LINES = 60
MOST_MODULE_LINES = 400
MOST_PARAMETERS = 8
#: Arrays travel through compiled programs one by one.
MOST_KERNEL_PARAMETERS = 12
MOST_VARS = 5

#: Public functions whose parameters are all numbers that describe the data to draw.
GENERATORS = {"datasets/_domains.py:make_domains"}
#: Modules whose length is the documentation of parameters and attributes.
DOCUMENTATION = {
    "feature_selection/_error_rate_selector.py",
    "feature_selection/_genetic_selector.py",
    "joint/_autoencoder.py",
    "joint/_classifier.py",
    "joint/_generator.py",
    "joint/_regressor.py",
    "multitask/_early_stopping.py",
    "networks/_classifier.py",
    "networks/_classifier_cv.py",
    "networks/_multi_task.py",
    "networks/_regressor.py",
    "networks/_regressor_cv.py",
    "options.py",
    "pruning/_pruner.py",
}


class Module(NamedTuple):
    """A source file."""

    name: str  #: path inside the package
    room: str  #: package or module directly inside skrln
    tree: ast.Module
    n_lines: int


class Function(NamedTuple):
    """A function or method, with the module that it is in."""

    name: str  #: path of the module and qualified name
    module: Module
    node: ast.FunctionDef


def read_modules():
    """Read all modules of the package, except its `__init__`."""
    modules = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE)
        if name == Path("__init__.py"):
            continue
        text = path.read_text()
        n_lines = len(text.splitlines())
        room = name.parts[0].removesuffix(".py")
        modules.append(Module(name.as_posix(), room, ast.parse(text), n_lines))
    return modules


def walk_functions(module, node=None, prefix=()):
    """Yield all functions of a module, nested ones and methods too."""
    for child in ast.iter_child_nodes(node or module.tree):
        inner = prefix
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = (*prefix, child.name)
            if not isinstance(child, ast.ClassDef):
                yield Function(f"{module.name}:{'.'.join(inner)}", module, child)
        yield from walk_functions(module, child, inner)


MODULES = read_modules()
FUNCTIONS = [function for module in MODULES for function in walk_functions(module)]


def count_docstring_lines(node):
    """Lines of the docstring of a module, class or function."""
    if ast.get_docstring(node) is None:
        return 0
    return node.body[0].end_lineno - node.body[0].lineno + 1


def count_lines(function):
    """Lines of a function without its decorators and its docstring."""
    node = function.node
    return node.end_lineno - node.lineno + 1 - count_docstring_lines(node)


def parameters_of(function):
    """Names of the parameters of a function, except self and cls."""
    arguments = function.node.args
    listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    listed += [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
    return [one.arg for one in listed if one.arg not in ("self", "cls")]


def most_parameters(function):
    """Number of parameters that a function may have."""
    in_kernels = function.module.room == "_kernels"
    return MOST_KERNEL_PARAMETERS if in_kernels else MOST_PARAMETERS


def is_constructor(function):
    return function.node.name == "__init__"


def imported_rooms(module):
    """Yield line and room of every import of skrln, inside functions too."""
    package = ("skrln", *Path(module.name).parent.parts)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            targets = [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            start += tuple(node.module.split(".")) if node.module else ()
            targets = [(*start, alias.name) for alias in node.names]
        else:
            continue
        for target in targets:
            if target[0] == "skrln":
                yield node.lineno, target[1] if len(target) > 1 else "skrln"


def test_all_rooms_have_a_layer():
    placed = [room for layer in LAYERS for room in layer]
    assert len(placed) == len(set(placed))
    assert {module.room for module in MODULES} == set(placed)


@pytest.mark.parametrize("room", [room for layer in LAYERS for room in sorted(layer)])
def test_imports_go_down(room):
    level = next(k for k, layer in enumerate(LAYERS) if room in layer)
    admitted = {room}.union(*LAYERS[:level])
    wrong = [
        f"{module.name}:{line} imports {target}"
        for module in MODULES
        if module.room == room
        for line, target in imported_rooms(module)
        if target not in admitted
    ]
    assert not wrong


def test_relative_imports_are_resolved():
    inside = ast.parse("from . import a\nfrom ..b import c\nimport skrln.d.e\nimport f")
    module = Module("room/_module.py", "room", inside, 4)
    assert [room for _, room in imported_rooms(module)] == ["room", "b", "d"]


def test_no_estimator_below_the_estimators():
    takers = {
        function.name
        for function in FUNCTIONS
        if function.module.room in BELOW_ESTIMATORS
        and "estimator" in parameters_of(function)
    }
    assert not takers


def test_vars_is_rare():
    calls = [
        f"{module.name}:{node.lineno}"
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "vars"
    ]
    assert len(calls) <= MOST_VARS, calls


def test_functions_are_short():
    """Constructors list parameters; all other functions fit on a screen."""
    lengths = {
        function.name: count_lines(function)
        for function in FUNCTIONS
        if not is_constructor(function)
    }
    too_long = {name for name, n in lengths.items() if n > MOST_FUNCTION_LINES}
    assert not too_long, {name: lengths[name] for name in too_long}


def test_signatures_are_short():
    too_long = {
        function.name
        for function in FUNCTIONS
        if not is_constructor(function)
        and len(parameters_of(function)) > most_parameters(function)
    }
    assert too_long == GENERATORS


def test_modules_are_short():
    too_long = {module.name for module in MODULES if module.n_lines > MOST_MODULE_LINES}
    assert too_long == DOCUMENTATION


@pytest.mark.parametrize("name", sorted(DOCUMENTATION))
def test_long_modules_are_long_by_their_documentation(name):
    module = next(module for module in MODULES if module.name == name)
    documented = (
        ast.Module,
        ast.ClassDef,
        ast.FunctionDef,
        ast.AsyncFunctionDef,
    )
    n_docs = sum(
        count_docstring_lines(node)
        for node in ast.walk(module.tree)
        if isinstance(node, documented)
    )
    assert module.n_lines - n_docs <= MOST_MODULE_LINES

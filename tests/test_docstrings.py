# SPDX-License-Identifier: BSD-3-Clause
"""Docstrings describe exactly the parameters that there are, and open with a noun or a verb."""

import ast
import inspect
import re
from pathlib import Path

import pytest

import skrln
import skrln.datasets
import skrln.feature_selection
import skrln.inspection
import skrln.multitask
import skrln.onnx
from skrln import options

ROOT = Path(skrln.__file__).parent
QUESTION_WORDS = {"What", "Whether", "How", "Which", "Where", "Of"}
PACKAGES = (
    skrln,
    options,
    skrln.datasets,
    skrln.feature_selection,
    skrln.inspection,
    skrln.multitask,
    skrln.onnx,
)
PUBLIC = {
    name: getattr(package, name)
    for package in PACKAGES
    for name in package.__all__
    if callable(getattr(package, name))
}
NETWORKS = (
    skrln.RLNRegressor,
    skrln.RLNClassifier,
    skrln.RLNMultiTask,
    skrln.RLNRegressorCV,
    skrln.RLNClassifierCV,
)
#: Parameters whose text depends on the class: on its default score and its splits, its methods
#: that draw dropout masks, and the network that it searches.
OWN_TEXTS = {"cv", "dropout", "scoring", "thetas"}


@pytest.fixture(scope="module")
def docscrape():
    reason = "numpydoc comes with the extra docs, not with test"
    return pytest.importorskip("numpydoc.docscrape", reason=reason)


def functions_of(owner):
    """The public functions of a class with a docstring of this package, and their names."""
    for name, member in inspect.getmembers(owner, inspect.isroutine):
        is_ours = (getattr(member, "__module__", None) or "").startswith("skrln")
        if is_ours and not name.startswith("_"):
            yield f"{owner.__name__}.{name}", member


# Users do not call the constructors of results, which are tuples.
CLASSES = {
    name: value
    for name, value in PUBLIC.items()
    if inspect.isclass(value) and not issubclass(value, tuple)
}
FUNCTIONS = {
    name: value for name, value in PUBLIC.items() if not inspect.isclass(value)
}
FUNCTIONS |= {
    name: function
    for owner in CLASSES.values()
    for name, function in functions_of(owner)
}


def names_of(function):
    """Parameters of a function, with the stars of variable ones."""
    names = []
    for parameter in inspect.signature(function).parameters.values():
        stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}
        names.append(stars.get(parameter.kind, "") + parameter.name)
    return [name for name in names if name not in ("self", "cls")]


def described(sections):
    """Names of the parameters that are described; a row may have several."""
    rows = sections["Parameters"] + sections["Other Parameters"]
    return [name for row in rows for name in row.name.replace("\\", "").split(", ")]


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_classes_describe_their_parameters(docscrape, name):
    owner = CLASSES[name]
    sections = docscrape.NumpyDocString(inspect.getdoc(owner))
    assert described(sections) == names_of(owner.__init__)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_functions_describe_their_parameters(docscrape, name):
    function = FUNCTIONS[name]
    sections = docscrape.NumpyDocString(inspect.getdoc(function))
    assert described(sections) == names_of(function)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_defaults_are_those_of_the_signature(docscrape, name):
    owner = CLASSES[name]
    parameters = inspect.signature(owner.__init__).parameters
    for row in docscrape.NumpyDocString(inspect.getdoc(owner))["Parameters"]:
        match = re.search(r"default=(.*)$", row.type)
        if match is None:
            continue
        expected = eval(match[1], {})  # a literal, or a product such as 2**30
        for parameter in row.name.split(", "):
            assert parameters[parameter].default == expected, parameter


def test_networks_describe_a_shared_parameter_alike(docscrape):
    """A class may add sentences about its own case to the text of the others."""
    texts = {}
    for owner in NETWORKS:
        for row in docscrape.NumpyDocString(inspect.getdoc(owner))["Parameters"]:
            texts.setdefault(row.name, []).append(" ".join(row.desc))
    for name, versions in texts.items():
        if name not in OWN_TEXTS:
            shortest = min(versions, key=len)
            assert all(text.startswith(shortest) for text in versions), name


def first_words():
    """First word of every docstring, with the place that has it."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            text = ast.get_docstring(node) if isinstance(node, documented) else None
            if text:
                place = getattr(node, "name", "the module")
                yield re.match(r"\W*(\w*)", text)[1], f"{path.name}: {place}"


def test_no_docstring_opens_with_a_question_word():
    assert [place for word, place in first_words() if word in QUESTION_WORDS] == []

# SPDX-License-Identifier: BSD-3-Clause
"""Public names have annotations, and these agree with the rules of the parameters."""

import inspect
import types
import typing

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import StrOptions

import skrln
import skrln.datasets
import skrln.feature_selection
import skrln.inspection
import skrln.joint
import skrln.multitask
from skrln import options
from skrln._typing import SparseTable
from skrln.networks._params import OPTIONS

MODULES = (
    skrln,
    options,
    skrln.datasets,
    skrln.feature_selection,
    skrln.inspection,
    skrln.joint,
    skrln.multitask,
)
PUBLIC = {
    name: getattr(module, name)
    for module in MODULES
    for name in module.__all__
    if callable(getattr(module, name))
}
# The constructors of results, which are tuples, are Python's.
CLASSES = {
    name: public
    for name, public in PUBLIC.items()
    if inspect.isclass(public) and not issubclass(public, tuple)
}
ESTIMATORS = [c for c in CLASSES.values() if hasattr(c, "_parameter_constraints")]


def public_functions():
    """Yield the qualified name and the function of everything that users call."""
    for name, public in PUBLIC.items():
        if not inspect.isclass(public):
            yield name, public
    for name, public in CLASSES.items():
        for method, function in inspect.getmembers(public, inspect.isroutine):
            is_ours = (getattr(function, "__module__", "") or "").startswith("skrln")
            if is_ours and (not method.startswith("_") or method == "__init__"):
                yield f"{name}.{method}", inspect.unwrap(function)


@pytest.mark.parametrize(
    "function", [pytest.param(f, id=name) for name, f in public_functions()]
)
def test_public_functions_are_annotated(function):
    signature = inspect.signature(function)
    bare = [
        name
        for name, parameter in signature.parameters.items()
        if parameter.annotation is parameter.empty and name not in ("self", "cls")
    ]
    assert not bare
    if function.__name__ != "__init__":
        assert signature.return_annotation is not signature.empty


def strings_of(annotation):
    """Set of the strings of a Literal, alone or in a union; None if any string is admitted."""
    if typing.get_origin(annotation) is typing.Literal:
        return {value for value in typing.get_args(annotation) if value is not False}
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        members = [strings_of(member) for member in typing.get_args(annotation)]
        return None if None in members else set().union(*members)
    is_open = annotation in (str, typing.Any) or annotation == np.typing.ArrayLike
    return None if is_open else set()


def test_strings_of_annotations():
    assert strings_of(typing.Literal["a", "b"] | float | None) == {"a", "b"}
    assert strings_of(float) == set()
    assert strings_of(str | options.Solver) is None


def admitted_strings(rules):
    """Set of the strings that the rules of a parameter admit."""
    listed = [rule.options for rule in rules if isinstance(rule, StrOptions)]
    return set().union(*listed)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda c: c.__name__)
def test_annotations_admit_the_strings_of_the_rules(estimator):
    hints = typing.get_type_hints(estimator.__init__)
    rules = estimator._parameter_constraints
    assert set(hints) == set(rules)
    wrong = {
        name: (strings_of(hint), admitted_strings(rules[name]))
        for name, hint in hints.items()
        if rules[name] != "no_validation"
        and strings_of(hint) is not None
        and strings_of(hint) != admitted_strings(rules[name])
    }
    assert not wrong


@pytest.mark.parametrize("option", list(OPTIONS), ids=lambda c: c.__name__)
def test_annotations_of_options_admit_the_strings_of_the_rules(option):
    hints = typing.get_type_hints(option.__init__)
    rules = OPTIONS[option]
    wrong = {
        name: (strings_of(hints[name]), admitted_strings(rules[name]))
        for name in rules
        if strings_of(hints[name]) not in (None, admitted_strings(rules[name]))
    }
    assert not wrong


def admits_none(annotation):
    """Return True if None is of the type; annotations of displays are strings."""
    if isinstance(annotation, str):
        return "None" in annotation or annotation == "Any"
    return annotation is typing.Any or type(None) in typing.get_args(annotation)


@pytest.mark.parametrize("public", CLASSES.values(), ids=CLASSES)
def test_defaults_of_none_agree_with_the_annotations(public):
    parameters = inspect.signature(public.__init__).parameters.values()
    assert not [
        p.name
        for p in parameters
        if p.default is None and not admits_none(p.annotation)
    ]


def test_sparse_tables_have_the_method_of_their_type():
    required = [name for name in vars(SparseTable) if not name.startswith("_")]
    assert required == ["tocsr"]
    for kind in (sparse.csc_matrix, sparse.csr_array, sparse.coo_array):
        assert callable(kind((2, 2)).tocsr)


def test_all_estimators_are_compared():
    named = {c for c in CLASSES.values() if issubclass(c, BaseEstimator)}
    assert {c.__name__ for c in named - set(ESTIMATORS)} <= set(options.__all__)

# SPDX-License-Identifier: BSD-3-Clause
"""Start of a fit: layers that are kept, and starts that are refused."""

import numpy as np
import pandas as pd
import pytest

from skrln._network._specs import network_spec
from skrln._network._transfer import (
    FRESH,
    Origin,
    Start,
    check_same_columns,
    check_same_target,
    kernel_start,
)
from skrln._table._columns import read_columns
from skrln._table._labels import NumberLabels

from ._values import (
    CLASS_LABELS,
    CLASSES,
    NUMBERS,
    X,
    Y,
    draw_fitted,
    make_parameters,
    make_problem,
    settings_of,
)

DEEP = {"hidden_layer_sizes": (4, 5)}


def draw(labels=NUMBERS, y=Y, X=X, **changes):
    """Fitted network with these parameters."""
    parameters = make_parameters(labels, **changes)
    return draw_fitted(parameters, make_problem(parameters, X, y))


def begin(source, origin=Origin.PRETRAINED, labels=NUMBERS, y=Y, X=X, **changes):
    """Kernel start of a fit with these parameters."""
    parameters = make_parameters(labels, **changes)
    problem = make_problem(parameters, X, y)
    settings = settings_of(parameters, problem)
    spec = network_spec(settings, problem)
    start = source if isinstance(source, Start) else Start(origin, source)
    return kernel_start(start, settings, spec, problem.encoder)


def count_kept(start):
    """Number of layers that are not fresh; they lead."""
    is_kept = [layer is not None for layer in start.params]
    assert is_kept == sorted(is_kept, reverse=True)
    return sum(is_kept)


# -- layers that are kept --------------------------------------------------------------


def test_fresh_weights():
    assert begin(FRESH) is None


def test_last_fit_gives_all_layers():
    source = draw(**DEEP)
    start = begin(source, Origin.LAST_FIT, **DEEP)
    for k, layer in enumerate(start.params):
        np.testing.assert_array_equal(layer.weight, source.network.coefs[k])
        np.testing.assert_array_equal(layer.bias, source.network.intercepts[k])
        assert layer.gain is layer.shift is layer.log_variance is None
    assert start.state is None
    assert start.moments == (None, None)
    np.testing.assert_array_equal(start.coefficients[0], source.coefficients[0])
    assert start.coefficients[1:] == (None, None)  # layers without a penalty


@pytest.mark.parametrize(
    ("old", "new", "reuse_head", "n_kept"),
    [
        ((4,), (4,), False, 1),
        ((4,), (4,), True, 2),
        ((4, 5), (4, 5), False, 2),
        ((4, 5), (4, 5), True, 3),
        ((4, 5), (4, 6), False, 1),
        ((4, 5), (4, 5, 6), False, 2),
        ((4, 5), (4,), False, 1),
        # A last layer of the shape of a hidden one is a last layer all the same.
        ((4, 1), (4,), False, 1),
        ((4,), (4, 1), False, 1),
    ],
)
def test_number_of_kept_layers(old, new, reuse_head, n_kept):
    source = draw(hidden_layer_sizes=old)
    start = begin(source, hidden_layer_sizes=new, reuse_head=reuse_head)
    assert count_kept(start) == n_kept
    assert len(start.params) == len(start.coefficients) == len(new) + 1


def test_training_state_is_handed_on():
    state = [np.zeros(3)]
    start = begin(Start(Origin.LAST_FIT, draw(), state))
    assert start.state is state


def test_normalization_is_kept_with_its_layer():
    changes = DEEP | {"batch_norm": "after"}
    source = draw(**changes)
    start = begin(source, **changes | {"hidden_layer_sizes": (4, 6)})
    gain, shift, mean, variance = source.network.batch_norms[0]
    np.testing.assert_array_equal(start.params[0].gain, gain)
    np.testing.assert_array_equal(start.params[0].shift, shift)
    np.testing.assert_array_equal(start.moments[0].mean, mean)
    np.testing.assert_array_equal(start.moments[0].variance, variance)
    assert start.moments[1:] == (None,)


def test_plain_branch_is_kept():
    changes = {"plain_features": [1], "plain_layer_sizes": (5,)}
    source = draw(**changes)
    start = begin(source, **changes)
    [layer] = start.params[0].plain
    np.testing.assert_array_equal(layer.weight, source.network.plain[0][0])
    np.testing.assert_array_equal(layer.bias, source.network.plain[0][1])


def test_learned_task_weights_are_kept_with_the_last_layer():
    y = np.column_stack([Y, Y[::-1]])
    changes = {"y": y, "task_weight": "uncertainty"}
    source = draw(**changes)._replace(log_variance=np.array([0.5, -0.5]))
    start = begin(source, Origin.LAST_FIT, **changes)
    assert start.params[-1].log_variance is source.log_variance
    start = begin(source, Origin.LAST_FIT, y=y)
    assert start.params[-1].log_variance is None


# -- frozen layers ---------------------------------------------------------------------


def test_frozen_layers_are_kept_layers():
    assert count_kept(begin(draw(**DEEP), n_frozen_layers=2, **DEEP)) == 2
    message = r"Got n_frozen_layers=2 .* only the first 1 layer\(s\) are of the same"
    with pytest.raises(ValueError, match=message):
        begin(draw(**DEEP), n_frozen_layers=2, hidden_layer_sizes=(4, 6))


def test_last_layer_cannot_be_frozen():
    message = "Got n_frozen_layers=2, but the network has 2 layers, of which the last"
    with pytest.raises(ValueError, match=message):
        begin(draw(), n_frozen_layers=2)


def test_fresh_layers_cannot_be_frozen():
    with pytest.raises(
        ValueError, match="Got n_frozen_layers=1, but nothing to freeze"
    ):
        begin(FRESH, n_frozen_layers=1)


# -- starts that are refused -----------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ((5,), (4,), r"layers of \(3, 4, 1\) units, but pretrained has \(3, 5, 1\)"),
        ((), (), r"only the first 0 layer\(s\)"),
    ],
)
def test_no_layer_of_the_same_shape(old, new, message):
    with pytest.raises(ValueError, match=message):
        begin(draw(hidden_layer_sizes=old), hidden_layer_sizes=new)


def test_last_fit_of_another_size():
    message = r"Got hidden_layer_sizes=\(4,\), .* the fit to go on from has \(3, 5, 1\)"
    with pytest.raises(ValueError, match=message):
        begin(draw(hidden_layer_sizes=(5,)), Origin.LAST_FIT)


def test_head_of_another_size():
    source = draw(CLASS_LABELS, np.arange(24) % 3)
    message = r"Got reuse_head=True, but pretrained has layers of \(3, 4, 3\) units"
    with pytest.raises(ValueError, match=message):
        begin(source, labels=CLASS_LABELS, y=CLASSES, reuse_head=True)


PLAIN = {"plain_features": [1], "plain_layer_sizes": (5,)}


@pytest.mark.parametrize("origin", [Origin.PRETRAINED, Origin.LAST_FIT])
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ({"activation": "tanh"}, {}, "Got activation='relu', but {} activation='tanh'"),
        ({}, {"batch_norm": "after"}, "Got batch_norm='after', but {} batch_norm=None"),
        (
            {"numeric_embedding": "piecewise"},
            {},
            "Got numeric_embedding=None, but {} numeric_embedding='piecewise'",
        ),
        (PLAIN, {"plain_layer_sizes": (5,)}, r"columns=\[\], but {}.*columns=\[1\]"),
        (PLAIN, PLAIN | {"plain_layer_sizes": (6,)}, r"layer_sizes=\(6,\), but {}"),
    ],
)
def test_units_that_mean_something_else(origin, old, new, message):
    name = {
        Origin.PRETRAINED: "pretrained was fitted with",
        Origin.LAST_FIT: "the fit to go on from was fitted with",
    }
    with pytest.raises(ValueError, match=message.format(name[origin])):
        begin(draw(**old), origin, **new)


# -- columns and targets ---------------------------------------------------------------


def columns_of(table):
    return read_columns(table, "Model", "from_dtype")[1]


def test_same_columns():
    named = columns_of(pd.DataFrame(X, columns=["a", "b", "c"]))
    check_same_columns(named, named)
    check_same_columns(named, columns_of(X))  # an array has no names to compare
    check_same_columns(columns_of(X), named)
    with pytest.raises(ValueError, match=r"Got X with 2 features, .* fitted on 3"):
        check_same_columns(columns_of(X[:, :2]), named)
    other = columns_of(pd.DataFrame(X, columns=["a", "z", "b"]))
    with pytest.raises(ValueError, match=r"in the same place: \['z', 'b'\]"):
        check_same_columns(other, named)


def test_same_target():
    numbers, classes = draw(), draw(CLASS_LABELS, CLASSES)
    check_same_target(NUMBERS, numbers)
    check_same_target(CLASS_LABELS, classes)
    message = "target of type ClassTarget and this fit one of type RegressionTarget"
    with pytest.raises(ValueError, match=message):
        check_same_target(NUMBERS, classes)
    message = "fitted with loss='squared_error' and this fit has loss='huber'"
    with pytest.raises(ValueError, match=message):
        check_same_target(NumberLabels("huber"), numbers)

# SPDX-License-Identifier: BSD-3-Clause
"""Training of one network: a smallest one of each kind, and continued fits."""

from types import SimpleNamespace

import numpy as np
import pytest

from skrln._interrupts import Scope, in_scope
from skrln._kernels import Layer, Moments, StopReason
from skrln._network import _train
from skrln._network._fitted import OnlineState
from skrln._network._settings import Mode
from skrln._network._train import (
    Listener,
    continue_online,
    join_online,
    make_network,
    start_call,
    structure_of,
    train_network,
)
from skrln._network._transfer import FRESH, Origin, Start

from ._values import (
    HELD_OUT,
    X,
    Y,
    assert_same,
    draw_fitted,
    make_parameters,
    make_problem,
    settings_of,
)

PARAMETERS = make_parameters()
PROBLEM = make_problem(PARAMETERS)
SPLIT = make_problem(PARAMETERS, held_out=HELD_OUT)


def train(
    parameters=PARAMETERS,
    problem=PROBLEM,
    mode=Mode.SINGLE,
    start=FRESH,
    seed=0,
    listener=_train.SILENT,
):
    settings = settings_of(parameters, problem, mode)
    return train_network(settings, problem, start, seed, listener)


# -- the result ------------------------------------------------------------------------


def test_result():
    fitted = train()
    assert fitted.settings.loss == "squared_error"
    assert fitted.encoder is PROBLEM.encoder
    assert fitted.target is PROBLEM.target
    assert [weight.shape for weight in fitted.network.coefs] == [(3, 4), (4, 1)]
    assert fitted.network.coefs[0].dtype == np.float64
    assert (fitted.n_epochs, fitted.best_epoch, fitted.seed) == (2, 1, 0)
    assert fitted.reason == StopReason.MAX_ITER
    assert fitted.curves.loss.shape == (2,)
    assert fitted.curves.loss[1] < fitted.curves.loss[0]
    assert fitted.curves.sparsity.shape == (2, 2)
    assert fitted.curves.validation_loss is fitted.curves.task_loss is None
    np.testing.assert_array_equal(fitted.curves.sparsity[:, 1], 0)
    assert fitted.path is fitted.online is None
    assert np.isfinite(fitted.coefficients[0]).all()
    assert np.isneginf(fitted.coefficients[1]).all()


def test_loss_is_that_of_the_predictions():
    """The loss of the second epoch, of a single batch, is that after the first one."""
    fitted = train()
    after_first = train(make_parameters(max_iter=1, learning_rate="constant"))
    first_step = train(make_parameters(learning_rate="constant"))
    inputs = PROBLEM.encoder.transform(X)
    targets = PROBLEM.data.targets
    expected = np.mean((after_first.means(inputs) - targets) ** 2) / 2
    assert first_step.curves.loss[1] == pytest.approx(expected)
    assert fitted.curves.loss[0] == first_step.curves.loss[0]


def test_same_seed_same_network():
    one, two, other = train(), train(), train(seed=1)
    assert_same(one, two)
    np.testing.assert_array_equal(one.curves.loss, two.curves.loss)
    assert not np.array_equal(one.network.coefs[0], other.network.coefs[0])


def test_numbers_of_settings_reach_the_kernel():
    """A penalty far too strong leaves no edge; without a learning rate nothing moves."""
    dead = train(make_parameters(theta=20.0, warmup=0.0))
    np.testing.assert_array_equal(dead.network.coefs[0], 0)
    np.testing.assert_array_equal(dead.curves.sparsity[:, 0], 1)
    still = train(make_parameters(learning_rate_init=1e-300))
    np.testing.assert_array_equal(*still.curves.sparsity)
    np.testing.assert_allclose(*still.curves.loss)


def test_held_out_rows_choose_the_epoch():
    fitted = train(problem=SPLIT)
    assert fitted.curves.validation_loss.shape == (2,)
    assert fitted.best_epoch == np.argmin(fitted.curves.validation_loss)
    validation = SPLIT.validation
    error = fitted.means(validation.inputs) - validation.targets
    lowest = fitted.curves.validation_loss.min()
    assert lowest == pytest.approx(np.mean(error**2) / 2)


def test_curves_of_two_tasks():
    y = np.column_stack([Y, Y[::-1]])
    problem = make_problem(PARAMETERS, y=y, held_out=HELD_OUT)
    fitted = train(problem=problem)
    curves = fitted.curves
    assert curves.task_loss.shape == curves.validation_task_loss.shape == (2, 2)
    np.testing.assert_array_equal(curves.task_weight, 0.5)
    np.testing.assert_allclose(curves.task_loss.mean(axis=1), curves.loss)
    means = curves.validation_task_loss.mean(axis=1)
    np.testing.assert_allclose(means, curves.validation_loss)


def test_path_of_edges():
    fitted = train(make_parameters(n_path_edges=4))
    assert fitted.path.values.shape == (2, 4, 2)
    rows, units = fitted.path.edges.T
    final = fitted.network.coefs[0][rows, units]
    np.testing.assert_array_equal(fitted.path.values[-1, :, 0], final)
    coefficients = fitted.coefficients[0][rows, units]
    np.testing.assert_allclose(fitted.path.values[-1, :, 1], coefficients)


# -- the listener ----------------------------------------------------------------------


def test_epochs_one_by_one_are_those_of_a_whole_fit():
    epochs = []

    def on_epoch(snapshot, describe):
        epochs.append((snapshot.epoch, describe()))
        return False

    fitted = train(listener=Listener(on_epoch))
    assert [epoch for epoch, _ in epochs] == [0, 1]
    assert [network.n_epochs for _, network in epochs] == [1, 2]
    assert_same(epochs[-1][1], fitted)
    assert_same(fitted, train())


def test_listener_stops_the_fit():
    fitted = train(listener=Listener(lambda snapshot, describe: True))
    assert fitted.n_epochs == 1
    assert fitted.reason == StopReason.CALLBACK
    assert fitted.was_stopped


def test_fit_that_is_cancelled_before_the_first_epoch():
    with pytest.raises(KeyboardInterrupt), in_scope(Scope(cancelled=lambda: True)):
        train()


def test_fit_that_is_cancelled_keeps_its_epochs():
    epochs = []

    def on_epoch(snapshot, describe):
        epochs.append(snapshot.epoch)

    with in_scope(Scope(cancelled=lambda: len(epochs) == 1)):
        fitted = train(listener=Listener(on_epoch))
    assert fitted.n_epochs == 1
    assert fitted.reason == StopReason.INTERRUPTED


def test_record_of_every_epoch():
    records = []
    fitted = train(problem=SPLIT, listener=Listener(on_record=records.append))
    assert [(one.epoch, one.n_epochs) for one in records] == [(0, 1), (1, 1)]
    record = records[fitted.best_epoch]
    assert record.outputs.shape == (1, len(HELD_OUT), 1)
    params, _, coefficients = record.weights(0)
    np.testing.assert_array_equal(params[0].weight, fitted.network.coefs[0])
    np.testing.assert_array_equal(coefficients[0], fitted.coefficients[0])
    means = fitted.means(SPLIT.validation.inputs)
    np.testing.assert_allclose(record.outputs[0], means)


# -- starts ----------------------------------------------------------------------------


def test_start_competes_with_the_epochs():
    """Steps a thousand times too long make every epoch worse than the last fit."""
    source = train(problem=SPLIT)
    wild = make_parameters(learning_rate_init=3.0)
    fitted = train(wild, SPLIT, start=Start(Origin.LAST_FIT, source))
    assert fitted.best_epoch == -1
    assert_same(fitted, source)


def test_coefficients_are_taken_over():
    source = train()
    change = np.linspace(-0.5, 0.5, 12).reshape(3, 4)  # their mean stays theta
    moved = source.coefficients[0] + change
    source = source._replace(coefficients=[moved, source.coefficients[1]])
    parameters = make_parameters(step=0.0)
    fitted = train(parameters, start=Start(Origin.LAST_FIT, source))
    np.testing.assert_allclose(fitted.coefficients[0], moved)


def test_frozen_layer_stays_to_the_bit():
    source = train()
    parameters = make_parameters(n_frozen_layers=1)
    fitted = train(parameters, start=Start(Origin.PRETRAINED, source))
    np.testing.assert_array_equal(fitted.network.coefs[0], source.network.coefs[0])
    intercepts = fitted.network.intercepts[0]
    np.testing.assert_array_equal(intercepts, source.network.intercepts[0])
    assert not np.array_equal(fitted.network.coefs[1], source.network.coefs[1])


# -- calls of partial_fit --------------------------------------------------------------


def call(before=None, problem=PROBLEM, seed=0, **changes):
    """Train one epoch, as a call of `partial_fit` does."""
    parameters = make_parameters(**changes)
    settings = settings_of(parameters, problem, Mode.ONLINE)
    start = continue_online(before, settings)
    fitted = train_network(settings, problem, start, seed)
    return join_online(before, fitted)


def test_calls_are_the_epochs_of_one_fit():
    """Without a schedule and a penalty that grows, on the same rows in a single batch."""
    twice = call(call())
    fit = train(make_parameters(learning_rate="constant", warmup=0.0))
    assert_same(twice, fit)
    np.testing.assert_array_equal(twice.curves.loss, fit.curves.loss)
    np.testing.assert_array_equal(twice.curves.sparsity, fit.curves.sparsity)
    np.testing.assert_array_equal(twice.coefficients[0], fit.coefficients[0])
    assert (twice.n_epochs, twice.best_epoch) == (2, 1)
    assert twice.online.n_calls == 2


def test_seed_of_later_calls():
    """The order of the rows differs from call to call, with one seed."""
    first = call(batch_size=8)
    assert start_call(Start(Origin.LAST_FIT, first)) == 1
    again, other = (call(first, batch_size=8, seed=seed) for seed in (0, -1))
    assert not np.array_equal(again.network.coefs[0], other.network.coefs[0])
    fresh = call(first._replace(online=first.online._replace(n_calls=0)), batch_size=8)
    assert not np.array_equal(again.network.coefs[0], fresh.network.coefs[0])


def test_another_solver_starts_over_from_the_weights():
    first = call()
    settings = settings_of(make_parameters(solver="sgd"), PROBLEM, Mode.ONLINE)
    start = continue_online(first, settings)
    assert start == Start(Origin.LAST_FIT, first)


def test_continued_state():
    fitted = draw_fitted()
    settings = settings_of(PARAMETERS, PROBLEM, Mode.ONLINE)
    assert continue_online(None, settings) is FRESH
    assert continue_online(fitted, settings) == Start(Origin.LAST_FIT, fitted)
    leaves = [np.zeros(2)]
    online = OnlineState(leaves, structure_of(settings), 3)
    fitted = fitted._replace(online=online)
    start = continue_online(fitted, settings)
    assert start.state is leaves
    assert start_call(start) == 3


@pytest.mark.parametrize(
    ("changes", "goes_on"),
    [
        ({"solver": "rmsprop"}, False),
        ({"penalty": None}, False),
        ({"penalty": "uniform"}, False),
        ({"rule": "subgradient"}, False),
        ({"layers": "all"}, False),
        ({"group": "input"}, False),
        ({"batch_norm": "after"}, False),
        ({"theta": -5.0, "step": 0.5, "norm": "l2", "warmup": 0.0}, True),
        ({"learning_rate_init": 0.5, "clip_norm": 1.0, "weight_decay": 0.1}, True),
    ],
)
def test_structure_decides_if_a_state_goes_on(changes, goes_on):
    one, two = (
        structure_of(settings_of(make_parameters(**c), PROBLEM, Mode.ONLINE))
        for c in ({}, changes)
    )
    assert (one == two) is goes_on


def test_learned_task_weights_are_structure():
    settings = settings_of(PARAMETERS, PROBLEM)
    other = settings._replace(weighting="uncertainty")
    assert structure_of(settings) != structure_of(other)


def test_options_of_a_solver_are_structure_by_name():
    one, two, three = (
        structure_of(settings_of(make_parameters(solver_options=options), PROBLEM))
        for options in ({"b1": 0.9}, {"b1": 0.5}, {"b2": 0.9})
    )
    assert one == two != three


@pytest.mark.parametrize("origin", [Origin.FRESH, Origin.PRETRAINED])
def test_first_call(origin):
    source = draw_fitted()
    assert start_call(Start(origin, source)) == 0
    assert start_call(Start(Origin.LAST_FIT, source)) == 0  # after a fit


def test_curves_are_joined():
    first, second = draw_fitted(), draw_fitted(seed=1)
    second = second._replace(
        curves=second.curves._replace(loss=np.array([3.0]), sparsity=np.ones((1, 2)))
    )
    joined = join_online(first, second)
    assert joined.curves.loss.tolist() == [1, 1, 3]
    assert joined.curves.sparsity.tolist() == [[0, 0], [0, 0], [1, 1]]
    assert joined.curves.validation_loss is None
    assert (joined.n_epochs, joined.best_epoch) == (3, 2)
    assert_same(joined, second)
    alone = join_online(None, second)
    assert alone.curves.loss.tolist() == [3]
    assert (alone.n_epochs, alone.best_epoch) == (1, 0)


def test_curve_that_one_call_lacks_is_that_of_the_last_call():
    first, second = draw_fitted(), draw_fitted()
    curves = first.curves._replace(validation_loss=np.array([5.0, 5.0]))
    first = first._replace(curves=curves)
    assert join_online(first, second).curves.validation_loss is None


# -- parts -----------------------------------------------------------------------------


def test_network_of_parameters():
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=shape) for shape in [(2, 3), (3, 1)]]
    biases = [rng.normal(size=n) for n in (3, 1)]
    norm = rng.normal(size=(4, 3))
    branch = Layer(np.ones((1, 1)), np.zeros(1))
    first = Layer(weights[0], biases[0], norm[0], norm[1], plain=(branch,))
    params = (first, Layer(weights[1], biases[1]))
    settings = SimpleNamespace(activation="tanh", batch_norm="before")
    network = make_network(params, [Moments(norm[2], norm[3])], settings)
    assert network.coefs == weights
    assert network.intercepts == biases
    np.testing.assert_array_equal(network.batch_norms, [norm])
    assert network.plain == [(branch.weight, branch.bias)]
    assert (network.activation, network.batch_norm) == ("tanh", "before")

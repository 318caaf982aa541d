# SPDX-License-Identifier: BSD-3-Clause
"""Every epoch of the fit of one network."""

import numpy as np
import pytest

from skrln._ensemble._engine import NO_WATCH
from skrln._ensemble._jobs import train_job
from skrln._ensemble._stages import (
    count_bytes,
    count_growing_epochs,
    refuse_several,
    run_stages,
    stage_job,
    stage_predictions,
)
from skrln._kernels import Layer, Weights
from skrln._network._parameters import Source
from skrln._table._problem import Arguments

from ._values import (
    HELD_OUT,
    MEMBERS,
    TRAIN,
    X,
    Y,
    assert_same,
    draw_fitted,
    make_parameters,
)

#: The rows of the other tests of networks that hold rows out, for one compiled program.
SPLIT = {"early_stopping": True, "validation_cv": [(TRAIN, HELD_OUT)]}


@pytest.fixture(scope="module")
def staged():
    """Job, stages, and the weights and outputs of each epoch."""
    job = stage_job(make_parameters(**SPLIT), Arguments(X, Y), 0)
    epochs = []

    def on_stage(epoch, copy_weights, outputs):
        epochs.append((epoch, copy_weights(), outputs))

    return job, run_stages(job, NO_WATCH, on_stage), epochs


def test_job_is_that_of_a_fit(staged):
    job, stages, _ = staged
    np.testing.assert_array_equal(job.split.train, TRAIN)
    assert stages.job is job
    assert_same(stages.fitted, train_job(job).fitted)
    again = stage_job(make_parameters(**SPLIT), Arguments(X, Y), 0)
    assert again.seed == job.seed


def test_every_epoch_is_a_stage(staged):
    _, stages, epochs = staged
    assert [epoch for epoch, *_ in epochs] == [0, 1]
    assert stages.fitted.n_epochs == 2


def test_network_of_an_epoch(staged):
    job, stages, epochs = staged
    best = stages.fitted.best_epoch
    network = stages.network(best, epochs[best][1])
    assert_same(network, stages.fitted)
    assert network.best_epoch == best
    for coefficients, expected in zip(
        network.coefficients, stages.fitted.coefficients, strict=True
    ):
        np.testing.assert_array_equal(coefficients, expected)
    shared, encoder = job.shared, stages.fitted.encoder
    inputs = encoder.expand(shared.held_out_rows(encoder, job.split))
    for epoch, weights, outputs in epochs:
        network = stages.network(epoch, weights)
        np.testing.assert_allclose(network.means(inputs), outputs)
        predictions = stage_predictions(job, weights, inputs)
        expected = network.target.predictions(network.means(inputs))
        np.testing.assert_array_equal(predictions, expected)


def test_epochs_without_validation_rows_have_no_outputs():
    job = stage_job(make_parameters(), Arguments(X, Y), 0)
    outputs = []
    run_stages(job, NO_WATCH, lambda epoch, copy, values: outputs.append(values))
    assert outputs == [None, None]


def test_bytes_of_weights():
    layer = Layer(np.zeros((3, 4)), np.zeros(4))
    weights = Weights((layer, layer), (), (np.zeros((3, 4), np.float32),))
    assert count_bytes(weights) == 2 * (12 + 4) * 8 + 12 * 4


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 0),  # 0.4 epochs
        ({"max_iter": 10}, 1),  # 2 epochs: the second one can be the best
        ({"max_iter": 11}, 2),
        ({"max_iter": "auto"}, 19),
        ({"max_iter": 10, "warmup": 0.0}, 0),
        ({"max_iter": 10, "penalty": None}, 0),
        ({"max_iter": 10, "penalty": "uniform"}, 1),
    ],
)
def test_epochs_in_which_the_penalty_grows(changes, expected):
    assert count_growing_epochs(make_parameters(**changes)) == expected


def test_penalty_of_a_pretrained_network_does_not_grow():
    parameters = make_parameters(max_iter=10, source=Source((draw_fitted(),)))
    assert count_growing_epochs(parameters) == 0


def test_several_networks_are_refused():
    refuse_several(make_parameters())
    message = (
        r"Got Model with n_estimators=3, theta=-8\.0, numeric_embedding=None, "
        r"input_selection=False, .* Pass Model\(\*\*skrln\.presets\.READABLE\)"
    )
    with pytest.raises(ValueError, match=message):
        refuse_several(make_parameters(**MEMBERS))

# SPDX-License-Identifier: BSD-3-Clause
"""Every epoch of the fit of one network, for whoever chooses among them."""

from copy import copy

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils import check_random_state

from ._members import is_plain
from ._outcome import Watch, listener, warn_outcome
from ._predicting import dense_inputs, means_of
from ._preparation import prepare
from ._preprocessing import check_inputs
from ._settings import resolve_epochs


class NetworkStages:
    """The epochs of one fit of a network.

    Parameters
    ----------
    estimator : BaseRLN
        A single network (see `refuse_several`), which is not fitted yet.
    """

    def __init__(self, estimator):
        self.estimator = estimator

    def fit(self, X, y, sample_weight, validation, on_stage):
        """Train to the end.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.
        validation : tuple
            X_val, y_val and sample_weight_val; None, None and None without.
        on_stage : callable
            Takes, after every epoch at which the loss is finite, its number, a function that
            gives a copy of its weights, and the outputs for the validation rows or None.
        """
        estimator = self.estimator
        rng = check_random_state(estimator.random_state)
        self.problem = prepare(estimator, X, y, sample_weight, validation, None, rng)

        def on_record(seen):
            for k in range(seen.n_epochs):
                outputs = None if seen.outputs is None else seen.outputs[k]
                on_stage(seen.epoch + k, _Copy(seen, k), outputs)

        watch = Watch(estimator, None, X, y, {})
        with watch.epochs(estimator.max_iter) as on_epoch:
            self.result, self.edges = estimator._train(
                self.problem,
                rng,
                estimator.max_iter,
                listener(on_epoch, lambda result: {}),
                on_record=on_record,
            )
        warn_outcome(estimator, [self.result])

    def decode(self, outputs):
        """Predictions, of classes their probabilities, from outputs of the network."""
        network = copy(self.estimator)
        network._target = self.problem.target
        means = self.problem.target.means(outputs.astype(np.float64, copy=False))
        return _finish(network, means)

    def predict(self, weights, X):
        """The same for rows that the fit was not given as validation data."""
        network = copy(self.estimator)
        params, moments, _ = weights
        embedding = params[0].embedding
        vars(network).update(
            _target=self.problem.target,
            _encoder=self.problem.encoder,
            coefs_=[layer.weight for layer in params],
            intercepts_=[layer.bias for layer in params],
            embedding_=None if embedding is None else embedding._asdict(),
            plain_coefs_=[layer.weight for layer in params[0].plain or ()],
            plain_intercepts_=[layer.bias for layer in params[0].plain or ()],
            batch_norms_=[
                np.stack([layer.gain, layer.shift, moments.mean, moments.variance])
                for layer, moments in zip(params, moments, strict=False)
            ],
        )
        return predict_encoded(network, encoded_inputs(network, X))

    def network(self, epoch, weights):
        """Fitted estimator as it was after this epoch, with the curves of the whole fit."""
        params, moments, coefficients = weights
        without = [
            np.full_like(layer.weight, -np.inf) for layer in params[len(coefficients) :]
        ]
        result = self.result._replace(
            params=params, moments=moments, coefficients=(*coefficients, *without)
        )
        network = copy(self.estimator)
        described = network._describe(self.problem, result, self.edges)
        vars(network).update(described | {"best_iteration_": epoch})
        return network


class _Copy:
    """Makes a copy of the weights of an epoch where one is wanted."""

    def __init__(self, seen, k):
        self.seen, self.k = seen, k

    def __call__(self):
        return self.seen.weights(self.k)


def count_bytes(weights):
    """Memory that a copy of the weights takes."""
    leaves, open_ones = 0, [weights]
    while open_ones:
        one = open_ones.pop()
        if isinstance(one, np.ndarray):
            leaves += one.nbytes
        elif isinstance(one, tuple):
            open_ones.extend(one)
    return leaves


def predict_encoded(network, inputs):
    """Predictions of one network, of classes their probabilities, for encoded rows."""
    return _finish(network, means_of(network, inputs))


def _finish(network, means):
    if is_classifier(network):
        return network._per_task(means)
    return network._target.decode(means)


def encoded_inputs(network, X):
    """Rows as all networks of one fit take them."""
    X = check_inputs(network, X, reset=False)
    return dense_inputs(network._network, network._encoder.transform(X))


def growing_epochs(estimator):
    """Epochs in which the penalty of a fresh network grows: they are never the best ones."""
    if estimator.regularization is None or estimator.pretrained is not None:
        return 0
    return max(int(np.ceil(estimator.reg_warmup * resolve_epochs(estimator))) - 1, 0)


def refuse_several(estimator):
    """Refuse settings that train more than one network: each has epochs of its own."""
    if is_plain(estimator):
        return
    names = ("n_estimators", "theta", "numeric_embedding", "input_selection")
    got = ", ".join(f"{name}={getattr(estimator, name)!r}" for name in names)
    kind = type(estimator).__name__
    raise ValueError(
        f"Got {kind} with {got}, which trains several networks, but stages are those of "
        f"one. Pass {kind}(**skrln.presets.READABLE), or n_estimators=1 with a number as "
        'theta, numeric_embedding=None or "piecewise" and input_selection=False.'
    )

# SPDX-License-Identifier: BSD-3-Clause
"""Reading, shrinking and training of networks of this package and of scikit-learn."""

from copy import deepcopy

import numpy as np
from scipy import sparse
from sklearn.base import is_classifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils.validation import validate_data

from skrln._ensemble._fitted import make_ensemble
from skrln._ensemble._kinds import is_single
from skrln._network._fitted import dense_inputs
from skrln._network._forward import Network
from skrln._table._columns import check_columns
from skrln.networks._base import BaseRLN
from skrln.options import Transfer

#: Attributes of a fit of scikit-learn's networks that do not match a smaller network.
STALE = ("_optimizer", "_best_coefs", "_best_intercepts")


def check_readable(estimator):
    """Refuse an estimator that is not a single network with readable weights."""
    kind = type(estimator).__name__
    if not isinstance(estimator, (BaseRLN, MLPClassifier, MLPRegressor)):
        raise ValueError(
            f"Got estimator of type {kind}, but expected a network with readable weights: "
            "a network of this package, MLPClassifier or MLPRegressor. In a pipeline, make "
            "the pruner the step, with the network as its estimator."
        )
    if hasattr(estimator, "thetas"):
        raise ValueError(
            f"Got estimator of type {kind}, which chooses theta by cross-validation, but "
            f"expected a single network. Fit {kind} first, and prune {kind[:-2]} with the "
            "theta_ and reg_step_ of the fit."
        )
    if isinstance(estimator, BaseRLN) and not is_single(estimator._parameters()):
        names = ("n_estimators", "theta", "numeric_embedding", "input_selection")
        got = ", ".join(f"{name}={getattr(estimator, name)!r}" for name in names)
        raise ValueError(
            f"Got {kind} with {got}, which trains several networks, but expected a single "
            f"network. Pass {kind}(**skrln.presets.READABLE), or one of the estimators_ of a "
            "fitted ensemble in a FrozenEstimator."
        )


def read_network(model):
    """Weights and structure of the fitted network."""
    if isinstance(model, BaseRLN):
        return model._check_fitted().members[0].network
    return Network(model.coefs_, model.intercepts_, model.activation)


def read_inputs(model, X):
    """Dense inputs of the first layer."""
    if isinstance(model, BaseRLN):
        ensemble = model._check_fitted()
        X = check_columns(X, ensemble.columns)
        member = ensemble.members[0]
        return dense_inputs(member.network, member.encoder.transform(X))
    X = validate_data(model, X, accept_sparse="csr", reset=False)
    X = X.toarray() if sparse.issparse(X) else X
    return X.astype(model.coefs_[0].dtype, copy=False)


def shrink(model, plans):
    """Copy of a fitted network without the units that the plans remove.

    Parameters
    ----------
    model : estimator
    plans : dict
        Plan of each hidden layer to prune, by position.
    """
    network = read_network(model)
    coefs, intercepts = list(network.coefs), list(network.intercepts)
    for k, plan in plans.items():
        # The kept units stand in for the removed ones in the next layer.
        outgoing = coefs[k + 1]
        grown = intercepts[k + 1] + plan.shift @ outgoing
        intercepts[k + 1] = grown.astype(outgoing.dtype)
        coefs[k + 1] = (plan.merge @ outgoing).astype(outgoing.dtype)
        coefs[k] = np.ascontiguousarray(coefs[k][:, plan.kept])
        intercepts[k] = intercepts[k][plan.kept]
    if isinstance(model, BaseRLN):
        small = _shrink_ours(model, plans, coefs, intercepts)
    else:
        small = deepcopy(model)
        small.coefs_, small.intercepts_ = coefs, intercepts
        for name in STALE:
            if hasattr(small, name):
                delattr(small, name)
    return small.set_params(hidden_layer_sizes=hidden_sizes(small))


def _shrink_ours(model, plans, coefs, intercepts):
    """Copy of a network of this package with fewer units, and nothing to continue."""
    ensemble = model._fitted
    fitted = ensemble.members[0]
    coefficients = list(fitted.coefficients)
    norms = list(fitted.network.batch_norms)
    for k, plan in plans.items():
        coefficients[k] = coefficients[k][:, plan.kept]
        coefficients[k + 1] = coefficients[k + 1][plan.kept]
        if norms:
            norms[k] = norms[k][:, plan.kept]
    sizes = tuple(weight.shape[1] for weight in coefs[:-1])
    # The state of the solver has the old shapes; the number of calls seeds the next one.
    online = fitted.online and fitted.online._replace(leaves=[], structure=())
    fitted = fitted._replace(
        network=fitted.network._replace(
            coefs=coefs, intercepts=intercepts, batch_norms=norms
        ),
        coefficients=coefficients,
        settings=fitted.settings._replace(hidden_sizes=sizes),
        path=None,
        online=online,
    )
    return model._with_fitted(make_ensemble(ensemble.columns, [fitted]))


def hidden_sizes(model):
    """Number of units of each hidden layer."""
    return tuple(weight.shape[1] for weight in model.coefs_[:-1])


def train_on(model, X, y, n_epochs, fit_params):
    """Train a fitted network for at most `n_epochs` more epochs.

    Returns
    -------
    model : estimator
        With the parameters that it had before.
    losses : sequence of float
        Loss of each new epoch.
    """
    # A warm start of scikit-learn appends to `loss_curve_`: its first n_known losses are old.
    n_known = 0
    if isinstance(model, BaseRLN):
        start = Transfer(model, reuse_head=True)
        changes = {"pretrained": start, "warm_start": False}
        usual = {name: getattr(model, name) for name in changes}
        model = type(model)(**model.get_params(deep=False))
    else:
        changes = {"warm_start": True}
        usual = {"warm_start": model.warm_start}
        _forget_stopping(model)
        n_known = len(getattr(model, "loss_curve_", ()))
    usual["max_iter"] = model.max_iter
    model.set_params(**changes, max_iter=n_epochs).fit(X, y, **fit_params)
    return model.set_params(**usual), getattr(model, "loss_curve_", ())[n_known:]


def _forget_stopping(model):
    """Reset the early stopping of a scikit-learn network, so that only new epochs count."""
    model._no_improvement_count = 0
    if model.early_stopping:
        model.validation_scores_ = []
        model.best_validation_score_ = -np.inf
    elif hasattr(model, "best_loss_"):
        model.best_loss_ = np.inf


def train_epoch(model, X, y, fit_params):
    """Train one epoch; in the first epoch, pass the classes to a classifier."""
    if is_classifier(model) and not hasattr(model, "coefs_"):
        fit_params = fit_params | {"classes": _classes(model, np.asarray(y))}
    model.partial_fit(X, y, **fit_params)


def _classes(model, y):
    """Argument `classes` of `partial_fit`: an array, or a list of them for several tasks."""
    if y.ndim == 1:
        return np.unique(y)
    if not isinstance(model, BaseRLN):  # its columns are binary indicators of labels
        return np.arange(y.shape[1])
    return [np.unique(task) for task in y.T]

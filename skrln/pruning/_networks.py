# SPDX-License-Identifier: BSD-3-Clause
"""Networks of this package and of scikit-learn: reading, shrinking and training them."""

from copy import deepcopy

import numpy as np
from scipy import sparse
from sklearn.base import is_classifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils.validation import validate_data

from skrln._core._base import BaseRLN
from skrln._core._forward import Network
from skrln._core._members import is_plain
from skrln._core._stages import encoded_inputs

#: What scikit-learn's networks remember of a fit that a smaller one must not go back to.
STALE = ("_optimizer", "_best_coefs", "_best_intercepts")
#: What networks of this package remember.
STALE_OF_OURS = ("_train_state", "_train_structure", "reg_path_", "reg_path_edges_")


def check_readable(estimator):
    """Refuse what has no weights to read, or those of several networks."""
    kind = type(estimator).__name__
    if not isinstance(estimator, (BaseRLN, MLPClassifier, MLPRegressor)):
        raise ValueError(
            f"Got estimator of type {kind}, but expected a network whose weights can be "
            "read: one of this package, MLPClassifier or MLPRegressor. In a pipeline, make "
            "the pruner the step, with the network as its estimator."
        )
    if hasattr(estimator, "thetas"):
        raise ValueError(
            f"Got estimator of type {kind}, which chooses theta as it is fitted. Fit it "
            f"alone, and prune {kind[:-2]} with the theta_ and reg_step_ that it finds."
        )
    if isinstance(estimator, BaseRLN) and not is_plain(estimator):
        names = ("n_estimators", "theta", "numeric_embedding", "input_selection")
        got = ", ".join(f"{name}={getattr(estimator, name)!r}" for name in names)
        raise ValueError(
            f"Got {kind} with {got}, which trains several networks, but units are those of "
            f"one. Pass {kind}(**skrln.presets.READABLE), or one of the estimators_ of a "
            "fitted ensemble in a FrozenEstimator."
        )


def read_network(model):
    """What predicts."""
    if isinstance(model, BaseRLN):
        return model._network
    return Network(model.coefs_, model.intercepts_, model.activation)


def read_inputs(model, X):
    """Rows as the first layer takes them, dense."""
    if isinstance(model, BaseRLN):
        return encoded_inputs(model, X)
    X = validate_data(model, X, accept_sparse="csr", reset=False)
    X = X.toarray() if sparse.issparse(X) else X
    return X.astype(model.coefs_[0].dtype, copy=False)


def shrink(model, plans):
    """Copy of a fitted network without the units that the plans take away.

    Parameters
    ----------
    model : estimator
    plans : dict
        Plan of each hidden layer that loses units.
    """
    small = deepcopy(model)
    of_ours = isinstance(model, BaseRLN)
    coefs, intercepts = list(small.coefs_), list(small.intercepts_)
    for k, plan in plans.items():
        outgoing = coefs[k + 1]
        grown = intercepts[k + 1] + plan.shift @ outgoing
        intercepts[k + 1] = grown.astype(outgoing.dtype)
        coefs[k + 1] = (plan.merge @ outgoing).astype(outgoing.dtype)
        coefs[k] = np.ascontiguousarray(coefs[k][:, plan.kept])
        intercepts[k] = intercepts[k][plan.kept]
        if of_ours:
            small.reg_coefs_[k] = small.reg_coefs_[k][:, plan.kept]
            small.reg_coefs_[k + 1] = small.reg_coefs_[k + 1][plan.kept]
            if small.batch_norms_:
                small.batch_norms_[k] = small.batch_norms_[k][:, plan.kept]
    small.coefs_, small.intercepts_ = coefs, intercepts
    small.set_params(hidden_layer_sizes=hidden_sizes(small))
    for name in STALE_OF_OURS if of_ours else STALE:
        vars(small).pop(name, None)
    return small


def hidden_sizes(model):
    """Units of each hidden layer."""
    return tuple(weight.shape[1] for weight in model.coefs_[:-1])


def train_on(model, X, y, n_epochs, fit_params):
    """The network after up to so many more epochs, and the loss of each of them."""
    n_known = 0
    if isinstance(model, BaseRLN):
        changes = {
            "pretrained": model,
            "reuse_head": True,
            "n_frozen_layers": 0,
            "warm_start": False,
        }
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
    """Let a network of scikit-learn judge its epochs by those to come alone."""
    model._no_improvement_count = 0
    if model.early_stopping:
        model.validation_scores_ = []
        model.best_validation_score_ = -np.inf
    elif hasattr(model, "best_loss_"):
        model.best_loss_ = np.inf


def train_epoch(model, X, y, fit_params):
    """Train one epoch; the first one tells a classifier its classes."""
    if is_classifier(model) and not hasattr(model, "coefs_"):
        fit_params = fit_params | {"classes": _classes(model, np.asarray(y))}
    model.partial_fit(X, y, **fit_params)


def _classes(model, y):
    if y.ndim == 1:
        return np.unique(y)
    if not isinstance(model, BaseRLN):  # columns are labels there or not
        return np.arange(y.shape[1])
    return [np.unique(task) for task in y.T]

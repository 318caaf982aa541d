# SPDX-License-Identifier: BSD-3-Clause
"""Fitted attributes, as read-only properties of the fitted value."""

from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError


def of_network(name, read) -> Any:
    """Make the property of an attribute that a single network has.

    Parameters
    ----------
    name : str
    read : callable
        Takes a FittedNetwork; None means that the fit has no such attribute.
    """

    def get(self):
        value = read(self._single(name))
        if value is None:
            raise AttributeError(f"This fit of {type(self).__name__} has no {name}.")
        return value

    return property(get, doc=f"See `{name}` in the docstring of the class.")


def of_ensemble(name, read) -> Any:
    """Make the property of an attribute that every fit has; `read` takes a FittedEnsemble."""

    def get(self):
        return read(self._ensemble(name))

    return property(get, doc=f"See `{name}` in the docstring of the class.")


def _task_curve(field):
    """Read a curve per task, which only a two-dimensional target has."""

    def read(member):
        return None if member.target.one_dimensional else getattr(member.curves, field)

    return read


class FittedAttributes:
    """Attributes of a fitted network, or of an ensemble of networks."""

    def _ensemble(self, name):
        """Return the fitted value; raise a NotFittedError that names `name` before `fit`.

        A NotFittedError is an AttributeError, so that `hasattr` is false before `fit`.
        """
        ensemble = self._get_fitted()
        if ensemble is None:
            raise NotFittedError(
                f"This {type(self).__name__} instance is not fitted yet. Call 'fit' with "
                f"appropriate arguments before reading {name}."
            )
        return ensemble

    def _get_fitted(self):
        """Return the FittedEnsemble of the last fit; None before."""
        return getattr(self, "_fitted", None)

    def _check_fitted(self):
        """Return the fitted value; raise a NotFittedError before `fit`."""
        ensemble = self._get_fitted()
        if ensemble is None:
            raise NotFittedError(
                f"This {type(self).__name__} instance is not fitted yet. Call 'fit' with "
                "appropriate arguments before using this estimator."
            )
        return ensemble

    def __sklearn_is_fitted__(self) -> bool:
        """Return True after `fit`."""
        return self._get_fitted() is not None

    n_features_in_: int = of_ensemble("n_features_in_", lambda e: e.columns.n_features)
    n_layers_: int = of_ensemble(
        "n_layers_", lambda e: len(e.members[0].network.coefs) + 1
    )
    n_outputs_: int = of_ensemble("n_outputs_", lambda e: e.members[0].n_outputs)
    estimator_weights_: np.ndarray = of_ensemble(
        "estimator_weights_", lambda e: e.weights
    )
    temperature_: float = of_ensemble("temperature_", lambda e: e.temperature)
    theta_: float = of_ensemble(
        "theta_", lambda e: float(e.average(lambda member: member.settings.theta))
    )
    n_iter_: int = of_ensemble("n_iter_", lambda e: max(m.n_epochs for m in e.members))
    feature_importances_: np.ndarray = of_ensemble(
        "feature_importances_", lambda e: e.importance()
    )
    sparsity_: np.ndarray = of_ensemble("sparsity_", lambda e: e.sparsity())

    coefs_: list[np.ndarray] = of_network("coefs_", lambda m: m.network.coefs)
    intercepts_: list[np.ndarray] = of_network(
        "intercepts_", lambda m: m.network.intercepts
    )
    batch_norms_: list[np.ndarray] = of_network(
        "batch_norms_", lambda m: list(m.network.batch_norms)
    )
    plain_coefs_: list[np.ndarray] = of_network(
        "plain_coefs_", lambda m: [w for w, _ in m.network.plain]
    )
    plain_intercepts_: list[np.ndarray] = of_network(
        "plain_intercepts_", lambda m: [b for _, b in m.network.plain]
    )
    reg_coefs_: list[np.ndarray] = of_network("reg_coefs_", lambda m: m.coefficients)
    best_iteration_: int = of_network("best_iteration_", lambda m: m.best_epoch)
    loss_curve_: np.ndarray = of_network("loss_curve_", lambda m: m.curves.loss)
    sparsity_curve_: np.ndarray = of_network(
        "sparsity_curve_", lambda m: m.curves.sparsity
    )
    task_loss_curve_: np.ndarray = of_network(
        "task_loss_curve_", _task_curve("task_loss")
    )
    task_weight_curve_: np.ndarray = of_network(
        "task_weight_curve_", _task_curve("task_weight")
    )
    reg_path_: np.ndarray = of_network("reg_path_", lambda m: m.path and m.path.values)
    reg_path_edges_: np.ndarray = of_network(
        "reg_path_edges_", lambda m: m.path and m.path.edges
    )

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the columns; only if all names are strings."""
        names = self._ensemble("feature_names_in_").columns.names
        if names is None:
            raise AttributeError("The table of this fit had no column names.")
        return names

    @property
    def validation_loss_curve_(self) -> np.ndarray | None:
        """Validation loss of each epoch; None without validation data."""
        return self._single("validation_loss_curve_").curves.validation_loss

    @property
    def validation_task_loss_curve_(self) -> np.ndarray | None:
        """Validation loss of each task and epoch; None without validation data."""
        return self._of_tasks("validation_task_loss_curve_").curves.validation_task_loss

    @property
    def task_log_variance_(self) -> np.ndarray | None:
        """Learned log variance of each task; None for other task weights."""
        return self._of_tasks("task_log_variance_").log_variance

    def _single(self, name):
        """Return the only FittedNetwork; raise the AttributeError of `name` for several."""
        ensemble = self._ensemble(name)
        if not ensemble.is_single:
            raise AttributeError(
                f"{type(self).__name__} has {len(ensemble.members)} networks, each with its "
                f"own {name}. Read estimators_[k].{name}, or fit with n_estimators=1."
            )
        return ensemble.members[0]

    def _of_tasks(self, name):
        member = self._single(name)
        if member.target.one_dimensional:
            raise AttributeError(f"A fit of a one-dimensional target has no {name}.")
        return member

    @property
    def active_features_(self) -> np.ndarray:
        """Names (or positions) of the columns with a non-zero edge in any network.

        No other column can change a prediction.
        """
        ensemble = self._ensemble("active_features_")
        active, names = ensemble.active_columns(), ensemble.columns.names
        return active if names is None else names[active]

    @property
    def n_active_features_(self) -> int:
        """Number of columns with an edge that is not exactly zero."""
        return len(self.active_features_)

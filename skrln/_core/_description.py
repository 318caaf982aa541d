# SPDX-License-Identifier: BSD-3-Clause
"""From what the kernel gives to the fitted attributes of an estimator."""

import numpy as np

from skrln._kernels import StopReason

from . import _settings
from ._reg_path import describe_path
from ._task_weights import describe_tasks

#: All that a fit may set; what the last one does not set is gone.
FITTED = (
    "_encoder",
    "_groups",
    "_members",
    "_n_partial_fits",
    "_target",
    "_train_state",
    "_train_structure",
    "batch_norms_",
    "best_iteration_",
    "coefs_",
    "embedding_",
    "estimator_weights_",
    "intercepts_",
    "loss_curve_",
    "n_iter_",
    "n_layers_",
    "n_outputs_",
    "plain_coefs_",
    "plain_intercepts_",
    "reg_coefs_",
    "reg_path_",
    "reg_path_edges_",
    "sparsity_curve_",
    "task_log_variance_",
    "task_loss_curve_",
    "task_weight_curve_",
    "temperature_",
    "theta_",
    "validation_loss_curve_",
    "validation_task_loss_curve_",
)


def describe_network(estimator, problem, result, edges=None):
    """Fitted attributes: NumPy arrays, lists of them and plain numbers."""
    history = result.history
    sizes = np.array([layer.weight.size for layer in result.params])
    first = result.params[0]
    embedding, plain = first.embedding, first.plain or ()
    groups = _settings.first_layer_groups(
        problem.encoder, (0, 1) if embedding is None else embedding.bias.shape
    )
    n_units = len(first.weight) - len(groups)  # of the plain branch: in no group
    fitted = {
        "_encoder": problem.encoder,
        "_target": problem.target,
        "coefs_": [layer.weight for layer in result.params],
        "intercepts_": [layer.bias for layer in result.params],
        "embedding_": None if embedding is None else embedding._asdict(),
        "plain_coefs_": [layer.weight for layer in plain],
        "plain_intercepts_": [layer.bias for layer in plain],
        "_groups": np.concatenate([groups, np.full(n_units, -1)]),
        "batch_norms_": [
            np.stack([layer.gain, layer.shift, moments.mean, moments.variance])
            for layer, moments in zip(result.params, result.moments, strict=False)
        ],
        "reg_coefs_": list(result.coefficients),
        "theta_": float(estimator.theta),
        "loss_curve_": history.loss,
        "validation_loss_curve_": (
            None if problem.validation is None else history.validation_loss
        ),
        "sparsity_curve_": history.zeros.reshape(-1, len(sizes)) / sizes,
        "n_iter_": result.n_epochs,
        "best_iteration_": (
            result.best_epoch
            if problem.validation is not None or result.reason == StopReason.DIVERGED
            else result.n_epochs - 1
        ),
        "n_layers_": len(sizes) + 1,
        "n_outputs_": result.params[-1].weight.shape[1],
    }
    if not problem.target.one_dimensional:
        fitted |= describe_tasks(problem, result)
    if estimator.store_reg_path and edges is not None:
        shape = result.params[0].weight.shape
        kept_epoch = fitted["best_iteration_"]
        fitted |= describe_path(
            history.path, edges, shape, estimator.store_reg_path, kept_epoch
        )
    return fitted


def describe_ensemble(members, weights, temperature):
    """Fitted attributes of an ensemble; those of its network where there is only one."""
    first = members[0]
    fitted = {name: vars(first)[name] for name in FITTED if name in vars(first)}
    if len(members) > 1:
        shared = ("_encoder", "_target", "n_layers_", "n_outputs_")
        fitted = {name: fitted[name] for name in shared}
        thetas = [member.theta_ for member in members]
        fitted["theta_"] = float(np.average(thetas, weights=weights))
        fitted["n_iter_"] = max(member.n_iter_ for member in members)
    return fitted | {
        "_members": members,
        "estimator_weights_": weights,
        "temperature_": temperature,
    }

# SPDX-License-Identifier: BSD-3-Clause
"""What tasks count against one another, and what is recorded of each."""


def task_weighting(task_weight):
    """How the weights of the tasks come about."""
    return task_weight if isinstance(task_weight, str) else "fixed"


def check_task_weighting(task_weight, loss, n_tasks):
    """Refuse weights that follow the losses where these do not tell them.

    Parameters
    ----------
    task_weight : array-like, str or None
    loss : str or tuple of str
        Of all tasks, or of each.
    n_tasks : int
    """
    if not isinstance(task_weight, str):
        return
    if n_tasks == 1:
        raise ValueError(
            f"Got task_weight={task_weight!r} with a single task, which has nothing to be "
            "weighed against. Pass task_weight=None."
        )
    if "poisson" in ((loss,) if isinstance(loss, str) else loss):
        raise ValueError(
            f"Got task_weight={task_weight!r} with loss='poisson', which can be negative, "
            "but weights that follow the losses need them positive. Pass numbers as "
            "task_weight, or another loss."
        )


def describe_tasks(problem, result):
    """Fitted attributes with the losses and weights of each task."""
    history, shape = result.history, (result.n_epochs, len(problem.target.heads))
    validation = None
    if problem.validation is not None:
        validation = history.validation_task_loss.reshape(shape)
    return {
        "task_loss_curve_": history.task_loss.reshape(shape),
        "validation_task_loss_curve_": validation,
        "task_weight_curve_": history.task_weight.reshape(shape),
        "task_log_variance_": result.params[-1].log_variance,
    }

# SPDX-License-Identifier: BSD-3-Clause
"""From the parameters of an estimator to `Parameters`: option objects opened and checked."""

from typing import Any, Self

import numpy as np

from skrln._network._parameters import (
    Freezing,
    Optimizer,
    Parameters,
    Penalty,
    Schedule,
    Source,
)
from skrln._table._sklearn import check_parameters
from skrln.options import (
    ExponentialDecay,
    PowerDecay,
    ReduceOnPlateau,
    RLNPenalty,
    Solver,
    Transfer,
    UniformPenalty,
)

from ._attributes import FittedAttributes
from ._params import OPTIONS

#: Option object of each string.
PENALTIES = {"rln": RLNPenalty, "uniform": UniformPenalty}
SCHEDULES = {
    "power": PowerDecay,
    "exponential": ExponentialDecay,
    "performance": ReduceOnPlateau,
}

#: Parameters that take an option object.
OPENED = (
    "checkpoint",
    "coupling",
    "learning_rate",
    "penalty",
    "plain_branch",
    "pretrained",
    "solver",
)


class OptionParameters:
    """Parameters that take a string or an option object."""

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the estimator.

        Parameters
        ----------
        **params : dict
            Parameters, and options of option objects such as ``penalty__step``.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            For an option of a parameter that is no option object.
        """
        for name in params:
            parameter, _, option = name.partition("__")
            value = params.get(parameter, getattr(self, parameter, name))
            if option and parameter in OPENED and not hasattr(value, "set_params"):
                raise ValueError(
                    f"Got {name}, but {parameter}={value!r} has no options. Pass an option "
                    f"object of skrln.options as {parameter} first, such as "
                    "penalty=RLNPenalty()."
                )
        return super().set_params(**params)


def open_parameters(owner, labels, params):
    """Make `Parameters` of the parameters of an estimator.

    Parameters
    ----------
    owner : str
        Class name of the estimator.
    labels : NumberLabels, ClassLabels or MixedLabels
    params : dict
        Parameters by name; names that `Parameters` does not have are left out.
    """
    params = {name: plain_value(value) for name, value in params.items()}
    names = Parameters.__dataclass_fields__
    fields = {name: value for name, value in params.items() if name in names}
    source, freezing = open_transfer(params.get("pretrained"))
    fields |= {
        "penalty": open_penalty(params["penalty"]),
        "solver": open_solver(params["solver"]),
        "learning_rate": open_schedule(params["learning_rate"]),
        "source": source,
        "freezing": freezing,
    }
    branch = params.get("plain_branch")
    if branch is not None:
        columns, sizes = read_option(branch).values()
        fields |= {"plain_features": columns, "plain_layer_sizes": sizes}
    return Parameters(owner, labels, **fields)


def read_option(option):
    """Return the options of an option object; raise a ValueError for a wrong value."""
    options = option.get_params(deep=False)
    check_parameters(OPTIONS[type(option)], options, type(option).__name__)
    return {name: plain_value(value) for name, value in options.items()}


def plain_value(value):
    """Return a NumPy scalar as the Python value that the kernels and ``is`` expect."""
    if isinstance(value, dict):
        return {name: plain_value(one) for name, one in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def open_penalty(penalty):
    """Make the Penalty of a string or an option object; None without a penalty."""
    if penalty is None:
        return None
    option = PENALTIES[penalty]() if isinstance(penalty, str) else penalty
    options = read_option(option)
    if isinstance(option, UniformPenalty):
        return Penalty("uniform", 0.0, **options)
    return Penalty("rln", **options)


def open_solver(solver):
    """Make the Optimizer of a string or an option object."""
    option = Solver(solver) if isinstance(solver, str) else solver
    options = read_option(option)
    return Optimizer(**options | {"options": options["options"] or {}})


def open_schedule(learning_rate):
    """Make the Schedule of a string, an option object or a callable."""
    option = learning_rate
    if isinstance(learning_rate, str):
        if learning_rate not in SCHEDULES:  # "cosine" and "constant" have no options
            return Schedule(learning_rate)
        option = SCHEDULES[learning_rate]()
    if type(option) not in OPTIONS:
        return Schedule("table", rate=option)
    names = {kind: name for name, kind in SCHEDULES.items()}
    return Schedule(names[type(option)], read_option(option))


def open_transfer(pretrained):
    """Make the Source and the Freezing of a fitted estimator or an option object."""
    if pretrained is None:
        return Source(), Freezing()
    option = pretrained if isinstance(pretrained, Transfer) else Transfer(pretrained)
    options = read_option(option)
    del options["estimator"]
    return _read_source(option.fitted), Freezing(**options)


def _read_source(estimator):
    """Make the Source of a fitted estimator."""
    if estimator is None:
        return Source()
    kind = type(estimator).__name__
    if not isinstance(estimator, FittedAttributes):
        raise ValueError(
            f"Got pretrained of type {kind}, but expected a fitted network of skrln, such "
            "as RLNRegressor or RLNClassifier. From a pipeline, take its last step."
        )
    ensemble = estimator._get_fitted()
    if ensemble is None:
        raise ValueError(
            f"Got pretrained={kind}(...), which is not fitted. Fit it first; GridSearchCV "
            "and clone leave a fitted one as it is."
        )
    return Source(tuple(ensemble.members), tuple(ensemble.weights), ensemble.columns)

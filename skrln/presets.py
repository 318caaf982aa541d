# SPDX-License-Identifier: BSD-3-Clause
"""Named sets of parameters: ``RLNRegressor(**READABLE)``.

A preset combines with other parameters as a dictionary does: the right side counts where both
have a parameter. The preset itself stays as it is.

>>> from skrln import RLNRegressor, RLNRegressorCV
>>> from skrln.presets import QUICK, READABLE
>>> RLNRegressor(**READABLE | {"theta": -6.0}).theta
-6.0
>>> RLNRegressor(**QUICK | {"n_estimators": 2}, random_state=0).hidden_layer_sizes
(128, 128)

:class:`~skrln.RLNRegressorCV` and :class:`~skrln.RLNClassifierCV` choose `theta`, and have no
such parameter. `without` leaves it out of a preset:

>>> RLNRegressorCV(**READABLE.without("theta"), thetas=[-7.0, -6.0]).batch_size
32
"""

import math
from collections import UserDict
from typing import Any

from sklearn.base import clone

from .options import RLNPenalty


class _Preset(UserDict[str, Any]):
    """Parameters by name; every reading copies the option objects.

    Two estimators with the same preset must not share an option object: ``set_params`` on one
    of them would change the other.
    """

    def __getitem__(self, name: str) -> Any:
        """Return a copy of the value of a parameter."""
        return clone(super().__getitem__(name), safe=False)

    def __ior__(self, other):
        """Return the union: ``READABLE |= {...}`` must not change the preset of others."""
        return self | other

    def without(self, *names):
        """Return the preset without some of its parameters.

        Parameters
        ----------
        *names : str
            Names of parameters of the preset.

        Returns
        -------
        preset
            Keyword arguments of an estimator.

        Raises
        ------
        ValueError
            If the preset has no parameter of that name.
        """
        unknown = [name for name in names if name not in self]
        if unknown:
            raise ValueError(
                f"Got the name(s) {unknown}, but expected names of parameters of the "
                f"preset: {list(self)}. Leave the others out."
            )
        return _Preset({k: v for k, v in self.data.items() if k not in names})


#: The network published in 2018, for comparison: layers of geometric widths, the rule as
#: released (with its subgradient step and its clipped coefficients), RMSprop at a constant
#: rate, batches of ten. Theta is that of the tutorial; the step is its nu of 1e6 at a learning
#: rate of 1e-3.
PAPER = _Preset(
    hidden_layer_sizes="geometric",
    activation="relu",
    dropout=0.0,
    theta=-10.0,
    penalty=RLNPenalty(1e3 * math.exp(-10), warmup=0.0, rule="subgradient"),
    solver="rmsprop",
    learning_rate="constant",
    learning_rate_init=1e-3,
    batch_size=10,
    max_iter=100,
    early_stopping=False,
    input_clip=None,
    numeric_embedding=None,
    n_estimators=1,
)

#: One network with a strong penalty and without embeddings, whose few inputs and edges can be
#: read one by one. For wide tables of which few columns matter. On few rows, small batches take
#: enough steps for edges to reach zero.
READABLE = _Preset(
    hidden_layer_sizes=(256, 64),
    dropout=0.0,
    batch_size=32,
    theta=-5.5,
    numeric_embedding=None,
    n_estimators=1,
)

#: The default ensemble with narrower layers and fewer epochs, which trains once on all inputs.
#: For a first look at a table, for searches and for cross-validation: about a quarter of the
#: time of the default, at a loss that is some percent higher.
QUICK = _Preset(
    hidden_layer_sizes=(128, 128),
    max_iter="short",
    n_iter_no_change=16,
    input_selection=False,
)

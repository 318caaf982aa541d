# SPDX-License-Identifier: BSD-3-Clause
"""Networks that choose theta and the penalty's step by cross-validation."""

from dataclasses import replace
from functools import wraps
from typing import Any

from skrln._ensemble._search import Grid, search_ensemble


def without_theta(init):
    """Return a constructor that refuses `theta`, which presets have, with the way out."""

    @wraps(init)
    def checked(self, *args, **params):
        if "theta" in params:
            raise TypeError(
                f"Got theta={params['theta']!r}, but {type(self).__name__} chooses theta "
                f"among `thetas`. Pass thetas=[{params['theta']!r}] instead, and a preset "
                'without its theta: **READABLE.without("theta").'
            )
        init(self, *args, **params)

    return checked


class SearchMixin:
    """Part that the searches share; `_member_type` is the class of the network."""

    @property
    def theta_(self) -> float:
        """Chosen mean of the log coefficients."""
        return self._chosen("theta_")

    @property
    def reg_step_(self) -> float:
        """Chosen step of the coefficients."""
        return self._chosen("reg_step_")

    def _chosen(self, name):
        self._ensemble(name)  # raises before fit
        return self._search[name]

    @property
    def partial_fit(self) -> Any:
        """Raise an AttributeError: rows in batches cannot be cross-validated."""
        raise AttributeError(
            f"{type(self).__name__} has no partial_fit: it needs all rows to choose theta. "
            f"Give its theta_ and reg_step_ to {self._member_type.__name__}."
        )

    def _parameters(self):
        # The grid replaces theta; a number keeps "auto" from being resolved.
        return replace(super()._parameters(), theta=0.0)

    def _run_fit(self, parameters, arguments, engine):
        grid = Grid(
            self.thetas, self.reg_steps, self.cv, self.scoring, self.one_standard_error
        )
        return search_ensemble(
            parameters, grid, arguments, self.random_state, engine, self._model_of
        )

    def _store(self, result):
        super()._store(result)
        self._search = {
            name: result.attributes[name] for name in ("theta_", "reg_step_")
        }
        for name in ("cv_results_", "best_index_", "best_score_", "n_splits_"):
            setattr(self, name, result.attributes[name])

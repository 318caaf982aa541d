# SPDX-License-Identifier: BSD-3-Clause
"""Conversion of the coupling of a joint estimator to the plan of the kernel."""

from typing import NamedTuple

from skrln._kernels import JointPlan
from skrln.networks._open_options import read_option
from skrln.options import Coupling


class AutoCoupling(NamedTuple):
    """Values of "auto" in the coupling of an estimator."""

    strength: float
    distance: str


#: Regressors and classifiers; autoencoders, which copy columns; generators.
PREDICTING = AutoCoupling(10.0, "outputs")
COPYING = AutoCoupling(3.0, "weights")
GENERATING = AutoCoupling(0.3, "weights")
#: Strength "auto" times the number of other domains is at most this: each of them pulls.
MOST_PULL = 600.0
#: Scale factor "auto" for each distance.
AUTO_FACTORS = {"outputs": 4.5, "weights": 2.0}


def open_coupling(coupling, auto, n_domains):
    """Return the Coupling of an estimator, with each "auto" resolved.

    Parameters
    ----------
    coupling : str or Coupling
    auto : AutoCoupling
    n_domains : int
    """
    option = Coupling(coupling) if isinstance(coupling, str) else coupling
    params = read_option(option)
    if option.robust_norm == "huber" and option.irls_weight == "paper":
        raise ValueError(
            "Got irls_weight='paper' with robust_norm='huber', but these weights are "
            "published for 'geman_mcclure' only. Pass irls_weight='majorizer'."
        )
    if option.strength == "auto":
        params["strength"] = min(auto.strength, MOST_PULL / max(1, n_domains - 1))
    if option.distance == "auto":
        params["distance"] = auto.distance
    if option.sigma_factor == "auto":
        params["sigma_factor"] = AUTO_FACTORS[params["distance"]]
    return Coupling(**params)


def make_plan(coupling, max_iter, n_shared, *, stacks=(), own_heads=False):
    """Make the plan of a fit in which `n_shared` layers may be shared.

    Parameters
    ----------
    coupling : Coupling
        Coupling without "auto".
    max_iter : int
        Epochs of the fit.
    n_shared : int
    stacks, own_heads
        As in ``JointPlan``, for several networks per domain.
    """
    first = max(1, round(coupling.first_stage * max_iter))
    round_epochs = coupling.inner_max_iter
    if round_epochs is None:
        round_epochs = max(1, (max_iter - first) // max(1, coupling.max_irls_iter))
    return JointPlan(
        coupling.strategy,
        float(coupling.strength),
        n_shared,
        norm=coupling.robust_norm,
        irls_weight=coupling.irls_weight,
        scale=coupling.sigma,
        scale_factor=float(coupling.sigma_factor),
        distance=coupling.distance,
        paired=coupling.pair_layers,
        first_epochs=first,
        round_epochs=round_epochs,
        max_rounds=coupling.max_irls_iter,
        tol=coupling.irls_tol,
        stacks=stacks,
        own_heads=own_heads,
    )

# SPDX-License-Identifier: BSD-3-Clause
"""From the parameters of a joint estimator to the plan that the kernel follows."""

from skrln._kernels import JointPlan


def make_plan(estimator, n_shared, **networks):
    """Plan of a fit in which `n_shared` layers may be shared.

    Parameters
    ----------
    estimator : estimator
        With the parameters that all joint estimators have.
    n_shared : int
    **networks : object
        `stacks` and `own_heads` of ``JointPlan``, where a domain has several networks.
    """
    first = max(1, round(estimator.first_stage * estimator.max_iter))
    every = estimator.inner_max_iter
    if every is None:
        every = max(1, (estimator.max_iter - first) // max(1, estimator.max_irls_iter))
    if estimator.robust_norm == "huber" and estimator.irls_weight == "paper":
        raise ValueError(
            "Got irls_weight='paper' with robust_norm='huber', but those weights are "
            "published for 'geman_mcclure'. Pass irls_weight='majorizer'."
        )
    return JointPlan(
        estimator.strategy,
        float(estimator.coupling),
        n_shared,
        norm=estimator.robust_norm,
        irls_weight=estimator.irls_weight,
        scale=estimator.sigma,
        scale_factor=float(estimator.sigma_factor),
        paired=estimator.pair_layers,
        first_epochs=first,
        round_epochs=every,
        max_rounds=estimator.max_irls_iter,
        tol=estimator.irls_tol,
        **networks,
    )

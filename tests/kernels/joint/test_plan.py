# SPDX-License-Identifier: BSD-3-Clause
"""Terms and stages of each strategy."""

import numpy as np
import pytest

from skrln._kernels import JointPlan


@pytest.mark.parametrize(
    ("strategy", "tied", "coupled"),
    [
        ("joint", (0, 0), (1, 1)),
        ("l2", (0, 0), (1, 1)),
        ("shared", (1, 1), (0, 0)),
        ("finetune", (1, 0), (0, 0)),
        ("isolated", (0, 0), (0, 0)),
    ],
)
def test_stages_of_each_strategy(strategy, tied, coupled):
    """The last layer is not shared; both stages, one after the other."""
    stages = JointPlan(strategy, 0.5, 2).stages(3, anchored=True)
    for stage, is_tied, is_coupled in zip(stages, tied, coupled, strict=True):
        assert stage.tied == (bool(is_tied),) * 2 + (False,)
        assert stage.coupled == (bool(is_coupled),) * 2 + (False,)
        assert stage.anchored == bool(is_coupled)


def test_no_coupling_couples_nothing():
    for strategy in ("joint", "l2"):
        plan = JointPlan(strategy, 0.0, 2)
        assert not plan.couples
        assert not any(plan.stages(2, anchored=False)[0].coupled)


def test_no_pair_goes_across_the_networks_of_a_domain():
    plan = JointPlan("joint", 1.0, 5, stacks=(2, 3))
    assert plan.n_terms == 3
    np.testing.assert_array_equal(
        plan.terms, [[1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 1, 1]]
    )


def test_last_layers_may_be_left_alone():
    inner = (True, False, True, True, False)
    for strategy in ("l2", "shared"):
        plan = JointPlan(strategy, 1.0, 5, stacks=(2, 3), own_heads=True)
        np.testing.assert_array_equal(plan.terms, [[1, 0, 0, 0, 0], [0, 0, 1, 1, 0]])
        stage = plan.stages(5, anchored=False)[0]
        assert (stage.tied if strategy == "shared" else stage.coupled) == inner

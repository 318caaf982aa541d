# SPDX-License-Identifier: BSD-3-Clause
"""Domains that come after the fit."""

from copy import deepcopy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skrln.options import Coupling

from ._domains import arrays, classifier, make_classes, make_table, regressor


@pytest.fixture(scope="module")
def later():
    """Few rows like those of "south"."""
    X, y, domain = make_table(seed=1)
    return X[domain == "south"][:8], y[domain == "south"][:8]


def test_the_others_stay_and_draw_the_new_one(table, fitted, later):
    X, _, domain = table
    model = deepcopy(fitted).add_domain(*later, "west")
    assert model.domains_.tolist() == ["east", "north", "south", "west"]
    for old, new in zip(arrays(fitted), arrays(model), strict=True):
        assert_array_equal(new[:3], old)
        assert len(new) == 4
    assert_array_equal(
        model.predict(X, sample_domain=domain), fitted.predict(X, sample_domain=domain)
    )
    assert_array_equal(model.pair_weights_[:, :3, :3], fitted.pair_weights_)
    assert_array_equal(model.pair_weights_, model.pair_weights_.transpose(0, 2, 1))
    assert_allclose(model.pair_distances_[:, :3, :3], fitted.pair_distances_, rtol=1e-6)
    far = fitted.sigma_[:, None] ** 2
    last = (far / (far + model.pair_distances_[:, 3, :3])) ** 2
    # The weights in force are those of the last round; they have come near.
    assert_allclose(model.pair_weights_[:, 3, :3], last, atol=0.1)
    assert model._centers.shape == (4, 4)
    found = model.predict(later[0], sample_domain=["west"] * 8)
    assert found.shape == (8,)


def test_coupling_matters(fitted, later):
    alone = (
        deepcopy(fitted)
        .set_params(coupling=Coupling(strength=0))
        .add_domain(*later, "west")
    )
    near = deepcopy(fitted).set_params(coupling=Coupling("l2", strength=1e6))
    near.add_domain(*later, "west")
    loose = np.abs(alone.coefs_[1][3] - alone.coefs_[1][:3].mean(axis=0)).max()
    tight = np.abs(near.coefs_[1][3] - near.coefs_[1][:3].mean(axis=0)).max()
    assert tight < 1e-3 < loose
    assert_array_equal(alone.pair_weights_[:, 3], [[0, 0, 0, 1]] * 2)


def test_several_and_after_a_single_domain(table, later):
    X, y, _ = table
    model = regressor().fit(X, y)
    model.add_domain(*later, 7).add_domain(X[:10], y[:10], 3)
    assert model.domains_.tolist() == [0, 7, 3]
    assert model.pair_weights_.shape == (2, 3, 3)
    assert model.predict(X[:3], sample_domain=[0, 7, 3]).shape == (3,)


def test_classes_of_their_own():
    X, y, domain = make_classes(3)
    kept = ((domain == "north") & (y != 2)) | ((domain == "east") & (y != 0))
    model = classifier().fit(X[kept], y[kept], sample_domain=domain[kept])
    rows = (domain == "south") & (y != 1)
    model.add_domain(X[rows], y[rows], "south")
    assert [c.tolist() for c in model.domain_classes_] == [[1, 2], [0, 1], [0, 2]]
    proba = model.predict_proba(X[rows], sample_domain=domain[rows])
    assert_array_equal(proba[:, 1], 0)
    with pytest.raises(ValueError, match="Every class needs a row"):
        model.add_domain(X[rows], y[rows] + 5, "west")
    assert len(model.domains_) == 3


def test_targets_in_units_of_their_own(table, later):
    X, y, domain = table
    model = regressor(share_output=False).fit(X, y, sample_domain=domain)
    model.set_params(share_output=True)  # the fit decides, not what is set since
    model.add_domain(later[0], 1e6 * later[1], "west")
    found = model.predict(later[0], sample_domain=["west"] * 8)
    assert np.abs(found).max() > 1e6

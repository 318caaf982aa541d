# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
from scipy.stats import ks_2samp
from sklearn.neural_network import MLPRegressor

from skrln.inspection import WeightDistributionDisplay

from .conftest import friedman


def test_weights_of_the_first_layer(pyplot, rln):
    display = WeightDistributionDisplay.from_estimator(rln, name="RLN")
    first = rln.coefs_[0]
    np.testing.assert_array_equal(display.weights, np.sort(np.abs(first[first != 0])))
    assert 0 < display.zero_share == np.mean(first == 0) == rln.sparsity_[0]
    shares = display.line_.get_ydata()
    np.testing.assert_array_equal(display.line_.get_xdata(), display.weights)
    # Half of the weights are at most as large as their median.
    middle = len(shares) // 2
    assert shares[middle] == (middle + 1) / len(shares)
    assert shares[-1] == 1
    assert display.ax_.get_xscale() == "log"
    label = f"RLN ({100 * display.zero_share:.4g}% exactly zero, {len(shares)} left)"
    assert display.line_.get_label() == label


def test_distance_to_another_network(pyplot, rln, plain):
    first = WeightDistributionDisplay.from_estimator(plain, name="plain")
    second = WeightDistributionDisplay.from_estimator(
        rln, name="RLN", reference=first, ax=first.ax_, lw=3
    )
    assert first.zero_share == 0
    assert first.distance is None
    assert second.distance == ks_2samp(first.weights, second.weights).statistic > 0
    assert second.line_.get_label().endswith(f"to plain {second.distance:.2f})")
    assert second.line_.get_linewidth() == 3
    assert second.line_.get_linestyle() != first.line_.get_linestyle()
    assert len(first.ax_.get_legend().get_texts()) == 2


def test_network_of_scikit_learn(pyplot):
    network = MLPRegressor(hidden_layer_sizes=(4,), solver="lbfgs", random_state=0)
    network.set_params(tol=1.0).fit(*friedman())
    display = WeightDistributionDisplay.from_estimator(network)
    assert len(display.weights) == 15 * 4
    assert display.line_.get_label().startswith("MLPRegressor (0% exactly zero")


def test_nothing_left(pyplot):
    display = WeightDistributionDisplay(np.array([]), 1.0).plot()
    display.figure_.canvas.draw()
    assert display.line_.get_label() == "100% exactly zero, 0 left"

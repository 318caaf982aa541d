# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest

from skrln.datasets import make_friedman1_noise


def friedman1(X):
    bowl = 20 * (X[:, 2] - 0.5) ** 2
    return 10 * np.sin(np.pi * X[:, 0] * X[:, 1]) + bowl + 10 * X[:, 3] + 5 * X[:, 4]


def test_shapes_and_range():
    X, y = make_friedman1_noise(n_samples=30, n_noise=7, random_state=0)
    assert X.shape == (30, 12)
    assert y.shape == (30,)
    assert X.min() >= 0
    assert X.max() <= 1


def test_defaults_are_those_of_the_acceptance_test():
    X, _, support = make_friedman1_noise(random_state=0, return_support=True)
    assert X.shape == (400, 205)
    assert support.sum() == 5


def test_target_depends_on_the_support_alone(global_random_seed):
    X, y, support = make_friedman1_noise(
        n_samples=50,
        n_noise=3,
        noise=0,
        random_state=global_random_seed,
        return_support=True,
    )
    np.testing.assert_array_equal(support, [True] * 5 + [False] * 3)
    np.testing.assert_allclose(y, friedman1(X[:, support]))


def test_noise_is_the_standard_deviation_of_the_rest(global_random_seed):
    X, y = make_friedman1_noise(
        n_samples=4000, n_noise=0, noise=2.0, random_state=global_random_seed
    )
    # The standard error of a standard deviation is 2 / sqrt(2 * 4000) = 0.022.
    assert np.std(y - friedman1(X)) == pytest.approx(2.0, abs=0.12)


def test_same_seed_same_data():
    first = make_friedman1_noise(n_samples=20, n_noise=5, random_state=3)
    again = make_friedman1_noise(n_samples=20, n_noise=5, random_state=3)
    other = make_friedman1_noise(n_samples=20, n_noise=5, random_state=4)
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, c)


def test_more_noise_columns_leave_the_problem_as_it_is():
    few, y_few = make_friedman1_noise(n_samples=20, n_noise=0, random_state=0)
    many, y_many = make_friedman1_noise(n_samples=20, n_noise=50, random_state=0)
    np.testing.assert_array_equal(few, many[:, :5])
    np.testing.assert_array_equal(y_few, y_many)


def test_columns_differ_and_are_not_correlated(global_random_seed):
    X, _ = make_friedman1_noise(
        n_samples=2000, n_noise=5, random_state=global_random_seed
    )
    correlation = np.corrcoef(X.T) - np.eye(10)
    # 45 pairs with a standard error of 1 / sqrt(2000) = 0.022: six of them are ample.
    assert np.abs(correlation).max() < 0.135


def test_random_state_instance_moves_on():
    rng = np.random.RandomState(0)
    first, _ = make_friedman1_noise(n_samples=5, n_noise=1, random_state=rng)
    second, _ = make_friedman1_noise(n_samples=5, n_noise=1, random_state=rng)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("n_noise", [-1, 2.5, "many"])
def test_bad_n_noise(n_noise):
    with pytest.raises(ValueError, match=rf"Got n_noise={n_noise!r}, but expected"):
        make_friedman1_noise(n_noise=n_noise)

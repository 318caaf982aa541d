# SPDX-License-Identifier: BSD-3-Clause
"""Whole fits of the kernels against the slow reference in NumPy."""

from dataclasses import replace

import numpy as np
import pytest

from ._problems import N_ROWS, fit, make_table
from ._reference import Settings, Trainer

CASES = {
    "default": Settings(),
    "no penalty": Settings(regularized=None),
    "linear": Settings(
        layer_sizes=(5, 1), solver="sgd", batch_size=N_ROWS, max_epochs=9
    ),
    "l2, all layers": Settings(
        layer_sizes=(5, 4, 3, 1),
        activation="relu",
        solver="sgd",
        schedule="cosine",
        norm="l2",
        regularized="all",
    ),
    "mean held per layer": Settings(
        layer_sizes=(5, 4, 3, 3, 1),
        activation="logistic",
        solver="rmsprop",
        schedule="cosine",
        regularized="all",
        scope="layer",
        theta=(-5.0, -5.5, -6.0, -6.0),
        reg_step=5.0,
    ),
    "mean held over the network": Settings(
        layer_sizes=(5, 4, 3, 3, 1), activation="identity", regularized="all"
    ),
    "growing penalty": Settings(warmup_epochs=2.5, theta=-5.0),
    "subgradient": Settings(rule="subgradient", schedule="cosine"),
    "subgradient, l2": Settings(
        layer_sizes=(5, 4, 3, 1),
        rule="subgradient",
        norm="l2",
        regularized="all",
        solver="sgd",
        theta=-3.2,
        reg_step=20.0,
    ),
    "groups": Settings(
        columns=(0, 0, 1, 2, 2), solver="rmsprop", theta=-5.4, reg_step=1.0
    ),
    "groups, all layers": Settings(
        layer_sizes=(5, 4, 3, 1),
        columns=(1, 0, 1, 0, 2),
        regularized="all",
        schedule="cosine",
        theta=-5.0,
    ),
    "two outputs": Settings(layer_sizes=(5, 4, 2), heads=(1, 1), theta=-5.0),
    "binary": Settings(loss="log_loss", activation="relu", reg_step=1.0),
    "multiclass": Settings(layer_sizes=(5, 4, 3), loss="log_loss", heads=(3,)),
    "several class targets": Settings(
        layer_sizes=(5, 4, 4), loss="log_loss", heads=(1, 3), schedule="cosine"
    ),
}
#: For the mutants: its schedule and its zeros show every part of the rule.
SUBJECT = Settings(schedule="cosine", reg_step=0.3, max_epochs=6)


def differences(result, trainer):
    """Largest absolute difference in weights, biases, coefficients and losses."""
    pairs = [
        *zip((layer.weight for layer in result.params), trainer.weights, strict=True),
        *zip((layer.bias for layer in result.params), trainer.biases, strict=True),
        *zip(finite(result.coefficients), finite(trainer.coefficients()), strict=True),
        (result.history.loss, trainer.losses),
    ]
    return np.array([np.max(np.abs(a - b), initial=0) for a, b in pairs])


def finite(coefficients):
    """Lambda of the regularized layers."""
    return [lam for lam in coefficients if np.isfinite(lam).all()]


@pytest.mark.parametrize("name", CASES)
def test_fit_follows_the_reference(name):
    settings = CASES[name]
    table = make_table(settings)
    result = fit(settings, table)
    trainer = Trainer(settings).fit(*table)

    # All numbers are of order one (lambda of order ten): the rounding of 1e-16 grows to
    # 5e-15 in a dozen steps. A wrong formula is off by 0.1, see the mutants below.
    np.testing.assert_allclose(differences(result, trainer), 0, atol=1e-12)
    zeros = [np.sum(w == 0) for w in trainer.weights]
    np.testing.assert_array_equal(result.history.zeros[-1], zeros)
    assert [np.isneginf(lam).all() for lam in result.coefficients] == [
        k >= settings.n_regularized for k in range(len(trainer.weights))
    ]


@pytest.mark.parametrize("name", ["default", "subgradient", "groups"])
def test_single_precision_follows_the_reference(name):
    # Three steps only: a weight that rounding puts on the other side of its dead zone
    # would part the two for good. Rounding is 6e-8 of lambda of order ten, and 2e-4 in
    # the logarithm of a weight that the subgradient has almost taken to zero.
    settings = replace(CASES[name], max_epochs=1)
    table = make_table(settings)
    result = fit(settings, table, precision="float32")
    trainer = Trainer(settings).fit(*table)
    atol = 1e-3 if settings.rule == "subgradient" else 1e-5
    np.testing.assert_allclose(differences(result, trainer), 0, atol=atol)


def test_the_cases_show_the_whole_rule():
    """Zeros appear, coefficients spread, clips act: else nothing would be compared."""
    trained = {name: Trainer(s).fit(*make_table(s)) for name, s in CASES.items()}

    assert 0 < np.sum(trained["default"].weights[0] == 0) < 20
    assert np.ptp(trained["default"].lambdas) > 1
    dead_rows = np.all(trained["groups"].weights[0] == 0, axis=1)
    assert 0 < dead_rows.sum() < 5
    bounded = CASES["mean held per layer"]
    free = Trainer(replace(bounded, max_reg_step=np.inf)).fit(*make_table(bounded))
    spread = np.ptp(trained["mean held per layer"].coefficients()[0])
    assert np.ptp(free.coefficients()[0]) > 2 * spread
    # The penalty alone reaches zero in a step, and lambda is lowered to that strength.
    assert np.max(trained["subgradient, l2"].lambdas) == np.log(0.5 / 10)
    assert np.mean(trained["subgradient"].lambdas) < -6.1


class SameBatch(Trainer):
    """Coefficients move with the update that the penalty has already followed."""

    def step(self, inputs, targets, importance):
        move, kept = self.move_coefficients, []
        self.move_coefficients = kept.append
        loss = super().step(inputs, targets, importance)
        self.move_coefficients = move
        self.move_coefficients(kept[0])
        self.project()
        return loss


class NoMove(Trainer):
    """Plain L1 under the name of the rule."""

    def move_coefficients(self, updates):
        pass


class WrongSign(Trainer):
    """Coefficients climb the counterfactual loss."""

    def move_coefficients(self, updates):
        super().move_coefficients([-u for u in updates])


class NoProjection(Trainer):
    """The mean of the coefficients is free."""

    def project(self):
        pass


class FixedScale(Trainer):
    """The penalty step does not follow the learning rate."""

    def scale(self, rate):
        return 1.0


class InitialScale(Trainer):
    """The penalty step does not follow the schedule."""

    def scale(self, rate):
        return self.settings.learning_rate / 1e-3


class ScheduleTwice(Trainer):
    """Coefficients move with the square of the schedule."""

    def move_coefficients(self, updates):
        factor = self.rate() / self.settings.learning_rate
        super().move_coefficients([factor * u for u in updates])


class ScheduleNever(Trainer):
    """Coefficients move without the schedule."""

    def move_coefficients(self, updates):
        factor = self.settings.learning_rate / self.rate()
        super().move_coefficients([factor * u for u in updates])


class StraightThrough(Trainer):
    """Dead weights go on moving their coefficients."""

    def dead(self, old, relative):
        return np.zeros_like(old), relative * np.sign(old)


class Overshoot(Trainer):
    """No zeros: the step of the penalty goes through them."""

    def dead(self, old, relative):
        new = old - self.scale(self.rate()) * np.exp(-6.0) * relative * np.sign(old)
        return new, relative * np.sign(old)


MUTANTS = [
    SameBatch,
    NoMove,
    WrongSign,
    NoProjection,
    FixedScale,
    InitialScale,
    ScheduleTwice,
    ScheduleNever,
    StraightThrough,
    Overshoot,
]


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_comparison_notices_a_wrong_rule(mutant):
    table = make_table(SUBJECT)
    result = fit(SUBJECT, table)
    right = Trainer(SUBJECT).fit(*table)
    wrong = mutant(SUBJECT).fit(*table)
    assert differences(result, right).max() < 1e-12
    assert differences(result, wrong).max() > 0.1

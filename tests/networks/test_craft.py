# SPDX-License-Identifier: BSD-3-Clause
"""Batch norm, dropout, clipping, decay and schedules in whole fits."""

import pickle
from copy import deepcopy

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from skrln.options import (
    ExponentialDecay,
    PowerDecay,
    ReduceOnPlateau,
    Solver,
    Transfer,
)

from ._tables import (
    arrays,
    assert_close_fit,
    assert_same_fit,
    classifier,
    is_same_fit,
    make_classes,
    make_table,
    regressor,
)

X_ALL, Y_ALL = make_table(50)
X, Y, X_VAL, Y_VAL = X_ALL[:40], Y_ALL[:40], X_ALL[40:], Y_ALL[40:]
_, CLASSES = make_classes(n_classes=3)
VALIDATION = {"X_val": X_VAL, "y_val": Y_VAL}
WHERE = ["before", "after"]


def plain_steps(**options):
    """Plain gradient descent, with bounds on the gradient and decay by `options`."""
    return Solver("sgd", options={"momentum": 0.0}, **options)


#: One plain step down the gradient, of the whole table.
ONE_STEP = {
    "solver": plain_steps(),
    "learning_rate": "constant",
    "penalty": None,
    "max_iter": 1,
}


@pytest.fixture(scope="module")
def start():
    """Fit whose weights are the initial ones: its only step has no length."""
    return regressor(**ONE_STEP | {"learning_rate_init": 1e-300}).fit(X, Y)


@pytest.fixture(scope="module")
def free(start):
    """Moves of an unbounded step at a rate of 0.1."""
    return moves(regressor(**ONE_STEP | {"learning_rate_init": 0.1}).fit(X, Y), start)


def moves(model, start):
    """Differences of all weights and biases from those of the start."""
    new = [*model.coefs_, *model.intercepts_]
    old = [*start.coefs_, *start.intercepts_]
    return [b - a for a, b in zip(old, new, strict=True)]


def moments(model, X):
    """Mean and variance, over `X`, of what the hidden layer normalizes."""
    values = (
        model._fitted.members[0].encoder.transform(X) @ model.coefs_[0]
        + model.intercepts_[0]
    )
    if model.batch_norm == "after":
        values = np.maximum(values, 0)
    return values.mean(axis=0), values.var(axis=0)


# -- batch norm ------------------------------------------------------------------------


@pytest.fixture(scope="module", params=WHERE)
def normed(request):
    """Fit with batch norm and validation data; tests that change it take a copy."""
    return regressor(batch_norm=request.param).fit(X, Y, **VALIDATION)


def test_prediction_is_what_was_validated(normed):
    """The running moments that come back are those that the best epoch was judged by."""
    residual = (normed.predict(X_VAL) - Y_VAL) / normed._fitted.target.scale
    best = normed.validation_loss_curve_[normed.best_iteration_]
    assert np.mean(0.5 * residual**2) == pytest.approx(best, rel=1e-9)
    assert [norm.shape for norm in normed.batch_norms_] == [(4, 5)]


def test_probabilities_are_what_was_validated():
    model = classifier(batch_norm="before")
    model.fit(X, CLASSES, X_val=X[::4], y_val=CLASSES[::4])
    chosen = model.predict_proba(X[::4])[np.arange(10), CLASSES[::4]]
    best = model.validation_loss_curve_[model.best_iteration_]
    assert -np.log(chosen).mean() == pytest.approx(best, rel=1e-9)


def test_prediction_does_not_depend_on_the_rows_beside(normed):
    alone = np.concatenate([normed.predict(row[None]) for row in X_VAL])
    np.testing.assert_allclose(normed.predict(X_VAL), alone, rtol=1e-12)
    # Prediction takes the moments of the training rows, not those of the predicted rows.
    shifted = normed.predict(X_VAL + 1)
    assert np.all(np.abs(shifted - normed.predict(X_VAL)) > 1e-3)


@pytest.mark.parametrize("where", WHERE)
def test_weight_is_a_repetition(where):
    """In a full batch; the moments of a batch have to know the weights for it."""
    counts = np.repeat([1, 2], [24, 16])
    # Mean outputs and targets are zero: Adam would make steps of the rounding in that.
    params = {"learning_rate": "constant", "penalty": None}
    model = regressor(batch_norm=where, solver="sgd", **params)
    weighted = model.fit(X, Y, sample_weight=counts)
    found = [*arrays(weighted), *weighted.batch_norms_]
    repeated = model.fit(np.repeat(X, counts, axis=0), np.repeat(Y, counts))
    expected = [*arrays(repeated), *repeated.batch_norms_]
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-11)
    plain = model.fit(X, Y)
    assert not np.allclose(plain.batch_norms_[0], found[-1], rtol=1e-3)


@pytest.mark.parametrize("where", WHERE)
def test_running_moments_begin_with_the_first_batch(where):
    params = {"learning_rate": "constant", "penalty": None, "max_iter": 3}
    model = regressor(batch_norm=where, learning_rate_init=1e-300, **params).fit(X, Y)
    # The weights stand still, and so every batch has the moments of the first.
    np.testing.assert_allclose(model.batch_norms_[0][2:], moments(model, X), rtol=1e-9)


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("how", ["warm_start", "partial_fit"])
def test_going_on_keeps_the_running_moments(where, how):
    """The next batch adds its tenth to them, and does not take their place."""
    params = {"learning_rate": "constant", "penalty": None}
    model = regressor(batch_norm=where, warm_start=True, **params).fit(X, Y)
    old = model.batch_norms_[0].copy()
    seen = moments(model, X)
    # The weights moved while the moments followed: batch and past are not the same.
    assert np.abs(old[2:] - seen).max() > 0.01
    model.set_params(max_iter=1, learning_rate_init=1e-300)
    getattr(model, "fit" if how == "warm_start" else how)(X, Y)
    np.testing.assert_array_equal(model.batch_norms_[0][:2], old[:2])
    expected = 0.9 * old[2:] + 0.1 * np.array(seen)
    np.testing.assert_allclose(model.batch_norms_[0][2:], expected, rtol=1e-9)


@pytest.mark.parametrize("where", WHERE)
def test_calls_of_partial_fit_are_the_epochs_of_a_fit(where):
    """Running moments and weights go from call to call."""
    params = {"learning_rate": "constant", "penalty": None, "batch_norm": where}
    # Both begin with the same weights, and full batches draw nothing.
    source = regressor(**params).fit(X, Y)
    params["pretrained"] = Transfer(source, reuse_head=True)
    whole = regressor(max_iter=3, **params).fit(X, Y)
    calls = regressor(**params)
    for _ in range(3):
        calls.partial_fit(X, Y)
    # Of an idle bias the gradient is rounding, which Adam divides by its 1e-8.
    assert_close_fit(whole, calls, rtol=1e-7, atol=1e-8)
    for a, b in zip(whole.batch_norms_, calls.batch_norms_, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-8)
    single = regressor(**params).partial_fit(X, Y)
    assert not np.allclose(single.coefs_[0], whole.coefs_[0], rtol=1e-4)


def test_pickle_keeps_the_running_moments(normed):
    copy = pickle.loads(pickle.dumps(normed))
    np.testing.assert_array_equal(copy.batch_norms_[0], normed.batch_norms_[0])
    np.testing.assert_array_equal(copy.predict(X), normed.predict(X))


def test_fit_without_batch_norm_forgets_the_moments(normed):
    model = deepcopy(normed).set_params(batch_norm=None).fit(X, Y)
    assert model.batch_norms_ == []
    assert_same_fit(model, regressor().fit(X, Y))


def test_importance_includes_the_scales_of_units(normed):
    """With all units but one scaled to zero, only the inputs of that unit remain."""
    model = deepcopy(normed)
    unit = np.argmax(np.abs(model.coefs_[0]).sum(axis=0))
    if (
        model.batch_norm == "before"
    ):  # a constant unit behind the activation moves nothing
        model.coefs_[1][np.arange(5) != unit] = 0
    else:
        model.batch_norms_[0][0] = np.where(np.arange(5) == unit, 2.0, 0.0)
    spread = model._fitted.encoders[0].transform(X).std(axis=0)
    moved = (model.coefs_[0][:, unit] * spread) ** 2
    np.testing.assert_allclose(
        model.feature_importances_, moved / moved.sum(), rtol=0.05, atol=1e-12
    )


def test_batch_norm_of_a_linear_model_is_none():
    plain = regressor(hidden_layer_sizes=()).fit(X, Y)
    normed = regressor(hidden_layer_sizes=(), batch_norm="after").fit(X, Y)
    assert normed.batch_norms_ == []
    assert_same_fit(plain, normed)


@pytest.mark.parametrize("rate", [1 / 64, 1 / 16])
def test_batch_norm_trains_a_network_that_does_not_train_without(rate):
    """Eight hidden layers by plain gradient descent, from three starts."""
    params = ONE_STEP | {
        "hidden_layer_sizes": (16,) * 8,
        "learning_rate_init": rate,
        "max_iter": 60,
    }
    plain, normed = (
        [
            regressor(batch_norm=where, random_state=seed, **params)
            .fit(X, Y)
            .loss_curve_[-10:]
            .mean()
            for seed in range(3)
        ]
        for where in (None, "before")
    )
    # The mean of the target has a loss of one half.
    assert np.mean(normed) < 0.25 * np.mean(plain), (plain, normed)


# -- dropout ---------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["relu", "selu"])
def test_prediction_drops_nothing(activation):
    """Two predictions are the same, and follow from the weights alone."""
    model = regressor(dropout=0.5, activation=activation).fit(X, Y, **VALIDATION)
    np.testing.assert_array_equal(model.predict(X), model.predict(X))
    residual = (model.predict(X_VAL) - Y_VAL) / model._fitted.target.scale
    best = model.validation_loss_curve_[model.best_iteration_]
    assert np.mean(0.5 * residual**2) == pytest.approx(best, rel=1e-9)


def test_one_seed_drops_the_same_units():
    first, second = (regressor(dropout=0.5).fit(X, Y) for _ in range(2))
    assert_same_fit(first, second)
    # Of the same weights, others are dropped: full batches draw nothing else.
    start = Transfer(regressor().fit(X, Y), reuse_head=True)
    going_on = {"dropout": 0.5, "pretrained": start}
    one, other = (regressor(random_state=seed, **going_on).fit(X, Y) for seed in (1, 2))
    assert not is_same_fit(one, other)


def test_every_step_drops_other_units():
    """Weights that stand still have another loss in each epoch."""
    model = regressor(dropout=0.5, learning_rate_init=1e-12).fit(X, Y)
    assert len(np.unique(model.loss_curve_.round(6))) == 10


def test_rates_per_layer():
    """One number is that of all layers; zeros are no dropout."""
    deep = {"hidden_layer_sizes": (5, 5)}
    one = regressor(dropout=0.3, **deep).fit(X, Y)
    assert_same_fit(one, regressor(dropout=[0.3, 0.3], **deep).fit(X, Y))
    first = regressor(dropout=(0.3, 0.0), **deep).fit(X, Y)
    second = regressor(dropout=np.array([0.0, 0.3]), **deep).fit(X, Y)
    none = regressor(dropout=[0.0, 0.0], **deep).fit(X, Y)
    assert_same_fit(none, regressor(**deep).fit(X, Y))
    fits = [one, first, second, none]
    for i, a in enumerate(fits):
        for b in fits[i + 1 :]:
            assert not is_same_fit(a, b)


def test_more_dropout_is_a_higher_training_loss():
    losses = [
        regressor(dropout=rate, max_iter=40).fit(X, Y).loss_curve_[-10:].mean()
        for rate in (0.0, 0.2, 0.6)
    ]
    assert losses == sorted(losses)


# -- clipping --------------------------------------------------------------------------


def clipped(**bounds):
    """Fit of one step at a rate of 0.1 with bounds on the gradient."""
    params = ONE_STEP | {"solver": plain_steps(**bounds), "learning_rate_init": 0.1}
    return regressor(**params).fit(X, Y)


def test_clip_norm_bounds_the_step(start, free):
    """Over all layers together, and without turning it."""
    rate, bound = 0.1, 1e-3
    found, whole = (
        np.concatenate([m.ravel() for m in each])
        for each in (moves(clipped(clip_norm=bound), start), free)
    )
    assert np.linalg.norm(whole) > 2 * rate * bound
    assert np.linalg.norm(found) == pytest.approx(rate * bound, rel=1e-9)
    cosine = found @ whole / np.linalg.norm(whole) / np.linalg.norm(found)
    assert cosine == pytest.approx(1, abs=1e-9)
    # A bound that is never reached changes nothing.
    for a, b in zip(moves(clipped(clip_norm=1e6), start), free, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-16)


def test_clip_value_bounds_every_entry(start, free):
    rate, bound = 0.1, 0.02
    for a, b in zip(moves(clipped(clip_value=bound), start), free, strict=True):
        expected = np.clip(b, -rate * bound, rate * bound)
        np.testing.assert_allclose(a, expected, rtol=1e-9, atol=1e-15)
    sizes = np.abs(np.concatenate([m.ravel() for m in free]))
    assert sizes.min() < rate * bound < sizes.max()


def test_both_clips_together(start, free):
    """First the entries are bounded, then the length of the bounded entries."""
    rate = 0.1
    model = clipped(clip_value=0.02, clip_norm=0.03)
    entries = [np.clip(m / rate, -0.02, 0.02) for m in free]
    length = np.sqrt(sum((m**2).sum() for m in entries))
    assert length > 0.03
    for found, entry in zip(moves(model, start), entries, strict=True):
        np.testing.assert_allclose(
            found, rate * entry * 0.03 / length, rtol=1e-8, atol=1e-15
        )


# -- weight decay ----------------------------------------------------------------------


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_weights_decay_by_the_rate_and_biases_do_not(schedule):
    """Alone, as no gradient passes the clipping: each step leaves 1 - rate * decay."""
    start = regressor(**ONE_STEP).fit(X, Y)  # biases are not zero after a step
    model = regressor(
        pretrained=Transfer(start, reuse_head=True),
        solver=plain_steps(clip_value=1e-30, weight_decay=3.0),
        penalty=None,
        learning_rate=schedule,
    ).fit(X, Y)
    t = np.arange(10)
    factor = {"constant": 1.0 + 0 * t, "cosine": 0.5 * (1 + np.cos(np.pi * t / 10))}
    kept = np.prod(1 - 0.01 * factor[schedule] * 3.0)
    assert 0.5 < kept < 0.9
    for found, before in zip(model.coefs_, start.coefs_, strict=True):
        np.testing.assert_allclose(found, kept * before, rtol=1e-12)
    for found, before in zip(model.intercepts_, start.intercepts_, strict=True):
        assert np.all(before != 0)
        np.testing.assert_allclose(found, before, rtol=1e-12)


def test_decay_is_decoupled_from_the_gradient(start):
    """Adam divides gradients by their size, but not the decay."""
    params = {"penalty": None, "max_iter": 1, "learning_rate": "constant"}
    plain, decayed = (
        regressor(solver=Solver(weight_decay=decay), **params).fit(X, Y)
        for decay in (0.0, 2.0)
    )
    for a, b, w in zip(plain.coefs_, decayed.coefs_, start.coefs_, strict=True):
        np.testing.assert_allclose(a - b, 0.01 * 2.0 * w, rtol=1e-9, atol=1e-14)
    for a, b in zip(plain.intercepts_, decayed.intercepts_, strict=True):
        np.testing.assert_array_equal(a, b)


def test_decay_spares_gains_and_shifts():
    solver = Solver("sgd", clip_value=1e-30, weight_decay=3.0)
    model = regressor(solver=solver, penalty=None, batch_norm="before").fit(X, Y)
    np.testing.assert_allclose(model.batch_norms_[0][0], 1.0, rtol=1e-12)


# -- schedules -------------------------------------------------------------------------


def one_by_one(rates, **params):
    """Plain gradient descent with a fit for every step, each at a constant rate."""
    source = {}
    for rate in rates:
        model = regressor(**(ONE_STEP | params | {"learning_rate_init": rate} | source))
        source = {"pretrained": Transfer(model.fit(X, Y), reuse_head=True)}
    return model


@pytest.mark.parametrize(
    ("schedule", "factor"),
    [
        ("constant", lambda t: 1.0),
        # A tenth of the ten steps, and half of them, unless options say otherwise.
        ("power", lambda t: 1 / (1 + t)),
        (PowerDecay(4, power=2.0), lambda t: (1 + t / 4) ** -2),
        ("exponential", lambda t: 0.1 ** (t / 5)),
        (ExponentialDecay(8), lambda t: 0.1 ** (t / 8)),
    ],
)
def test_schedule_is_a_fit_of_each_rate(schedule, factor):
    params = {"max_iter": 10, "learning_rate": schedule, "learning_rate_init": 0.2}
    model = regressor(**ONE_STEP | params).fit(X, Y)
    replay = one_by_one(0.2 * factor(np.arange(10.0)) * np.ones(10))
    assert_close_fit(model, replay, rtol=1e-9, atol=1e-12)
    assert model.loss_curve_[-1] < 0.9 * model.loss_curve_[0]


def test_callable_that_is_constant():
    """A callable gives the rate itself; `learning_rate_init` has no effect on it."""
    params = ONE_STEP | {"max_iter": 10}
    rate = params | {"learning_rate": lambda step: 0.02 + 0 * step}
    called = regressor(**rate).fit(X, Y)
    constant = regressor(**params | {"learning_rate_init": 0.02}).fit(X, Y)
    assert_close_fit(called, constant, rtol=1e-10, atol=1e-13)
    assert not is_same_fit(called, regressor(**params).fit(X, Y))


@pytest.mark.parametrize("batch_size", ["auto", 10])
def test_schedule_of_optax(batch_size):
    """Counted in steps, of which an epoch may have several."""
    schedule = optax.exponential_decay(0.02, 6, 0.1)
    called = regressor(learning_rate=schedule, batch_size=batch_size).fit(X, Y)
    named = regressor(
        learning_rate=ExponentialDecay(6),
        learning_rate_init=0.02,
        batch_size=batch_size,
    ).fit(X, Y)
    assert_close_fit(called, named, rtol=1e-9, atol=1e-12)


def test_callable_may_rise():
    """The highest rate need not be the first."""
    rates = 0.02 * np.arange(1.0, 11.0)
    rising = {"max_iter": 10, "learning_rate": lambda t: 0.02 * (t + 1)}
    model = regressor(**ONE_STEP | rising).fit(X, Y)
    assert_close_fit(model, one_by_one(rates), rtol=1e-9, atol=1e-12)


def test_performance_lowers_the_rate_where_nothing_improves():
    """With a `tol` that nothing reaches every epoch but the first is stale."""
    params = ONE_STEP | {"learning_rate_init": 0.2, "max_iter": 7}
    model = regressor(
        **params
        | {
            "learning_rate": ReduceOnPlateau(0.1, patience=2, smallest=0.05),
            "tol": 1e6,
        }
    ).fit(X, Y)
    replay = one_by_one(0.2 * np.array([1, 1, 1, 0.1, 0.1, 0.05, 0.05]))
    assert_close_fit(model, replay, rtol=1e-9, atol=1e-12)


def test_performance_goes_by_the_validation_loss_where_there_is_one():
    """The validation loss rises here from the start, while the training loss falls."""
    params = {
        "learning_rate": ReduceOnPlateau(0.1, patience=1),
        "early_stopping": True,
        "n_iter_no_change": 50,
        "tol": 0.0,
        "penalty": None,
    }
    worse = regressor(**params).fit(X, Y, X_val=X_VAL, y_val=-5 * Y_VAL)
    better = regressor(**params).fit(X, Y, **VALIDATION)
    falls = [m.loss_curve_[3] - m.loss_curve_[9] for m in (worse, better)]
    assert 0 <= falls[0] < 0.1 * falls[1]


def test_schedule_of_partial_fit_is_constant():
    decaying = (
        regressor(learning_rate="exponential").partial_fit(X, Y).partial_fit(X, Y)
    )
    plain = regressor(learning_rate="constant").partial_fit(X, Y).partial_fit(X, Y)
    assert_same_fit(decaying, plain)


# -- what is refused -------------------------------------------------------------------


REFUSED = {
    "dropout too short": ({"dropout": []}, r"Got dropout=\[\], .* 1 hidden layer"),
    "dropout too long": (
        {"dropout": [0.1, 0.1]},
        r"Got dropout=\[0.1, 0.1\], .* of the 1",
    ),
    "dropout of all": ({"dropout": [1.0]}, r"Got dropout=\[1.0\], .* in \[0, 1\)"),
    "dropout below zero": ({"dropout": [-0.1]}, r"Got dropout=\[-0.1\], but"),
    "dropout of nan": ({"dropout": [np.nan]}, r"Got dropout=\[nan\], but"),
    "one number of all": ({"dropout": 1.0}, r"'dropout' .* range \[0.0, 1.0\)"),
    "selu": (
        {"batch_norm": "before", "activation": "selu"},
        "Got batch_norm='before' with activation='selu'.* Pass batch_norm=None",
    ),
    "single rows": (
        {"batch_norm": "after", "batch_size": 1},
        "Got batch_norm='after' with batch_size=1, .* at least 2",
    ),
    "place": ({"batch_norm": "between"}, "'batch_norm' .* among .*'after'"),
    "schedule": (
        {"learning_rate": "linear"},
        "'learning_rate' .* among .*'performance'.* callable",
    ),
    "decay steps": (
        {"learning_rate": PowerDecay(0)},
        r"'decay_steps' parameter of PowerDecay .* range \(0.0, inf\) or None. Got 0",
    ),
    "factor": (
        {"learning_rate": ReduceOnPlateau(np.nan)},
        "'factor' parameter of ReduceOnPlateau .* Got nan",
    ),
    "negative rates": (
        {"learning_rate": lambda t: 0.01 - 0.01 * t},
        r"Got a learning_rate schedule with values from -0.08.* to 0.01, but expected "
        "finite, non-negative",
    ),
    "no rates": ({"learning_rate": lambda t: 0.0 * t}, "not all zero"),
    "nan rates": ({"learning_rate": lambda t: np.nan * t}, "values from nan to nan"),
    "infinite rates": ({"learning_rate": lambda t: 1 / (0.0 * t)}, "to inf, but"),
    "clip": ({"solver": Solver(clip_norm=0.0)}, "'clip_norm' .* of Solver .* range"),
    "decay": ({"solver": Solver(weight_decay=-1.0)}, "'weight_decay' .* range"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_leaves_the_estimator_as_it_was(case):
    """Unfitted if it was, and usable with the weights that it had."""
    params, message = REFUSED[case]
    unfitted = regressor(**params)
    with pytest.raises(ValueError, match=message):
        unfitted.fit(X, Y)
    assert not hasattr(unfitted, "coefs_")
    fitted = regressor().fit(X, Y)
    before = fitted.predict(X)
    with pytest.raises(ValueError, match=message):
        fitted.set_params(**params).fit(X[:20], Y[:20])
    fitted.set_params(**regressor().get_params())
    np.testing.assert_array_equal(fitted.predict(X), before)


def test_schedule_may_branch_in_python():
    """Not all schedules can be traced: this one is called for every step."""

    def steps(t):
        return 0.01 if t < 5 else 0.001

    def traced(t):
        return jnp.where(t < 5, 0.01, 0.001)

    assert_same_fit(
        regressor(learning_rate=steps).fit(X, Y),
        regressor(learning_rate=traced).fit(X, Y),
    )


@pytest.mark.parametrize(
    "params", [{"cooldown": -3}, {"smallest": -1}, {"factor": 2}, {"factor": "a"}]
)
def test_numbers_of_a_plateau_that_make_no_sense(params):
    model = regressor(learning_rate=ReduceOnPlateau(**params))
    [name] = params
    with pytest.raises(ValueError, match=f"'{name}' parameter of ReduceOnPlateau"):
        model.fit(X, Y)


@pytest.mark.parametrize("dropout", [[[0.1]], ["x"], [1.0]])
def test_dropout_that_is_no_share(dropout):
    with pytest.raises(ValueError, match=r"Got dropout=.*, but expected one number"):
        regressor(dropout=dropout).fit(X, Y)

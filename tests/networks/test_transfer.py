# SPDX-License-Identifier: BSD-3-Clause
"""Networks that start from other fitted networks, with layers that stay as they are."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrln.options import Solver, Transfer

from ._tables import (
    arrays,
    assert_close_fit,
    assert_same_fit,
    classifier,
    encoder_of,
    is_same_fit,
    make_classes,
    make_table,
    regressor,
    rln,
    target_of,
)

X_ALL, Y_ALL = make_table(50)
X, Y, X_VAL, Y_VAL = X_ALL[:40], Y_ALL[:40], X_ALL[40:], Y_ALL[40:]
#: Another target on the same columns, on another scale.
OTHER = 100 * (X[:, 2] + X[:, 0])
TWO, THREE = (make_classes(n_classes=n)[1] for n in (2, 3))
DEEP = {"hidden_layer_sizes": (5, 5), "theta": -5.0}
SGD = {
    "solver": Solver("sgd", options={"momentum": 0.0}),
    "penalty": None,
    "learning_rate": "constant",
}
#: Wrappers that a fitted network may be passed in.
WRAPPED = [lambda fitted: fitted, FrozenEstimator]


def frozen(source, n_layers=1, **options):
    """Start from a network whose first layers stay the same."""
    return Transfer(source, n_frozen_layers=n_layers, **options)


def layer(model, k):
    """Arrays of layer `k`; coefficients keep the mean `theta`, equal in these tests."""
    norm = [model.batch_norms_[k]] if k < len(model.batch_norms_) else []
    return [model.coefs_[k], model.intercepts_[k], model.reg_coefs_[k], *norm]


def same_layers(first, second):
    """List for each layer if it is the same to the bit."""
    return [
        all(
            np.array_equal(a, b)
            for a, b in zip(layer(first, k), layer(second, k), strict=True)
        )
        for k in range(len(first.coefs_))
    ]


@pytest.fixture(scope="module")
def deep():
    """Two hidden layers, the first of them with zeros and coefficients of its own."""
    fitted = regressor(**DEEP, max_iter=40, penalty=rln(0.3)).fit(X, Y)
    assert 0.1 < fitted.sparsity_[0] < 0.9
    assert np.ptp(fitted.reg_coefs_[0]) > 0.1
    return fitted


@pytest.fixture(scope="module")
def shallow():
    return regressor(max_iter=40, learning_rate_init=0.03).fit(X, Y)


# -- frozen layers ---------------------------------------------------------------------


#: Parts of the training craft together, because each combination compiles two programs.
CRAFTS = {
    "batches, dropout and decay": {
        "batch_size": 10,
        "dropout": 0.3,
        "solver": Solver(weight_decay=5.0),
    },
    "batch norm before and momentum": {
        "batch_norm": "before",
        "batch_size": 10,
        "solver": "sgd",
    },
    "batch norm after and groups": {
        "batch_norm": "after",
        "batch_size": 10,
        "penalty": rln(group="input"),
    },
    "no penalty": {"penalty": None},
    "single precision and validation": {
        "dtype": "float32",
        "early_stopping": True,
        "validation_fraction": 0.2,
    },
}


@pytest.mark.parametrize("case", CRAFTS)
def test_frozen_layer_stays_to_the_bit(case):
    """Weights, biases, coefficients, gains, shifts and running moments."""
    params = DEEP | {"theta": -6.5, "max_iter": 3} | CRAFTS[case]
    source = regressor(**params).fit(X_ALL, Y_ALL)
    kept = pickle.loads(pickle.dumps(source))
    model = regressor(pretrained=frozen(source), **params)
    model.fit(X_ALL, X_ALL[:, 2])
    assert same_layers(model, source) == [True, False, False]
    # The source stays the same, too.
    assert same_layers(source, kept) == [True] * 3
    assert not np.shares_memory(model.coefs_[0], source.coefs_[0])


def test_every_layer_but_the_last_may_be_frozen(deep):
    model = regressor(pretrained=frozen(deep, 2), **DEEP).fit(X, OTHER)
    assert same_layers(model, deep) == [True, True, False]


def test_layers_that_are_not_frozen_start_from_the_network():
    """All but the last, of which nothing is known."""
    source = regressor(**DEEP).fit(X, Y)
    still = regressor(
        pretrained=source, learning_rate_init=1e-300, max_iter=1, **DEEP | SGD
    ).fit(X, OTHER)
    # Zeros move by a step of 1e-300 times the gradient.
    for k in range(2):
        np.testing.assert_allclose(still.coefs_[k], source.coefs_[k], atol=1e-200)
    assert not np.isclose(still.coefs_[2], source.coefs_[2]).any()


def test_zeros_and_coefficients_are_carried(deep):
    """The layer goes on with what it knows, whether or not it is trained any more."""
    kept = regressor(pretrained=frozen(deep), **DEEP)
    kept.fit(X, OTHER)
    np.testing.assert_array_equal(kept.coefs_[0] == 0, deep.coefs_[0] == 0)
    np.testing.assert_array_equal(kept.active_features_, deep.active_features_)
    # Coefficients that are not learned any more: only their mean is held.
    tuned = regressor(pretrained=deep, penalty=rln(0.0), **DEEP).fit(X, OTHER)
    np.testing.assert_allclose(tuned.reg_coefs_[0], deep.reg_coefs_[0], rtol=1e-12)
    assert not np.array_equal(tuned.coefs_[0], deep.coefs_[0])


# -- layers that thaw ------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", ["auto", 10])
def test_layers_thaw_from_the_top(deep, batch_size):
    """At epochs 2 and 4; in batches of ten an epoch has four or five steps."""
    same = []
    for n_epochs in range(1, 7):
        model = regressor(
            pretrained=frozen(deep, 2, unfreeze_every=2),
            max_iter=n_epochs,
            learning_rate="constant",
            batch_size=batch_size,
            **DEEP,
        ).fit(X, OTHER)
        same.append(same_layers(model, deep))
    assert same[:2] == [[True, True, False]] * 2
    assert same[2:4] == [[True, False, False]] * 2
    assert same[4:] == [[False, False, False]] * 2


def test_thawed_layers_take_shorter_steps(deep):
    """One step after the thaw, of gradient descent, by the factor of each layer."""
    params = DEEP | SGD | {"random_state": 1}

    def moved(factor):
        """Change of layers 0 to 2 in the second epoch."""
        start = frozen(deep, 2, unfreeze_every=1, unfreeze_factor=factor)
        fits = [
            regressor(pretrained=start, max_iter=n, **params).fit(X, OTHER)
            for n in (1, 2)
        ]
        pairs = zip(*(fit.coefs_ for fit in fits), strict=True)
        return [after - before for before, after in pairs]

    whole, tenth = moved(1.0), moved(0.1)
    assert not whole[0].any()
    assert np.abs(whole[1]).max() > 0
    np.testing.assert_allclose(tenth[1], 0.1 * whole[1], rtol=1e-7, atol=1e-15)
    np.testing.assert_array_equal(tenth[2], whole[2])


def test_frozen_forever_is_a_factor_of_nothing(deep):
    slow, fast = (
        regressor(pretrained=frozen(deep, unfreeze_factor=factor), **DEEP).fit(X, OTHER)
        for factor in (0.1, 5.0)
    )
    assert_same_fit(slow, fast)


# -- a new last layer ------------------------------------------------------------------


def test_other_target_of_another_scale(shallow):
    model = regressor(
        pretrained=shallow, max_iter=200, learning_rate_init=0.03, theta=-9.0
    ).fit(X, OTHER)
    assert model.score(X, OTHER) > 0.7
    assert shallow.score(X, OTHER) < 0.1
    assert target_of(model).scale == pytest.approx(OTHER.std())


def test_more_classes():
    source = classifier().fit(X, TWO)
    model = classifier(pretrained=frozen(source)).fit(X, THREE)
    assert model.predict_proba(X).shape == (40, 3)
    assert model.classes_.tolist() == [0, 1, 2]
    assert same_layers(classifier(pretrained=frozen(source)).fit(X, TWO), source)[0]
    np.testing.assert_array_equal(model.coefs_[0], source.coefs_[0])


@pytest.mark.parametrize("n_tasks", [1, 2])
def test_regressor_and_classifier_share_a_body(shallow, n_tasks):
    """The hidden layers know nothing of the loss."""
    y = TWO if n_tasks == 1 else np.column_stack([TWO, 1 - TWO])
    as_classes = classifier(pretrained=frozen(shallow), max_iter=200)
    as_classes.fit(X, y)
    np.testing.assert_array_equal(as_classes.coefs_[0], shallow.coefs_[0])
    assert as_classes.score(X, y) > 0.7
    back = regressor(pretrained=frozen(as_classes)).fit(X, OTHER)
    np.testing.assert_array_equal(back.coefs_[0], shallow.coefs_[0])


def test_deeper_network_takes_the_leading_layers(shallow):
    """New layers are added behind those that are known."""
    model = regressor(pretrained=frozen(shallow), hidden_layer_sizes=(5, 3)).fit(X, Y)
    np.testing.assert_array_equal(model.coefs_[0], shallow.coefs_[0])
    assert [w.shape for w in model.coefs_] == [(4, 5), (5, 3), (3, 1)]


@pytest.mark.parametrize("where", [None, "after"])
def test_last_layer_does_not_become_a_hidden_one(where):
    """Not even where it has the shape of one: it has no activation, and no moments."""
    source = regressor(batch_norm=where).fit(X, Y)
    params = {"hidden_layer_sizes": (5, 1), "batch_norm": where, "max_iter": 1}
    still = SGD | {"learning_rate_init": 1e-300}
    model = regressor(pretrained=source, **params | still).fit(X, Y)
    # Zeros move by a step of 1e-300 times the gradient.
    np.testing.assert_allclose(model.coefs_[0], source.coefs_[0], atol=1e-200)
    assert not np.isclose(model.coefs_[1], source.coefs_[1]).any()
    with pytest.raises(
        ValueError, match=r"only the first 1 layer\(s\) are of the same"
    ):
        regressor(pretrained=frozen(source, 2), **params).fit(X, Y)


def test_shallower_network_takes_the_leading_layers(deep):
    model = regressor(pretrained=frozen(deep)).fit(X, OTHER)
    np.testing.assert_array_equal(model.coefs_[0], deep.coefs_[0])
    assert model.coefs_[1].shape == (5, 1)


# -- its own last layer ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "y", "where"),
    [
        (regressor, Y, None),
        (classifier, TWO, None),
        (classifier, THREE, None),
        (regressor, Y, "before"),
        (classifier, THREE, "before"),
    ],
)
def test_reused_head_predicts_as_before(make, y, where):
    """Before it learns anything, on a target of which it knows scale or classes."""
    source = make(batch_norm=where).fit(X, y)
    still = make(
        pretrained=frozen(source, reuse_head=True),
        batch_norm=where,
        max_iter=1,
        **SGD | {"learning_rate_init": 1e-300},
    )
    rows = np.arange(30)
    still.fit(X[rows], y[rows])
    np.testing.assert_allclose(still._means(X), source._means(X), rtol=1e-12)
    assert target_of(still) is target_of(source)
    np.testing.assert_array_equal(still.predict(X), source.predict(X))


def test_reused_head_keeps_all_classes():
    """Also those that the new rows do not have."""
    source = classifier().fit(X, THREE)
    rows = THREE != 1
    model = classifier(pretrained=Transfer(source, reuse_head=True)).fit(
        X[rows], THREE[rows]
    )
    assert model.classes_.tolist() == [0, 1, 2]
    new = classifier(pretrained=source).fit(X[rows], THREE[rows])
    assert new.classes_.tolist() == [0, 2]


def test_reused_head_is_a_warm_start():
    """A reused head starts another estimator as a warm start does."""
    warm = regressor(warm_start=True).fit(X, Y)
    source = pickle.loads(pickle.dumps(warm))
    reused = regressor(pretrained=Transfer(source, reuse_head=True)).fit(X, Y)
    assert_same_fit(reused, warm.fit(X, Y))
    assert not is_same_fit(reused, source)


def test_early_stopping_ends_no_worse_than_the_pretrained(shallow):
    """The start competes, where a learning rate leads nowhere but up."""

    def loss(model):
        return np.mean((model.predict(X_VAL) - Y_VAL) ** 2)

    for rate in (1e-3, 0.1, 0.5):
        model = regressor(
            pretrained=Transfer(shallow, reuse_head=True),
            learning_rate_init=rate,
            theta=-9.0,
        ).fit(X, -Y, X_val=X_VAL, y_val=Y_VAL)
        assert loss(model) <= loss(shallow) * (1 + 1e-12)
    # The training target is another: the start is the best.
    assert model.best_iteration_ == -1
    assert_close_fit(model, shallow, rtol=1e-12)


def test_new_head_is_no_candidate(shallow):
    """Nothing was fitted that could be kept."""
    model = regressor(pretrained=shallow).fit(X, -Y, X_val=X_VAL, y_val=Y_VAL)
    assert model.best_iteration_ >= 0


# -- the encoding ----------------------------------------------------------------------


def test_inputs_are_scaled_as_the_network_knows_them(shallow):
    """And not by the new rows, on which its weights would mean something else."""
    shifted = 3 * X + 1
    model = regressor(pretrained=frozen(shallow)).fit(shifted, Y)
    np.testing.assert_allclose(encoder_of(model).table.scaler.center, X.mean(axis=0))
    np.testing.assert_array_equal(
        encoder_of(model).transform(shifted), encoder_of(shallow).transform(shifted)
    )


@pytest.mark.parametrize("held_out", [False, True])
def test_categories_are_those_that_the_network_knows(held_out):
    """A category that only the new rows have is none."""
    frame = pd.DataFrame(X.copy(), columns=list("abcd"))
    letters = np.array(["x", "y", "z"])
    frame["b"] = letters[np.arange(40) % 3]
    source = regressor().fit(frame, Y)
    new = frame.copy()
    new["b"] = np.array(["x", "y", "q"])[np.arange(40) % 3]
    given = {"X_val": new[:10], "y_val": Y[:10]} if held_out else {}
    model = regressor(pretrained=frozen(source)).fit(new, OTHER, **given)
    np.testing.assert_array_equal(model.coefs_[0], source.coefs_[0])
    inputs = encoder_of(model).transform(new)
    np.testing.assert_array_equal(inputs, encoder_of(source).transform(new))
    assert np.isfinite(model.predict(new)).all()


# -- going on --------------------------------------------------------------------------


def test_warm_start_with_frozen_layers():
    """The layers are those of the last fit of the same estimator."""
    model = regressor(warm_start=True, **DEEP).fit(X, Y)
    before = [w.copy() for w in model.coefs_]
    model.set_params(pretrained=Transfer(n_frozen_layers=1)).fit(X, OTHER)
    same = [np.array_equal(a, b) for a, b in zip(before, model.coefs_, strict=True)]
    assert same == [True, False, False]


def test_warm_start_begins_with_the_pretrained_and_goes_on_from_itself(shallow):
    model = regressor(warm_start=True, pretrained=shallow).fit(X, OTHER)
    assert_same_fit(model, regressor(pretrained=shallow).fit(X, OTHER))
    first = pickle.loads(pickle.dumps(model))
    model.fit(X, OTHER)
    onward = regressor(pretrained=Transfer(first, reuse_head=True)).fit(X, OTHER)
    assert_same_fit(model, onward)


def test_partial_fit_begins_with_the_pretrained(shallow):
    """Its scaling too; later calls go on from their own weights."""
    model = regressor(pretrained=frozen(shallow), learning_rate_init=0.05)
    model.partial_fit(X[:20], OTHER[:20])
    np.testing.assert_array_equal(model.coefs_[0], shallow.coefs_[0])
    assert encoder_of(model) is encoder_of(shallow)
    head = model.coefs_[1].copy()
    losses = [model.loss_curve_[-1]]
    for _ in range(20):
        model.partial_fit(X[:20], OTHER[:20])
        losses.append(model.loss_curve_[-1])
    np.testing.assert_array_equal(model.coefs_[0], shallow.coefs_[0])
    assert not np.array_equal(model.coefs_[1], head)
    assert losses[-1] < 0.85 * losses[0]


def test_partial_fit_thaws_by_its_calls(deep):
    model = regressor(pretrained=frozen(deep, 2, unfreeze_every=2), **DEEP)
    same = []
    for _ in range(5):
        same.append(same_layers(model.partial_fit(X, OTHER), deep)[:2])
    assert same == [[True, True]] * 2 + [[True, False]] * 2 + [[False, False]]


# -- scikit-learn ----------------------------------------------------------------------


@pytest.mark.parametrize("wrap", WRAPPED)
def test_clone_keeps_the_pretrained_fitted(shallow, wrap):
    given = wrap(shallow)
    model = regressor(pretrained=frozen(given))
    copy = clone(model.fit(X, OTHER))
    assert not hasattr(copy, "coefs_")
    assert copy.pretrained.estimator is given
    assert copy.pretrained.get_params() == model.pretrained.get_params()
    bare = regressor(pretrained=given)
    assert clone(bare).pretrained is given
    assert_same_fit(copy.fit(X, OTHER), model)


@pytest.mark.parametrize("wrap", WRAPPED)
def test_cross_validation_and_search(shallow, wrap):
    """Every fold starts from the same fitted network."""
    start = Transfer(wrap(shallow))
    model = regressor(pretrained=start, max_iter=60, learning_rate_init=0.03)
    assert cross_val_score(model, X_ALL, Y_ALL, cv=2).min() > 0.5
    search = GridSearchCV(model, {"pretrained__n_frozen_layers": [0, 1]}, cv=2)
    search.fit(X_ALL, Y_ALL)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.pretrained.estimator is start.estimator


def test_search_over_pretrained_networks(shallow):
    """Parameters of a grid are cloned: FrozenEstimator keeps a network fitted."""
    other = regressor(random_state=7).fit(X, Y)
    grid = {"pretrained": [None, FrozenEstimator(shallow), FrozenEstimator(other)]}
    search = GridSearchCV(regressor(), grid, cv=2).fit(X_ALL, Y_ALL)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("wrap", WRAPPED)
def test_pickle(shallow, wrap):
    model = regressor(pretrained=frozen(wrap(shallow)))
    copy = pickle.loads(pickle.dumps(model))
    assert_same_fit(copy.fit(X, OTHER), model.fit(X, OTHER))
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_last_step_of_a_pipeline(shallow):
    pipeline = make_pipeline(StandardScaler(), regressor(pretrained=shallow))
    pipeline.fit(X, OTHER)
    onward = regressor(pretrained=frozen(pipeline[-1]))
    onward.fit(pipeline[:-1].transform(X), OTHER)
    np.testing.assert_array_equal(onward.coefs_[0], pipeline[-1].coefs_[0])


# -- refused -------------------------------------------------------------------


#: The module fits these before its first test.
FITTED, OF_CLASSES = regressor(), classifier()
LINEAR = LinearRegression().fit(X, Y)
REFUSED = {
    "not fitted": (
        {"pretrained": regressor()},
        "Got pretrained=RLNRegressor.* not fitted",
    ),
    "frozen, but not fitted": (
        {"pretrained": FrozenEstimator(regressor())},
        "Got pretrained=RLNRegressor.* not fitted",
    ),
    "an option object of an unfitted one": (
        {"pretrained": Transfer(regressor())},
        "Got pretrained=RLNRegressor.* not fitted",
    ),
    "another estimator": (
        {"pretrained": LINEAR},
        "Got pretrained of type LinearRegression, but expected a fitted network",
    ),
    "a pipeline": (
        {"pretrained": make_pipeline(FITTED)},
        "Got pretrained of type Pipeline, .* From a pipeline, take its last step",
    ),
    "no estimator": ({"pretrained": "model.pkl"}, "'pretrained' parameter"),
    "nothing to freeze": (
        {"pretrained": frozen(None)},
        "Got n_frozen_layers=1, but nothing to freeze: no pretrained",
    ),
    "nothing fitted to freeze": (
        {"pretrained": frozen(None), "warm_start": True},
        "nothing to freeze",
    ),
    "all frozen": (
        {"pretrained": frozen(FITTED, 2)},
        "Got n_frozen_layers=2, but the network has 2 layers, .* always trains",
    ),
    "width of a frozen layer": (
        {"pretrained": frozen(FITTED), "hidden_layer_sizes": (6,)},
        r"hidden_layer_sizes=\(6,\), .* \(4, 6, 1\) units, but pretrained has "
        r"\(4, 5, 1\): only the first 0",
    ),
    "width of the first layer": (
        {"pretrained": FITTED, "hidden_layer_sizes": (6,)},
        "Begin hidden_layer_sizes with those of pretrained",
    ),
    "activation": (
        {"pretrained": FITTED, "activation": "tanh"},
        "Got activation='tanh', but pretrained was fitted with activation='relu'",
    ),
    "batch norm": (
        {"pretrained": FITTED, "batch_norm": "before"},
        "Got batch_norm='before', but pretrained was fitted with batch_norm=None",
    ),
    "head of another loss": (
        {"pretrained": Transfer(FITTED, reuse_head=True), "loss": "poisson"},
        "Got reuse_head=True, but .* loss='squared_error' and this fit has loss='poisson'",
    ),
    "head of a classifier": (
        {"pretrained": Transfer(OF_CLASSES, reuse_head=True)},
        "Got reuse_head=True, but .* type ClassTarget and this fit one of type Regr",
    ),
    "head of another depth": (
        {
            "pretrained": Transfer(FITTED, reuse_head=True),
            "hidden_layer_sizes": (5, 5),
        },
        "Got reuse_head=True, but pretrained has layers of",
    ),
    "never thaws": (
        {"pretrained": frozen(FITTED, unfreeze_every=0)},
        "'unfreeze_every' parameter of Transfer .* range",
    ),
}


@pytest.fixture(scope="module", autouse=True)
def sources():
    FITTED.fit(X, Y)
    OF_CLASSES.fit(X, TWO)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_leaves_the_estimator_as_it_was(case):
    params, message = REFUSED[case]
    y = np.abs(Y) + 1
    unfitted = regressor(**params)
    with pytest.raises(ValueError, match=message):
        unfitted.fit(X, y)
    assert not hasattr(unfitted, "coefs_")
    with pytest.raises(ValueError, match=message):
        unfitted.partial_fit(X, y)
    assert not hasattr(unfitted, "n_features_in_")


def test_other_columns_are_refused():
    """Another number, and other names; names that only one side has are no conflict."""
    frame = pd.DataFrame(X.copy(), columns=list("abcd"))
    source = regressor().fit(frame, Y)
    with pytest.raises(
        ValueError, match=r"Got X with 3 features, but pretrained .* on 4"
    ):
        regressor(pretrained=source).fit(X[:, :3], Y)
    model = regressor(pretrained=source)
    with pytest.raises(ValueError, match=r"not have in the same place: \['b', 'a'\]"):
        model.fit(frame[["b", "a", "c", "d"]], Y)
    assert not hasattr(model, "feature_names_in_")
    with pytest.raises(ValueError, match=r"same place: \['e'\]"):
        model.partial_fit(frame.rename(columns={"d": "e"}), Y)
    from_array = regressor(pretrained=source).fit(X, Y)
    assert_same_fit(from_array, model.fit(frame, Y))


def test_classes_that_the_head_does_not_know_are_refused():
    source = classifier().fit(X, TWO)
    model = classifier(pretrained=Transfer(source, reuse_head=True))
    with pytest.raises(
        ValueError, match=r"Got the class\(es\) \[2\] in y, but training"
    ):
        model.fit(X, THREE)
    assert not hasattr(model, "coefs_")
    model.fit(X, TWO)


def test_other_number_of_tasks_is_refused_for_the_head(shallow):
    model = regressor(pretrained=Transfer(shallow, reuse_head=True))
    with pytest.raises(ValueError, match=r"Got y with 2 task\(s\), but expected 1"):
        model.fit(X, np.column_stack([Y, Y]))


def test_arrays_of_the_source_are_never_written_to(deep):
    """A hundred fits may share one network."""
    before = [a.copy() for a in arrays(deep)]
    regressor(pretrained=deep, solver=Solver(weight_decay=1.0), **DEEP).fit(X, OTHER)
    regressor(pretrained=deep, **DEEP).partial_fit(X, OTHER)
    for a, b in zip(arrays(deep), before, strict=True):
        np.testing.assert_array_equal(a, b)

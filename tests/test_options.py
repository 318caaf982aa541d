# SPDX-License-Identifier: BSD-3-Clause
"""Option objects: copies, searches, their effect on a fit, and refused values."""

import functools
import logging
import pickle

import jax
import numpy as np
import optax
import pytest
import skops.io as io
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrln import JointRegressor, RLNClassifier, RLNRegressor, clear_caches, options
from skrln.joint._plans import COPYING, PREDICTING, open_coupling
from skrln.networks._open_options import (
    open_penalty,
    open_schedule,
    open_solver,
    open_transfer,
    read_option,
)
from skrln.networks._params import OPTIONS
from skrln.options import (
    Checkpoint,
    Coupling,
    ExponentialDecay,
    PlainBranch,
    PowerDecay,
    ReduceOnPlateau,
    RLNPenalty,
    Solver,
    Transfer,
    UniformPenalty,
)
from skrln.presets import PAPER, READABLE

from .networks._tables import is_same_fit, make_table, regressor, rln, uniform

X, Y = make_table()

#: An object of each class with options that are not the defaults.
EXAMPLES = [
    RLNPenalty(0.1, norm="l2", n_path_edges=3),
    UniformPenalty("l2", layers="all"),
    Solver("sgd", options={"momentum": 0.5}, clip_norm=1.0),
    PowerDecay(4, power=0.5),
    ExponentialDecay(8),
    ReduceOnPlateau(0.1, patience=2),
    Transfer(n_frozen_layers=1, reuse_head=True),
    PlainBranch([2, 3], layer_sizes=(3,)),
    Coupling("l2", strength=1.0),
    Checkpoint("fit", every=5),
]
each_example = pytest.mark.parametrize(
    "option", EXAMPLES, ids=[type(option).__name__ for option in EXAMPLES]
)
#: Parameter of the networks that each class is for.
PARAMETERS = {
    RLNPenalty: "penalty",
    UniformPenalty: "penalty",
    Solver: "solver",
    PowerDecay: "learning_rate",
    ExponentialDecay: "learning_rate",
    ReduceOnPlateau: "learning_rate",
    Transfer: "pretrained",
    PlainBranch: "plain_branch",
    Coupling: "coupling",
    Checkpoint: "checkpoint",
}
#: An object of each class that has no defaults for all options.
PLAIN = {PlainBranch: PlainBranch([0]), Checkpoint: Checkpoint("other")}


def owner_of(option):
    """An estimator with the option object as its parameter."""
    estimator = JointRegressor if isinstance(option, Coupling) else RLNRegressor
    return estimator(**{PARAMETERS[type(option)]: option})


# -- copies ----------------------------------------------------------------------------


def test_every_class_has_an_example_and_rules():
    classes = {getattr(options, name) for name in options.__all__}
    assert {type(option) for option in EXAMPLES} == classes == set(OPTIONS)
    for option in EXAMPLES:
        assert set(option.get_params()) == set(OPTIONS[type(option)])
        read_option(option)


@each_example
def test_clone(option):
    twin = clone(option)
    assert type(twin) is type(option)
    assert twin is not option
    assert twin.get_params() == option.get_params()


@each_example
def test_clone_of_an_estimator_copies_its_options(option):
    name = PARAMETERS[type(option)]
    model = owner_of(option)
    twin = getattr(clone(model), name)
    assert twin is not option
    assert twin.get_params() == option.get_params()


@each_example
def test_repr_makes_the_object_again(option):
    again = eval(repr(option), {type(option).__name__: type(option)})
    assert again.get_params() == option.get_params()


@each_example
def test_html_repr_names_the_class(option):
    for estimator in (option, owner_of(option)):
        html = estimator._repr_html_()
        assert html.count("<div") == html.count("</div")
        assert type(option).__name__ in html


@each_example
def test_pickle(option):
    again = pickle.loads(pickle.dumps(option))
    assert type(again) is type(option)
    assert again.get_params() == option.get_params()


@each_example
def test_skops(option):
    for estimator in (option, owner_of(option)):
        dumped = io.dumps(estimator)
        untrusted = io.get_untrusted_types(data=dumped)
        assert all(name.startswith("skrln.") for name in untrusted)
        again = io.loads(dumped, trusted=untrusted)
        assert repr(again) == repr(estimator)


@each_example
def test_parameters(option):
    """Those of an option object are those of its estimator behind two underscores."""
    name, params = PARAMETERS[type(option)], option.get_params()
    plain = clone(PLAIN[type(option)]) if type(option) in PLAIN else type(option)()
    assert plain.get_params() != params
    model = owner_of(plain).set_params(**{f"{name}__{k}": v for k, v in params.items()})
    assert plain.get_params() == params
    found = model.get_params()
    assert found[name] is plain
    assert {k: found[f"{name}__{k}"] for k in params} == params
    with pytest.raises(ValueError, match="Invalid parameter 'nothing' for estimator"):
        plain.set_params(nothing=1)


@pytest.mark.parametrize("preset", [PAPER, READABLE | {"penalty": RLNPenalty(0.3)}])
def test_estimators_of_a_preset_share_no_option_object(preset):
    step = preset["penalty"].step
    estimators = [
        RLNRegressor(**preset),
        RLNRegressor(**preset),
        RLNClassifier(**preset | {"max_iter": 5}),
        RLNClassifier(**{"max_iter": 5} | preset),
        RLNRegressor(**dict(preset)),
        RLNRegressor(**dict(preset.items())),
        RLNRegressor(**preset.copy()),
        RLNRegressor(penalty=preset["penalty"]),
        RLNRegressor(penalty=preset.get("penalty")),
    ]
    assert len({id(model.penalty) for model in estimators}) == len(estimators)
    for k, model in enumerate(estimators):
        model.set_params(penalty__step=float(k))
    assert [model.penalty.step for model in estimators] == list(range(len(estimators)))
    assert preset["penalty"].step == step


# -- searches --------------------------------------------------------------------------


@pytest.fixture
def compilations(caplog):
    """Names of the programs compiled so far, in any thread."""
    caplog.set_level(logging.WARNING, logger="jax")
    clear_caches()
    before = jax.config.jax_log_compiles
    jax.config.update("jax_log_compiles", True)
    yield lambda: [
        record.getMessage().split("jit(")[1].split(")")[0]
        for record in caplog.records
        if "XLA compilation of jit(" in record.getMessage()
    ]
    jax.config.update("jax_log_compiles", before)


@pytest.mark.parametrize(
    ("params", "name", "values"),
    [
        ({"penalty": RLNPenalty()}, "penalty__step", [0.0, 0.03, 0.3]),
        ({"solver": Solver()}, "solver__clip_norm", [1e-9, 1e-3, 1.0]),
        ({"solver": Solver()}, "solver__options", [{"b1": 0.5}, {"b1": 0.0}]),
        ({"solver": Solver()}, "solver__weight_decay", [0.0, 0.3, 3.0]),
        ({"learning_rate": PowerDecay()}, "learning_rate__power", [0.1, 1.0, 4.0]),
    ],
)
def test_grid_search_over_numbers_compiles_one_program(
    params, name, values, compilations
):
    """For all values, folds of unequal sizes, and the fit on all rows."""
    table, y = make_table(197)
    model = regressor(batch_size=32, hidden_layer_sizes=(7,), max_iter=8, **params)
    search = GridSearchCV(model, {name: values}, cv=3).fit(table, y)
    assert compilations().count("train_epochs") == 1
    scores = search.cv_results_["mean_test_score"]
    assert len(set(scores)) == len(values)  # every value has an effect
    option, _ = name.split("__")
    best = search.best_estimator_.get_params()
    assert best[name] == search.best_params_[name] == values[search.best_index_]
    assert best[option] is not params[option]
    assert params[option].get_params() == type(params[option])().get_params()


def test_grid_search_over_option_objects():
    """Classes differ in their options, so that a grid of both has an object of each."""
    grid = {"penalty": [rln(0.3), uniform(), None]}
    search = GridSearchCV(regressor(), grid, cv=2).fit(X, Y)
    assert search.best_params_["penalty"] in grid["penalty"]
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


# -- strings are objects with the defaults ---------------------------------------------


@pytest.mark.parametrize(
    ("read", "name", "option"),
    [
        (open_penalty, "rln", RLNPenalty()),
        (open_penalty, "uniform", UniformPenalty()),
        (open_solver, "adam", Solver()),
        (open_solver, "sgd", Solver("sgd")),
        (open_schedule, "power", PowerDecay()),
        (open_schedule, "exponential", ExponentialDecay()),
        (open_schedule, "performance", ReduceOnPlateau()),
    ],
)
def test_string_is_the_object_with_the_defaults(read, name, option):
    assert read(name) == read(option)


def test_uniform_penalty_is_the_rule_without_steps():
    assert is_same_fit(fit(penalty=uniform()), fit(penalty=rln(0.0)))


def test_fitted_estimator_is_the_transfer_with_the_defaults():
    assert open_transfer(SOURCE) == open_transfer(Transfer(SOURCE))
    assert open_transfer(Transfer()) == open_transfer(None)


# -- every option changes the fit ------------------------------------------------------


def fit(**params):
    return regressor(**{"max_iter": 5} | params).fit(X, Y)


SOURCE = fit(random_state=3)
#: Every epoch after the first is without an improvement.
STALE = {"learning_rate_init": 0.03, "max_iter": 9, "tol": 1e6}


@functools.cache
def base_fit(name):
    """Fit that an option is compared with, by the class of the option object."""
    base, params = BASES[name]
    return regressor(**{"max_iter": 5, PARAMETERS[type(base)]: base} | params).fit(X, Y)


#: In the last layer of so few units, a penalty per layer is weaker than in the first.
NARROW = {"theta": -5.0, "hidden_layer_sizes": (3,)}
#: Option object and other parameters of the fit that an option is compared with.
BASES = {
    "RLNPenalty": (rln(), {"theta": -5.0}),
    "RLNPenalty of all layers": (rln(layers="all"), NARROW),
    "UniformPenalty": (uniform(), {"theta": -5.0}),
    "UniformPenalty of all layers": (uniform(layers="all"), NARROW),
    "Solver": (Solver(), {"penalty": None}),
    "PowerDecay": (PowerDecay(), {"penalty": None}),
    "ExponentialDecay": (ExponentialDecay(), {"penalty": None}),
    "ReduceOnPlateau": (ReduceOnPlateau(patience=2), STALE),
    "Transfer": (Transfer(SOURCE), {}),
    "Transfer of frozen layers": (Transfer(SOURCE, n_frozen_layers=1), {}),
    "Transfer of layers in turn": (
        Transfer(SOURCE, n_frozen_layers=1, unfreeze_every=2),
        {},
    ),
    "PlainBranch": (PlainBranch([2, 3], layer_sizes=(3,)), {}),
}
OTHER_VALUES = {
    "RLNPenalty": {
        "step": 0.3,
        "norm": "l2",
        "layers": "all",
        "group": "input",
        "warmup": 0.5,
        "rule": "subgradient",
    },
    "RLNPenalty of all layers": {"scope": "layer"},
    "UniformPenalty": {
        "norm": "l2",
        "layers": "all",
        "group": "input",
        "warmup": 0.5,
    },
    "UniformPenalty of all layers": {"scope": "layer"},
    "Solver": {
        "name": "rmsprop",
        "options": {"b1": 0.5},
        "clip_norm": 1e-6,
        "clip_value": 1e-6,
        "weight_decay": 1.0,
    },
    "PowerDecay": {"decay_steps": 3, "power": 2.0},
    "ExponentialDecay": {"decay_steps": 4},
    "ReduceOnPlateau": {
        "factor": 0.1,
        "patience": 3,
        "cooldown": 2,
        "smallest": 0.5,
    },
    "Transfer": {"estimator": None, "reuse_head": True, "n_frozen_layers": 1},
    "Transfer of frozen layers": {"unfreeze_every": 2},
    "Transfer of layers in turn": {"unfreeze_factor": 0.5},
    "PlainBranch": {"columns": [1, 2], "layer_sizes": (4,)},
}


@pytest.mark.parametrize(
    ("base", "option"),
    [(base, option) for base, values in OTHER_VALUES.items() for option in values],
)
def test_option_changes_the_fit(base, option):
    before = base_fit(base)
    changed = {
        f"{PARAMETERS[type(BASES[base][0])]}__{option}": OTHER_VALUES[base][option]
    }
    after = clone(before).set_params(**changed).fit(X, Y)
    assert not is_same_fit(before, after)


@pytest.mark.parametrize("penalty", [rln, uniform])
def test_path_is_recorded(penalty):
    model = fit(penalty=penalty(n_path_edges=3))
    assert model.reg_path_.shape == (5, 3, 2)
    with pytest.raises(AttributeError, match="has no reg_path_"):
        _ = fit(penalty=penalty()).reg_path_


#: Another value of each option of a coupling.
OTHER_COUPLINGS = {
    "strategy": "l2",
    "strength": 1.0,
    "robust_norm": "cauchy",
    "irls_weight": "paper",
    "sigma": "median",
    "sigma_factor": 1.0,
    "distance": "weights",
    "pair_layers": False,
    "n_shared_layers": 1,
    "first_stage": 0.5,
    "max_irls_iter": 3,
    "inner_max_iter": 7,
    "irls_tol": 0.1,
}


@pytest.mark.parametrize("option", Coupling().get_params())
def test_option_changes_the_plan_of_a_joint_fit(option):
    """The plan is all that the kernel knows of the coupling."""

    def plan(**coupling):
        opened = open_coupling(Coupling(**coupling), PREDICTING, n_domains=3)
        return JointRegressor()._plan(opened, n_layers=3, same_output=True)

    assert plan(**{option: OTHER_COUPLINGS[option]}) != plan()


@pytest.mark.parametrize(
    ("auto", "n_domains", "expected"),
    [(PREDICTING, 12, 10.0), (PREDICTING, 121, 5.0), (COPYING, 8, 3.0)],
)
def test_strength_of_a_coupling_falls_with_the_number_of_domains(
    auto, n_domains, expected
):
    assert open_coupling(Coupling(), auto, n_domains).strength == expected
    assert open_coupling(Coupling(strength=7.0), auto, n_domains).strength == 7


def test_every_option_is_tested():
    tried = {type(option): set() for option in EXAMPLES}
    for base, values in OTHER_VALUES.items():
        tried[type(BASES[base][0])] |= set(values)
    tried[Coupling] = set(OTHER_COUPLINGS)
    tried[Checkpoint] = {"path", "every"}  # in the tests of killed fits
    for penalty in (RLNPenalty, UniformPenalty):
        tried[penalty].add("n_path_edges")
    for option in EXAMPLES:
        assert tried[type(option)] == set(option.get_params())


@pytest.mark.parametrize("base", BASES)
def test_fit_leaves_options_as_they_are(base):
    option, _ = BASES[base]
    before = option.get_params(deep=False)
    base_fit(base)
    assert option.get_params(deep=False) == before


# -- transfer --------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [lambda model: model, FrozenEstimator])
def test_transfer_keeps_its_estimator_fitted(wrap):
    source = wrap(SOURCE)
    start = Transfer(source, n_frozen_layers=1)
    for twin in (clone(start), clone(regressor(pretrained=start)).pretrained):
        assert twin is not start
        assert twin.estimator is source
        assert twin.fitted is SOURCE
    model = clone(regressor(pretrained=start)).fit(X, Y)
    np.testing.assert_array_equal(model.coefs_[0], SOURCE.coefs_[0])


def test_grid_search_keeps_the_estimator_of_a_transfer_fitted():
    model = regressor(pretrained=Transfer(SOURCE), max_iter=5)
    grid = {"pretrained__n_frozen_layers": [0, 1]}
    search = GridSearchCV(model, grid, cv=2).fit(X, Y)
    frozen = np.array_equal(search.best_estimator_.coefs_[0], SOURCE.coefs_[0])
    assert frozen == bool(search.best_params_["pretrained__n_frozen_layers"])
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert scores[0] != scores[1]


def test_transfer_without_an_estimator_freezes_a_warm_start():
    model = fit(warm_start=True)
    first, last = (weight.copy() for weight in model.coefs_)
    model.set_params(pretrained=Transfer(None, n_frozen_layers=1)).fit(X, Y)
    np.testing.assert_array_equal(model.coefs_[0], first)
    assert not np.array_equal(model.coefs_[1], last)
    # The first fit has nothing to freeze.
    with pytest.raises(ValueError, match=r"nothing to freeze.* in Transfer"):
        fit(warm_start=True, pretrained=Transfer(None, n_frozen_layers=1))


# -- refused ---------------------------------------------------------------------------


@each_example
def test_unknown_option_is_refused_with_the_names_of_all(option):
    kind = type(option)
    names = sorted(option.get_params())
    with pytest.raises(TypeError) as refused:
        kind(nothing=1)
    message = str(refused.value)
    assert f"Got {kind.__name__} with the option(s) ['nothing']" in message
    assert all(f"'{name}'" in message for name in names)


def test_uniform_penalty_has_no_step():
    names = r"\['group', 'layers', 'n_path_edges', 'norm', 'scope', 'warmup'\]"
    with pytest.raises(TypeError, match=rf"\['step'\], but it takes {names}"):
        UniformPenalty(step=1)


WRONG_VALUES = {
    RLNPenalty: {
        "step": -1.0,
        "norm": "l3",
        "layers": "last",
        "scope": "world",
        "group": "output",
        "warmup": 1.0,
        "rule": "magic",
        "n_path_edges": -1,
    },
    UniformPenalty: {
        "norm": "l3",
        "layers": 2,
        "scope": None,
        "group": "output",
        "warmup": -0.1,
        "n_path_edges": 1.5,
    },
    Solver: {
        "name": "magic",
        "options": [("b1", 0.5)],
        "clip_norm": 0.0,
        "clip_value": -1.0,
        "weight_decay": -1.0,
    },
    PowerDecay: {"decay_steps": 0, "power": -1.0},
    ExponentialDecay: {"decay_steps": "many"},
    ReduceOnPlateau: {
        "factor": 1.0,
        "patience": 0,
        "cooldown": -1,
        "smallest": 1.0,
    },
    Transfer: {
        "estimator": "fitted",
        "n_frozen_layers": -1,
        "reuse_head": 2,
        "unfreeze_every": 0,
        "unfreeze_factor": 0.0,
    },
    PlainBranch: {"columns": 5, "layer_sizes": 0},
    Checkpoint: {"path": 5, "every": -1},
    Coupling: {
        "strategy": "marriage",
        "strength": -1.0,
        "robust_norm": "l2",
        "irls_weight": "own",
        "sigma": "mode",
        "sigma_factor": 0.0,
        "distance": "angles",
        "pair_layers": None,
        "n_shared_layers": 0,
        "first_stage": 1.0,
        "max_irls_iter": -1,
        "inner_max_iter": 0,
        "irls_tol": -1.0,
    },
}


@each_example
def test_wrong_value_is_refused(option):
    kind = type(option)
    assert set(WRONG_VALUES[kind]) == set(option.get_params())
    for name, value in WRONG_VALUES[kind].items():
        wrong = clone(option).set_params(**{name: value})
        message = f"'{name}' parameter of {kind.__name__} must be"
        with pytest.raises(ValueError, match=message) as refused:
            read_option(wrong)
        assert f"Got {value!r}" in str(refused.value)


FITTED_NETWORK = "expected a fitted network of skrln"


def naming(start, *names):
    """Pattern of a message with these names in any order."""
    return start + "".join(f"(?=.*{name})" for name in names)


REFUSED = {
    "penalty by name": (
        {"penalty": "lasso"},
        naming("'penalty'", "'rln'", "'uniform'", "RLNPenalty", "UniformPenalty"),
    ),
    "penalty of another kind": (
        {"penalty": Solver()},
        "'penalty' .* instance of .*RLNPenalty.* Got Solver",
    ),
    "class of a penalty": ({"penalty": RLNPenalty}, "'penalty' .* instance of"),
    "value of a penalty": (
        {"penalty": RLNPenalty(norm="l3")},
        naming("'norm' parameter of RLNPenalty", "'l1'", "'l2'"),
    ),
    "groups of the old rule": (
        {"penalty": RLNPenalty(group="input", rule="subgradient")},
        "group='input' with rule='subgradient'",
    ),
    "solver by name": ({"solver": "magic"}, naming("'solver'", "'adam'", "'lion'")),
    "name of a solver": (
        {"solver": Solver("magic")},
        naming("'name' parameter of Solver", "'adam'", "'lion'", "Got 'magic'"),
    ),
    "option of another solver": (
        {"solver": Solver(options={"momentum": 0.5})},
        r"solver 'adam', which takes \['b1', 'b2', 'eps'\]. Leave out \['momentum'\]",
    ),
    "option that is no number": (
        {"solver": Solver(options={"b1": "high"})},
        "Got 'high' for option 'b1' of solver 'adam', .* finite number, such as 0.9",
    ),
    "option that is not finite": (
        {"solver": Solver(options={"eps": np.nan})},
        "Got nan for option 'eps'",
    ),
    "option that is no flag": (
        {"solver": Solver("sgd", options={"nesterov": 0.5})},
        "Got 0.5 for option 'nesterov' .* a bool, such as False",
    ),
    "schedule by name": (
        {"learning_rate": "linear"},
        naming("'learning_rate'", "'power'", "PowerDecay", "ReduceOnPlateau"),
    ),
    "value of a schedule": (
        {"learning_rate": PowerDecay(0)},
        "'decay_steps' parameter of PowerDecay",
    ),
    "unfitted source": (
        {"pretrained": Transfer(RLNRegressor())},
        r"Got pretrained=RLNRegressor\(...\), which is not fitted. Fit it first",
    ),
    "unfitted source in a frame": (
        {"pretrained": Transfer(FrozenEstimator(RLNRegressor()))},
        "which is not fitted",
    ),
    "source that is no network": (
        {"pretrained": Transfer(StandardScaler())},
        "'estimator' parameter of Transfer",
    ),
    "source that is a pipeline": (
        {"pretrained": Transfer(make_pipeline(StandardScaler(), RLNRegressor()))},
        f"{FITTED_NETWORK}.* From a pipeline, take its last step",
    ),
    "all layers frozen": (
        {"pretrained": Transfer(SOURCE, n_frozen_layers=2)},
        "n_frozen_layers=2, but the network has 2 layers",
    ),
    "columns instead of a branch": ({"plain_branch": [0, 1]}, "'plain_branch' .*Plain"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_fit(case):
    params, message = REFUSED[case]
    model = regressor(**params)
    with pytest.raises(ValueError, match=f"(?s){message}"):
        model.fit(X, Y)
    assert not hasattr(model, "coefs_")


@pytest.mark.parametrize(
    ("coupling", "message"),
    [
        ("marriage", naming("'coupling'", "'isolated'", "'joint'", "Got 'marriage'")),
        (
            Coupling("marriage"),
            naming("'strategy' parameter of Coupling", "'isolated'", "'joint'"),
        ),
        (3.0, "'coupling' .* Got 3.0"),
        (
            Coupling(robust_norm="huber", irls_weight="paper"),
            "irls_weight='paper' with robust_norm='huber'",
        ),
    ],
)
def test_refused_by_a_joint_fit(coupling, message):
    model = JointRegressor(coupling=coupling)
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y, sample_domain=np.arange(40) % 2)


def test_callable_of_optax_is_no_option_object():
    schedule = open_schedule(optax.constant_schedule(0.1))
    assert schedule.name == "table"
    assert schedule.rate(3) == 0.1

# SPDX-License-Identifier: BSD-3-Clause
"""Small fits, and their results, read through public methods and attributes alone."""

import numpy as np
import optax
from scipy import sparse
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.model_selection import GroupShuffleSplit
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

from skrln import (
    BlendingClassifier,
    DistinctivenessPruner,
    GeneticSelector,
    JointAutoencoder,
    JointClassifier,
    JointGenerator,
    JointRegressor,
    PerTaskEarlyStopping,
    RLNClassifier,
    RLNClassifierCV,
    RLNMultiTask,
    RLNRegressor,
    RLNRegressorCV,
)
from skrln.options import (
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
from skrln.presets import READABLE

from . import _tables as tables

#: Fits by name. Each takes nothing, and returns its results by name.
CASES = {}
#: Names of the fits in float32, whose results depend more on rounding.
SINGLE_PRECISION = set()

#: One small network in float64, whose penalty makes zeros within a few epochs.
SMALL = {
    "hidden_layer_sizes": (16, 8),
    "theta": -7.0,
    "penalty": RLNPenalty(warmup=0.0),
    "learning_rate_init": 0.01,
    "batch_size": 20,
    "max_iter": 8,
    "numeric_embedding": None,
    "n_estimators": 1,
    "input_selection": False,
    "dtype": "float64",
    "random_state": 0,
}
#: A search over such networks.
SEARCH = {
    "thetas": (-7.0, -6.0, -5.0),
    "cv": 3,
    "penalty": RLNPenalty(warmup=0.0),
    "learning_rate_init": 0.01,
    "batch_size": 20,
    "max_iter": 8,
    "dtype": "float64",
    "random_state": 0,
}
#: Small networks of several domains.
#: The coupling that most results of domains were recorded with.
PARAMETERS = Coupling(strength=3.0, distance="weights")
JOINT = {
    "coupling": PARAMETERS,
    "hidden_layer_sizes": (8,),
    "theta": -6.0,
    "penalty": RLNPenalty(warmup=0.0),
    "learning_rate_init": 0.01,
    "max_iter": 12,
    "dtype": "float64",
    "random_state": 0,
}

#: Attributes of one network.
NETWORK = (
    "coefs_",
    "intercepts_",
    "reg_coefs_",
    "plain_coefs_",
    "plain_intercepts_",
    "batch_norms_",
    "theta_",
    "sparsity_",
    "sparsity_curve_",
    "loss_curve_",
    "validation_loss_curve_",
    "task_loss_curve_",
    "validation_task_loss_curve_",
    "task_weight_curve_",
    "task_log_variance_",
    "n_iter_",
    "best_iteration_",
    "reg_path_",
    "reg_path_edges_",
)
#: Attributes of a whole fit.
WHOLE = (
    "classes_",
    "estimator_weights_",
    "temperature_",
    "feature_importances_",
    "active_features_",
    "n_active_features_",
    "n_outputs_",
)
#: Attributes of the networks of several domains.
DOMAINS = (
    "domains_",
    "coefs_",
    "intercepts_",
    "reg_coefs_",
    "pair_weights_",
    "pair_distances_",
    "sigma_",
    "weight_history_",
    "n_irls_iter_",
    "irls_converged_",
    "n_shared_layers_",
    "objective_curve_",
    "loss_curve_",
    "domain_loss_curve_",
    "consistency_curve_",
    "validation_loss_curve_",
    "sparsity_",
    "n_iter_",
    "best_iteration_",
)


def case(function):
    """Enter a fit into the table."""
    CASES[function.__name__] = function
    return function


def single_precision(function):
    """Enter a fit in float32 into the table."""
    SINGLE_PRECISION.add(function.__name__)
    return case(function)


# -- How results are read --------------------------------------------------------------


def attributes(model, names, prefix=""):
    """Return the attributes of a fitted model that are not None."""
    values = {name: getattr(model, name, None) for name in names}
    return {prefix + name: value for name, value in values.items() if value is not None}


def predictions(model, X, **options):
    """Return predictions, and the probabilities of a classifier."""
    results = {"predict": model.predict(X, **options)}
    if hasattr(model, "predict_proba"):
        results["predict_proba"] = model.predict_proba(X, **options)
    return results


def read(model, X):
    """Return predictions and fitted attributes of a network or an ensemble."""
    results = predictions(model, X) | attributes(model, WHOLE)
    members = model.estimators_
    if len(members) == 1:
        return results | attributes(members[0], NETWORK)
    results["n_networks"] = len(members)
    for k in (0, len(members) // 2, len(members) - 1):
        results |= attributes(members[k], NETWORK, f"estimators_{k}.")
    results["n_iter_"] = [member.n_iter_ for member in members]
    results["best_iteration_"] = [member.best_iteration_ for member in members]
    results["theta_"] = [member.theta_ for member in members]
    results["coefs_"] = np.concatenate(
        [np.ravel(coef) for member in members for coef in member.coefs_]
    )
    return results


def read_domains(model, X, domain):
    """Return predictions and fitted attributes of the networks of several domains."""
    rows = np.arange(0, len(X), 5)
    return predictions(model, X[rows], sample_domain=domain[rows]) | attributes(
        model, DOMAINS
    )


def regressor(**changes):
    """Fit a small network on the table of numbers, and read it."""
    X, y, new = tables.numbers()
    return read(RLNRegressor(**SMALL | changes).fit(X, y), new)


def classifier(**changes):
    """Fit a small network on the table of three classes, and read it."""
    X, y, new = tables.three_classes()
    return read(RLNClassifier(**SMALL | changes).fit(X, y), new)


def joint_regressor(**changes):
    """Fit small networks on four domains, and read them."""
    X, y, domain = tables.domains()
    model = JointRegressor(**JOINT | changes).fit(X, y, sample_domain=domain)
    return read_domains(model, X, domain)


# -- Defaults and presets --------------------------------------------------------------


@single_precision
def default_regressor():
    X, y, new = tables.larger_numbers()
    return read(RLNRegressor(max_iter=3, random_state=0).fit(X, y), new)


@single_precision
def default_classifier():
    X, y, new = tables.larger_classes()
    return read(RLNClassifier(max_iter=3, random_state=0).fit(X, y), new)


@case
def default_regressor_small_table():
    X, y, new = tables.numbers()
    return read(RLNRegressor((16, 8), max_iter=5, random_state=0).fit(X, y), new)


@single_precision
def readable():
    X, y, new = tables.larger_numbers()
    return read(RLNRegressor(**READABLE, max_iter=12, random_state=0).fit(X, y), new)


@case
def readable_with_warmup():
    return regressor(penalty=RLNPenalty(warmup=0.4), max_iter=20, batch_size=10)


@case
def published_network():
    return regressor(
        hidden_layer_sizes="geometric",
        penalty=RLNPenalty(0.05, rule="subgradient", warmup=0.0),
        theta=-10.0,
        solver="rmsprop",
        learning_rate="constant",
        learning_rate_init=1e-3,
        batch_size=10,
        input_clip=None,
        early_stopping=False,
    )


# -- Penalty ---------------------------------------------------------------------------


@case
def small_regressor():
    return regressor()


@case
def small_classifier():
    return classifier()


@single_precision
def small_regressor_float32():
    return regressor(dtype="float32")


@case
def two_classes():
    X, y, new = tables.two_classes()
    return read(RLNClassifier(**SMALL).fit(X, y), new)


@case
def subgradient_rule():
    return regressor(
        penalty=RLNPenalty(0.3, rule="subgradient", warmup=0.0), theta=-8.0
    )


@case
def fast_reg_step():
    return regressor(penalty=RLNPenalty(0.3, warmup=0.0))


@case
def uniform():
    return regressor(penalty=UniformPenalty(warmup=0.0))


@case
def no_penalty():
    return regressor(penalty=None)


@case
def l2():
    return regressor(penalty=RLNPenalty(norm="l2", warmup=0.0))


@case
def uniform_l2():
    return regressor(penalty=UniformPenalty("l2", warmup=0.0))


@case
def all_layers():
    return regressor(penalty=RLNPenalty(layers="all", warmup=0.0))


@case
def all_layers_each():
    return regressor(penalty=RLNPenalty(layers="all", scope="layer", warmup=0.0))


@case
def group_of_input():
    return regressor(penalty=RLNPenalty(group="input", warmup=0.0), theta=-6.5)


@case
def reg_path():
    return regressor(penalty=RLNPenalty(n_path_edges=6, warmup=0.0))


@case
def theta_auto():
    return regressor(theta="auto", early_stopping=True)


# -- Layers ----------------------------------------------------------------------------


@case
def linear():
    return classifier(hidden_layer_sizes=())


@case
def activations():
    X, y, new = tables.numbers()
    results = {}
    for name in ("leaky_relu", "elu", "silu", "mish", "tanh", "logistic", "identity"):
        model = RLNRegressor(**SMALL | {"activation": name, "max_iter": 2}).fit(X, y)
        results[name] = model.predict(new)
    return results


@case
def batch_norm_before():
    # Intercepts before a normalization have no effect: they are nothing but rounding.
    results = regressor(batch_norm="before")
    return {name: value for name, value in results.items() if name != "intercepts_"}


@case
def batch_norm_after():
    return classifier(batch_norm="after")


@case
def selu():
    return regressor(activation="selu", dropout=0.1)


@case
def dropout_and_draws():
    X, y, new = tables.numbers()
    model = RLNRegressor(**SMALL, dropout=(0.2, 0.1)).fit(X, y)
    mean, std = model.predict(new, return_std=True)
    draws = model.sample_predictions(new, n_samples=5, random_state=0)
    return read(model, new) | {"mean": mean, "std": std, "draws": draws}


@case
def dropout_and_draws_of_classes():
    X, y, new = tables.three_classes()
    model = RLNClassifier(**SMALL, dropout=0.2).fit(X, y)
    mean, std = model.predict_proba(new, return_std=True)
    draws = model.sample_predictions(new, n_samples=5, random_state=0)
    return read(model, new) | {"mean": mean, "std": std, "draws": draws}


# -- Inputs ----------------------------------------------------------------------------


@case
def piecewise():
    return regressor(numeric_embedding="piecewise")


@case
def piecewise_of_classes():
    return classifier(numeric_embedding="piecewise")


@case
def plain_branch():
    return regressor(plain_branch=PlainBranch(slice(6, 10), layer_sizes=(4,)))


@case
def plain_branch_of_pixels():
    X, y, new = tables.pixels()
    model = RLNClassifier(**SMALL, plain_branch=PlainBranch(np.arange(16, 64)))
    return read(model.fit(X, y), new)


@case
def categories_and_missing_values():
    X, y, new = tables.frame()
    return read(RLNRegressor(**SMALL).fit(X, y), new)


@case
def categories_and_missing_values_ensemble():
    X, y, new = tables.frame()
    model = RLNRegressor(
        (16, 8),
        n_estimators=2,
        input_selection=False,
        learning_rate_init=0.01,
        max_iter=8,
        dtype="float64",
        random_state=0,
    )
    return read(model.fit(X, y), new)


@case
def categories_by_position():
    X, y, new = tables.numbers()
    model = RLNRegressor(**SMALL, categorical_features=[1], input_clip=None)
    return read(model.fit(X, y), new)


@case
def sparse_table():
    X, y, new = tables.pixels()
    model = RLNClassifier(**SMALL).fit(sparse.csr_matrix(X), y)
    return read(model, sparse.csr_matrix(new))


@single_precision
def sparse_table_ensemble():
    X, y, new = tables.pixels()
    model = RLNClassifier((16, 8), n_estimators=2, max_iter=3, random_state=0)
    return read(model.fit(sparse.csr_matrix(X), y), sparse.csr_matrix(new))


@case
def input_selection():
    return regressor(theta=-6.0, input_selection=True, early_stopping=True, max_iter=12)


@case
def input_selection_ensemble():
    X, y, new = tables.wide()
    model = RLNRegressor(
        **SMALL | {"n_estimators": 2, "input_selection": True, "max_iter": 15}
    )
    return read(model.fit(X, y), new)


@case
def input_selection_of_one_wide():
    X, y, new = tables.wide()
    model = RLNRegressor(**SMALL | {"input_selection": True, "early_stopping": True})
    return read(model.fit(X, y), new)


# -- Ensembles -------------------------------------------------------------------------


@case
def ensemble():
    return regressor(n_estimators=3)


@case
def ensemble_of_classes():
    return classifier(n_estimators=3, dropout="auto")


@case
def ensemble_of_two_kinds():
    return classifier(n_estimators=2, numeric_embedding="auto", theta="auto")


@case
def ensemble_spread():
    X, y, new = tables.numbers()
    model = RLNRegressor(**SMALL | {"n_estimators": 3, "dropout": 0.1}).fit(X, y)
    mean, std = model.predict(new, return_std=True)
    draws = model.sample_predictions(new, n_samples=5, random_state=0)
    return {"mean": mean, "std": std, "draws": draws}


@case
def ensemble_with_validation_data():
    X, y, new = tables.numbers()
    model = RLNRegressor(**SMALL | {"n_estimators": 2})
    model.fit(X[:100], y[:100], X_val=X[100:], y_val=y[100:])
    return read(model, new)


# -- Losses, tasks and weights ---------------------------------------------------------


@case
def absolute_error():
    return regressor(loss="absolute_error")


@case
def huber():
    return regressor(loss="huber", huber_threshold=0.5)


@case
def quantile():
    return regressor(loss="quantile", quantile=0.8)


@case
def poisson():
    return regressor(loss="poisson")


@case
def missing_labels():
    X, Y, new = tables.tasks()
    model = RLNRegressor(**SMALL).fit(X, Y)
    return read(model, new) | {"score_tasks": model.score_tasks(X, Y)}


@case
def task_weights():
    X, Y, new = tables.tasks()
    return read(RLNRegressor(**SMALL, task_weight=[1, 0, 3]).fit(X, Y), new)


@case
def uncertainty_weights():
    X, Y, new = tables.tasks()
    model = RLNRegressor(**SMALL, task_weight="uncertainty", early_stopping=True)
    return read(model.fit(X, Y), new)


@case
def multilabel():
    X, Y, new = tables.labels()
    return read(RLNClassifier(**SMALL).fit(X, Y), new)


@case
def multilabel_ensemble():
    X, Y, new = tables.labels()
    return read(RLNClassifier(**SMALL | {"n_estimators": 2}).fit(X, Y), new)


@case
def several_class_tasks():
    X, Y, new = tables.class_tasks()
    model = RLNClassifier(**SMALL, task_weight=[1, 2]).fit(X, Y)
    return read(model, new) | {"score_tasks": model.score_tasks(X, Y)}


@case
def class_weight_balanced():
    return classifier(class_weight="balanced")


@case
def class_weight_by_class():
    X, y, new = tables.two_classes()
    model = RLNClassifier(**SMALL, class_weight={"malignant": 3.0, "benign": 0.5})
    return read(model.fit(X, y), new)


@case
def sample_weight():
    X, y, new = tables.numbers()
    weights = np.arange(len(y)) % 4 / 2
    return read(RLNRegressor(**SMALL).fit(X, y, weights), new)


@case
def sample_weight_ensemble():
    X, y, new = tables.three_classes()
    weights = np.arange(len(y)) % 4 / 2
    model = RLNClassifier(**SMALL | {"n_estimators": 2})
    return read(model.fit(X, y, weights), new)


@case
def multi_task():
    X, Y, new = tables.mixed_tasks()
    model = RLNMultiTask(**SMALL, task_types=("regression", "classification"))
    model.fit(X, Y)
    return read(model, new) | {"score_tasks": model.score_tasks(X, Y)}


@case
def multi_task_ensemble():
    X, Y, new = tables.mixed_tasks()
    model = RLNMultiTask(
        **SMALL | {"n_estimators": 2},
        task_types=("regression", "classification"),
        task_weight="uncertainty",
    )
    return read(model.fit(X, Y), new)


# -- Stopping --------------------------------------------------------------------------


@case
def early_stopping():
    return regressor(
        early_stopping=True,
        learning_rate_init=0.03,
        max_iter=30,
        n_iter_no_change=3,
        tol=0.01,
    )


@case
def early_stopping_of_classes():
    return classifier(early_stopping=True, validation_fraction=0.25)


@case
def early_stopping_sparsest():
    return regressor(
        early_stopping="sparsest", theta=-8.0, learning_rate_init=0.02, max_iter=20
    )


@case
def early_stopping_without_penalty():
    return regressor(early_stopping=True, penalty=None)


@case
def validation_data():
    X, y, new = tables.numbers()
    model = RLNRegressor(**SMALL)
    model.fit(
        X[:100],
        y[:100],
        X_val=X[100:],
        y_val=y[100:],
        sample_weight_val=np.arange(20) % 3,
    )
    return read(model, new)


@case
def validation_groups():
    X, y, new = tables.numbers()
    splitter = GroupShuffleSplit(test_size=0.2, random_state=0)
    model = RLNRegressor(**SMALL, validation_cv=splitter)
    return read(model.fit(X, y, groups=np.arange(len(y)) // 5), new)


# -- Solvers and schedules -------------------------------------------------------------


@case
def rmsprop():
    return regressor(solver="rmsprop")


@case
def sgd_with_momentum():
    return regressor(solver=Solver("sgd", options={"momentum": 0.8}))


@case
def clipped_values():
    return regressor(solver=Solver(clip_value=0.01))


@case
def clipped_norm():
    return regressor(solver=Solver(clip_norm=0.1, weight_decay=0.1))


@case
def constant_rate():
    return regressor(learning_rate="constant")


@case
def power_rate():
    return regressor(learning_rate=PowerDecay(10, power=0.5))


@case
def exponential_rate():
    return regressor(learning_rate=ExponentialDecay(30))


@case
def performance_rate():
    return regressor(
        learning_rate=ReduceOnPlateau(0.3, patience=2, cooldown=1),
        early_stopping=True,
        learning_rate_init=0.03,
        max_iter=15,
    )


@case
def rate_of_optax():
    return regressor(learning_rate=optax.linear_schedule(0.02, 0.001, 40))


# -- Fits that go on -------------------------------------------------------------------


@case
def warm_start():
    X, y, new = tables.numbers()
    model = RLNRegressor(**SMALL, warm_start=True).fit(X, y)
    return read(model.fit(X, y), new)


@case
def warm_start_ensemble():
    X, y, new = tables.three_classes()
    model = RLNClassifier(**SMALL | {"n_estimators": 2}, warm_start=True).fit(X, y)
    return read(model.fit(X, y), new)


@case
def frozen_layers():
    X, y, _ = tables.numbers()
    source = RLNRegressor(**SMALL).fit(X, y)
    return regressor(pretrained=Transfer(source, n_frozen_layers=1))


@case
def unfrozen_layers():
    X, y, _ = tables.numbers()
    source = RLNRegressor(**SMALL).fit(X, y)
    start = Transfer(source, n_frozen_layers=2, unfreeze_every=2, unfreeze_factor=0.3)
    return regressor(pretrained=start)


@case
def reused_head():
    X, y, _ = tables.three_classes()
    source = RLNClassifier(**SMALL).fit(X, y)
    return classifier(pretrained=Transfer(source, reuse_head=True))


@case
def pretrained_ensemble():
    X, y, _ = tables.numbers()
    source = RLNRegressor(**SMALL | {"n_estimators": 2}).fit(X, y)
    return regressor(pretrained=Transfer(source, n_frozen_layers=1), n_estimators=2)


@case
def partial_fit():
    X, y, new = tables.numbers()
    model = RLNRegressor(**SMALL)
    for _ in range(3):
        model.partial_fit(X, y)
    return read(model, new)


@case
def partial_fit_ensemble():
    X, y, new = tables.numbers()
    model = RLNRegressor(**SMALL | {"n_estimators": 2})
    for _ in range(3):
        model.partial_fit(X, y)
    return read(model, new)


@case
def partial_fit_of_classes():
    X, y, new = tables.three_classes()
    model = RLNClassifier(**SMALL)
    for rows in (slice(0, 60), slice(60, 120)):
        model.partial_fit(X[rows], y[rows], classes=[0, 1, 2, 3])
    return read(model, new)


@case
def partial_fit_of_classes_ensemble():
    X, y, new = tables.three_classes()
    model = RLNClassifier(**SMALL | {"n_estimators": 2})
    for rows in (slice(0, 60), slice(60, 120)):
        model.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
    return read(model, new)


@case
def partial_fit_after_fit():
    X, y, new = tables.three_classes()
    model = RLNClassifier(**SMALL | {"n_estimators": 2}).fit(X, y)
    return read(model.partial_fit(X, y), new)


# -- Searches --------------------------------------------------------------------------

CV_COLUMNS = (
    "mean_test_score",
    "std_test_score",
    "rank_test_score",
    "split0_test_score",
    "mean_n_active_features",
)


def read_search(search, X):
    """Return the scores of the candidates, the chosen values, and the refitted network."""
    chosen = attributes(
        search, ("theta_", "reg_step_", "best_index_", "best_score_", "n_splits_")
    )
    scores = {name: search.cv_results_[name] for name in CV_COLUMNS}
    return read(search, X) | chosen | scores


@case
def search():
    X, y, new = tables.numbers()
    return read_search(
        RLNRegressorCV((16, 8), reg_steps=(0.01, 0.1), **SEARCH).fit(X, y), new
    )


@case
def search_one_standard_error():
    X, y, new = tables.numbers()
    model = RLNRegressorCV(
        (16, 8), scoring="neg_mean_absolute_error", one_standard_error=True, **SEARCH
    )
    return read_search(model.fit(X, y), new)


@case
def search_of_classes():
    X, y, new = tables.three_classes()
    return read_search(RLNClassifierCV((16, 8), **SEARCH).fit(X, y), new)


# -- Stages of tasks -------------------------------------------------------------------

STAGES = (
    "validation_curves_",
    "smoothed_curves_",
    "summary_curve_",
    "best_stage_",
    "task_best_stage_",
    "stage_of_cluster_",
    "task_cluster_",
    "intervals_",
    "discrepancy_",
    "fraction_outside_",
    "calibration_",
    "first_stage_",
    "n_iter_",
)


def read_stages(model, X):
    """Return predictions, curves of the tasks, and the chosen stages."""
    tradeoff = model.tradeoff_ or {"n_clusters": [], "mean_gain": []}
    results = {name: tradeoff[name] for name in ("n_clusters", "mean_gain")}
    return results | predictions(model, X) | attributes(model, STAGES)


@case
def stages_of_network():
    X, Y, new = tables.tasks()
    network = RLNRegressor(**SMALL | {"max_iter": 20})
    model = PerTaskEarlyStopping(network, smoothing_window=3, random_state=0)
    return read_stages(model.fit(X, Y), new)


@case
def stages_of_network_with_folds():
    X, y, new = tables.three_classes()
    network = RLNClassifier(**SMALL)
    model = PerTaskEarlyStopping(
        network, n_clusters="all", smoothing_window=3, cv=2, random_state=0
    )
    return read_stages(model.fit(X, y), new)


@case
def stages_of_trees():
    X, _, new = tables.numbers()
    _, Y, _ = tables.tasks()
    Y = np.nan_to_num(Y)
    trees = MultiOutputRegressor(
        GradientBoostingRegressor(
            learning_rate=0.3, n_estimators=20, max_depth=1, random_state=0
        )
    )
    model = PerTaskEarlyStopping(
        trees, strategy="best_k", n_clusters=2, smoothing_window=3, random_state=0
    )
    return read_stages(model.fit(X, Y), new)


@case
def stages_of_scikit_learn_network():
    X, y, new = tables.two_classes()
    network = MLPClassifier((8,), max_iter=15, random_state=0)
    model = PerTaskEarlyStopping(network, smoothing_window=3, random_state=0)
    return read_stages(model.fit(X / X.max(axis=0), y), new / X.max(axis=0))


# -- Domains ---------------------------------------------------------------------------


@case
def joint():
    return joint_regressor()


@case
def joint_outputs():
    return joint_regressor(coupling="joint")


@case
def joint_l2():
    return joint_regressor(coupling=Coupling("l2", strength=0.5), solver="sgd")


@case
def joint_shared():
    return joint_regressor(coupling="shared", share_output=False)


@case
def joint_finetune():
    return joint_regressor(coupling="finetune")


@case
def joint_isolated():
    return joint_regressor(coupling="isolated", penalty=UniformPenalty(warmup=0.0))


@case
def joint_options():
    return joint_regressor(
        coupling=Coupling(
            strength=1.0,
            robust_norm="cauchy",
            sigma="median",
            sigma_factor=3.0,
            pair_layers=False,
            distance="weights",
        ),
        share_output=False,
        early_stopping=True,
    )


@case
def joint_irls():
    return joint_regressor(
        coupling=Coupling(
            strength=3.0,
            irls_weight="paper",
            max_irls_iter=3,
            inner_max_iter=2,
            n_shared_layers=1,
            distance="weights",
        )
    )


@case
def joint_single_domain():
    X, y, domain = tables.domains()
    X, y, domain = X[domain == 0], y[domain == 0], domain[domain == 0]
    model = JointRegressor(**JOINT).fit(X, y, sample_domain=domain)
    return read_domains(model, X, domain)


@single_precision
def joint_float32():
    return joint_regressor(dtype="float32", max_iter=8)


@case
def joint_added_domain():
    X, y, domain = tables.domains()
    first, added = domain < 3, domain == 3
    model = JointRegressor(**JOINT, unknown_domain="nearest")
    model.fit(X[first], y[first], sample_domain=domain[first])
    unknown = model.predict(X[added][:8], sample_domain=domain[added][:8])
    model.add_domain(X[added], y[added], domain=3)
    return read_domains(model, X, domain) | {"unknown": unknown}


@case
def joint_unknown_domain():
    X, y, domain = tables.domains()
    model = JointRegressor(**JOINT, unknown_domain="average")
    model.fit(X, y, sample_domain=domain)
    labels, first = model.cluster_domains(), X[:10]
    unknown = model.predict(first, sample_domain=np.full(10, 9))
    return {"unknown": unknown, "cluster_domains": labels}


@case
def joint_classifier():
    X, y, domain = tables.domains()
    classes = np.digitize(y, [-0.4, 0.4])
    classes[domain == 1] = np.minimum(classes[domain == 1], 1)
    model = JointClassifier(**JOINT, class_weight="balanced")
    model.fit(X, classes, sample_domain=domain)
    return read_domains(model, X, domain) | {"domain_classes_": model.domain_classes_}


@case
def joint_autoencoder():
    X, _, domain = tables.domains()
    model = JointAutoencoder(2, **JOINT, masked_fraction=0.2)
    codes = model.fit_transform(X, sample_domain=domain)[::5]
    copies = model.inverse_transform(codes, sample_domain=domain[::5])
    gaps = X[::5].copy()
    gaps[::2, 1] = np.nan
    filled = model.inpaint(gaps, sample_domain=domain[::5])
    results = {"codes": codes, "copies": copies, "filled": filled}
    return results | attributes(model, DOMAINS)


GENERATOR = (
    "coefs_",
    "intercepts_",
    "discriminator_coefs_",
    "domain_loss_curve_",
    "generated_loss_curve_",
    "equilibrium_curve_",
    "convergence_curve_",
    "consistency_curve_",
    "pair_weights_",
    "pair_distances_",
    "sigma_",
    "n_iter_",
)


@case
def joint_generator():
    X, domain = load_iris(return_X_y=True)
    model = JointGenerator(
        3, hidden_layer_sizes=(8,), max_iter=8, dtype="float64", random_state=0
    )
    model.fit(X, sample_domain=domain)
    rows, labels = model.sample(5, random_state=0)
    return {"rows": rows, "labels": labels} | attributes(model, GENERATOR)


@case
def joint_generator_of_frame():
    X, _, new = tables.frame()
    domain = np.arange(len(X)) % 2
    model = JointGenerator(
        3, hidden_layer_sizes=(8,), max_iter=6, dtype="float64", random_state=0
    )
    rows, _ = model.fit(X, sample_domain=domain).sample(6, random_state=0)
    columns = {f"rows.{name}": rows[name].to_numpy() for name in new.columns}
    return columns | attributes(model, GENERATOR)


# -- Pruning, selection and stacking ---------------------------------------------------

PRUNED = ("masks_", "pairs_", "angles_", "layers_", "pruning_ratio_")


def read_pruned(pruner, X):
    """Return predictions, the units that stay, and the weights of the pruned network."""
    weights = attributes(pruner.estimator_, ("coefs_", "intercepts_"))
    history = {f"history.{name}": value for name, value in pruner.history_.items()}
    return predictions(pruner, X) | attributes(pruner, PRUNED) | weights | history


@case
def pruner_post():
    X, y, new = tables.three_classes()
    pruner = DistinctivenessPruner(RLNClassifier(**SMALL), ratio=0.25, retrain=2)
    return read_pruned(pruner.fit(X, y), new)


@case
def pruner_post_by_activation():
    X, y, new = tables.numbers()
    pruner = DistinctivenessPruner(
        RLNRegressor(**SMALL, activation="tanh"),
        criterion="activation",
        similar_angle=40,
        complementary_angle=140,
        compensate="pair",
        layers=0,
        retrain=False,
    )
    return read_pruned(pruner.fit(X, y), new)


@case
def pruner_post_of_scikit_learn():
    X, y, new = tables.pixels()
    network = MLPClassifier((16,), max_iter=10, random_state=0)
    pruner = DistinctivenessPruner(network, ratio=0.25, retrain=3)
    return read_pruned(pruner.fit(X / 16, y), new / 16)


@case
def pruner_middle_third():
    X, y, new = tables.numbers()
    pruner = DistinctivenessPruner(
        RLNRegressor(**SMALL | {"max_iter": 9}),
        schedule="middle_third",
        prune_every=2,
        ratio=0.25,
    )
    return read_pruned(pruner.fit(X, y), new)


SELECTED = (
    "support_",
    "best_fitness_",
    "fitness_curve_",
    "population_",
    "n_iter_",
    "n_evaluations_",
    "swap_support_",
    "swap_fitness_",
)


@case
def selector_of_network():
    X, y, _ = tables.numbers()
    selector = GeneticSelector(
        RLNRegressor(**SMALL | {"max_iter": 2}),
        n_features_to_select=4,
        n_generations=3,
        population_size=4,
        cv=2,
        swap_evaluations=3,
        random_state=0,
    )
    return attributes(selector.fit(X, y), SELECTED)


@case
def selector_by_correlation():
    X, y, _ = tables.three_classes()
    selector = GeneticSelector(
        DecisionTreeClassifier(),
        n_features_to_select=4,
        fitness="mrmr",
        n_generations=5,
        population_size=6,
        random_state=0,
    )
    return attributes(selector.fit(X, y), SELECTED)


@case
def blending():
    X, y, new = tables.three_classes()
    models = [
        ("network", RLNClassifier(**SMALL)),
        ("tree", DecisionTreeClassifier(min_samples_leaf=10, random_state=0)),
    ]
    model = BlendingClassifier(models, cv=2, random_state=0).fit(X, y)
    names = ("weights_", "temperature_", "classes_")
    return predictions(model, new) | attributes(model, names)

# SPDX-License-Identifier: BSD-3-Clause
"""Generators: rows in the user's form, learned shares, strategies and domains."""

import pickle

import numpy as np
import pandas as pd
import pytest
import skops.io as skops
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.metadata_routing import get_routing_for_object

from skrln.joint import JointGenerator
from skrln.joint._rows import RowEncoder, check_rows
from skrln.options import Coupling, Solver

from ._domains import RecordedError

SIZE = 60


def make_frame(seed=0, n=SIZE):
    """Columns of every kind, in two domains of 20 and 40 rows."""
    rng = np.random.default_rng(seed)
    domain = np.where(np.arange(n) % 3 == 0, "north", "south")
    north = domain == "north"
    age = rng.integers(20, 80, n)
    height = rng.normal(np.where(north, 150, 180), 5)
    height[rng.uniform(size=n) < 0.3] = np.nan
    colour = pd.Categorical(
        np.where(rng.uniform(size=n) < 0.8, "red", "blue"),
        categories=["red", "green", "blue"],
        ordered=True,
    )
    frame = pd.DataFrame(
        {
            "age": age,
            "height": height,
            "visits": pd.array(rng.integers(0, 4, n), dtype="Int64"),
            "weight": rng.normal(70, 9, n).astype("float32"),
            "smokes": rng.uniform(size=n) < 0.4,
            "colour": colour,
            "town": np.where(north, "Oslo", "Rome"),
        }
    )
    frame.loc[rng.uniform(size=n) < 0.1, "visits"] = pd.NA
    frame.loc[rng.uniform(size=n) < 0.1, "town"] = None
    return frame, domain


def make_numbers(n=36):
    """Three columns in three domains; the third is far from the others."""
    rng = np.random.default_rng(0)
    domain = np.arange(n) % 3
    return rng.normal(size=(n, 3)) + np.array([0, 0.2, 3])[domain, None], domain


def generator(**params):
    defaults = {
        "n_components": 3,
        "hidden_layer_sizes": (8,),
        "max_iter": 6,
        "learning_rate_init": 0.01,
        "random_state": 0,
    }
    return JointGenerator(**(defaults | params))


@pytest.fixture(scope="module")
def fitted():
    """Trained long enough to have learned shares."""
    X, domain = make_frame()
    model = generator(max_iter=500, learning_rate_init=0.003, hidden_layer_sizes=(24,))
    return model.fit(X, sample_domain=domain)


# -- the user's form -----------------------------------------------------------------------


def test_frames_come_back_as_they_were(fitted):
    X, _ = make_frame()
    rows, domain = fitted.sample(400, random_state=1)
    assert (rows.dtypes == X.dtypes).all()
    assert list(rows.columns) == list(X.columns)
    assert len(rows) == len(domain) == 400
    assert rows["age"].between(X["age"].min(), X["age"].max()).all()
    assert set(rows["colour"].unique()) == {"red", "blue"}
    assert set(rows["town"].dropna()) == {"Oslo", "Rome"}
    assert rows["colour"].cat.ordered
    for name in ("age", "weight", "smokes", "colour"):
        assert rows[name].notna().all()


def test_shares_of_what_is_missing_and_of_categories_are_learned(fitted):
    X, _ = make_frame()
    rows, domain = fitted.sample(600, random_state=1)
    for name in ("height", "visits", "town"):
        assert abs(rows[name].isna().mean() - X[name].isna().mean()) < 0.15
    assert abs((rows["colour"] == "red").mean() - (X["colour"] == "red").mean()) < 0.2
    assert abs((domain == "north").mean() - 1 / 3) < 0.08
    north = domain == "north"
    assert (rows["town"][north].dropna() == "Oslo").mean() > 0.8
    assert (rows["town"][~north].dropna() == "Rome").mean() > 0.8
    assert rows["height"][north].mean() + 15 < rows["height"][~north].mean()


@pytest.mark.parametrize("kind", ["float32", "int16", "bool", "object"])
def test_arrays_come_back_in_their_type(kind):
    values = np.random.default_rng(0).integers(0, 2, (20, 3)).astype(kind)
    columns = [0, 1, 2] if kind == "object" else "from_dtype"
    values, columns = check_rows(values, "JointGenerator", columns)
    encoder = RowEncoder(columns.categorical, "quantile").fit(values)
    rows = encoder.inverse_transform(encoder.transform(values))
    assert rows.shape == (20, 3)
    assert rows.dtype == values.dtype == kind
    assert set(np.unique(rows.astype(float))) <= {0, 1}


def test_samples_of_arrays(monkeypatch):
    """Whole numbers, in their type; a column without any value stays without."""
    values = np.random.default_rng(0).integers(0, 2, (36, 3)).astype("float32")
    values[:, 1] = np.nan
    model = generator().fit(values)
    rows, domain = model.sample(7, random_state=0)
    assert rows.shape == (7, 3)
    assert rows.dtype == values.dtype
    assert set(np.unique(rows[:, [0, 2]])) <= {0, 1}
    assert np.isnan(rows[:, 1]).all()
    assert_array_equal(domain, 0)

    def fail(*arguments, **options):
        raise RecordedError

    before = dict(vars(model))
    for step in ("joint._generator.calibrate", "_kernels.fit_adversarial"):
        monkeypatch.setattr(f"skrln.{step}", fail)  # a fit that fails changes nothing
        with pytest.raises(RecordedError):
            model.fit(values)
        assert vars(model) == before


def test_encoding_is_undone():
    X, _ = make_frame()
    encoder = RowEncoder(np.array([4, 5, 6]), "quantile").fit(X)
    rows = encoder.transform(X)
    # Height and visits, there or missing; then the categories.
    assert encoder.blocks == (2, 2, 2, 2, 3)
    assert rows.shape == (SIZE, 4 + 11)
    missing = X["height"].isna().to_numpy()
    assert_array_equal(rows[missing, 1], 0)
    assert_array_equal(rows[:, 5], missing)
    again = encoder.inverse_transform(rows)
    names = ["smokes", "colour", "town"]
    # Older pandas tells None from NaN in objects: a missing name comes back as NaN.
    pd.testing.assert_frame_equal(again[names], X[names].replace({None: np.nan}))
    inner = X["weight"].rank().between(3, SIZE - 2)  # the extremes are drawn in
    assert_allclose(again["weight"][inner], X["weight"][inner], rtol=1e-5)
    assert_array_equal(again["height"].isna(), missing)
    assert (again["age"] - X["age"]).abs().max() <= 2


def test_pixels_have_one_scale():
    X = np.array([[0.0, 3.0], [10.0, 4.0], [5.0, 3.5]])
    encoder = RowEncoder(np.zeros(0, int), "range").fit(X)
    rows = encoder.transform(X)
    assert_allclose(rows, X / 5 - 1)
    assert_allclose(encoder.inverse_transform(rows), X)
    assert encoder.inverse_transform(rows * 3).max() == 10


# -- sampling ------------------------------------------------------------------------------


def test_networks_of_domains_are_drawn(fitted):
    from skrln.inspection import DomainNetworkDisplay

    for term, name in ((None, "all layers"), (2, "term 2")):
        display = DomainNetworkDisplay.from_estimator(fitted, term=term)
        assert display.name == f"JointGenerator: {name}"


def test_domains_of_samples(fitted):
    rows, domain = fitted.sample(5, domain="north", random_state=2)
    assert_array_equal(domain, "north")
    again, _ = fitted.sample(5, domain="north", random_state=2)
    pd.testing.assert_frame_equal(rows, again)
    other, _ = fitted.sample(5, domain="north", random_state=3)
    assert not rows.equals(other)
    with pytest.raises(ValueError, match="Got domain='west', but expected None or one"):
        fitted.sample(5, domain="west")
    with pytest.raises(ValueError, match="Got n_samples=0"):
        fitted.sample(0)


def test_copies_sample_the_same(fitted):
    expected, _ = fitted.sample(4, random_state=0)
    text = skops.dumps(fitted)
    trusted = [
        t for t in skops.get_untrusted_types(data=text) if t.startswith("skrln.")
    ]
    for twin in (
        pickle.loads(pickle.dumps(fitted)),
        skops.loads(text, trusted=trusted),
    ):
        found, _ = twin.sample(4, random_state=0)
        pd.testing.assert_frame_equal(found, expected)


# -- training ------------------------------------------------------------------------------


def test_fitted_attributes(fitted):
    assert fitted.n_iter_ == 500
    assert fitted.domains_.tolist() == ["north", "south"]
    assert fitted.domain_counts_.tolist() == [20, 40]
    assert [w.shape for w in fitted.coefs_] == [(2, 3, 24), (2, 24, 15)]
    sizes = [(2, 15, 24), (2, 24, 3), (2, 3, 24), (2, 24, 15)]
    assert [w.shape for w in fitted.discriminator_coefs_] == sizes
    # But for the last layers: one in the generator, two pairs in the discriminator.
    assert fitted.pair_weights_.shape == (3, 2, 2)
    assert fitted.affinity_graph_[0].shape == (2, 2)
    real, made = fitted.domain_loss_curve_, fitted.generated_loss_curve_
    assert real.shape == made.shape == (500, 2)
    expected = real + abs(fitted.gamma * real - made)
    assert_allclose(fitted.convergence_curve_, expected)
    assert (fitted.convergence_curve_[-1] < fitted.convergence_curve_[0]).all()
    k = fitted.equilibrium_curve_
    assert ((k >= 0) & (k <= 1)).all()
    assert fitted.consistency_curve_.shape == (500,)
    with config_context(enable_metadata_routing=True):
        assert get_routing_for_object(fitted).fit.requests == {"sample_domain": True}


#: Each has to change the generators; most share a compiled program.
CHANGES = {
    "gamma": {"gamma": 0.9},
    "equilibrium_rate": {"equilibrium_rate": 0.5},
    "average_decay": {"average_decay": 0.0},
    "code_weight": {"code_weight": 0.1},
    "input_noise": {"input_noise": 0.0},
    "strength": {"coupling": Coupling(strength=5.0)},
    "robust_norm": {"coupling": Coupling(robust_norm="huber")},
    "irls_weight": {"coupling": Coupling(irls_weight="paper")},
    "sigma": {"coupling": Coupling(sigma="median")},
    "sigma_factor": {"coupling": Coupling(sigma_factor=1.0)},
    "pair_layers": {"coupling": Coupling(pair_layers=False)},
    "share_output": {"share_output": True},
    "first_stage": {"coupling": Coupling(first_stage=0.7)},
    "max_irls_iter": {"coupling": Coupling(max_irls_iter=1)},
    "inner_max_iter": {"coupling": Coupling(inner_max_iter=2)},
    "irls_tol": {"coupling": Coupling(irls_tol=1.0)},
    "learning_rate_init": {"learning_rate_init": 0.02},
    "batch_size": {"batch_size": 10},
    "max_iter": {"max_iter": 5},
    "random_state": {"random_state": 1},
    "dtype": {"dtype": "float32"},
    "strategy": {"coupling": "isolated"},
}


def test_distance_of_outputs_is_refused():
    X, domain = make_numbers()
    model = generator(coupling=Coupling(distance="outputs"))
    with pytest.raises(ValueError, match="distance='outputs' for a generator"):
        model.fit(X, sample_domain=domain)


@pytest.fixture(scope="module")
def usual():
    X, domain = make_numbers()
    return generator().fit(X, sample_domain=domain)


@pytest.mark.parametrize("name", CHANGES)
def test_parameters_matter(usual, name):
    X, domain = make_numbers()
    other = generator(**CHANGES[name]).fit(X, sample_domain=domain)
    assert any(
        a.shape != b.shape or a.dtype != b.dtype or not np.array_equal(a, b)
        for a, b in zip(usual.coefs_, other.coefs_, strict=True)
    )


@pytest.mark.parametrize(
    "params",
    [
        {"n_components": 2},
        {"hidden_layer_sizes": (7,)},
        {"activation": "tanh"},
        {"solver": "sgd"},
        {"learning_rate": "constant"},
        {"scaling": "range"},
        {"categorical_features": [0]},
    ],
)
def test_structure_goes_to_the_kernel(params):
    """Kernel tests show that each of them matters; fits would compile seven programs."""
    X, _ = make_numbers()
    specs = []
    for model in (generator(), generator(**params)):
        X, columns = check_rows(X.round(), "JointGenerator", model.categorical_features)
        encoder = RowEncoder(columns.categorical, model.scaling).fit(X)
        width = encoder.transform(X).shape[1]
        solver = model._open_solver()
        specs.append(model._spec(encoder, columns.n_features, width, solver))
    assert specs[0] != specs[1]


def test_numbers_of_the_solver_go_to_the_kernel():
    model = generator(solver=Solver("sgd", options={"momentum": 0.5}))
    hyper = model._hyper(model._open_solver())
    assert hyper.solver_numbers == {"momentum": 0.5}
    with pytest.raises(ValueError, match=r"Got solver=Solver\(clip_norm=1\.0\) for"):
        generator(solver=Solver(clip_norm=1.0)).fit(make_numbers()[0])


def test_fits_repeat_and_go_with_the_rows_of_their_domain(usual):
    """Domains may come in any order; the fit is that of rows sorted by domain."""
    X, domain = make_numbers()
    again = generator().fit(X, sample_domain=domain)
    order = np.argsort(domain, kind="stable")
    by_domain = generator().fit(X[order], sample_domain=domain[order])
    for name in ("coefs_", "discriminator_coefs_"):
        for a, b, c in zip(
            *(getattr(one, name) for one in (usual, again, by_domain)), strict=True
        ):
            assert_array_equal(a, b)
            assert_allclose(a, c, rtol=1e-6, atol=1e-9)


def test_one_domain_is_not_coupled():
    X, _ = make_numbers()
    model = generator().fit(X)
    alone = generator(coupling="isolated").fit(X, sample_domain=np.ones(36))
    for a, b in zip(model.coefs_, alone.coefs_, strict=True):
        assert_array_equal(a, b)
    assert model.cluster_domains().tolist() == [0]
    assert model.irls_converged_


def test_divergence_is_said():
    X, domain = make_numbers()
    model = generator(learning_rate_init=1e38, dtype="float32")
    with pytest.warns(ConvergenceWarning, match="Training diverged"):
        model.fit(X, sample_domain=domain)
    assert all(np.isfinite(w).all() for w in model.coefs_)


def test_bad_input_is_refused():
    X, domain = make_frame()
    with pytest.raises(ValueError, match=r"sample_domain of shape \(59,\)"):
        generator().fit(X, sample_domain=domain[:-1])
    with pytest.raises(ValueError, match="dates or times"):
        generator().fit(pd.DataFrame({"when": pd.date_range("2024", periods=9)}))
    coupling = Coupling(robust_norm="huber", irls_weight="paper")
    with pytest.raises(ValueError, match="published for 'geman_mcclure'"):
        generator(coupling=coupling).fit(X, sample_domain=domain)

    class Foreign:
        columns = ("a",)

    with pytest.raises(
        ValueError, match="Got X of type Foreign, but expected an array"
    ):
        generator().fit(Foreign())

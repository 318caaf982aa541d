# SPDX-License-Identifier: BSD-3-Clause
"""Errors that name what came, what was expected and the way out."""

from copy import copy

import numpy as np
import pytest
import sklearn
from sklearn.model_selection import StratifiedKFold, cross_validate

from skrln import JointClassifier
from skrln.joint import JointAutoencoder, JointGenerator
from skrln.options import Coupling

from ._domains import classifier, make_classes, regressor


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d[:-1], r"sample_domain of shape \(71,\), but expected \(72,\)"),
        (lambda d: d[:, None], r"sample_domain of shape \(72, 1\)"),
        (
            lambda d: np.where(np.arange(72) == 5, None, d),
            r"sample_domain with 1 missing label",
        ),
        (
            lambda d: np.array([1, *d[1:].tolist()], dtype=object),
            "labels of the types.*'int', 'str'.*Pass them as strings",
        ),
    ],
)
def test_labels_of_domains(table, change, message):
    X, y, domain = table
    with pytest.raises(ValueError, match=message):
        regressor().fit(X, y, sample_domain=change(domain))


def test_a_failed_fit_leaves_the_estimator_alone(table, fitted):
    X, y, domain = table
    model = copy(fitted)
    before = dict(vars(model))
    with pytest.raises(ValueError, match="sample_domain"):
        model.fit(X[:, :2], y, sample_domain=domain[:-1])
    assert vars(model) == before
    assert model.n_features_in_ == 4


def test_other_columns(table, fitted):
    X, _, domain = table
    with pytest.raises(ValueError, match="X has 2 features, but JointRegressor"):
        fitted.predict(X[:, :2], sample_domain=domain)
    with pytest.raises(ValueError, match=r"sample_domain of shape \(3,\)"):
        fitted.predict(X, sample_domain=domain[:3])


def test_more_layers_than_there_are(table):
    X, y, domain = table
    message = "n_shared_layers=4.*with 3 layer.* has 3 to share"
    with pytest.raises(ValueError, match=message):
        regressor(coupling=Coupling(n_shared_layers=4)).fit(X, y, sample_domain=domain)
    message = "1 layer.*has 0 to share, and each domain has an output of its own"
    with pytest.raises(ValueError, match=message):
        regressor(hidden_layer_sizes=(), share_output=False).fit(
            X, y, sample_domain=domain
        )


def test_weights_of_the_paper_are_for_its_norm(table):
    X, y, domain = table
    coupling = Coupling(robust_norm="huber", irls_weight="paper")
    with pytest.raises(
        ValueError, match="irls_weight='paper' with robust_norm='huber'"
    ):
        regressor(coupling=coupling).fit(X, y, sample_domain=domain)


def test_several_tasks_of_classes(table):
    X, y, domain = table
    labels = np.c_[y > 3, y < 3].astype(int)
    with pytest.raises(ValueError, match=r"y of shape \(72, 2\).*a single task"):
        classifier().fit(X, labels, sample_domain=domain)


def test_targets_of_a_domain_without_a_label(table):
    X, y, domain = table
    two = np.c_[y, y]
    two[domain == "east", 1] = np.nan
    with pytest.raises(ValueError, match=r"task\(s\) \[1\] of the rows of y of domain"):
        regressor(share_output=False).fit(X, two, sample_domain=domain)


def test_threshold_of_clusters(fitted):
    with pytest.raises(
        ValueError, match=r"threshold=2, but expected a number from 0 to 1"
    ):
        fitted.cluster_domains(2)
    assert fitted.cluster_domains(0).max() == 0


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        ("east", "the fit has this domain"),
        (7, "a label of the type of the domains"),
        (None, "a label of the type of the domains"),
    ],
)
def test_labels_of_new_domains(table, fitted, domain, message):
    X, y, _ = table
    with pytest.raises(ValueError, match=message):
        fitted.add_domain(X[:20], y[:20], domain)


def test_new_domains_of_a_shared_network(table, fitted):
    X, y, _ = table
    model = copy(fitted).set_params(coupling="shared")
    with pytest.raises(ValueError, match="strategy='shared' in coupling, with one"):
        model.add_domain(X, y, "west")


def test_sparsest_epoch_is_not_for_several_domains(table):
    X, y, domain = table
    with pytest.raises(
        ValueError, match="'early_stopping' parameter of JointRegressor"
    ):
        regressor(early_stopping="sparsest").fit(X, y, sample_domain=domain)


@pytest.mark.parametrize("model", [regressor(), JointGenerator(2), JointAutoencoder(2)])
def test_identifier_in_place_of_a_domain(table, model):
    X, y, _ = table
    arguments = () if isinstance(model, JointGenerator | JointAutoencoder) else (y,)
    message = (
        r"Got sample_domain with 72 domains in 72 rows.*identifier.*pass the data set"
    )
    with pytest.raises(ValueError, match=message):
        model.fit(X, *arguments, sample_domain=np.arange(72))


def cross_validated(model, table, **options):
    X, y, domain = table
    folds = list(StratifiedKFold(2).split(X, domain))
    return cross_validate(
        model,
        X,
        y,
        cv=folds,
        params={"sample_domain": domain},
        error_score="raise",
        **options,
    )["test_score"]


def test_scores_that_lack_the_domains(table):
    """The error names what to call, and doing so works."""
    message = (
        r"Got sample_domain=None.*sklearn\.set_config\(enable_metadata_routing=True\).*"
        r"set_score_request\(sample_domain=True\).*set_predict_request.*scorers by name"
    )
    model = regressor(max_iter=2)
    with pytest.raises(ValueError, match=message):
        cross_validated(model, table)
    with sklearn.config_context(enable_metadata_routing=True):
        with pytest.raises(ValueError, match=message):
            cross_validated(model, table, scoring="r2")
        assert len(cross_validated(model, table)) == 2
        model.set_score_request(sample_domain=True)
        model.set_predict_request(sample_domain=True)
        assert len(cross_validated(model, table)) == 2


def test_several_class_tasks_are_refused_for_one_domain_too():
    labels = np.array([[0, 1], [1, 1], [0, 1], [1, 0]])
    model = JointClassifier(hidden_layer_sizes=(4,), max_iter=2, random_state=0)
    with pytest.raises(ValueError, match=r"Got y of shape \(4, 2\)"):
        model.fit(np.eye(4), labels, sample_domain=np.zeros(4))


def test_weights_that_leave_no_held_out_label_name_y(monkeypatch):
    X, y, domain = make_classes()

    def hold_out(parameters, domains, rng):
        del parameters, rng
        held_out = [rows[y[rows] == 0][:2] for rows in domains.rows]
        pairs = zip(domains.rows, held_out, strict=True)
        return [np.setdiff1d(*pair) for pair in pairs], held_out

    monkeypatch.setattr("skrln.joint._base.hold_out", hold_out)
    with pytest.raises(ValueError, match="no label of the held-out rows of y to count"):
        classifier(class_weight={0: 0, 1: 1}).fit(X, y, sample_domain=domain)

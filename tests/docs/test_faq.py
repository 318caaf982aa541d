# SPDX-License-Identifier: BSD-3-Clause
"""The FAQ quotes errors and warnings as the code raises them."""

import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrln import DistinctivenessPruner, RLNRegressor
from skrln._kernels import _devices
from skrln._table import _memory
from skrln.inspection import ImportanceDisplay

PAGE = Path(__file__).parents[2] / "docs" / "user_guide" / "faq.rst"
#: A literal block whose first line begins with the name of an exception or a warning.
BLOCK = re.compile(r"^::\n\n((?:    .*\n)+)", re.MULTILINE)
SMALL = {
    "hidden_layer_sizes": (8,),
    "n_estimators": 1,
    "numeric_embedding": None,
    "theta": -8,
    "max_iter": 5,
    "random_state": 0,
}


def network(**params):
    return RLNRegressor(**SMALL | params)


def read_quotes():
    """Return the quoted messages of the page, each on one line."""
    return [" ".join(block.split()) for block in BLOCK.findall(PAGE.read_text("utf8"))]


def pattern_of(quote):
    """Return a regular expression of a quote, in which ``...`` is any text."""
    return ".*".join(re.escape(part) for part in quote.split("..."))


def cut_off(X, y, monkeypatch):
    network(theta=0, batch_size=16, max_iter=20).fit(X, y)


def drop_every_column(X, y, monkeypatch):
    rng = np.random.default_rng(0)
    table, noise = rng.normal(size=(60, 4)), rng.normal(size=60)
    network(n_estimators=2, theta=-7, max_iter=10, input_selection=True).fit(
        table, noise
    )


def diverge(X, y, monkeypatch):
    network(learning_rate_init=1e5, solver="sgd", penalty=None).fit(X, y)


def lack_memory(X, y, monkeypatch):
    monkeypatch.setattr(_memory, "available_bytes", lambda: 1000)
    network().fit(X, y)


def fork(X, y, monkeypatch):
    monkeypatch.setattr(_devices, "_started_in_parent", True)
    network().fit(X, y)


def lack_matplotlib(X, y, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    ImportanceDisplay.from_estimator(network().fit(X, y))


def read_coefs_of_several(X, y, monkeypatch):
    network(n_estimators=2, input_selection=False).fit(X, y).coefs_  # noqa: B018 - reading raises


def predict_before_fit(X, y, monkeypatch):
    network().predict(X)


def ask_spread_of_one(X, y, monkeypatch):
    network().fit(X, y).predict(X, return_std=True)


def pass_one_column(X, y, monkeypatch):
    network().fit(X["bmi"].to_numpy(), y)


def pass_missing_labels(X, y, monkeypatch):
    network().fit(X, y.where(y > 60))


def pass_dates(X, y, monkeypatch):
    network().fit(X.assign(day=pd.date_range("2024-01-01", periods=len(X))), y)


def pass_identifiers(X, y, monkeypatch):
    network().fit(X.assign(name=[f"id{k}" for k in range(len(X))]), y)


def pass_codes_for_missing(X, y, monkeypatch):
    weight = np.where(np.arange(len(X)) % 10 == 0, -999.0, X["bmi"])
    network().fit(X.assign(weight=weight), y)


def lack_groups(X, y, monkeypatch):
    network(validation_cv=GroupKFold(3)).fit(X, y)


def pass_half_of_validation(X, y, monkeypatch):
    network().fit(X, y, X_val=X)


def pass_validation_without_routing(X, y, monkeypatch):
    pipeline = make_pipeline(StandardScaler(), network(), transform_input=["X_val"])
    pipeline.fit(X, y, X_val=X, y_val=y)


def pass_wrong_value(X, y, monkeypatch):
    network(theta="strong").fit(X, y)


def set_option_of_string(X, y, monkeypatch):
    network().set_params(penalty__step=0.1)


def choose_without_held_out_rows(X, y, monkeypatch):
    RLNRegressor(n_estimators=1, early_stopping=False).fit(X, y)


def prune_ensemble(X, y, monkeypatch):
    DistinctivenessPruner(RLNRegressor()).fit(X, y)


#: Calls that raise the quoted messages, in the order of the page.
CALLS = [
    cut_off,
    drop_every_column,
    diverge,
    lack_memory,
    fork,
    lack_matplotlib,
    read_coefs_of_several,
    predict_before_fit,
    ask_spread_of_one,
    pass_one_column,
    pass_missing_labels,
    pass_dates,
    pass_identifiers,
    pass_codes_for_missing,
    lack_groups,
    pass_half_of_validation,
    pass_validation_without_routing,
    pass_wrong_value,
    set_option_of_string,
    choose_without_held_out_rows,
    prune_ensemble,
]


def messages_of(call, monkeypatch):
    """Return what a call warns of and raises, as Python shows it."""
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    raised = []
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            call(X[:120], y[:120], monkeypatch)
        except Exception as error:
            raised.append(f"{type(error).__name__}: {error}")
    shown = [f"{one.category.__name__}: {one.message}" for one in warned]
    return [" ".join(text.split()) for text in shown + raised]


def test_a_call_for_every_quote():
    assert len(read_quotes()) == len(CALLS)


@pytest.mark.parametrize(
    ("call", "number"),
    [(call, number) for number, call in enumerate(CALLS)],
    ids=[call.__name__ for call in CALLS],
)
def test_quote(monkeypatch, call, number):
    quote = read_quotes()[number]
    messages = messages_of(call, monkeypatch)
    assert any(re.fullmatch(pattern_of(quote), text) for text in messages), (
        f"The page quotes\n{quote}\nbut the code says\n" + "\n".join(messages)
    )

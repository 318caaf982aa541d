# SPDX-License-Identifier: BSD-3-Clause
"""Models by name, with their defaults unless the name says otherwise.

``rln`` and ``stack`` get the data frame as a user has it, with categories and missing values.
Trees get codes of the categories; linear models and the other networks get them one-hot, with
missing values imputed and numbers scaled.
"""

import ast
import functools
import importlib

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

N_THREADS = 2

# -- names ---------------------------------------------------------------------------------


def parse(model):
    """Name and parameters of a model.

    >>> parse("rln[theta=-6,penalty=uniform]")
    ('rln', {'theta': -6, 'penalty': 'uniform'})

    Parameters
    ----------
    model : str
        A name, and in brackets the parameters as one would write them in a call; a word
        needs no quotes.

    Returns
    -------
    name : str
    params : dict
    """
    name, bracket, rest = model.partition("[")
    if not bracket:
        return name, {}
    try:
        if not rest.endswith("]"):
            raise ValueError("no closing bracket")
        call = ast.parse(f"f({rest[:-1]})", mode="eval").body
        if call.args or not all(keyword.arg for keyword in call.keywords):
            raise ValueError("parameters without a name")
        return name, {word.arg: _value(word.value) for word in call.keywords}
    except (SyntaxError, ValueError) as error:
        raise ValueError(
            f"Got the model {model!r}, but expected parameters in brackets, such as "
            f"rln[theta=-6,hidden_layer_sizes=(64,)]: {error}."
        ) from error


def _value(node):
    return node.id if isinstance(node, ast.Name) else ast.literal_eval(node)


def make(model, kind, categorical, random_state=0):
    """Unfitted estimator.

    Parameters
    ----------
    model : str
        One of `MODELS`; ``module:Class`` of an estimator; ``module:Name`` where NameRegressor
        and NameClassifier are meant; or ``module:function``, which is called with ``kind``,
        ``categorical``, ``random_state`` and the parameters and returns an estimator that
        takes the data frame. Each with parameters in brackets, see `parse`.
    kind : {"reg", "bin", "multi"}
    categorical : list of str
        Columns that hold categories, as strings.
    random_state : int

    Returns
    -------
    estimator
    """
    name, params = parse(model)
    if name in MODELS:
        return MODELS[name](kind, categorical, random_state, **params)
    found = _imported(name, kind)
    if not isinstance(found, type):
        return found(
            kind=kind, categorical=categorical, random_state=random_state, **params
        )
    estimator = found(**params)
    if "random_state" in estimator.get_params() and "random_state" not in params:
        estimator.set_params(random_state=random_state)
    wanted = is_regressor if kind == "reg" else is_classifier
    if not wanted(estimator):
        raise ValueError(
            f"Got the model {model!r}, which is not for this kind of task."
        )
    return _on_dense(categorical, estimator)


def check(model):
    """Refuse what is no model, or cannot be imported, before hours are spent on others."""
    errors = []
    for kind in ("reg", "bin"):
        try:
            make(model, kind, [])
        except Exception as error:
            errors.append(error)
    if len(errors) == 2:  # one for regression alone, or classes alone, is fine
        raise errors[0]


def _imported(name, kind):
    """What ``module:object`` names."""
    module, colon, attribute = name.partition(":")
    if not colon:
        raise ValueError(
            f"Got the model {name!r}, but expected one of {', '.join(MODELS)}, or an "
            "importable one as module:object."
        )
    module = _import(module, name)
    ending = "Regressor" if kind == "reg" else "Classifier"
    for candidate in (attribute, attribute + ending):
        if hasattr(module, candidate):
            return getattr(module, candidate)
    raise ValueError(
        f"Got the model {name!r}, but {module.__name__} has neither {attribute} nor "
        f"{attribute}{ending}."
    )


def _import(module, model):
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"The model {model!r} needs {error.name}, which is not installed.",
            name=error.name,
        ) from error


def _either(module, name, kind, model):
    """The regressor or the classifier of a module."""
    ending = "Regressor" if kind == "reg" else "Classifier"
    return getattr(_import(module, model), name + ending)


# -- what is put before a model --------------------------------------------------------


def _on_dense(categorical, model):
    """One-hot, imputed and scaled."""
    one_hot = OneHotEncoder(
        handle_unknown="ignore",
        sparse_output=False,
        max_categories=30,
        dtype=np.float32,
    )
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    columns = make_column_transformer((one_hot, categorical), remainder=numbers)
    return make_pipeline(columns, model)


def _on_codes(categorical, model):
    """Categories as integers, and numbers as they are."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = make_column_transformer(
        (codes, categorical), remainder="passthrough", verbose_feature_names_out=False
    )
    return make_pipeline(columns, model)


def _on_categories(categorical, model):
    """The frame as a user has it."""
    to_categories = FunctionTransformer(
        as_categories, kw_args={"categorical": categorical}
    )
    return make_pipeline(to_categories, model)


def as_categories(X, categorical):
    """`X` with these columns as pandas categories."""
    return X.astype(dict.fromkeys(categorical, "category"))


# -- models ----------------------------------------------------------------------------


def _linear(kind, categorical, random_state, **params):
    from sklearn.linear_model import LassoCV, LogisticRegressionCV

    del random_state
    if kind == "reg":
        model = LassoCV(**{"alphas": 30, "n_jobs": N_THREADS} | params)
    else:
        given = {"Cs": 8, "scoring": "neg_log_loss", "max_iter": 500}
        model = LogisticRegressionCV(**given | params)
    return _on_dense(categorical, model)


def _mlp(kind, categorical, random_state, **params):
    cls = _either("sklearn.neural_network", "MLP", kind, "mlp")
    given = {"early_stopping": True, "random_state": random_state}
    return _on_dense(categorical, cls(**given | params))


def _hgb(kind, categorical, random_state, **params):
    cls = _either("sklearn.ensemble", "HistGradientBoosting", kind, "hgb")
    return _on_codes(categorical, cls(**{"random_state": random_state} | params))


def _xgb(kind, categorical, random_state, **params):
    del random_state  # draws nothing by default; one number for all, as for lgbm
    cls = _either("xgboost", "XGB", kind, "xgb")
    given = {"n_jobs": N_THREADS, "random_state": 0}
    return _on_codes(categorical, cls(**given | params))


def _lgbm(kind, categorical, random_state, **params):
    del random_state
    cls = _either("lightgbm", "LGBM", kind, "lgbm")
    given = {"n_jobs": N_THREADS, "random_state": 0, "verbose": -1}
    return _on_codes(categorical, cls(**given | params))


def _cat(kind, categorical, random_state, **params):
    cls = _either("catboost", "CatBoost", kind, "cat")
    given = {
        "thread_count": N_THREADS,
        "random_seed": random_state,
        "verbose": 0,
        "allow_writing_files": False,
    }
    return _on_codes(categorical, cls(**given | params))


def _of_pytabkit(model, name, kind, categorical, random_state, **params):
    cls = _either("pytabkit", f"{name}_", kind, model)
    given = {"device": "cpu", "random_state": random_state, "n_threads": N_THREADS}
    if kind != "reg" and model != "xgb_td":
        given["val_metric_name"] = "cross_entropy"  # the loss that is compared
    return _on_dense(categorical, cls(**given | params))


def _rln(kind, categorical, random_state, **params):
    cls = _either("skrln", "RLN", kind, "rln")
    network = cls(**{"random_state": random_state} | params)
    return _on_categories(categorical, network)


def _stack(kind, categorical, random_state, **params):
    """Stack RLN, which gets the parameters, and XGBoost."""
    cls = _either("sklearn.ensemble", "Stacking", kind, "stack")
    return cls(_rln_and_xgb(kind, categorical, random_state, **params))


def _blend(kind, categorical, random_state, **params):
    """The same, with predictions that are averaged by learned weights."""
    cls = _either("skrln", "Blending", kind, "blend")
    seed = {"random_state": random_state} if kind == "reg" else {}
    return cls(_rln_and_xgb(kind, categorical, random_state, **params), **seed)


def _rln_and_xgb(kind, categorical, random_state, **params):
    network = _rln(kind, categorical, random_state, **params)
    return [("rln", network), ("gbt", _xgb(kind, categorical, random_state))]


MODELS = {
    "rln": _rln,
    "stack": _stack,
    "blend": _blend,
    "linear": _linear,
    "mlp": _mlp,
    "hgb": _hgb,
    "xgb": _xgb,
    "lgbm": _lgbm,
    "cat": _cat,
    "realmlp": functools.partial(_of_pytabkit, "realmlp", "RealMLP_TD"),
    "realmlp_s": functools.partial(_of_pytabkit, "realmlp_s", "RealMLP_TD_S"),
    "tabm": functools.partial(_of_pytabkit, "tabm", "TabM_D"),
    "xgb_td": functools.partial(_of_pytabkit, "xgb_td", "XGB_TD"),
}

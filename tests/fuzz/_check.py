# SPDX-License-Identifier: BSD-3-Clause
"""What a case must satisfy: a finite result, or an error that names what is wrong."""

import copy
import pickle
import re
import traceback
import warnings
from inspect import signature

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

import skrln

#: Warnings of ours, and of scikit-learn about its metrics and estimators.
ADMITTED = (UserWarning,)
ARGUMENTS = (
    "X", "y", "X_val", "y_val", "sample_weight", "sample_weight_val", "groups", "classes",
    "sample_domain",
)  # fmt: skip


#: Estimators around a model of scikit-learn, whose errors have its words.
FOREIGN = (
    "PerTaskEarlyStopping",
    "ErrorRateSelector",
    "GeneticSelector",
    "BlendingClassifier",
    "BlendingRegressor",
)


def _is_foreign(error):
    """Return True if an error was raised inside a model of scikit-learn."""
    frames = traceback.extract_tb(error.__traceback__)
    places = ("/sklearn/linear_model/", "/sklearn/metrics/")
    return any(place in frame.filename for frame in frames for place in places)


class CaseError(AssertionError):
    """A case that failed."""


def check_case(case):
    """Run a case; return the number of calls. Raise an error if it fails."""
    runner = _Runner(case)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for category in ADMITTED:
            warnings.simplefilter("ignore", category)
        if case.name in FOREIGN:
            # The linear models inside overflow on numbers near the largest that there are.
            warnings.simplefilter("ignore", RuntimeWarning)
        runner.run()
    return runner.n_calls


class _Runner:
    def __init__(self, case):
        self.case, self.n_calls = case, 0

    def run(self):
        case = self.case
        arguments = [case.X, case.y, case.fit_params, case.X_later]
        before = _digest(arguments)
        model = getattr(skrln, case.name)(**case.params)
        given = model.get_params(deep=False)
        if self.call(clone, model) is None:
            return
        method = (
            model.partial_fit if case.partial and "CV" not in case.name else model.fit
        )
        fitted = self.fit(model, method)
        for name, value in model.get_params(deep=False).items():
            if value is not given[name]:
                raise CaseError(f"fit changed the parameter {name}")
        if _digest(arguments) != before:
            raise CaseError("an argument of fit changed")
        if fitted:
            self.after(model)
        if _digest(arguments) != before:
            raise CaseError("an argument changed after fit")

    def fit(self, model, method):
        """Call `fit`; an error leaves the estimator unfitted."""
        case = self.case
        arguments = [case.X] if case.y is None else [case.X, case.y]
        params = case.fit_params
        if method.__name__ == "partial_fit":
            params = {k: v for k, v in params.items() if not k.endswith("_val")}
        state = set(vars(model))
        if self.call(method, *arguments, **params) is not None:
            check_is_fitted(model)
            return True
        left = {name for name in set(vars(model)) - state if "callback" not in name}
        if left:
            raise CaseError(f"a failed fit left {sorted(left)}")
        try:
            check_is_fitted(model)
        except NotFittedError:
            return False
        raise CaseError("a failed fit left a fitted estimator")

    def after(self, model):
        """Predict, score, copy, and predict again."""
        case, tables = self.case, [self.case.X]
        if case.X_later is not None:
            tables.append(case.X_later)
        for X in tables:
            first = self.predict(model, X)
        twin = pickle.loads(pickle.dumps(model))
        again = self.predict(twin, tables[-1])
        if first is not None and not _same(first, again):
            raise CaseError("a pickled model predicts otherwise")
        if case.y is not None and hasattr(model, "score"):
            weight = case.fit_params.get("sample_weight")
            takes = "sample_weight" in signature(model.score).parameters
            kwargs = {"sample_weight": weight} if weight is not None and takes else {}
            if "sample_domain" in case.fit_params:
                kwargs["sample_domain"] = case.fit_params["sample_domain"]
            self.call(model.score, case.X, case.y, **kwargs)
        if hasattr(model, "feature_importances_"):
            self.finite(model.feature_importances_, "feature_importances_")

    def predict(self, model, X):
        result = None
        kwargs = {}
        domain = self.case.fit_params.get("sample_domain")
        if domain is not None and X is self.case.X:
            kwargs["sample_domain"] = domain
        for name in ("predict", "predict_proba", "transform"):
            method = getattr(model, name, None)
            if method is None:
                continue
            takes = set(signature(method).parameters)
            own = {k: v for k, v in kwargs.items() if k in takes}
            made = self.call(method, X, **own)
            if made is not None:
                self.finite(made, name)
                result = made if result is None else result
        return result

    def finite(self, made, name):
        parts = made if isinstance(made, list | tuple) else [made]
        for part in parts:
            if part is None:  # the probabilities of a task of numbers
                continue
            if hasattr(part, "toarray"):
                part = part.toarray()
            array = np.asarray(part)
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise CaseError(f"{name} is not finite")
            if (
                name == "predict_proba"
                and array.size
                and (array.min() < 0 or array.max() > 1 + 1e-6)
            ):
                raise CaseError("a probability is not between 0 and 1")

    def call(self, method, *args, **kwargs):
        """Call a method; return None for an error that is clear."""
        self.n_calls += 1
        try:
            return method(*args, **kwargs)
        except (ValueError, TypeError) as error:
            self.clear(error, method)
            return None
        except NotFittedError:
            raise
        except MemoryError as error:
            self.clear(error, method)
            return None

    def clear(self, error, method):
        """The message names a parameter, an argument or a column."""
        case = self.case
        if case.name in FOREIGN and _is_foreign(error):
            return
        kind = getattr(skrln, case.name)
        names = {*kind._get_param_names(), *ARGUMENTS, *_PARTS}
        names |= {str(name) for name in getattr(case.X, "columns", ())}
        names |= {str(name) for name in getattr(case.X_later, "columns", ())}
        words = "|".join(
            re.escape(name) for name in sorted(names, key=len, reverse=True) if name
        )
        if not re.search(rf"(?<!\w)({words})(?!\w)", str(error)):
            name = getattr(method, "__name__", str(method))
            raise CaseError(
                f"{name}: {type(error).__name__} names nothing: {error}"
            ) from error


#: Options of option objects, and words of scikit-learn for the arguments.
_PARTS = (
    "step",
    "layers",
    "samples",
    "n_samples",
    "sample(s)",
    "feature(s)",
    "features",
    "n_features",
    "columns",
)


def _same(first, again):
    """Return True if two predictions are equal."""
    if again is None:
        return False
    parts = [
        made if isinstance(made, list | tuple) else [made] for made in (first, again)
    ]
    for pair in zip(*parts, strict=True):
        arrays = [
            np.asarray(one.toarray() if hasattr(one, "toarray") else one)
            for one in pair
        ]
        if arrays[0].shape != arrays[1].shape or not np.array_equal(*arrays):
            return False
    return True


def _digest(arguments):
    """Text of the arguments, to see whether they change."""
    try:
        return joblib.hash([_plain(one) for one in arguments])
    except Exception:  # cells that cannot be pickled
        return repr(arguments)


def _plain(argument):
    """Cells and types of a frame, without what pandas caches in it."""
    if isinstance(argument, dict):
        return {name: _plain(value) for name, value in argument.items()}
    if not hasattr(argument, "iloc"):
        return copy.copy(argument)
    return repr(getattr(argument, "dtypes", None)), argument.to_numpy(object).tolist()

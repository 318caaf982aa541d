# SPDX-License-Identifier: BSD-3-Clause
"""Values of some columns, drawn as they could have been given all other columns.

Numbers follow a Gaussian copula: each column becomes normal scores by its ranks, and the scores
are jointly normal. A draw is a score, and the row of the table that holds the value of this
rank: values, missing ones included, are always those of the table. Equal values share an
interval of scores; the scores within it are drawn given all other columns (Gibbs sampling).
The covariance is shrunk, which loses part of a strong correlation of few columns: a regression
on the columns that a lasso finds adds it again. Categories follow a logistic regression on the
scores of all other columns. A row has no part in its own distribution: with as many columns as
rows the others would predict any value, and a drawn one would be the value itself.
"""

import numpy as np
from scipy.special import ndtr, ndtri
from sklearn.covariance import ledoit_wolf
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.model_selection import KFold
from sklearn.preprocessing import OneHotEncoder, StandardScaler

#: Rounds of the Gibbs sampler. Each estimates the covariance of the scores anew.
N_SWEEPS = 20
#: Categories of a column beyond so many are one category.
MAX_CATEGORIES = 20
#: Variance that is added to that of every score, so that copies of a column do no harm.
LEAST_VARIANCE = 1e-6
#: Folds of the rows that a regression of a category predicts, and its strengths to choose from.
N_FOLDS, STRENGTHS = 5, (0.01, 0.1, 1.0)
#: Most rows that the lasso learns from, evenly spread.
MAX_ROWS = 5000
#: Bound of the share of a standard normal below a score.
LEAST_SHARE = 1e-12


class ConditionalDraws:
    """Distribution of every column given the others.

    Parameters
    ----------
    numbers : ndarray of shape (n_rows, n_numbers)
        Numeric columns; NaN is a value of its own, below all others.
    categories : ndarray of int of shape (n_rows, n_categorical)
        Codes of categorical columns.
    rng : Generator

    References
    ----------
    Hoff, "Extending the rank likelihood for semiparametric copula estimation", Annals of
    Applied Statistics 1(1), 2007.
    """

    def __init__(self, numbers, categories, rng):
        self._intervals = [_Interval(column) for column in numbers.T]
        self._categories, indicators, owners = _indicate(categories)
        #: column that each score belongs to; numeric columns come first
        n_numbers = numbers.shape[1]
        self._owners = np.concatenate([np.arange(n_numbers), n_numbers + owners])
        scores = [interval.draw(rng) for interval in self._intervals]
        self._scores = np.column_stack([*scores, *indicators.T])
        self._precision, self._kept = self._sample_ties(rng)
        self._centered = self._scores - self._scores.mean(axis=0)
        #: of each row, in a prediction by all scores
        self._leverages = np.einsum(
            "ij,ij->i", self._centered @ self._precision, self._centered
        )
        self._found = {}

    def rows(self, columns, places, n_draws, rng):
        """Draw values of `columns` given all others, as rows of the table that hold them.

        Parameters
        ----------
        columns : sequence of int
            Numeric columns are counted before categorical ones. Several are drawn together:
            numbers jointly, and categories given the columns that are not drawn.
        places : ndarray of int of shape (n_places,)
            Rows whose values are replaced.
        n_draws : int
        rng : Generator

        Returns
        -------
        dict of int to ndarray of shape (n_draws, n_places)
            For each column.
        """
        drawn = np.isin(self._owners, columns)
        n_numbers, found = len(self._intervals), {}
        is_number = drawn & (np.arange(len(drawn)) < n_numbers)
        if is_number.any():
            scores = self._draw_scores(is_number, drawn, places, n_draws, rng)
            for k, column in enumerate(np.flatnonzero(is_number)):
                found[column] = self._intervals[column].rows(scores[:, :, k])
        for column in columns:
            if column >= n_numbers:
                found[column] = self._draw_categories(
                    column - n_numbers, ~drawn, places, n_draws, rng
                )
        return found

    # -- numbers -------------------------------------------------------------------------

    def _sample_ties(self, rng):
        """Draw the scores of equal values given the other columns; return the precision."""
        tied = [k for k, one in enumerate(self._intervals) if one.is_tied.any()]
        scores = self._scores
        for _ in range(N_SWEEPS if tied else 0):
            (precision, _), center = self._estimate(), scores.mean(axis=0)
            for k in tied:
                own = precision[:, k] / precision[k, k]
                mean = scores[:, k] - (scores - center) @ own
                deviation = 1 / np.sqrt(precision[k, k])
                scores[:, k] = self._intervals[k].draw(rng, mean, deviation)
        return self._estimate()

    def _estimate(self):
        """Precision of the scores, and the share of the sample covariance that was kept."""
        covariance, shrinkage = ledoit_wolf(self._scores)
        inverse = np.linalg.inv(covariance + LEAST_VARIANCE * np.eye(len(covariance)))
        return inverse, 1 - shrinkage

    def _draw_scores(self, wanted, drawn, places, n_draws, rng):
        mean, root = self._once(self._given_others, wanted, drawn)
        noise = rng.standard_normal((n_draws, len(places), len(root)))
        return mean[places] + noise @ root.T

    def _once(self, function, *masks):
        """Value of a function of masks of scores, found once."""
        key = function.__name__, *(mask.tobytes() for mask in masks)
        if key not in self._found:
            self._found[key] = function(*masks)
        return self._found[key]

    def _given_others(self, wanted, drawn):
        """Mean of scores given those not drawn, and a root of their covariance."""
        centered, precision = self._centered, self._precision
        inner = np.linalg.inv(precision[np.ix_(drawn, drawn)])[wanted[drawn]]
        residual = centered[:, wanted]
        if not drawn.all():
            others = centered[:, ~drawn]
            residual = residual + others @ (precision[np.ix_(~drawn, drawn)] @ inner.T)
            residual = residual / (1 - self._leverage(drawn))[:, None]
            residual = _scale_back(centered[:, wanted], residual)
            residual = residual - _leftover(others, residual)
        mean = self._scores[:, wanted] - residual
        values, vectors = np.linalg.eigh(residual.T @ residual / len(residual))
        return mean, vectors * np.sqrt(np.maximum(values, 0))

    def _leverage(self, drawn):
        """Share of each row in its own prediction of the drawn scores by the others.

        The prediction is a ridge regression, so the residual of a model without the row is the
        residual over one less the leverage.
        """
        precision = self._precision
        own = self._centered @ precision[:, drawn]
        inner = np.linalg.solve(precision[np.ix_(drawn, drawn)], own.T)
        own = np.einsum("ij,ji->i", own, inner)
        leverages = (1 + self._kept * (self._leverages - own)) / len(own)
        return leverages.clip(max=1 - LEAST_VARIANCE)

    # -- categories ----------------------------------------------------------------------

    def _draw_categories(self, column, others, places, n_draws, rng):
        """Rows with drawn categories: any row that holds the category."""
        codes = self._categories[:, column]
        own = np.arange(self._categories.shape[1]) == column
        ends = self._once(self._given_scores, own, others)[places].cumsum(axis=1)
        points = rng.uniform(size=(n_draws, len(ends), 1))
        drawn = (points > ends).sum(axis=2).clip(max=ends.shape[1] - 1)
        counts = np.bincount(codes)
        starts = counts.cumsum() - counts
        place = starts[drawn] + rng.integers(counts[drawn])
        return np.argsort(codes, kind="stable")[place]

    def _given_scores(self, own, others):
        """Probability of each category of a column in each row."""
        codes = self._categories[:, own].ravel()
        n_levels = codes.max() + 1
        if n_levels == 1 or not others.any():
            return np.tile(np.bincount(codes) / len(codes), (len(codes), 1))
        return _held_out_probabilities(self._scores[:, others], codes, n_levels)


def _scale_back(values, residual):
    """Residuals of the same predictions, times a share that the rows confirm.

    Predictions of held-out rows are too large where the covariance is shrunk too little.
    """
    predicted = values - residual
    length = (predicted**2).sum(axis=0)
    share = np.zeros_like(length)
    np.divide((values * predicted).sum(axis=0), length, out=share, where=length > 0)
    return values - predicted * share.clip(0, 1)


def _leftover(inputs, targets):
    """Predict targets by a regression on the few inputs that a lasso finds.

    The lasso has the strength that lets no input of noise pass, by the universal threshold of
    Donoho and Johnstone. The regression is free of its shrinkage.
    """
    rows = np.linspace(0, len(inputs) - 1, min(len(inputs), MAX_ROWS)).astype(int)
    sample, predictions = inputs[rows], np.zeros_like(targets)
    share = np.sqrt(2 * np.log(max(2, inputs.shape[1])) / len(rows))
    for k, target in enumerate(targets[rows].T):
        strength = share * target.std()
        if np.abs(sample.T @ target).max() / len(rows) <= strength:
            continue  # the lasso would find nothing
        active = Lasso(strength).fit(sample, target).coef_ != 0
        coefs = np.linalg.lstsq(sample[:, active], target, rcond=None)[0]
        predictions[:, k] = inputs[:, active] @ coefs
    return predictions


def _held_out_probabilities(inputs, codes, n_levels):
    """Probability of each category of held-out rows, at the strength of least loss."""
    n_folds = min(N_FOLDS, len(codes))
    splits = list(KFold(n_folds, shuffle=True, random_state=0).split(inputs))
    best, least = None, np.inf
    for strength in STRENGTHS:
        proba = np.zeros((len(codes), n_levels))
        for train, test in splits:
            if len(np.unique(codes[train])) == 1:
                proba[test, codes[train[0]]] = 1
                continue
            model = LogisticRegression(C=strength, max_iter=200)
            model.fit(inputs[train], codes[train])
            proba[np.ix_(test, model.classes_)] = model.predict_proba(inputs[test])
        own = np.maximum(proba[np.arange(len(codes)), codes], LEAST_SHARE)
        loss = -np.log(own).mean()
        if loss < least:
            best, least = proba, loss
    return best


class _Interval:
    """Interval of normal scores of each value of a column."""

    def __init__(self, values):
        values = np.where(np.isnan(values), -np.inf, values)
        self._order = np.argsort(values, kind="stable")
        ranked = values[self._order]
        n_rows = len(values)
        low = np.searchsorted(ranked, values, side="left")
        high = np.searchsorted(ranked, values, side="right")
        self.is_tied = high - low > 1
        #: bounds as scores, and the score of values that no other row has
        self._low, self._high = ndtri(low / n_rows), ndtri(high / n_rows)
        self._middle = ndtri((low + high) / 2 / n_rows)

    def draw(self, rng, mean=0.0, deviation=1.0):
        """Draw the scores of equal values from a normal distribution within the interval."""
        low, high = (
            ndtr((bound - mean) / deviation) for bound in (self._low, self._high)
        )
        shares = rng.uniform(low, high).clip(LEAST_SHARE, 1 - LEAST_SHARE)
        scores = (mean + deviation * ndtri(shares)).clip(self._low, self._high)
        return np.where(self.is_tied, scores, self._middle)

    def rows(self, scores):
        """Return rows with the values of these scores."""
        n_rows = len(self._order)
        return self._order[(ndtr(scores) * n_rows).astype(int).clip(max=n_rows - 1)]


def _indicate(categories):
    """Codes with rare categories joined, scaled indicators, and the column of each."""
    n_rows, n_columns = categories.shape
    joined, indicators, owners = np.zeros_like(categories), [], []
    for k in range(n_columns):
        encoder = OneHotEncoder(max_categories=MAX_CATEGORIES, sparse_output=False)
        own = encoder.fit_transform(categories[:, [k]])
        joined[:, k] = own.argmax(axis=1)
        indicators.append(StandardScaler().fit_transform(own))
        owners += [k] * own.shape[1]
    return (
        joined,
        np.hstack([np.zeros((n_rows, 0)), *indicators]),
        np.array(owners, int),
    )

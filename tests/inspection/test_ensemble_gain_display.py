# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skrln.inspection import EnsembleGainDisplay

from .conftest import friedman

rng = np.random.default_rng(0)
TRUE = rng.normal(size=30)
#: Four models that err by much, and by little.
FAR = TRUE + rng.normal(size=(4, 30))
NEAR = TRUE + 0.1 * rng.normal(size=(4, 30))


def test_by_hand(pyplot):
    # Rows: predictions (0, 2) and (3, 3) of targets 0 and 4. Variances 2 and 0, mean 1, of 4.
    display = EnsembleGainDisplay.from_predictions([0.0, 4.0], [[0, 3], [2, 3]])
    assert display.variance == pytest.approx(1 / 4)
    # R2: 1 - 1 / 8, 1 - 5 / 8; of the mean (1, 3) 1 - 2 / 8.
    assert display.gain == pytest.approx(0.75 - (0.875 + 0.375) / 2)
    first = EnsembleGainDisplay.from_predictions(
        [0.0, 4.0], [[0, 3], [2, 3]], single="first"
    )
    assert first.gain == pytest.approx(0.75 - 0.875)
    assert first.ax_.get_ylabel() == "Gain over the first fit (R2)"


def test_gain_in_r2_over_the_mean_is_the_variance():
    """The identity of the Notes, with several outputs too."""
    for true, values in [(TRUE, FAR), (TRUE.reshape(-1, 2), FAR.reshape(4, -1, 2))]:
        display = EnsembleGainDisplay.from_predictions(true, values)
        np.testing.assert_allclose(display.gain, display.variance * 3 / 4)


def test_kinds_keep_their_look_over_tasks(pyplot):
    first = EnsembleGainDisplay.from_predictions(TRUE, {"far": FAR, "near": NEAR})
    second = EnsembleGainDisplay.from_predictions(
        TRUE[:20], {"near": NEAR[:, :20], "new": FAR[:, :20]}, ax=first.ax_, alpha=0.5
    )
    assert first.variance[0] > first.variance[1]
    assert first.lines_[0].get_xdata() == [first.variance[0]]
    assert first.lines_[0].get_ydata() == [first.gain[0]]
    looks = [(line.get_color(), line.get_marker()) for line in first.lines_]
    again, new = [(line.get_color(), line.get_marker()) for line in second.lines_]
    assert again == looks[1]
    assert len({looks[0], looks[1], new}) == 3
    assert second.lines_[0].get_alpha() == 0.5
    texts = [text.get_text() for text in first.ax_.get_legend().get_texts()]
    assert texts == ["far", "near", "gain = variance", "new"]


def test_other_scores(pyplot):
    display = EnsembleGainDisplay.from_predictions(
        TRUE > 0, FAR, score_func=roc_auc_score, name="net"
    )
    expected = roc_auc_score(TRUE > 0, FAR.mean(axis=0))
    expected -= np.mean([roc_auc_score(TRUE > 0, one) for one in FAR])
    assert display.gain == pytest.approx(expected)
    assert display.ax_.get_ylabel().endswith("(roc auc score)")
    # Only R2 has a line where gain equals variance.
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts == ["net"]


def test_regressors(pyplot):
    X, y = friedman()
    trees = [
        DecisionTreeRegressor(max_features=3, random_state=seed).fit(X[:40], y[:40])
        for seed in range(3)
    ]
    display = EnsembleGainDisplay.from_estimators(trees, X[40:], y[40:])
    predictions = np.array([tree.predict(X[40:]) for tree in trees])
    expected = r2_score(y[40:], predictions.mean(axis=0))
    expected -= np.mean([r2_score(y[40:], one) for one in predictions])
    assert display.gain == pytest.approx(expected)
    assert display.kinds == ["DecisionTreeRegressor"]
    with pytest.raises(NotFittedError):
        EnsembleGainDisplay.from_estimators([DecisionTreeRegressor()], X, y)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_classifiers(pyplot, n_classes):
    X, y = friedman()
    labels = np.array(["a", "b", "c"])[np.digitize(y, [14, 18][: n_classes - 1])]
    trees = [
        DecisionTreeClassifier(max_features=3, max_depth=3, random_state=seed).fit(
            X[:40], labels[:40]
        )
        for seed in range(3)
    ]
    display = EnsembleGainDisplay.from_estimators({"tree": trees}, X[40:], labels[40:])
    # The Brier skill score, and so the identity again.
    np.testing.assert_allclose(display.gain, display.variance * 2 / 3)
    indicators = labels[40:, None] == trees[0].classes_
    spread = np.var([tree.predict_proba(X[40:]) for tree in trees], axis=0, ddof=1)
    expected = spread.sum(axis=1).mean() / indicators.var(axis=0).sum()
    assert display.variance == pytest.approx(expected)
    # Rows without one of the classes have the columns of all.
    kept = labels[40:] != "a" if n_classes == 3 else slice(None)
    EnsembleGainDisplay.from_estimators(trees, X[40:][kept], labels[40:][kept])


def test_score_of_the_second_of_two_classes(pyplot):
    labels = np.where(TRUE > 0, "yes", "no")
    positive = 1 / (1 + np.exp(-FAR))
    display = EnsembleGainDisplay.from_predictions(
        labels, np.stack([1 - positive, positive], axis=-1), score_func=roc_auc_score
    )
    expected = EnsembleGainDisplay.from_predictions(
        TRUE > 0, positive, score_func=roc_auc_score
    )
    assert display.gain == pytest.approx(expected.gain)


def test_errors(pyplot):
    def draw(*arguments, **options):
        EnsembleGainDisplay.from_predictions(*arguments, **options)

    with pytest.raises(ValueError, match=r"shape \(1, 30\), but .* at least 2 models"):
        draw(TRUE, FAR[:1])
    with pytest.raises(ValueError, match=r"expected \(n_models, 20\)"):
        draw(TRUE[:20], FAR)
    with pytest.raises(ValueError, match="Got a constant y_true, but expected"):
        draw(np.ones(30), FAR)
    with pytest.raises(ValueError, match="Got single='best', but expected one of"):
        draw(TRUE, FAR, single="best")
    with pytest.raises(ValueError, match="Got an empty dict"):
        draw(TRUE, {})
    with pytest.raises(
        ValueError, match="Got probabilities of 3 classes, but 2 classes"
    ):
        draw(TRUE > 0, np.ones((2, 30, 3)))
    with pytest.raises(
        ValueError, match=r"Got y_true of type .*, but expected numbers"
    ):
        draw(np.where(TRUE > 0, "yes", "no"), FAR)
    X, y = friedman()
    svm = LinearSVC().fit(X, y > 14)
    with pytest.raises(ValueError, match=r"Got LinearSVC, but .* predict_proba"):
        EnsembleGainDisplay.from_estimators([svm, svm], X, y > 14)
    model = LogisticRegression().fit(X, y > 14)
    with pytest.raises(
        ValueError, match=r"but 2 classes\. Pass `classes` with the class of each"
    ):
        EnsembleGainDisplay.from_estimators([model, model], X, np.digitize(y, [9, 14]))
    assert pyplot.get_fignums() == []

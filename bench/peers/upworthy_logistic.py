"""Log-loss of two plain models on held-out arms of A/B tests: the test's mean CTR, and scikit-learn's logistic regression.

    test mean             (C + k·m) / (N + k), C and N clicks and impressions of the test's train arms, m the CTR of all of them
    logistic regression   one-hot test and image, bag of words (a word is there or not), L2, one C for all
    … scaled              the same with words and image times a factor < 1, so that they are shrunk harder than the tests
    own CTR               each held arm's own clicks / impressions, known only afterwards: no model can be better

k, C and the factor have the least log-loss in cross-validation over the train arms, in folds of arms; an arm of a fold
counts where the other folds hold another arm of its test, as every held arm has one. Intervals: .025 and .975 quantiles of
1,000 bootstrap draws of whole tests. One JSON line for each model: natural-log loss per impression of the held arms and its
difference to that of the test mean (paired: both on the same draws; below 0 is better).

Usage: python upworthy_logistic.py ARMS.csv [--out PREDICTIONS.csv] [--seed 1]
ARMS.csv has the columns test_id, arm_id, image_id, words (separated by spaces), impressions, clicks, fold (train or held).
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from itertools import product

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import xlogy
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder

COLUMNS = ("test_id", "arm_id", "image_id", "words", "impressions", "clicks", "fold")
FOLDS = 5
BOOTSTRAP_DRAWS = 1_000
SMOOTHING = (100, 200, 300, 500, 700, 1_000, 2_000)
INVERSE_PENALTY = (0.01, 0.03, 0.1)
INVERSE_PENALTY_SCALED = (0.03, 0.1, 0.3)
FACTOR = (0.03, 0.1, 0.3)

Settings = dict[str, float]
Predict = Callable[[Settings], np.ndarray]
Model = Callable[[pd.DataFrame, pd.DataFrame], Predict]
"""Reads train arms and other arms; what it returns predicts the CTR of the others, shape (arms,), for given settings."""


def read_arms(path: str) -> pd.DataFrame:
    text = ("test_id", "arm_id", "image_id", "words", "fold")
    arms = pd.read_csv(path, keep_default_na=False, dtype=dict.fromkeys(text, str))
    if missing := [column for column in COLUMNS if column not in arms]:
        sys.exit(f"Expected the columns {', '.join(COLUMNS)} in {path} but {', '.join(missing)} is missing.")
    if set(arms["fold"]) != {"train", "held"}:
        sys.exit(f"Expected train and held in the column fold of {path} but found {', '.join(sorted(set(arms['fold'])))}.")
    return arms


def test_mean(train: pd.DataFrame, others: pd.DataFrame) -> Predict:
    counts = train.groupby("test_id")[["clicks", "impressions"]].sum().loc[others["test_id"]].to_numpy()
    mean = train["clicks"].sum() / train["impressions"].sum()
    return lambda settings: (counts[:, 0] + settings["k"] * mean) / (counts[:, 1] + settings["k"])


def logistic_regression(train: pd.DataFrame, others: pd.DataFrame) -> Predict:
    words = CountVectorizer(token_pattern=r"\S+", binary=True).fit(train["words"])
    test, image = (OneHotEncoder(handle_unknown="ignore").fit(train[[column]]) for column in ("test_id", "image_id"))
    clicks, impressions = train["clicks"].to_numpy(), train["impressions"].to_numpy()
    clicked = np.repeat([1, 0], len(train))
    weight = np.concatenate([clicks, impressions - clicks])

    def features(arms: pd.DataFrame, factor: float) -> sparse.csr_array:
        content = [image.transform(arms[["image_id"]]), words.transform(arms["words"])]
        return sparse.csr_array(sparse.hstack([test.transform(arms[["test_id"]]), *(factor * part for part in content)]))

    def predict(settings: Settings) -> np.ndarray:
        factor = settings.get("factor", 1)
        rows = features(train, factor)
        # 8 steps of newton-cg reach the optimum in a second; lbfgs takes 125 and more, ten times as long, and with the tolerance
        # that is its default it stops far from there: the loss is a mean over millions of impressions.
        model = LogisticRegression(C=settings["C"], solver="newton-cg", tol=1e-6)
        model.fit(sparse.vstack([rows, rows]), clicked, sample_weight=weight)
        return model.predict_proba(features(others, factor))[:, 1]

    return predict


def loss_by_arm(arms: pd.DataFrame, ctr: np.ndarray) -> np.ndarray:
    clicks, impressions = arms["clicks"].to_numpy(), arms["impressions"].to_numpy()
    return -(xlogy(clicks, ctr) + xlogy(impressions - clicks, 1 - ctr))


def cross_validated(model: Model, train: pd.DataFrame, grid: Iterable[Settings], seed: int) -> Settings:
    """The settings of least log-loss over FOLDS folds of the train arms."""
    grid = list(grid)
    fold = np.random.default_rng(seed).permutation(len(train)) % FOLDS
    losses = np.zeros(len(grid))
    for left_out in range(FOLDS):
        rest, others = train[fold != left_out], train[fold == left_out]
        others = others[others["test_id"].isin(rest["test_id"])]
        predict = model(rest, others)
        losses += [loss_by_arm(others, predict(settings)).sum() for settings in grid]
    return grid[int(losses.argmin())]


def bootstrap(arms: pd.DataFrame, seed: int) -> Callable[[np.ndarray], dict[str, float]]:
    """Gives a loss by arm its value per impression and that value's interval, over the same draws of tests each time."""
    names, test = np.unique(arms["test_id"], return_inverse=True)
    draws = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), BOOTSTRAP_DRAWS)
    impressions = draws @ np.bincount(test, arms["impressions"])

    def interval(loss: np.ndarray) -> dict[str, float]:
        low, high = np.quantile(draws @ np.bincount(test, loss) / impressions, (0.025, 0.975))
        values = {"value": loss.sum() / arms["impressions"].sum(), "ci_low": low, "ci_high": high}
        return {name: round(float(value), 8) for name, value in values.items()}

    return interval


def main() -> None:
    parser = argparse.ArgumentParser(description="Log-loss of the test mean and of logistic regression on held-out arms.")
    parser.add_argument("arms", help="a CSV of arms, see above")
    parser.add_argument("--out", help="write the held arms' predicted CTR here: arm_id and a column for each model")
    parser.add_argument("--seed", type=int, default=1, help="seed of the folds and the bootstrap (default: 1)")
    options = parser.parse_args()
    arms = read_arms(options.arms)
    train, held = (arms[arms["fold"] == fold].reset_index(drop=True) for fold in ("train", "held"))
    if unknown := set(held["test_id"]) - set(train["test_id"]):
        sys.exit(f"Expected a train arm in every test of a held arm but found none in {len(unknown)} tests, as {min(unknown)}.")
    models: dict[str, tuple[Model, list[Settings]]] = {
        "test_mean": (test_mean, [{"k": k} for k in SMOOTHING]),
        "logistic_regression": (logistic_regression, [{"C": c} for c in INVERSE_PENALTY]),
        "logistic_regression_scaled": (
            logistic_regression,
            [{"C": c, "factor": factor} for c, factor in product(INVERSE_PENALTY_SCALED, FACTOR)],
        ),
    }
    interval = bootstrap(held, options.seed)
    predictions = {"arm_id": held["arm_id"]}

    def report(name: str, ctr: np.ndarray, settings: Settings) -> None:
        predictions[name] = ctr
        loss = loss_by_arm(held, ctr)
        total = interval(loss)
        line = {
            "model": name,
            "settings": settings,
            "log_loss": total["value"],
            "ci_low": total["ci_low"],
            "ci_high": total["ci_high"],
            "difference_to_test_mean": interval(loss - loss_by_arm(held, predictions["test_mean"])),
            "arms": len(held),
            "impressions": int(held["impressions"].sum()),
        }
        print(json.dumps(line), flush=True)

    for name, (model, grid) in models.items():
        settings = cross_validated(model, train, grid, options.seed)
        report(name, model(train, held)(settings), settings)
    report("own_ctr", (held["clicks"] / held["impressions"]).to_numpy(), {})
    if options.out:
        pd.DataFrame(predictions).to_csv(options.out, index=False)


if __name__ == "__main__":
    main()

"""What scikit-learn makes of combinations of elements: ridge logits of ad and elements, beside the ad's mean CTR.

    ad mean              C / N, clicks and impressions of the ad's training rows
    ad mean, shrunk      (C + k·m) / (N + k), m the CTR of all training rows
    ridge logit          one-hot ad and elements, one C for all of them
    ridge logit, free ads  the same with ads of prior variance 4, and one C for the elements

leave-out ROWS.csv --out PREDICTIONS.csv: for each fold, k and C have the least log-loss in cross-validation over the training
rows (5 folds; a row counts where the other folds hold a row of its ad, as each held-out row has one), and the fold's rows are
predicted. ROWS.csv has the columns ad, fold (a number from 0 on; -1: never held out), outcomes, exposure and
element.KIND for each kind. PREDICTIONS.csv has a column for each model and a line for each row, empty where it is never
held out.

fit ROWS.csv --sd SD --ad-sd SD: times one fit with known prior standard deviations and prints it with its coefficients as JSON.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
import sklearn
from scipy import sparse
from scipy.special import xlogy
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder

FOLDS = 5
ROUNDS = 5
SMOOTHING = (30, 100, 300, 1_000, 3_000, 10_000)
# A prior variance each: standard deviations from .02 to 1.
INVERSE_PENALTY = (0.0004, 0.0016, 0.0064, 0.0256, 0.1, 0.3, 1)
FREE_VARIANCE = 4

Predict = Callable[[float], np.ndarray]
Model = Callable[[pd.DataFrame, pd.DataFrame], Predict]
"""Reads training rows and other rows; what it returns predicts the CTR of the others, shape (rows,), for a k or C."""


def read_rows(path: str) -> pd.DataFrame:
    rows = pd.read_csv(path, keep_default_na=False, dtype=str)
    if missing := [column for column in ("ad", "fold", "outcomes", "exposure") if column not in rows]:
        sys.exit(f"Expected the columns ad, fold, outcomes, exposure in {path} but {', '.join(missing)} is missing.")
    return rows.astype({"fold": int, "outcomes": float, "exposure": float})


def elements_of(rows: pd.DataFrame) -> list[str]:
    return [column for column in rows if column.startswith("element.")]


def counts_of(train: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
    return train.groupby("ad")[["outcomes", "exposure"]].sum().loc[others["ad"]].to_numpy()


def ad_mean(train: pd.DataFrame, others: pd.DataFrame) -> Predict:
    counts = counts_of(train, others)
    return lambda _: counts[:, 0] / counts[:, 1]


def ad_mean_shrunk(train: pd.DataFrame, others: pd.DataFrame) -> Predict:
    counts = counts_of(train, others)
    mean = train["outcomes"].sum() / train["exposure"].sum()
    return lambda k: (counts[:, 0] + k * mean) / (counts[:, 1] + k)


def fit_logit(features: sparse.csr_array, rows: pd.DataFrame, inverse_penalty: float) -> LogisticRegression:
    # One line for the clicks and one for what was not clicked, weighted by how many. newton-cg reaches the optimum where lbfgs
    # stops far from it, since the loss is a mean over millions of impressions.
    outcomes, exposure = rows["outcomes"].to_numpy(), rows["exposure"].to_numpy()
    model = LogisticRegression(C=inverse_penalty, solver="newton-cg", tol=1e-6)
    weight = np.concatenate([outcomes, exposure - outcomes])
    return model.fit(sparse.vstack([features, features]), np.repeat([1, 0], len(rows)), sample_weight=weight)


def one_hot(train: pd.DataFrame) -> Callable[[pd.DataFrame, float], sparse.csr_array]:
    """Gives rows their one-hot columns, those of ads scaled."""
    ad, *elements = (OneHotEncoder(handle_unknown="ignore").fit(train[[column]]) for column in ("ad", *elements_of(train)))

    def features(rows: pd.DataFrame, ad_scale: float) -> sparse.csr_array:
        parts = [encoder.transform(rows[[column]]) for encoder, column in zip(elements, elements_of(rows), strict=True)]
        return sparse.csr_array(sparse.hstack([ad_scale * ad.transform(rows[["ad"]]), *parts]))

    return features


def ridge_logit(ad_variance: float | None) -> Model:
    def read(train: pd.DataFrame, others: pd.DataFrame) -> Predict:
        features = one_hot(train)

        def predict(inverse_penalty: float) -> np.ndarray:
            scale = 1 if ad_variance is None else (ad_variance / inverse_penalty) ** 0.5
            model = fit_logit(features(train, scale), train, inverse_penalty)
            return model.predict_proba(features(others, scale))[:, 1]

        return predict

    return read


MODELS: dict[str, tuple[Model, Iterable[float]]] = {
    "ad_mean": (ad_mean, (0,)),
    "ad_mean_shrunk": (ad_mean_shrunk, SMOOTHING),
    "ridge_logit": (ridge_logit(None), INVERSE_PENALTY),
    "ridge_logit_free_ads": (ridge_logit(FREE_VARIANCE), INVERSE_PENALTY),
}


def cross_validated(model: Model, train: pd.DataFrame, grid: Iterable[float], seed: int) -> float:
    """The k or C of least log-loss over FOLDS folds of the training rows."""
    grid = list(grid)
    if len(grid) == 1:
        return grid[0]
    fold = np.random.default_rng(seed).permutation(len(train)) % FOLDS
    losses = np.zeros(len(grid))
    for left_out in range(FOLDS):
        rest, others = train[fold != left_out], train[fold == left_out]
        others = others[others["ad"].isin(rest["ad"])]
        predict = model(rest, others)
        outcomes, failures = others["outcomes"], others["exposure"] - others["outcomes"]
        losses += [-(xlogy(outcomes, ctr) + xlogy(failures, 1 - ctr)).sum() for ctr in map(predict, grid)]
    return grid[int(losses.argmin())]


def leave_out(options: argparse.Namespace) -> None:
    rows = read_rows(options.rows)
    predictions = pd.DataFrame(index=rows.index, columns=list(MODELS), dtype=float)
    chosen: dict[str, list[float]] = {name: [] for name in MODELS}
    for fold in sorted(set(rows["fold"]) - {-1}):
        held, train = rows[rows["fold"] == fold], rows[rows["fold"] != fold]
        if unknown := set(held["ad"]) - set(train["ad"]):
            sys.exit(f"Expected a training row of every ad of fold {fold} but found none of {len(unknown)}, as {min(unknown)}.")
        for name, (model, grid) in MODELS.items():
            setting = cross_validated(model, train, grid, options.seed)
            chosen[name].append(setting)
            predictions.loc[held.index, name] = model(train, held)(setting)
    predictions.to_csv(options.out, index=False)
    print(json.dumps({"peer": "scikit-learn", "version": sklearn.__version__, "chosen": chosen}))


def fit_once(options: argparse.Namespace) -> None:
    rows = read_rows(options.rows)
    elements = elements_of(rows)
    scale = options.ad_sd / options.sd
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        features = one_hot(rows)(rows, scale)
        model = fit_logit(features, rows, options.sd**2)
        seconds.append(time.perf_counter() - start)
    names = [f"{column}={value}" for column in elements for value in sorted(set(rows[column]))]
    effects = model.coef_[0][-len(names) :]
    line = {"peer": "scikit-learn", "version": sklearn.__version__, "seconds": min(seconds)}
    print(json.dumps(line | {"effects": dict(zip(names, effects.tolist(), strict=True))}))


def main() -> None:
    parser = argparse.ArgumentParser(description="Ridge logits of ad and elements by scikit-learn.")
    commands = parser.add_subparsers(required=True)
    leaving = commands.add_parser("leave-out", help="predict the rows of each fold from those of the others")
    leaving.add_argument("rows", help="a CSV of rows, see above")
    leaving.add_argument("--out", required=True, help="write the predicted CTRs here")
    leaving.add_argument("--seed", type=int, default=1, help="seed of the inner folds (default: 1)")
    leaving.set_defaults(run=leave_out)
    fitting = commands.add_parser("fit", help="time one fit and print its coefficients")
    fitting.add_argument("rows", help="a CSV of rows, see above")
    fitting.add_argument("--sd", type=float, required=True, help="prior standard deviation of elements")
    fitting.add_argument("--ad-sd", type=float, required=True, help="prior standard deviation of ads")
    fitting.set_defaults(run=fit_once)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()

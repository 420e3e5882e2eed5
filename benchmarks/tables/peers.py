"""The peers: logistic regression and a network of scikit-learn, LightGBM and CatBoost, each on one processor."""

from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np

from model.design import Floats, Integers
from tables.labelled import FOLDS, Labelled
from tables.ours import Answers

TRIALS, INNER = 20, 3
LEAST = 1e-15  # a probability is not taken nearer to 0 or 1
Peer = Callable[[Labelled, Integers, Integers], Floats]


def answers(data: Labelled, peer: Peer) -> Answers:
    """Return the figures of a peer on the folds of the table."""
    found, started = np.empty(len(data.y)), process_time()
    for fold in range(FOLDS):
        train, held = data.rows(fold)
        p = np.clip(peer(data, train, held), LEAST, 1 - LEAST)
        found[held] = np.log(p) - np.log1p(-p)
    return Answers.of(data, found, process_time() - started)


def _one_hot(data: Labelled, train: Integers, held: Integers) -> tuple[Any, Any]:
    """Return standardised numbers, with the mean for an empty cell, beside one feature for each category."""
    from sklearn.compose import make_column_transformer  # noqa: PLC0415 - an optional peer
    from sklearn.impute import SimpleImputer  # noqa: PLC0415 - an optional peer
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415 - an optional peer
    from sklearn.preprocessing import OneHotEncoder, StandardScaler  # noqa: PLC0415 - an optional peer

    k = len(data.numeric)
    encoder = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), slice(0, k)),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), slice(k, None)),
    )
    rows = [np.hstack([data.numbers(each).astype(object), _texts(data, each)]) for each in (train, held)]
    return encoder.fit_transform(rows[0]), encoder.transform(rows[1])


def _texts(data: Labelled, rows: Integers) -> Any:
    return np.array(data.categories(rows), object).reshape(len(rows), -1)


def logistic_regression(data: Labelled, train: Integers, held: Integers) -> Floats:
    """Return the probabilities of scikit-learn's logistic regression."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - an optional peer

    X, other = _one_hot(data, train, held)
    return np.asarray(LogisticRegression(max_iter=2000).fit(X, data.y[train]).predict_proba(other)[:, 1])


def perceptron(data: Labelled, train: Integers, held: Integers) -> Floats:
    """Return the probabilities of scikit-learn's network, with its defaults and early stopping."""
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415 - an optional peer

    X, other = _one_hot(data, train, held)
    network = MLPClassifier(early_stopping=True, random_state=0)
    return np.asarray(network.fit(X, data.y[train]).predict_proba(other)[:, 1])


def _codes(data: Labelled, rows: Integers) -> Floats:
    """Return numbers beside the codes of categories."""
    codes = []
    for name in data.categorical:
        known = {text: code for code, text in enumerate(sorted(set(data.texts[name])))}
        codes.append([known[data.texts[name][row]] for row in rows])
    return np.hstack([data.numbers(rows), np.array(codes, float).reshape(len(codes), len(rows)).T])


def _boosted(data: Labelled, train: Integers, held: Integers, **settings: Any) -> Floats:
    from lightgbm import LGBMClassifier  # noqa: PLC0415 - an optional peer

    model = LGBMClassifier(verbose=-1, n_jobs=1, random_state=0, **settings)
    codes = list(range(len(data.numeric), len(data.numeric) + len(data.categorical)))
    model.fit(_codes(data, train), data.y[train], categorical_feature=codes)
    return np.asarray(model.predict_proba(_codes(data, held))[:, 1])


def lightgbm(data: Labelled, train: Integers, held: Integers) -> Floats:
    """Return the probabilities of LightGBM with its defaults."""
    return _boosted(data, train, held)


def tuned_lightgbm(data: Labelled, train: Integers, held: Integers) -> Floats:
    """Return the probabilities of LightGBM with the best of 20 random settings, by cross-validation."""
    rng, best, chosen = np.random.default_rng(0), np.inf, dict[str, Any]()
    inner = rng.permutation(len(train)) % INNER
    for _ in range(TRIALS):
        settings: dict[str, Any] = {
            "learning_rate": float(10 ** rng.uniform(-2, -0.7)),
            "n_estimators": int(10 ** rng.uniform(1.7, 2.9)),
            "num_leaves": int(2 ** rng.uniform(2, 6)),
            "min_child_samples": int(10 ** rng.uniform(0.7, 2)),
            "subsample": float(rng.uniform(0.6, 1)),
            "subsample_freq": 1,
            "colsample_bytree": float(rng.uniform(0.5, 1)),
            "reg_lambda": float(10 ** rng.uniform(-2, 1.3)),
        }
        total = 0.0
        for fold in range(INNER):
            other = train[inner == fold]
            p = np.clip(_boosted(data, train[inner != fold], other, **settings), LEAST, 1 - LEAST)
            total -= float(np.log(np.where(data.y[other] > 0.5, p, 1 - p)).sum())
        if total < best:
            best, chosen = total, settings
    return _boosted(data, train, held, **chosen)


def catboost(data: Labelled, train: Integers, held: Integers) -> Floats:
    """Return the probabilities of CatBoost with its defaults."""
    from catboost import CatBoostClassifier  # noqa: PLC0415 - an optional peer

    rows = [np.hstack([data.numbers(each).astype(object), _texts(data, each)]) for each in (train, held)]
    codes = list(range(len(data.numeric), rows[0].shape[1]))
    model = CatBoostClassifier(verbose=0, thread_count=1, random_seed=0, cat_features=codes, allow_writing_files=False)
    return np.asarray(model.fit(rows[0], data.y[train]).predict_proba(rows[1])[:, 1])


PEERS: dict[str, Peer] = {
    "logistic regression": logistic_regression,
    "scikit-learn's network": perceptron,
    "LightGBM": lightgbm,
    "LightGBM, best of 20": tuned_lightgbm,
    "CatBoost": catboost,
}

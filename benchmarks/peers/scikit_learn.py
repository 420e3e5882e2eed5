"""scikit-learn: the loop of MLPClassifier.fit, with the order of rows from its random state."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from peers.case import Case, Weights
from peers.runner import Runner


class Orders(np.random.RandomState):
    """A random state whose shuffles give the given orders of rows.

    scikit-learn shuffles the order of the epoch before, so each order is relative to that one.
    """

    def __init__(self, orders: np.ndarray) -> None:
        super().__init__(0)
        before = np.vstack([np.arange(orders.shape[1]), orders[:-1]])
        self._shuffles = iter([np.argsort(old)[new] for old, new in zip(before, orders, strict=True)])

    def shuffle(self, x: np.ndarray) -> None:
        x[:] = next(self._shuffles)


class Perceptron:
    """Trains the first member."""

    label = "MLPClassifier.fit, float32"

    def __init__(self, case: Case) -> None:
        self._case, (self._X, self._y) = case, case.data

    def set_up(self) -> None:
        case = self._case
        both = np.array([np.flatnonzero(self._y == label)[0] for label in (0, 1)])
        self._mlp = MLPClassifier(
            case.layers, alpha=0, batch_size=2, learning_rate_init=case.learning_rate, max_iter=1, tol=0,
            n_iter_no_change=case.epochs + 1, warm_start=True,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._mlp.fit(self._X[both], self._y[both])
        self._mlp.set_params(batch_size=case.batch_size, max_iter=case.epochs, random_state=Orders(case.orders()))
        self._mlp.coefs_ = [W.copy() for W, _ in case.initial()]
        self._mlp.intercepts_ = [b.copy() for _, b in case.initial()]
        self._mlp.n_iter_ = self._mlp.t_ = 0

    def train(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._mlp.fit(self._X, self._y)

    def weights(self) -> list[Weights]:
        return [list(zip(self._mlp.coefs_, self._mlp.intercepts_, strict=True))]


def runners(case: Case) -> list[Runner]:
    return [Perceptron(case)]

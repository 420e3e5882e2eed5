"""PyTorch, eager: rows gathered once an epoch and sliced into batches, with each form of its Adam."""

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, linear

from peers.case import Case, Weights
from peers.runner import Runner


class Eager:
    """Trains the first member by functional forms, which cost less than modules."""

    def __init__(self, case: Case, **adam: bool) -> None:
        self._case, self._adam = case, adam
        self.label = f"eager, sliced tensors, Adam({', '.join(f'{key}={value}' for key, value in adam.items())})"
        torch.set_num_threads(case.threads)
        self._X, self._y = (torch.from_numpy(a) for a in case.data)

    def set_up(self) -> None:
        case = self._case
        self._layers = [
            (torch.tensor(W.T.copy(), requires_grad=True), torch.tensor(b, requires_grad=True))
            for W, b in case.initial()
        ]
        flat = [parameter for layer in self._layers for parameter in layer]
        self._optimizer = torch.optim.Adam(flat, lr=case.learning_rate, **self._adam)
        self._orders = torch.from_numpy(case.orders())

    def train(self) -> None:
        size, optimizer, (first, *others) = self._case.batch_size, self._optimizer, self._layers
        for order in self._orders:
            X, y = self._X[order], self._y[order]
            for rows, labels in zip(X.split(size), y.split(size), strict=True):
                z = linear(rows, *first)
                for W, b in others:
                    z = linear(torch.relu(z), W, b)
                optimizer.zero_grad()
                binary_cross_entropy_with_logits(z[:, 0], labels).backward()
                optimizer.step()

    def weights(self) -> list[Weights]:
        return [[(W.detach().numpy().T, b.detach().numpy()) for W, b in self._layers]]


def runners(case: Case) -> list[Runner]:
    return [Eager(case, foreach=True), Eager(case, fused=True), Eager(case, foreach=False)]

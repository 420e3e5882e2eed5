import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.layers.pieces import Piece
from model.network.piecewise_linear import BLOCK, exact_contributions
from model.network.quadrature import quadrature_contributions


def network(widths: list[int], slope: float, seed: int) -> list[Piece]:
    rng = np.random.default_rng(seed)
    last = len(widths) - 2
    return [
        Piece(
            rng.normal(size=(widths[i], widths[i + 1])),
            rng.normal(size=widths[i + 1]),
            np.full(widths[i + 1], 1.0 if i == last else slope),
        )
        for i in range(last + 1)
    ]


def logit(pieces: list[Piece], X):
    a = X
    for piece in pieces:
        z = a @ piece.weight + piece.bias
        a = np.where(z > 0, z, piece.slope * z)
    return a[..., 0]


def gradient(pieces: list[Piece], X):
    a, slopes = X, []
    for piece in pieces:
        z = a @ piece.weight + piece.bias
        slopes.append(np.where(z > 0, 1.0, piece.slope))
        a = z * slopes[-1]
    g = np.ones((*X.shape[:-1], 1))
    for piece, slope in zip(reversed(pieces), reversed(slopes), strict=True):
        g = (g * slope) @ piece.weight.T
    return g


shapes = st.lists(st.integers(1, 7), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(shapes, st.integers(1, 5), st.sampled_from([0.0, 0.1, 1.0]), st.integers(0, 2**31))
def test_contributions_sum_to_the_log_odds_difference_at_any_depth(hidden, d, slope, seed):
    members = [network([d, *hidden, 1], slope, seed), network([d, *hidden, 1], slope, seed + 1)]
    rng = np.random.default_rng(seed)
    base, X = rng.normal(size=d), rng.normal(size=(70, d)) * 3
    result = exact_contributions(members, base[None], X)
    difference = np.mean([logit(m, X) - logit(m, base) for m in members], axis=0)
    scale = max(1.0, np.abs(result).sum(axis=1).max())
    assert np.abs(result.sum(axis=1) - difference).max() <= 1e-12 * scale


@pytest.mark.parametrize("hidden", [[8], [8, 4], [6, 5, 4]])
@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_contributions_equal_a_brute_force_path_integral(hidden, slope):
    pieces = network([4, *hidden, 1], slope, seed=5)
    rng = np.random.default_rng(6)
    base, X = rng.normal(size=4), rng.normal(size=(20, 4))
    steps = 100_000
    total = np.zeros_like(X)
    for t in np.array_split((np.arange(steps) + 0.5) / steps, 100):
        total += gradient(pieces, base + t[:, None, None] * (X - base)).sum(axis=0)
    brute = (X - base) * total / steps
    assert np.abs(exact_contributions([pieces], base[None], X) - brute).max() < 2e-4


@settings(max_examples=40, deadline=None)
@given(shapes, st.integers(1, 5), st.sampled_from([0.0, 0.3]), st.integers(1, BLOCK + 40), st.integers(0, 2**31))
def test_a_row_has_the_same_contributions_alone_and_anywhere_in_a_batch(hidden, d, slope, n, seed):
    members = [network([d, *hidden, 1], slope, seed + member) for member in range(2)]
    rng = np.random.default_rng(seed)
    base, X = rng.normal(size=d), rng.normal(size=(n, d)) * 2
    whole, order = exact_contributions(members, base[None], X), rng.permutation(n)
    assert np.array_equal(exact_contributions(members, base[None], X[order]), whole[order])
    row = int(rng.integers(n))
    assert np.array_equal(exact_contributions(members, base[None], X[row : row + 1])[0], whole[row])


def test_a_path_has_one_breakpoint_for_each_sign_change():
    pieces = network([4, *[16] * 8, 1], 0.0, seed=12)
    rng = np.random.default_rng(13)
    base, X = rng.normal(size=4), rng.normal(size=(5, 4))
    found = exact_contributions([pieces], base[None], X)
    difference = logit(pieces, X) - logit(pieces, base)
    assert np.abs(found.sum(axis=1) - difference).max() <= 1e-12 * np.abs(found).sum(axis=1).max()


def test_quadrature_converges_to_the_exact_integral():
    class Function:
        def logits(self, X):
            return logit(pieces, X)

        def slopes(self, X):
            return logit(pieces, X), gradient(pieces, X)

        def activation_pattern(self, X):
            z = X @ pieces[0].weight + pieces[0].bias
            second = np.maximum(z, 0) @ pieces[1].weight + pieces[1].bias
            return np.hstack([z, second]) > 0

    pieces = network([4, 9, 6, 1], 0.0, seed=14)
    rng = np.random.default_rng(15)
    base, X = rng.normal(size=4), rng.normal(size=(30, 4))
    refined = quadrature_contributions(Function(), True, base[None], X)
    assert np.abs(exact_contributions([pieces], base[None], X) - refined).max() < 1e-9


def test_the_baseline_customer_has_no_reasons():
    pieces = network([3, 5, 4, 1], 0.0, seed=8)
    base = np.array([0.1, -0.2, 0.3])
    assert not exact_contributions([pieces], base[None], base[None]).any()


def test_units_without_a_kink_stay_linear():
    pieces = network([3, 6, 6, 1], 0.0, seed=9)
    mixed = [Piece(p.weight, p.bias, np.where(np.arange(len(p.bias)) % 2, 1.0, p.slope)) for p in pieces]
    rng = np.random.default_rng(10)
    base, X = rng.normal(size=3), rng.normal(size=(30, 3))
    sums = exact_contributions([mixed], base[None], X).sum(axis=1)
    assert np.abs(sums - (logit(mixed, X) - logit(mixed, base))).max() < 1e-12

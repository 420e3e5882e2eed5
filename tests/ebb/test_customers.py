"""The generated customers match their description."""

import csv
import hashlib
import io
from pathlib import Path

import numpy as np
import pytest

from ebb.customers import CustomerTable, customers

LARGE = 400_000


@pytest.fixture(scope="module")
def many() -> CustomerTable:
    return customers(LARGE, seed=1)


def best_auc(table: CustomerTable) -> float:
    """AUC of the true probability, by ranks (ties are too rare to matter here)."""
    rank = np.empty(len(table))
    rank[np.argsort(table.probability)] = np.arange(1, len(table) + 1)
    leave = int(table.churned.sum())
    stay = len(table) - leave
    return float((rank[table.churned].sum() - leave * (leave + 1) / 2) / (leave * stay))


def best_log_loss(table: CustomerTable) -> float:
    p = table.probability
    return float(-np.mean(np.where(table.churned, np.log(p), np.log1p(-p))))


def test_the_first_four_rows_are_the_printed_ones() -> None:
    rows = list(csv.DictReader(io.StringIO(customers(5, seed=9).to_csv())))
    printed = [
        ("24", "79.99", "2", "45.0", "no"),
        ("3", "49.99", "5", "8.0", "yes"),
        ("36", "99.99", "1", "62.0", "no"),
        ("1", "29.99", "0", "3.0", "yes"),
    ]
    assert [tuple(row.values())[1:] for row in rows[:4]] == printed
    assert list(rows[0]) == [
        "customer_id",
        "months",
        "monthly_charge",
        "support_tickets",
        "usage_hours",
        "churned",
    ]


def test_the_demonstration_table_has_the_same_bytes_everywhere() -> None:
    digest = hashlib.sha256(customers(1000, seed=2).to_csv().encode()).hexdigest()
    assert digest == "bc04cc45b2119e2b3971dda0b9333d5923e908345dcb7031e9bd7d6e03b7c7ad"


def test_written_file_has_the_bytes_of_the_text(tmp_path: Path) -> None:
    customers(20).write_csv(tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_bytes() == customers(20).to_csv().encode()


def test_27_percent_churn(many: CustomerTable) -> None:
    assert many.churned.mean() == pytest.approx(0.27, abs=0.003)


def test_churn_is_drawn_with_the_stated_probability(many: CustomerTable) -> None:
    for low in np.arange(0, 1, 0.1):
        inside = (many.probability >= low) & (many.probability < low + 0.1)
        error = many.churned[inside].mean() - many.probability[inside].mean()
        assert abs(error) < 4 * 0.5 / np.sqrt(inside.sum())


@pytest.mark.parametrize(("sharpness", "auc", "log_loss"), [(1.0, 0.842, 0.418), (1.3, 0.887, 0.362)])
def test_no_model_can_beat_the_stated_auc_and_log_loss(sharpness: float, auc: float, log_loss: float) -> None:
    table = customers(LARGE, seed=2, sharpness=sharpness)
    assert best_auc(table) == pytest.approx(auc, abs=0.003)
    assert best_log_loss(table) == pytest.approx(log_loss, abs=0.003)
    assert table.churned.mean() == pytest.approx(0.27, abs=0.005)


def test_means_and_ranges_are_as_documented(many: CustomerTable) -> None:
    assert many.months.mean() == pytest.approx(23, abs=0.2)
    assert many.monthly_charge.mean() == pytest.approx(57, abs=0.5)
    assert many.usage_hours.mean() == pytest.approx(42, abs=0.5)
    assert many.support_tickets.mean() == pytest.approx(1.5, abs=0.05)
    assert (many.months.min(), many.months.max()) == (1, 60)
    assert (many.monthly_charge.min(), many.monthly_charge.max()) == (9.99, 159.99)
    assert (many.support_tickets.min(), many.support_tickets.max()) == (0, 10)
    assert many.usage_hours.min() >= 0
    assert many.usage_hours.max() <= 100
    assert np.allclose(many.monthly_charge % 1, 0.99)


def test_a_shorter_table_is_the_beginning_of_a_longer_one() -> None:
    assert customers(500, seed=3).to_csv().startswith(customers(40, seed=3).to_csv())


def test_seeds_give_different_customers() -> None:
    assert customers(50, seed=1).to_csv() != customers(50, seed=2).to_csv()


def test_identifiers_are_unique_past_the_padding() -> None:
    table = customers(10_050)
    assert len(set(table.customer_id.tolist())) == 10_050
    assert table.customer_id[-1] == "c-10050"


def test_the_true_probability_and_the_outcome_stay_out_of_scoring_columns() -> None:
    assert list(customers(5).columns()) == [
        "customer_id",
        "months",
        "monthly_charge",
        "support_tickets",
        "usage_hours",
    ]


@pytest.mark.parametrize(("n", "sharpness"), [(-1, 1.0), (5, -0.1), (5, 3.1), (5, float("nan"))])
def test_invalid_arguments_are_refused(n: int, sharpness: float) -> None:
    with pytest.raises(ValueError, match="not"):
        customers(n, sharpness=sharpness)

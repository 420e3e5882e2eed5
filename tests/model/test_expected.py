"""The schema of a table bounds the number of features that training finds."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.columns.encoder import Encoder
from model.errors import ColumnError
from model.estimator import Fitting
from model.profile.table_profile import TableProfile
from model.spec import parse_spec
from model.tables.reader import read_table
from model.training.expected import expected_shape
from model.training.footprint import Shape

KINDS = ("number", "gaps", "flag", "date", "words", "many", "rare")


def table(rows: int, kinds: list[str], seed: int) -> str:
    rng = np.random.default_rng(seed)
    made = {
        "number": lambda: rng.standard_normal(rows).round(3).astype(str),
        "gaps": lambda: np.where(rng.random(rows) < 0.1, "", rng.standard_normal(rows).round(3).astype(str)),
        "flag": lambda: rng.choice(["yes", "no"], rows),
        "date": lambda: rng.choice([f"2024-01-{day:02}" for day in range(1, 29)], rows),
        "words": lambda: rng.choice(["basic", "family", "student"], rows, p=[0.6, 0.39, 0.01]),
        "many": lambda: np.array([f"w{i}" for i in rng.integers(0, rows // 8, rows)]),
        "rare": lambda: np.where(rng.random(rows) < 0.3, [f"r{i}" for i in rng.integers(0, rows // 8, rows)], "usual"),
    }
    columns = {f"{kind}{i}": made[kind]() for i, kind in enumerate(kinds)}
    columns["churned"] = np.where(rng.random(rows) < 0.3, "1", "0")
    lines = [",".join(columns), *(",".join(row) for row in zip(*columns.values(), strict=True))]
    return "\n".join(lines) + "\n"


def expected_and_found(text: str, raw: dict[str, object]) -> tuple[Shape, Encoder]:
    cells = read_table(io.BytesIO(text.encode()), "csv")
    profile = TableProfile("churned")
    profile.add(cells.columns, cells.rows)
    schema = profile.schema().to_json()
    spec = parse_spec(raw)
    fitting = Fitting(cells, target="churned", spec=spec)
    return expected_shape(schema["columns"], schema["rows"], spec), fitting.encoder


@settings(max_examples=60, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=4),
    rows=st.sampled_from([100, 500, 3000]),
    raw=st.sampled_from([{}, {"embedding": {"at_least": 10}}, {"validation": {"fraction": 0.5}}]),
    seed=st.integers(0, 10),
)
def test_training_finds_at_most_the_expected_features(
    kinds: list[str], rows: int, raw: dict[str, object], seed: int
) -> None:
    try:
        expected, encoder = expected_and_found(table(rows, kinds, seed), raw)
    except ColumnError:
        return  # too many words: that training is refused for another reason
    tables = sum(code.cardinality for code in encoder.codes)
    assert expected.inputs + sum(code.cardinality for code in expected.codes) >= len(encoder.features) + tables


@pytest.mark.parametrize("kinds", [["number", "gaps", "flag", "date", "words"], ["rare"]])
def test_the_expected_features_are_exact_for_few_categories(kinds: list[str]) -> None:
    expected, encoder = expected_and_found(table(3000, kinds, 1), {})
    assert expected.inputs - len(encoder.features) in range(5)


def test_dropped_columns_are_expected_to_have_no_features() -> None:
    spec = {"columns": {"many1": {"drop": True}}}
    expected, encoder = expected_and_found(table(500, ["number", "many"], 1), spec)
    assert expected.inputs == len(encoder.features) == 1

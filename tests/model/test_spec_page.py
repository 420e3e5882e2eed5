"""docs/spec.md lists everything that a spec may say, with its defaults."""

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from model import initializers, layers, losses, optimizers, schedules
from model.columns import KINDS
from model.columns.options import ColumnOptions
from model.layers.residual import Residual
from model.parsing import required, to_plain
from model.spec import Embedded, parse_spec

PAGE = (Path(__file__).parents[2] / "docs" / "spec.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def rows(section: str) -> dict[str, str]:
    """Return the second cell of each row of a section's tables by its first, which is code."""
    return dict(re.findall(r"^\| `([^`]*)` \| (.*?) \|", SECTIONS[section], re.MULTILINE))


def settings(section: str) -> dict[str, Any]:
    return {name: json.loads(cell.strip("`")) for name, cell in rows(section).items()}


def test_every_key_is_there_with_its_default() -> None:
    assert settings("Keys") == parse_spec({}).to_json()


def test_every_key_is_explained() -> None:
    explained = " ".join(re.findall(r"^- (`[^:]*`):", SECTIONS["Keys"], re.MULTILINE))
    assert set(re.findall("`(.*?)`", explained)) == set(parse_spec({}).to_json())


@pytest.mark.parametrize(
    ("section", "catalog"),
    [("Optimizers", optimizers.CATALOG), ("Schedules", schedules.CATALOG), ("Layers", layers.CATALOG)],
)
def test_every_item_of_a_catalog_is_there_with_its_settings(section: str, catalog: Mapping[str, type]) -> None:
    told = settings(section)
    assert told.keys() == catalog.keys()
    for name, kind in catalog.items():
        if kind is Residual:  # its setting is a list of layers
            continue
        needed = {key: told[name][key] for key in required(kind)}
        assert told[name] == to_plain(kind(**needed)), name


def test_every_loss_and_initializer_and_kind_of_column_is_there() -> None:
    assert rows("Losses").keys() == losses.CATALOG.keys()
    assert rows("Initializers").keys() == initializers.CATALOG.keys()
    assert rows("Columns").keys() == KINDS.keys() | {field.name for field in dataclasses.fields(ColumnOptions)}


def test_the_options_of_columns_and_embeddings_have_their_defaults() -> None:
    told = {name: cell for name, cell in rows("Columns").items() if name not in KINDS}
    assert {name: json.loads(cell.strip("`")) for name, cell in told.items()} == to_plain(ColumnOptions())
    assert settings("Embeddings") == to_plain(Embedded())


def test_auto_takes_the_initializer_that_the_page_names() -> None:
    (told,) = re.findall(r"takes `he` before (.*?), else `glorot`", SECTIONS["Initializers"])
    suited = {name for name, kind in layers.CATALOG.items() if kind.initializer == "he"}
    assert set(re.findall(r"\w+", told)) - {"and"} == suited

"""docs/spec.md has every key of the training spec, with its default."""

import json
import re
from pathlib import Path

from model import losses
from model.spec import parse_spec

PAGE = (Path(__file__).parents[2] / "docs" / "spec.md").read_text(encoding="utf-8")
ROWS = {
    key: default
    for keys, defaults in re.findall(r"^\| (`[^|]*) \| ([^|]*) \|", PAGE, re.MULTILINE)
    for key, default in zip(re.findall("`(.*?)`", keys), re.findall("`(.*?)`", defaults) * 9, strict=False)
}


def test_every_key_has_a_row() -> None:
    assert set(parse_spec({}).to_json()) <= set(ROWS)


def test_the_defaults_are_those_of_the_code() -> None:
    for key, value in parse_spec({}).to_json().items():
        told = json.loads(ROWS[key])
        if isinstance(told, dict):
            assert told.items() <= value.items(), key
        else:
            assert told == value, key


def test_every_loss_is_documented() -> None:
    assert all(f"| `{name}` |" in PAGE for name in losses.CATALOG)

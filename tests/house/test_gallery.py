"""The specs of the gallery are valid, and its pictures exist."""

import json
import re
from pathlib import Path

import pytest

from model.spec import parse_spec
from tests.house.sources import ROOT

PAGE = ROOT / "docs" / "gallery.md"
TROUBLES = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]


def titles() -> list[str]:
    return [trouble.partition("\n")[0] for trouble in TROUBLES]


def test_the_gallery_shows_four_problems() -> None:
    assert titles() == [
        "Vanishing gradients",
        "Exploding gradients",
        "Saddle points and plateaus",
        "Slow convergence",
    ]


@pytest.mark.parametrize("trouble", TROUBLES, ids=titles())
def test_every_spec_of_the_gallery_parses(trouble: str) -> None:
    (base,) = re.findall(r"```json\n(.*?)```", trouble, re.DOTALL)
    changes = re.findall(r"^\|[^|]*\| `(\{.*?\})` \|", trouble, re.MULTILINE)
    assert len(changes) >= 5
    for change in ("{}", *changes):
        parse_spec({**json.loads(base), **json.loads(change)})


@pytest.mark.parametrize("trouble", TROUBLES, ids=titles())
def test_every_problem_of_the_gallery_has_its_picture(trouble: str) -> None:
    (picture,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", trouble)
    text = (PAGE.parent / Path(picture)).read_text(encoding="utf-8")
    assert "prefers-color-scheme:dark" in text

"""How many files a warm scoring request runs through: a reader of the request's way opens each of them."""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from flask import Flask

from model.estimator import Estimator
from tests.app.mixed import Record, customer, train, train_wide
from tests.house.sources import PACKAGES, ROOT

MOST_FILES = 30
OTHER_KINDS = 6
"""The files of the other kinds of column: boolean, categorical, date, and the lists of flags in `numbers`."""
FOLDERS = tuple(f"{ROOT / package}/" for package in PACKAGES)


@contextmanager
def own_files() -> Iterator[set[str]]:
    """Collect the product's files whose functions this thread calls."""
    found: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(FOLDERS):
            found.add(str(Path(frame.f_code.co_filename).relative_to(ROOT)))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(before)


def plain() -> Estimator:
    """Train on numeric columns."""
    return train_wide(4)


@pytest.mark.parametrize(
    ("trained", "record"),
    [
        (plain, {"customer_id": "c-1", "c0": 1, "c1": 2.5, "c2": 3, "c3": None}),
        (train, customer(random.Random(3))),
    ],
    ids=["numeric", "mixed"],
)
def test_a_warm_record_passes_thirty_files_and_those_of_its_kinds_of_column(
    make_app: Callable[..., Flask],
    key: Callable[..., dict[str, str]],
    add_version: Callable[..., int],
    trained: Callable[[], Estimator],
    record: Record,
) -> None:
    client, headers = make_app(host="0.0.0.0", proxies=1).test_client(), key("score", "promote")
    version, alias = add_version("churn", trained()), "/v1/models/churn/aliases/champion"
    moved = client.put(alias, json={"version": version}, headers={**headers, "If-None-Match": "*"})
    assert moved.status_code == 201, moved.text

    def score() -> None:
        answer = client.post("/v1/models/churn/score", json={"records": [record]}, headers=headers)
        assert answer.status_code == 200, answer.text

    score()
    with own_files() as files:
        score()
    assert "app/views/score.py" in files
    most = MOST_FILES if trained is plain else MOST_FILES + OTHER_KINDS
    assert len(files) <= most, "\n".join(sorted(files))

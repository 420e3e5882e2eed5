"""How many files a warm scoring request runs through: a reader of the request's way opens each of them."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from flask import Flask

from tests.house.sources import PACKAGES, ROOT

MOST_FILES = 30
FOLDERS = tuple(f"{ROOT / package}/" for package in PACKAGES)
Record = dict[str, object]


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


@pytest.mark.usefixtures("champion")
def test_a_warm_record_passes_thirty_files_at_most(
    make_app: Callable[..., Flask], key: Callable[..., dict[str, str]], record: Record
) -> None:
    client, headers = make_app(host="0.0.0.0", proxies=1).test_client(), key("score")

    def score() -> None:
        answer = client.post("/v1/models/churn/score", json={"records": [record]}, headers=headers)
        assert answer.status_code == 200, answer.text

    score()
    with own_files() as files:
        score()
    assert "app/views/score.py" in files
    assert len(files) <= MOST_FILES, "\n".join(sorted(files))

"""The pages' files: those of others are as their packages have them, and all are small and kept by browsers."""

import gzip
import hashlib
import json

import pytest
from flask.testing import FlaskClient

from app.pages.static_files import FOLDER, static_files

MOST_BYTES = 47_000  # a page without curves loads half of it
VENDOR = FOLDER / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


def test_the_files_of_others_are_those_of_the_manifest() -> None:
    listed = {"manifest.json", *(one["file"] for one in MANIFEST), *(one["licence_file"] for one in MANIFEST)}
    assert listed == {path.name for path in VENDOR.iterdir()}
    for one in MANIFEST:
        assert hashlib.sha256((VENDOR / one["file"]).read_bytes()).hexdigest() == one["sha256"]
        assert one.keys() == {"file", "package", "version", "source", "licence", "licence_file", "sha256"}


def test_scripts_and_styles_are_small() -> None:
    files = [file for file in static_files().values() if file.media_type in ("text/css", "text/javascript")]
    assert 0 < sum(len(file.packed) for file in files) <= MOST_BYTES


def test_a_file_is_kept_until_it_changes(guarded: FlaskClient) -> None:
    for name, file in static_files().items():
        plain = guarded.get(file.address)
        packed = guarded.get(file.address, headers={"Accept-Encoding": "gzip, br"})
        assert (plain.data, gzip.decompress(packed.data)) == (file.body, file.body)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "immutable" in plain.headers["Cache-Control"]
        assert plain.headers["X-Content-Type-Options"] == "nosniff"
        assert guarded.get(f"/static/0123456789abcdef/{name}").status_code == 404

"""No file names a folder of a machine or a package index."""

import re
from pathlib import Path

from scripts.check_lock import foreign_lines
from tests.house.sources import ROOT, files, place

HOSTS = r"pypi\.org|pythonhosted\.org|--index-url|--extra-index-url|--find-links"
FOLDERS = r"/(?:root|Users/[a-z]\w*)/"
SELF = Path(__file__).resolve()


def test_no_file_names_a_machine_path_or_an_index() -> None:
    pattern = re.compile("|".join([HOSTS, FOLDERS, *map(re.escape, this_machine())]))
    faults = []
    for path in files():
        if path == SELF:
            continue
        text = path.read_bytes().decode("utf-8", errors="ignore")
        for number, line in enumerate(text.splitlines(), start=1):
            if found := pattern.search(line):
                faults.append(f"{place(path).rpartition(':')[0]}:{number} names {found[0]}")
    assert not faults, "\n".join(faults)


def test_requirements_are_versions_and_digests_only() -> None:
    assert not list(foreign_lines())


def this_machine() -> list[str]:
    """Return the folders of whoever runs the tests that are too particular to be in a file by chance."""
    return [f"{folder}/" for folder in (Path.home(), ROOT) if len(folder.parts) > 2]

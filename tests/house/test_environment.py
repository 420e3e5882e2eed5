"""One place reads environment variables, and every setting is documented."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from store.settings import VARIABLES
from tests.house.sources import PACKAGES, ROOT, place, python_files, tree

READER = ROOT / "store" / "settings.py"
DOCUMENT = ROOT / "docs" / "settings.md"
READS = {"environ", "environb", "getenv", "getenvb"}
CLICK_READS = {"envvar", "auto_envvar_prefix"}


def test_one_file_reads_environment_variables() -> None:
    elsewhere = [path for path in python_files(*PACKAGES, "migrations") if path != READER]
    faults = [place(path, node) for path in elsewhere for node in reads(tree(path))]
    assert not faults, "only store/settings.py reads the environment, not " + ", ".join(faults)


def test_that_file_is_the_one_that_reads_them() -> None:
    assert list(reads(tree(READER)))


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:EBB|DATABASE|REDIS)_[A-Z_]+\b", text))
    assert named == set(VARIABLES)


def reads(module: ast.Module) -> Iterator[ast.AST]:
    """Yield where a module reads the environment; handing all of it on to a child, `{**os.environ}`, is not reading."""
    handed_on = {
        id(value)
        for node in ast.walk(module)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if key is None
    }
    for node in ast.walk(module):
        attribute = isinstance(node, ast.Attribute) and node.attr in READS and ast.unparse(node.value) == "os"
        alias = isinstance(node, ast.ImportFrom) and node.module == "os" and READS & {a.name for a in node.names}
        option = isinstance(node, ast.keyword) and node.arg in CLICK_READS
        if (attribute or alias or option) and id(node) not in handed_on:
            yield node


def test_reading_the_environment_differs_from_passing_it_on(tmp_path: Path) -> None:
    assert list(reads(ast.parse("import os\nx = os.environ['HOME']")))
    assert list(reads(ast.parse("from os import getenv")))
    assert list(reads(ast.parse("click.option('--key', envvar='EBB_KEY')")))
    assert not list(reads(ast.parse("import os\nstart({**os.environ, 'A': 'b'})")))

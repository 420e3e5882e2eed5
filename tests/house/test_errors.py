"""Every raised error is a leaf of the tree of its package, never the root; the drawn trees show the classes."""

import ast
import re
from pathlib import Path

import pytest

from tests.house.sources import PACKAGES, place, python_files, tree

FILES = [path for path in python_files(*PACKAGES) if path.name == "errors.py"]
ROOTS = {"ModelError", "StoreError", "WorkerError", "AppError", "EbbError"}


def raised_roots(module: ast.Module) -> list[ast.Raise]:
    """Find where a root is raised.

    >>> len(raised_roots(ast.parse("raise ModelError('no')")))
    1
    >>> len(raised_roots(ast.parse("raise SpecError([])")))
    0
    """
    raises = [node for node in ast.walk(module) if isinstance(node, ast.Raise)]
    return [node for node in raises if {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & ROOTS]


def test_the_roots_are_the_ones_of_the_packages() -> None:
    named = {
        node.name
        for path in FILES
        for node in tree(path).body
        if isinstance(node, ast.ClassDef) and [ast.unparse(base) for base in node.bases] == ["Exception"]
    }
    assert named == ROOTS


def test_no_root_is_raised() -> None:
    assert [place(path, node) for path in python_files(*PACKAGES) for node in raised_roots(tree(path))] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_the_drawn_tree_shows_the_classes(path: Path) -> None:
    module = tree(path)
    parents = {
        node.name: ast.unparse(node.bases[0])
        for node in module.body
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error")
    }
    assert drawn(ast.get_docstring(module) or "") == parents


def drawn(text: str) -> dict[str, str]:
    """Return the parent of each error of a drawn tree; every description begins in the same column.

    >>> drawn("AError\\n├── BError       one\\n│   └── CError   two\\n└── DError       three")
    {'AError': 'Exception', 'BError': 'AError', 'CError': 'BError', 'DError': 'AError'}
    """
    found, above, columns = {}, ["Exception"], set()
    for line in text.splitlines():
        if match := re.fullmatch(r"((?:[│ ]   |[├└]── )*)(\w+Error)( +\S.*)?", line):
            depth = len(match[1]) // 4 + 1
            found[match[2]] = above[depth - 1]
            above[depth:] = [match[2]]
            columns |= {len(line) - len(match[3].lstrip())} if match[3] else set()
    assert len(columns) == 1, f"descriptions begin in columns {sorted(columns)}"
    return found

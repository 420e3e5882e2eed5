"""Every raised error is a leaf of the tree of its package, never the root."""

import ast

from tests.house.sources import PACKAGES, place, python_files, tree

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
        for path in python_files(*PACKAGES)
        if path.name == "errors.py"
        for node in tree(path).body
        if isinstance(node, ast.ClassDef) and [ast.unparse(base) for base in node.bases] == ["Exception"]
    }
    assert named == ROOTS


def test_no_root_is_raised() -> None:
    assert [place(path, node) for path in python_files(*PACKAGES) for node in raised_roots(tree(path))] == []

"""Public docstrings begin with a sentence, and their examples run."""

import ast
import doctest
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.sources import PACKAGES, module_name, place, python_files, tree

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@pytest.mark.parametrize("package", PACKAGES)
def test_public_docstrings_begin_with_a_sentence(package: str) -> None:
    faults = []
    for path in python_files(package):
        for node, name in public(path):
            text = ast.get_docstring(node)
            if text is None:
                faults.append(f"{place(path, node)} {name} has no docstring")
            elif not is_sentence(text.splitlines()[0]):
                faults.append(f"{place(path, node)} {name} does not begin with a sentence: {text.splitlines()[0]}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("package", PACKAGES)
def test_the_examples_in_docstrings_run(package: str) -> None:
    for path in python_files(package):
        if ">>>" in path.read_text(encoding="utf-8"):
            results = doctest.testmod(importlib.import_module(module_name(path)))
            assert results.failed == 0, f"{place(path)}: {results}"
            assert results.attempted > 0, f"{place(path)} shows examples where doctest does not find them"


def public(path: Path) -> Iterator[tuple[Documented, str]]:
    """Yield a module and the classes and functions at its top, except those with a leading underscore."""
    module = tree(path)
    if path.stem.startswith("_") and path.stem not in {"__init__", "__main__"}:
        return
    yield module, "the module"
    for node in module.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node, node.name


def is_sentence(line: str) -> bool:
    """Tell whether a line begins as a sentence does, or is an equation, and ends as one.

    >>> is_sentence("Return the loss."), is_sentence("a = max(z, 0).")
    (True, True)
    >>> is_sentence("return the loss."), is_sentence("Return the loss"), is_sentence("Loss.")
    (False, False, False)
    """
    first = line.partition(" ")[0]
    equation = " = " in line or " ← " in line
    begins = equation or not (first.isascii() and first[:1].islower() and len(first) > 1)
    return begins and " " in line and line.endswith((".", "?", "!", ":"))

"""Reads the imports of a file from its syntax tree."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.house.sources import module_name, tree


def imported(path: Path) -> Iterator[tuple[ast.stmt, str]]:
    """Yield every name a file imports, wherever in it, relative ones made absolute."""
    for node in ast.walk(tree(path)):
        yield from names(path, node)


def imported_when_loaded(path: Path) -> Iterator[tuple[ast.stmt, str]]:
    """Yield what a file imports while it is itself imported: not inside functions, not for type checkers alone."""
    waiting: list[ast.AST] = [tree(path)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or _for_types(node):
            continue
        yield from names(path, node)
        waiting.extend(ast.iter_child_nodes(node))


def names(path: Path, node: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Yield what one statement imports: `a.b` for `import a.b`, and `a.b.c` for `from a.b import c`."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield node, alias.name
    elif isinstance(node, ast.ImportFrom):
        parts = module_name(path).split(".")
        package = parts if path.name == "__init__.py" else parts[:-1]
        start = package[: len(package) - node.level + 1] if node.level else []
        base = ".".join([*start, *([node.module] if node.module else [])])
        for alias in node.names:
            yield node, f"{base}.{alias.name}"


def longest_known(name: str, known: Iterable[str]) -> str | None:
    """Return the module among the known that an imported name leads to.

    >>> longest_known("store.jobs.claim.claim_job", ["store", "store.jobs", "store.jobs.claim"])
    'store.jobs.claim'
    >>> longest_known("numpy.linalg", ["store"])
    """
    fitting = [module for module in known if name == module or name.startswith(f"{module}.")]
    return max(fitting, key=len, default=None)


def _for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")

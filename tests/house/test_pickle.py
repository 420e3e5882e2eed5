"""Nothing is pickled: loaded files are data only."""

import ast
from collections.abc import Iterator

from tests.house.imports import names
from tests.house.sources import ROOT, place, python_files, tree

PICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
SERIALIZERS = {"pickle", "application/x-python-serialize"}


def test_nothing_is_pickled() -> None:
    ours = python_files("model", "store", "worker", "app", "ebb", "migrations", "benchmarks", "scripts")
    faults = [f"{place(path, node)} {why}" for path in ours for node, why in pickling(tree(path))]
    assert not faults, "\n".join(faults)


def pickling(module: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Yield where a module imports a pickler, names one as a serializer, or lets NumPy load one."""
    for node in ast.walk(module):
        for statement, name in names(ROOT / "any" / "module.py", node):
            if PICKLERS & {name, name.partition(".")[0]}:
                yield statement, f"imports {name}"
        if isinstance(node, ast.Constant) and node.value in SERIALIZERS:
            yield node, f"names {node.value} as a serializer"
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False":
            yield node.value, "allows pickles"


def test_pickling_is_seen() -> None:
    for guilty in (
        "import pickle",
        "from pickle import loads",
        "Celery(serializer='pickle')",
        "load(f, allow_pickle=1)",
    ):
        assert list(pickling(ast.parse(guilty))), guilty
    assert not list(pickling(ast.parse("import json\nload(f, allow_pickle=False)  # no pickle")))

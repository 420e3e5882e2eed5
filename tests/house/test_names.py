"""One name for one thing: no class stands twice in the product, no module, folder or type alias twice in a package."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable

from tests.house.sources import PACKAGES, ROOT, module_name, place, python_files, tree

Named = Iterable[tuple[str, str]]

IN_EVERY_PACKAGE = {"__main__", "errors"}
"""Modules that Python or the house asks of each package."""

CLIENT = ROOT / "ebb" / "answers.py"
"""The client reads the service's answers: a struct here bears the name of the service's schema that it is a part of.

One definition for both would refuse the answers of an older or newer service, and would bring Flask to the client.
`tests/ebb/test_answers.py` checks that the two agree.
"""

ALLOWED_CLASSES: dict[str, str] = {}
"""Classes that may stand twice, each with the reason."""
ALLOWED_MODULES: dict[str, str] = {"ebb.demo": "the command, and the folder of what it runs"}
"""Modules, such as `app.jobs`, that may stand twice in their package, each with the reason."""


def test_public_class_names_are_unique() -> None:
    found = twice(classes())
    assert found.keys() - ALLOWED_CLASSES.keys() == set(), listed(found)
    assert ALLOWED_CLASSES.keys() - found.keys() == set(), "these stand once: take them off the list"


def test_module_names_are_unique_in_their_package() -> None:
    found = twice(modules())
    assert found.keys() - ALLOWED_MODULES.keys() == set(), listed(found)
    assert ALLOWED_MODULES.keys() - found.keys() == set(), "these stand once: take them off the list"


def test_type_aliases_are_unique_in_their_package() -> None:
    found = twice(aliases())
    assert not found, listed(found)


def classes() -> Named:
    """Yield each public class at the top of a file, and where it is; the client shares its names with the service."""
    for path in python_files(*PACKAGES):
        if path != CLIENT:
            for node in tree(path).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    yield node.name, place(path, node)


def modules() -> Named:
    """Yield the base name of each module and folder with its top package before it, and where it is.

    A folder may bear the name of its main module, as `model/spec/` does that of `spec.py`.
    """
    for path in python_files(*PACKAGES):
        top, *parts = module_name(path).split(".")
        main = path.with_name(f"{path.parent.name}.py")
        if parts and parts[-1] not in IN_EVERY_PACKAGE and not (path.stem == "__init__" and main.exists()):
            yield f"{top}.{parts[-1]}", place(path)


def aliases() -> Named:
    """Yield each type alias at the top of a file with its top package before it, and where it is."""
    for path in python_files(*PACKAGES):
        for node in tree(path).body:
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
            if isinstance(target, ast.Name) and re.fullmatch(r"[A-Z]+[a-z]\w*", target.id):
                yield f"{module_name(path).partition('.')[0]}.{target.id}", place(path, node)


def twice(named: Named) -> dict[str, list[str]]:
    """Return the names that come more than once, and where.

    >>> twice([("Job", "app/jobs.py:1"), ("Key", "store/keys.py:1"), ("Job", "store/jobs.py:7")])
    {'Job': ['app/jobs.py:1', 'store/jobs.py:7']}
    """
    places = defaultdict(list)
    for name, where in named:
        places[name].append(where)
    return {name: found for name, found in places.items() if len(found) > 1}


def listed(found: dict[str, list[str]]) -> str:
    """Write names and places, a line each."""
    return "\n".join(f"{name}: {', '.join(places)}" for name, places in found.items())

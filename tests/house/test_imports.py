"""The allowed imports of each package. A new dependency is a visible decision: a line in this table."""

import graphlib
import sys
from collections.abc import Mapping

import pytest

from tests.house.imports import imported, imported_when_loaded, longest_known
from tests.house.sources import PACKAGES, module_name, place, python_files

# package or single module → what it may import besides the standard library and itself
ALLOWED: dict[str, set[str]] = {
    "model": {"numpy"},
    "model.tables": {"pyarrow", "python_calamine"},
    "model.outputs.parquet_output": {"pyarrow"},
    "model.storage": {"safetensors"},
    "store": {"sqlalchemy"},
    "store.ids": {"uuid_utils"},
    "store.settings": {"model"},
    "store.migrate": {"alembic"},
    "store.broker": {"redis"},
    "store.doorbell": {"celery", "kombu"},
    "worker": {"celery", "model", "store"},
    "worker.__main__": {"kombu"},
    "worker.webhook_sender": {"httpx"},
    "app": {"flask", "werkzeug", "gunicorn", "msgspec", "model", "store"},
    "app.call_lists": {"xlsxwriter"},
    "app.metrics": {"prometheus_client"},
    "app.pages": {"jinja2", "markupsafe"},
    "app.limits.rate_limiter": {"limits", "redis"},
    "ebb": {"click", "rich", "httpx", "msgspec", "model", "store"},
    "ebb.customers": {"numpy"},
    "ebb.frames": {"numpy", "pandas", "pyarrow"},
    "ebb.classifier": {"numpy", "sklearn"},
    "ebb.onnx_export": {"numpy", "onnx"},
    "ebb.demo": {"numpy", "matplotlib"},
}

# The learning engine from its base up: each package may import only those before it.
ENGINE = (
    "model.tape",
    "model.layers",
    "model.losses",
    "model.optimizers",
    "model.spec",
    "model.network",
    "model.training",
)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_the_table_allows(package: str) -> None:
    faults = []
    for path in python_files(package):
        allowed = {package, *_allowed(module_name(path))}
        for node, name in imported(path):
            top = name.partition(".")[0]
            if top not in allowed and top not in sys.stdlib_module_names:
                faults.append(f"{place(path, node)} imports {top}; {package} may not")
    assert not faults, "\n".join(faults)


def test_a_package_of_the_engine_imports_only_those_below_it() -> None:
    faults = []
    for path in python_files("model"):
        own = longest_known(module_name(path), ENGINE)
        for node, name in imported(path):
            target = longest_known(name, ENGINE)
            if own is not None and target is not None and ENGINE.index(target) > ENGINE.index(own):
                faults.append(f"{place(path, node)} imports {target}, which is above {own}")
    assert not faults, "\n".join(faults)


def test_the_table_names_existing_modules_only() -> None:
    known = {module_name(path) for path in python_files(*PACKAGES)}
    assert ALLOWED.keys() <= known


def test_modules_have_no_import_cycles() -> None:
    check_cycles(module_imports())


def test_packages_of_the_service_have_no_import_cycles() -> None:
    """A package of `app` imports only those below it; a module beside the packages counts as one."""
    graph: dict[str, set[str]] = {}
    for module, targets in module_imports().items():
        if module.count(".") and module.startswith("app."):
            inside = {part(target) for target in targets if target.startswith("app.")}
            graph.setdefault(part(module), set()).update(inside - {part(module)})
    check_cycles(graph)


def part(module: str) -> str:
    """Return the package inside `app` that a module is in.

    >>> part("app.views.jobs"), part("app.services")
    ('app.views', 'app.services')
    """
    return ".".join(module.split(".")[:2])


def module_imports() -> dict[str, set[str]]:
    """Return by module what it imports when it is loaded."""
    paths = {module_name(path): path for path in python_files(*PACKAGES)}
    return {
        module: {
            target
            for _, name in imported_when_loaded(path)
            if (target := longest_known(name, paths)) is not None and target != module
        }
        for module, path in paths.items()
    }


def check_cycles(graph: Mapping[str, set[str]]) -> None:
    """Fail if there is a circle of imports."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail("these import each other: " + " ← ".join(error.args[1]))


def _allowed(module: str) -> set[str]:
    """Return what the table allows a module, its package, and the packages around it."""
    return {name for holder, names in ALLOWED.items() if f"{module}.".startswith(f"{holder}.") for name in names}

"""The answers of the client have only fields that the service sends."""

import importlib
from types import ModuleType
from typing import get_args, get_type_hints

import msgspec
import pytest
from msgspec import UnsetType

from ebb import answers
from tests.house.sources import module_name, python_files

SERVICE = [module_name(path) for path in python_files("app", "store") if path.stem != "__main__"]


def classes(module: ModuleType) -> dict[str, type]:
    """Return the classes that a module defines, by name."""
    found = {name: kind for name, kind in vars(module).items() if isinstance(kind, type)}
    return {name: kind for name, kind in found.items() if kind.__module__ == module.__name__}


SCHEMAS = {name: kind for module in SERVICE for name, kind in classes(importlib.import_module(module)).items()}


@pytest.mark.parametrize("name", [name for name in classes(answers) if not name.startswith("_")])
def test_a_struct_of_the_client_is_a_part_of_the_schema_of_its_name(name: str) -> None:
    sent = get_type_hints(SCHEMAS[name])
    read = {field.encode_name: field.required for field in msgspec.structs.fields(classes(answers)[name])}
    assert read.keys() <= sent.keys()
    always = {field for field, kind in sent.items() if UnsetType not in get_args(kind)}
    assert {field for field, required in read.items() if required} <= always

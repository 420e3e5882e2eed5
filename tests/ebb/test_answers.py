"""The answers of the client have only fields that the service sends."""

import importlib
from types import ModuleType
from typing import get_args

import msgspec
import pytest
from msgspec import UnsetType

from ebb import answers
from tests.house.sources import module_name, python_files

SERVICE = [importlib.import_module(module_name(path)) for path in python_files("app") if path.stem != "__main__"]


def structs(module: ModuleType) -> dict[str, type[msgspec.Struct]]:
    """Return the structs that a module defines, by name."""
    found = {name: kind for name, kind in vars(module).items() if isinstance(kind, type)}
    return {n: k for n, k in found.items() if issubclass(k, msgspec.Struct) and k.__module__ == module.__name__}


SCHEMAS = {name: kind for module in SERVICE for name, kind in structs(module).items()}


@pytest.mark.parametrize("name", structs(answers))
def test_a_struct_of_the_client_is_a_part_of_the_schema_of_its_name(name: str) -> None:
    sent = {field.encode_name: field for field in msgspec.structs.fields(SCHEMAS[name])}
    read = {field.encode_name: field for field in msgspec.structs.fields(structs(answers)[name])}
    assert read.keys() <= sent.keys()
    always = {field for field, kind in sent.items() if UnsetType not in get_args(kind.type)}
    assert {field for field, kind in read.items() if kind.required} <= always

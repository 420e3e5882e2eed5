"""The examples in the docstrings of this folder run."""

import doctest
import importlib

from tests.house.sources import ROOT, module_name


def test_the_examples_of_the_house_run() -> None:
    attempted = 0
    for path in sorted((ROOT / "tests" / "house").glob("*.py")):
        results = doctest.testmod(importlib.import_module(module_name(path)))
        assert results.failed == 0, path
        attempted += results.attempted
    assert attempted

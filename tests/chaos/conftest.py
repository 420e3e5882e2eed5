"""The chaos tests in two sizes: small in every test run, full with `make chaos`."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="the full chaos, which takes about an hour")


def is_full(config: pytest.Config) -> bool:
    return bool(config.getoption("--full", False))


@pytest.fixture(scope="session")
def full(pytestconfig: pytest.Config) -> bool:
    return is_full(pytestconfig)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize each test with the cases of this size: SMALL or FULL of its module."""
    for name in ("case",):
        if name in metafunc.fixturenames:
            cases = metafunc.module.FULL if is_full(metafunc.config) else metafunc.module.SMALL
            metafunc.parametrize(name, cases, ids=" ".join)

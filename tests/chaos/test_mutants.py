"""Each guard of jobs has a test: without the guard, tests of a copy of the product fail."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.chaos.mutants import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("app", "ebb", "migrations", "model", "store", "tests", "worker", "pyproject.toml")
LOOKED_AT = 2  # copies tested in parallel


def _copy(to: Path) -> Path:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, to / name)
    return to


def _mutate(copy: Path, mutant: Mutant) -> None:
    sources = {path: path.read_text() for path in (copy / mutant.folder).rglob("*.py")}
    found = sum(text.count(mutant.text) for text in sources.values())
    assert found == mutant.times, f"found {found} times below {mutant.folder}, not {mutant.times}: {mutant.text}"
    for path, text in sources.items():
        if mutant.text in text:
            path.write_text(text.replace(mutant.text, mutant.instead))


def _run(copy: Path, tests: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run tests in the copy, on SQLite only: the guards are the same text for both databases."""
    command = [sys.executable, "-m", "pytest", "-x", "-rfE", "-p", "no:cacheprovider", "-k", "not postgresql"]
    return subprocess.run(
        [*command, f"--basetemp={copy}/basetemp", *tests],
        cwd=copy,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def _verdict(folder: Path, mutant: Mutant) -> subprocess.CompletedProcess[str]:
    copy = _copy(folder)
    _mutate(copy, mutant)
    try:
        return _run(copy, mutant.tests)
    finally:
        shutil.rmtree(copy)


@pytest.fixture(scope="module")
def verdicts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[subprocess.CompletedProcess[str]]]]:
    """The results of the tests of each mutant, as futures."""
    calls = [getattr(item, "callspec", None) for item in request.session.items]
    wanted = [call.params["name"] for call in calls if call is not None and call.params.get("name") in MUTANTS]
    with ThreadPoolExecutor(LOOKED_AT) as pool:
        yield {name: pool.submit(_verdict, tmp_path_factory.mktemp(name), MUTANTS[name]) for name in wanted}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_removed_guard_fails_a_test(name: str, verdicts: dict[str, Future[subprocess.CompletedProcess[str]]]) -> None:
    done = verdicts[name].result()
    assert done.returncode == 1, f"nobody noticed, or nobody could look:\n{done.stdout}{done.stderr}"
    assert re.search(r"^FAILED tests/", done.stdout, re.MULTILINE), done.stdout
    assert not re.search(r"^ERROR ", done.stdout, re.MULTILINE), done.stdout


def test_the_same_tests_pass_in_an_unchanged_copy(tmp_path: Path) -> None:
    """Otherwise a broken copy would catch all mutants."""
    tests = sorted({test for mutant in MUTANTS.values() for test in mutant.tests})
    done = _run(_copy(tmp_path), tuple(tests))
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"

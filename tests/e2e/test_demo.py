"""The one command that shows everything."""

import subprocess
from pathlib import Path

import psutil

from tests.e2e.running import EBB, ebb_up, environment


def _demo(home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [EBB, "demo"], env=environment(home), capture_output=True, text=True, timeout=180, check=False
    )


def _processes_of(home: Path) -> list[psutil.Process]:
    return [p for p in psutil.process_iter() if str(home) in " ".join(_environ(p))]


def _environ(process: psutil.Process) -> list[str]:
    try:
        return [*process.cmdline(), process.environ().get("EBB_HOME", "")]
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []


def test_demo_does_the_whole_job_twice_in_one_folder_and_leaves_nothing_running(tmp_path: Path) -> None:
    for version in (1, 2):
        done = _demo(tmp_path)
        assert done.returncode == 0, done.stderr
        assert f"version {version}" in done.stdout
        assert (tmp_path / "demo" / "report.html").read_text().startswith("<!DOCTYPE html>")
        assert not _processes_of(tmp_path)


def test_demo_uses_the_service_that_runs_in_the_folder_already(tmp_path: Path) -> None:
    with ebb_up(tmp_path) as service:
        done = _demo(tmp_path)
        assert done.returncode == 0, done.stderr
        assert service.url in done.stdout

"""`make demo`: one command from training to report."""

import subprocess
from pathlib import Path

from tests.e2e.running import EBB, ebb_up, environment, processes_of


def _demo(home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [EBB, "demo"], env=environment(home), capture_output=True, text=True, timeout=180, check=False
    )


def test_demo_does_the_whole_job_twice_in_one_folder_and_leaves_nothing_running(tmp_path: Path) -> None:
    for version in (1, 2):
        done = _demo(tmp_path)
        assert done.returncode == 0, done.stderr
        assert f"version {version}" in done.stdout
        assert (tmp_path / "demo" / "report.html").read_text().startswith("<!DOCTYPE html>")
        assert not processes_of(tmp_path)


def test_demo_uses_the_service_that_runs_in_the_folder_already(tmp_path: Path) -> None:
    with ebb_up(tmp_path) as service:
        done = _demo(tmp_path)
        assert done.returncode == 0, done.stderr
        assert service.url in done.stdout

"""A job that exceeds a limit fails at once with a code and a message, and harms no other job."""

import errno
import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

from store.settings import Settings
from tests.worker.trainings import LONG, SHORT, Trainings, trainings_with
from worker.limits import storage_failure


def limited(trainings: Trainings, **limits: int) -> Trainings:
    return trainings_with(trainings.world, replace(trainings.settings, **limits))


def run(program: str, settings: Settings, *arguments: str) -> str:
    """Run a program with these settings, and return its output."""
    environ = {**os.environ, **settings.environ(), "DATABASE_URL": ""}
    command = [sys.executable, "-c", textwrap.dedent(program), *arguments]
    return subprocess.run(command, env=environ, stdout=subprocess.PIPE, text=True, check=True).stdout


def test_a_training_beyond_its_processor_time_fails_at_once_and_a_shorter_one_succeeds(trainings: Trainings) -> None:
    hurried = limited(trainings, training_cpu_seconds=4)
    row = hurried.train(LONG)
    assert (row.state, row.error_code, row.strikes, row.token) == ("failed", "cpu_limit", 0, 1)
    assert "more than 4 s of processor time; take fewer epochs" in row.error_text
    assert hurried.world.events(row.id)[-1] == ("failed", 1)
    assert hurried.train(SHORT).state == "succeeded"


def test_a_process_is_limited_in_memory_processor_time_and_files_and_leaves_no_dump(tmp_path: Path) -> None:
    program = """
        import resource
        from store.settings import read_settings
        from worker.limits import limit
        limit(read_settings())
        names = ("DATA", "CPU", "FSIZE", "CORE")
        print([resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[0] for name in names])
    """
    settings = Settings(home=tmp_path, training_bytes=2**29, training_cpu_seconds=60, training_file_bytes=2**21)
    assert run(program, settings) == f"[{2**29}, 60, {2**21}, 0]\n"


def test_a_file_beyond_the_limit_has_its_own_error(tmp_path: Path) -> None:
    program = """
        import sys
        from store.settings import read_settings
        from worker.limits import limit, storage_failure
        settings = read_settings()
        limit(settings)
        try:
            with open(sys.argv[1], "wb", buffering=0) as file:
                while True:
                    file.write(bytes(2**20))
        except OSError as error:
            print(*storage_failure(error, settings))
    """
    settings = Settings(home=tmp_path, training_file_bytes=2**21)
    said = run(program, settings, str(tmp_path / "big"))
    assert said.startswith(f"file_limit the job wrote a file of more than {2**21} bytes")
    assert (tmp_path / "big").stat().st_size == 2**21


def test_only_a_full_disk_has_the_error_of_a_full_disk() -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "/data/x")
    assert storage_failure(full, Settings()) == (
        "disk_full",
        "there is no space left to write to (/data/x); make some, then retry the job",
    )
    assert storage_failure(FileNotFoundError(errno.ENOENT, "No such file"), Settings()) is None

"""Whatever is sent, the answer is not an error of the service, and is one that the contract describes.

`make fuzz` sends more than 10,000 requests, different ones each time; `make test` some hundred, always the same.
"""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from store.database import Database
from store.settings import Settings
from store.workers import sign_in
from tests.app.running import served

EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


@pytest.mark.timeout(3600)
def test_no_request_finds_a_fault(
    settings: Settings, database: Database, dataset: str, champion: int, tmp_path: Path
) -> None:
    database.write(lambda connection: sign_in(connection, "w"))  # /readyz asks for a worker
    assert champion == 1
    known = {"path.name": '"churn"', "path.version": "1", "path.alias": '"champion"', "path.dataset_id": f'"{dataset}"'}
    lines = [f'"{name}" = {value}' for name, value in known.items()]
    (tmp_path / "schemathesis.toml").write_text("\n".join(["[parameters]", *lines]))
    patient = replace(settings, port=0, web_processes=2, heartbeat_seconds=600.0, lease_seconds=3600.0)
    with served(patient) as server:
        run = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(tmp_path / "schemathesis.toml"), "run"]
        run += [f"{server.url}/openapi.json", "--continue-on-failure", "--no-color", "--warnings", "off"]
        run += ["--checks", ",".join(CHECKS), "--suppress-health-check", "all", "--request-timeout", "30"]
        run += ["--exclude-path", "/v1/jobs/{job_id}/events"]  # of a job that waits it never ends
        run += ["--phases", "coverage,fuzzing", "-n", EXAMPLES] if EXAMPLES else ["--phases", "fuzzing", "-n", "5"]
        run += [] if EXAMPLES else ["--generation-deterministic"]
        done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=3500, check=False)
        print(done.stdout[-20_000:], done.stderr[-2_000:])
        assert done.returncode == 0
        sent = re.search(r"([\d,]+) generated", done.stdout)
        assert sent is not None
        assert int(sent[1].replace(",", "")) > (10_000 if EXAMPLES else 80)
        assert "Traceback" not in "".join(server.lines)

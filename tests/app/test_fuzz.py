"""No request causes an error of the service or an answer outside the contract.

All checks of schemathesis hold, except the cases in `tests/app/schemathesis_hooks.py`. `make fuzz` sends more than
10,000 requests, different ones in each run. `make test` sends about 7,000, the same in each run.
"""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from store.database import Database
from store.keys import create_key
from store.registry.versions import get_version
from store.settings import Settings
from store.workers import register_worker
from tests.app.running import served

ROOT = Path(__file__).parents[2]
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "")
CONFIG = """
hooks = "tests.app.schemathesis_hooks"

[parameters]
"path.name" = "churn"
"path.version" = 1
"path.alias" = "champion"
"path.dataset_id" = "{dataset}"

[[operations]]
include-path = "/v1/jobs/{{job_id}}/events"
parameters = {{ "path.job_id" = "{ended}" }}  # the stream of a job that waits never ends
"""


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


@pytest.fixture
def config(database: Database, dataset: str, champion: int, tmp_path: Path) -> Path:
    """Objects for the requests to find."""
    with database.read() as connection:
        ended = get_version(connection, "churn", champion).job_id
    path = tmp_path / "schemathesis.toml"
    path.write_text(CONFIG.format(dataset=dataset, ended=ended))
    return path


@pytest.mark.timeout(3600)
def test_no_request_causes_an_error(settings: Settings, database: Database, config: Path, tmp_path: Path) -> None:
    database.write(lambda connection: register_worker(connection, "w"))  # /readyz needs a worker
    key = database.write(lambda connection: create_key(connection, "fuzz", ["admin"]))
    # Beyond loopback: every route needs a key.
    patient = replace(settings, host="0.0.0.0", port=0, web_processes=2, heartbeat_seconds=600.0, lease_seconds=3600.0)
    with served(patient) as server:
        run = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"]
        run += [f"{server.url}/openapi.json", "-H", f"Authorization: Bearer {key}", "--checks", "all"]
        run += ["--continue-on-failure", "--no-color", "--warnings", "off"]
        run += ["--suppress-health-check", "all", "--request-timeout", "30"]
        run += ["-n", EXAMPLES] if EXAMPLES else ["-n", "3", "--generation-deterministic"]
        run += ["--phases", "coverage,fuzzing,stateful"]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            run, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=3500, check=False
        )
        print(done.stdout[-20_000:], done.stderr[-2_000:])
        assert done.returncode == 0
        sent = re.search(r"([\d,]+) generated", done.stdout)
        assert sent is not None
        assert int(sent[1].replace(",", "")) > (17 * int(EXAMPLES) if EXAMPLES else 1_000)
        assert "Traceback" not in "".join(server.lines)

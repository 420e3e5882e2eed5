"""Take the pictures of docs/guides/pages.md: every page, of a real service with a small model.

Run it as `python -m scripts.take_screenshots` after a change of the pages. It needs Chromium. A new page gets a line in
`addresses`.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, sync_playwright

from ebb.customers import customers
from tests.parts.browser import PHONE, launch

FOLDER = Path(__file__).parents[1] / "docs" / "images" / "pages"
WAIT_SECONDS = 300.0
DESKTOP = {"width": 800, "height": 480}
SPEC = {"epochs": 40, "layers": [16, 8], "optimizer": {"name": "adamw", "learning_rate": 0.01}}
CALL_LIST = {"customer_value": 200, "offer_cost": 10, "contact_cost": 1, "acceptance": 0.3, "capacity": 50}


def main() -> None:
    """Take all pictures: on a desktop in light colours, on a phone in dark ones."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, _service(Path(home)) as service, sync_playwright() as playwright:
        shown = addresses(service)
        browser = launch(playwright)
        for name, address in shown.items():
            url = f"{service.base_url}{address}"
            _take(browser, url, FOLDER / f"{name}.png", viewport=DESKTOP, color_scheme="light")
            _take(browser, url, FOLDER / f"{name}-phone.png", viewport=PHONE, color_scheme="dark")
        browser.close()


def addresses(service: httpx.Client) -> Mapping[str, str]:
    """Train, score and make a call list; return the address of each page by the name of its picture."""
    table = customers(1000, seed=1).to_csv().encode()
    options = {"target": "churned", "id": "customer_id", "name": "march.csv"}
    dataset = _ask(service, "POST", "/v1/datasets", params=options, content=table, headers={"Content-Type": "text/csv"})
    wanted = {"model": "churn", "dataset": dataset["id"], "promote": "always"}
    training = ""
    for layers in ([8, 4], [16, 8]):
        training = _job(service, "/v1/jobs/training", {**wanted, "spec": {**SPEC, "layers": layers}})
    scoring = {"model": "churn", "dataset": dataset["id"], "output": "ndjson", "explain": 3, "direction": "raising"}
    calls = _job(service, "/v1/jobs/scoring", {**scoring, "call_list": CALL_LIST | {"with_churned": True}})
    return {
        "start": "/",
        "table": f"/start/{dataset['id']}",
        "training": f"/start/{dataset['id']}/training/{training}",
        "call-list": f"/calls/{calls}",
        "jobs": "/jobs",
        "job": f"/jobs/{training}",
        "models": "/models",
        "model": "/models/churn",
        "version": "/models/churn/versions/2",
        "compare": "/models/churn/compare?versions=1,2",
        "glass-box": "/models/churn/versions/1/glass-box",
        "operations": "/operations",
        "keys": "/keys",
    }


@contextmanager
def _service(home: Path) -> Iterator[httpx.Client]:
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("EBB_", "REDIS_", "DATABASE_"))
    }
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "ebb", "up", "--home", str(home), "--port", str(port)]
    process = subprocess.Popen(command, env=environ)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as service:
            _wait(lambda: service.get("/readyz").status_code == 200)
            yield service
    finally:
        process.terminate()
        process.wait()


def _wait(holds: Any) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        try:
            if holds():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise SystemExit(f"the service was not there, or a job did not end, within {WAIT_SECONDS:g} s")


def _ask(service: httpx.Client, method: str, path: str, **sent: Any) -> dict[str, Any]:
    answer = service.request(method, path, **sent)
    if answer.is_error:
        raise SystemExit(answer.text)
    return dict(answer.json())


def _job(service: httpx.Client, path: str, body: Mapping[str, Any]) -> str:
    job = str(_ask(service, "POST", path, json=body)["id"])
    _wait(lambda: _ask(service, "GET", f"/v1/jobs/{job}")["state"] == "succeeded")
    return job


def _take(browser: Browser, url: str, path: Path, **look: Any) -> None:
    context = browser.new_context(locale="en-GB", **look)
    page = context.new_page()
    page.goto(url)
    if page.locator("[data-curves]").count():
        page.locator("canvas").nth(3).wait_for()
    page.screenshot(path=path)
    context.close()


if __name__ == "__main__":
    main()

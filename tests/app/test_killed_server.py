"""A server whose processes are killed: what is left of it ends, and the next server listens at once."""

import threading
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest

from ebb.supervisor import free_port
from store.settings import Settings
from tests.app.running import PATIENCE, normal_request_seconds, served

END_SECONDS = 3  # of processes whose parent was killed, on a busy machine


@pytest.fixture
def settings(tmp_path: Path, sqlite_file: str) -> Settings:
    return Settings(home=tmp_path, database_url=sqlite_file, port=free_port(), web_processes=2)


def test_the_next_server_listens_at_once_although_clients_used_their_connections(settings: Settings) -> None:
    def use(client: httpx.Client, url: str) -> None:
        try:
            while True:
                client.get(f"{url}/livez")
        except httpx.TransportError:
            pass

    with ExitStack() as stack:
        server = stack.enter_context(served(settings))
        normal_request_seconds(server.url)
        users = []
        for _ in range(3):
            client = stack.enter_context(httpx.Client(trust_env=False, timeout=PATIENCE))
            client.get(f"{server.url}/livez")
            users.append(threading.Thread(target=use, args=(client, server.url)))
            users[-1].start()
        processes = psutil.Process(server.process.pid).children()
        server.process.kill()
        server.process.wait()
        _, alive = psutil.wait_procs(processes, END_SECONDS)
        assert not alive
        for user in users:
            user.join()
        assert server.stop() != 0
        with served(settings) as following:
            assert normal_request_seconds(following.url, 1) < PATIENCE

"""A server whose processes are killed: what is left of it ends, and the next server listens at once."""

import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest

from ebb.supervisor import free_port
from store.settings import Settings
from tests.app.proxied import proxied, settings_behind
from tests.app.running import CALM_SECONDS, PATIENCE, normal_request_seconds, served

END_SECONDS = 3  # of processes whose parent was killed, on a busy machine
HANGUP_SECONDS = 2  # gunicorn looks for signals each second


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


def ask(url: str) -> int:
    return httpx.get(f"{url}/livez", trust_env=False, timeout=PATIENCE).status_code


def wait_until(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def replace_with_loading(main: psutil.Process, killed: list[psutil.Process]) -> list[psutil.Process]:
    """Kill processes of a server, and return their successors, suspended while they load the application."""
    others = set(main.children()) - set(killed)
    for process in killed:
        process.kill()
    wait_until(lambda: len(set(main.children()) - others - set(killed)) == len(killed))
    loading = list(set(main.children()) - others - set(killed))
    for process in loading:
        process.suspend()
    return loading


def test_behind_a_proxy_connections_are_refused_after_all_processes_were_killed(
    tmp_path: Path, sqlite_template: Path
) -> None:
    settings = settings_behind(tmp_path / "home", sqlite_template, port=free_port(), web_processes=2)
    with served(settings) as server, proxied(tmp_path / "proxy", server.url) as proxy:
        main = psutil.Process(server.process.pid)
        for _ in range(2):
            wait_until(lambda: ask(proxy.url) == 200)
            loading = replace_with_loading(main, main.children())
            with pytest.raises(httpx.ConnectError):
                ask(server.url)
            begun = time.monotonic()
            assert ask(proxy.url) == 503
            assert time.monotonic() - begun < CALM_SECONDS
            for process in loading:
                process.resume()
        wait_until(lambda: ask(proxy.url) == 200)


def test_behind_a_proxy_one_loaded_process_answers_until_it_is_killed_too(
    tmp_path: Path, sqlite_template: Path
) -> None:
    settings = settings_behind(tmp_path, sqlite_template, port=free_port(), web_processes=2)
    with served(settings) as server:
        main = psutil.Process(server.process.pid)
        wait_until(lambda: len(main.children()) == 2)
        first, second = main.children()
        first.suspend()  # before it has loaded the application
        wait_until(lambda: answers(server.url))
        loading = replace_with_loading(main, [first])
        assert ask(server.url) == 200
        loading += replace_with_loading(main, [second])
        assert not answers(server.url)
        for process in loading:
            process.resume()
        wait_until(lambda: answers(server.url))


def answers(url: str) -> bool:
    try:
        return ask(url) == 200
    except httpx.ConnectError:
        return False


def test_a_hangup_ends_no_process(settings: Settings) -> None:
    with served(settings) as server:
        main = psutil.Process(server.process.pid)
        wait_until(lambda: len(main.children()) == 2)
        before = main.children()
        normal_request_seconds(server.url)
        server.process.send_signal(signal.SIGHUP)
        time.sleep(HANGUP_SECONDS)
        assert main.children() == before
        assert normal_request_seconds(server.url) < CALM_SECONDS

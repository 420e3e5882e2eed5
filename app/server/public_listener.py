"""Refuses connections behind a proxy while no process of the server has loaded the application.

They would wait for it. If the proxy cannot connect, another container answers, or the proxy itself says 503.
"""

import contextlib
import mmap
import socket

BACKLOG = 2048  # connections that wait to be accepted


class PublicListener:
    """Stops and resumes listening on a socket that gunicorn's main process shares with its other processes.

    A process that has loaded the application says so in a byte of memory that it shares with the main one. Without a
    socket nothing is refused. Only Linux can stop listening; elsewhere connections wait.
    """

    def __init__(self, listener: socket.socket | None) -> None:
        self._listener = listener.dup() if listener is not None else None
        self._loaded: dict[int, mmap.mmap] = {}

    def add(self, process: int) -> None:
        """Expect a process of this number. The main process calls it before it forks."""
        self._loaded[process] = mmap.mmap(-1, 1)

    def listen(self, process: int) -> None:
        """Listen. The process of this number calls it when it has loaded the application."""
        self._loaded[process][0] = 1
        self._listen()

    def remove(self, process: int) -> None:
        """Forget a process that has ended, and refuse connections if no other can answer them."""
        self._loaded.pop(process).close()
        self.refuse()

    def refuse(self) -> None:
        """Refuse connections unless a process has loaded the application."""
        if self._listener is not None and not self._any_loaded():
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RD)
            if self._any_loaded():  # a process called `listen` just before the line above
                self._listen()

    def _listen(self) -> None:
        if self._listener is not None:
            self._listener.listen(BACKLOG)

    def _any_loaded(self) -> bool:
        return any(loaded[0] for loaded in self._loaded.values())

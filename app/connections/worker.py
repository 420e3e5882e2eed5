"""The worker that gunicorn runs: its loop answers by itself whatever takes no longer than waking a thread for it.

Python runs one thread of a process at a time, and handing a request to another takes a third of what answering it does.
So the thread that receives requests answers them, too. While one takes long, another thread receives, and hands what
arrives to threads of their own.
"""

import socket
import time
from collections import deque
from http import HTTPStatus as Status
from typing import Any

from gunicorn.http.errors import ParseException

from app.connections.connection import Connection
from app.connections.lead import Lead
from app.connections.receiving import LINGER_SECONDS, Receiving
from app.connections.refusals import refusal, status_of
from app.connections.threads import Threads

NOTIFY_SECONDS = 0.5


class Worker(Receiving):
    """Receives in one loop; answers there or, what takes long, in threads."""

    _lead: Lead[Connection]  # in the loop

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self._arrived: deque[Connection] = deque()
        self._notified = 0.0

    # What gunicorn calls

    def get_thread_pool(self) -> Threads[Connection]:
        """Return the threads that answer beside the loop's own."""
        return Threads(max(1, self.cfg.threads - 1), self._answer_beside)

    def run(self) -> None:
        """Receive and answer until this process is to end."""
        self._lead = Lead(self._stand_in, lambda: self.method_queue.defer(self.take_back))
        super().run()

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait for something to happen, see to it, and answer the requests that have arrived."""
        if not self._arrived and (left := self.tpool.take_left()) is not None:
            self._arrived.append(left)
        self._dispatch(timeout)
        for _ in range(len(self._arrived)):  # those that arrive meanwhile are for the next round
            if self._arrived:  # a stand-in hands them on
                self._lead.step_aside(self._answer, self._arrived.popleft())
                self.take_back()

    def notify(self) -> None:
        """Tell the arbiter that this process is alive, though not with every request."""
        if (now := time.monotonic()) >= self._notified + NOTIFY_SECONDS:
            self._notified = now
            super().notify()

    # Who answers

    def answer_soon(self, conn: Connection) -> None:
        """Have a thread answer what is known to last, and the loop itself the rest."""
        if conn.streams or (conn.lasts and self.tpool.free):
            self.tpool.give(conn)
        else:
            self._arrived.append(conn)

    def _stand_in(self) -> None:
        """Do what the loop does while its own thread is held up by an answer, and answer nothing."""
        self.notify()
        if not self.is_parent_alive():
            self.alive = False
        self.set_accept_enabled(self.alive and self.nr_conns < self.worker_connections)
        self._dispatch(NOTIFY_SECONDS)
        while self._arrived:
            self.tpool.give(self._arrived.popleft())
        self.murder_keepalived()
        self.murder_pending()

    def _dispatch(self, timeout: float) -> None:
        patience = min(timeout, self._share.aside_seconds or timeout, self.tpool.hurry())
        events = self.poller.select(0.0 if self._arrived else patience)
        self.take_back()
        for key, _ in events:
            key.data(key.fileobj)

    # In any thread

    def _answer(self, conn: Connection) -> bool:
        try:
            keep = self.handle(conn)
        except Exception:  # noqa: BLE001 - the client is gone, and what went wrong has been told
            keep = False
        self._answered.append((conn, keep))
        return keep

    def _answer_beside(self, conn: Connection) -> None:
        keep = self._answer(conn)
        # The loop looks here when something happens; most often that is soon enough.
        if not keep or not conn.watched or conn.streams or len(conn.incoming):
            self.method_queue.defer(self.take_back)

    def handle(self, conn: Connection) -> bool:
        """Answer the request that has arrived."""
        conn.ready()
        return bool(super().handle(conn))

    def handle_request(self, req: Any, conn: Connection) -> bool:
        """Run the application; a client who does not take the answer is left.

        Raises: ParseException for a request of HTTP/1.1 without Host (RFC 9112, 3.2).
        """
        if req.version >= (1, 1) and not any(name == "HOST" for name, _ in req.headers):
            raise ParseException("a request of HTTP/1.1 has to name its Host")
        try:
            keep = bool(super().handle_request(req, conn))
            conn.sock.flush()
            return keep
        except TimeoutError as error:
            self.log.warning("left a client in the middle of the answer to %s: %s", req.path, error)
            return False

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:
        """Keep the connection, as the answer said; what was not read of a whole body goes, however much it is."""
        if conn.streams:
            return bool(super()._keepalive_after(conn, keepalive))
        conn.forget()
        return keepalive

    def handle_error(self, req: object, client: socket.socket, addr: object, exc: BaseException) -> None:
        """Tell what the parser could not take, as a problem."""
        status = status_of(exc)
        unexpected = status == Status.INTERNAL_SERVER_ERROR
        self.log.log(40 if unexpected else 20, "%s: %s", status.phrase, exc, exc_info=exc if unexpected else None)
        client.settimeout(LINGER_SECONDS)
        client.sendall(refusal(status, status.description if unexpected else str(exc), getattr(req, "path", "")))

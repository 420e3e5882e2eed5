"""Receiving requests until they are whole: gunicorn's threaded worker made proof against slow clients and floods.

As it comes, that worker lets a client who sends half a request hold one of its few threads for as long as the client
likes, keeps requests waiting in a queue without end, and waits itself, while everybody waits, for a client to hang up.
Here one loop receives requests until they are whole; only then are they answered. Too many waiting requests are refused
at once with 503, and where connections run out, the one that has been slow for longest is closed.
"""

import errno
import selectors
import socket
import time
from abc import ABC, abstractmethod
from collections import deque
from functools import partial
from http import HTTPStatus as Status

from gunicorn.workers.gthread import ThreadWorker

from app.connections.connection import Connection
from app.connections.incoming import HEAD_BYTES, Incoming, Stage
from app.connections.outgoing import ClientSocket
from app.connections.refusals import refusal
from app.connections.waiting import Waiting

RECEIVE_SECONDS = 10.0  # for a whole request, or the head of an upload
LINGER_SECONDS = 2.0  # for the client to hang up, so that it gets the answer before the connection is gone
SEND_SECONDS = 30.0  # for one piece of an answer
HELD_BYTES = 256 * 1024 * 1024  # of requests that are not answered yet
CHUNK = 256 * 1024
PROBES = ("/livez", "/readyz")  # answered in a flood that others are refused in


class Receiving(ThreadWorker, ABC):  # type: ignore[misc]  # gunicorn has no types
    """The connections of a process, in the hands of whoever runs its loop; what arrives on them is answered elsewhere.

    All that is here is called by that one thread at a time.
    """

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self._most_waiting: int = self.app.most_waiting
        self._idle = Waiting()
        self._receiving = Waiting()
        self._lingering = Waiting()
        self._in_hand = self._streaming = self._held = self._refused = 0
        self._answered: deque[tuple[Connection, bool]] = deque()
        self._share = self.app.shares.of(self.age)

    @property
    def uploads(self) -> int:
        """How many threads read bodies as they come."""
        return self._streaming

    @abstractmethod
    def answer_soon(self, conn: Connection) -> None:
        """Have somebody answer the request that arrived, who then puts the connection among those answered."""

    # What gunicorn's loop calls

    def set_accept_enabled(self, enabled: bool) -> None:
        """Look for connections, unless another process is to take the next."""
        self._tell()
        super().set_accept_enabled(enabled and not self._share.aside_seconds)

    def accept(self, listener: socket.socket) -> None:
        """Take a connection, unless another process should; its request is received by this loop, too."""
        if self._share.stand_aside():
            self.set_accept_enabled(False)
            return
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._make_room()
            return  # else taken by another process, or gone again
        conn = Connection(self.cfg, ClientSocket(client, SEND_SECONDS), address, listener.getsockname())
        self.nr_conns += 1
        self._tell()
        if self.nr_conns >= self.worker_connections:
            self._make_room()
        self._wait_in(self._receiving, conn, RECEIVE_SECONDS)
        self._receive(conn)  # most have sent already

    def murder_keepalived(self, force: bool = False) -> None:
        """Close connections that have been idle for too long; a worker that stops has less patience."""
        patience = self.cfg.keepalive if self.alive else 0.0 if force else LINGER_SECONDS
        for conn in self._idle.expired(time.monotonic() + self.cfg.keepalive - patience):
            self._close(conn)

    def murder_pending(self) -> None:
        """Refuse what takes too long to arrive, hang up on who does not, and tell of the flood."""
        now = time.monotonic()
        for conn in self._receiving.expired(now):
            if len(conn.incoming):
                self._refuse(conn, Status.REQUEST_TIMEOUT, "the request did not arrive in time")
            else:
                self._close(conn)
        for conn in self._lingering.expired(now):
            self._close(conn)
        if self._refused:
            self.log.warning("refused %d requests with 503: every thread is busy", self._refused)
            self.wsgi.extensions["ebb"].traffic.refused(self._refused)
            self._refused = 0

    # What comes of that

    def take_back(self) -> None:
        """Go on with the connections whose requests were answered."""
        while self._answered:
            self._go_on_after(*self._answered.popleft())

    def _go_on_after(self, conn: Connection, keep: bool) -> None:
        """Wait for the connection's next request, or hang up."""
        self._in_hand -= 1
        self._streaming -= conn.streams
        self._held -= len(conn.request)
        rest = conn.parser.unreader.take_buffered() if conn.streams else b""
        conn.request, conn.busy, conn.streams = b"", False, False
        if not keep:
            self._linger(conn)
        else:
            self._held += len(rest)
            self._watch(conn)
            self._go_on(conn, conn.incoming.feed(rest))

    def _wait_in(self, where: Waiting, conn: Connection, seconds: float) -> None:
        self._stop_waiting(conn)
        where.add(conn, time.monotonic() + seconds)
        self._watch(conn)

    def _stop_waiting(self, conn: Connection) -> None:
        any(where.remove(conn) for where in (self._receiving, self._idle, self._lingering))

    def _watch(self, conn: Connection) -> None:
        if not conn.watched:
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._receive, conn))
            conn.watched = True

    def _look_away(self, conn: Connection) -> None:
        if conn.watched:
            self.poller.unregister(conn.sock)
            conn.watched = False

    def _receive(self, conn: Connection, _: object = None) -> None:
        if not conn.watched:
            return  # closed by what came before in the same round of the loop
        try:
            data = conn.sock.recv(CHUNK, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if conn in self._lingering:
            if not data:
                self._close(conn)
            return
        self._held += len(data)
        stage = conn.incoming.feed(data)
        if conn.busy:  # its next request, or it hangs up; either is seen to when this one is answered
            if not data or len(conn.incoming) > HEAD_BYTES:
                self._look_away(conn)
            self.take_back()  # it may be answered just now
        elif data:
            self._go_on(conn, stage)
        elif conn.incoming.headed:  # the parser will say where it broke off
            self._hand_over(conn, streams=False)
        else:
            self._close(conn)

    def _go_on(self, conn: Connection, stage: Stage) -> None:
        if stage is Stage.LONG:
            self._refuse(conn, Status.REQUEST_HEADER_FIELDS_TOO_LARGE, "the head of the request is too long")
        elif stage is not Stage.PART:
            self._hand_over(conn, streams=stage is Stage.STREAM)
        elif not len(conn.incoming):
            self._wait_in(self._idle, conn, self.cfg.keepalive)
        elif conn not in self._receiving:
            self._wait_in(self._receiving, conn, RECEIVE_SECONDS)
        if self._held > HELD_BYTES:
            self._make_room()

    def _hand_over(self, conn: Connection, *, streams: bool) -> None:
        """Have it answered; uploads and event streams together always leave a thread for what has arrived whole."""
        self._stop_waiting(conn)
        self.take_back()  # or who is answered already would count as waiting
        waiting = self._in_hand - self.cfg.threads
        if waiting >= self._most_waiting and (waiting >= 2 * self._most_waiting or conn.incoming.path not in PROBES):
            self._refused += 1
            self._refuse(conn, Status.SERVICE_UNAVAILABLE, "too many requests wait already; come back in a moment")
        elif streams and self._streaming >= max(1, self.cfg.threads - 1) - self.wsgi.extensions["ebb"].streams.open:
            self._refused += 1
            self._refuse(conn, Status.SERVICE_UNAVAILABLE, "too many uploads at once; come back in a moment")
        else:
            if streams:
                self._look_away(conn)  # the thread reads what is still to come
            self._in_hand += 1
            self._streaming += streams
            conn.busy, conn.streams, conn.request = True, streams, conn.incoming.take()
            self.answer_soon(conn)

    def _refuse(self, conn: Connection, status: Status, detail: str) -> None:
        try:
            conn.sock.send(refusal(status, detail, conn.incoming.path), socket.MSG_DONTWAIT)
        except OSError:  # it would not have been read
            self._close(conn)
        else:
            self._linger(conn)

    def _linger(self, conn: Connection) -> None:
        """Say that no more will come, and wait for the client to do the same (RFC 9112, 9.6)."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
        else:
            self._wait_in(self._lingering, conn, LINGER_SECONDS)

    def _make_room(self) -> None:
        """Close the connection that can best be spared."""
        for where in (self._lingering, self._receiving, self._idle):
            if (conn := where.first()) is not None:
                self._close(conn)
                return

    def _tell(self) -> None:
        if self.alive:
            self._share.tell(self.nr_conns)
        else:
            self._share.leave()

    def _close(self, conn: Connection) -> None:
        self._stop_waiting(conn)
        self._look_away(conn)
        self.nr_conns -= 1
        self._tell()
        self._held -= len(conn.incoming)
        conn.incoming = Incoming()
        conn.close()

"""A client's connection, and what is known of it."""

import re

from gunicorn.config import Config
from gunicorn.workers.gthread import TConn

from app.connections.incoming import Incoming
from app.connections.outgoing import ClientSocket
from app.connections.pace import PacedSocket

_LASTING = re.compile(rb"GET [^ ?]*/events[ ?]")


class Connection(TConn):  # type: ignore[misc]  # gunicorn has no types
    """A connection, with what came on it and is not answered.

    A thread answers `request` while it is `busy`, and reads more itself where that `streams`; the loop looks at what
    comes while it is `watched`.
    """

    def __init__(self, cfg: Config, sock: ClientSocket, client: object, server: object) -> None:
        super().__init__(cfg, sock, client, server)
        self.incoming = Incoming()
        self.request = b""
        self.busy = self.streams = self.watched = False

    @property
    def lasts(self) -> bool:
        """Whether the request is for a stream of events, which is answered for as long as there are some."""
        return _LASTING.match(self.request) is not None

    def ready(self) -> None:
        """Let the parser read the request next."""
        if not self.initialized:
            self.init()
            self.parser.unreader.sock = PacedSocket(self.sock)
        unreader = self.parser.unreader
        unreader.sock.restart()
        unreader.unread(self.request)

    def forget(self) -> None:
        """Drop what the parser has of a whole request, so that the next one starts with its own first byte."""
        self.parser.unreader.take_buffered()
        self.parser.mesg = None

    def close(self, graceful: bool = False) -> None:
        """Close the connection, which the loop alone does: it looks at the socket by its number."""
        self.sock.release()

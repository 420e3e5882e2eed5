"""A small real HTTP server in place of the service: it gives prepared answers and records the requests."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response


@dataclass
class Service:
    """Prepared answers, first to last; and the requests that came."""

    answers: list[Response] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    url: str = ""

    def __call__(self, environ: dict, start_response: object) -> object:
        request = Request(environ)
        request.get_data()
        self.requests.append(request)
        return self.answers.pop(0)(environ, start_response)

    def will_answer(self, body: object, status: int = 200, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append(Response(json.dumps(body), status, headers=named, content_type="application/json"))

    def will_stream(self, text: str, *, cut: bool = False, **headers: str) -> None:
        """Prepare an answer of server-sent events; one that is cut breaks off before its end."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        length = {"Content-Length": str(len(text.encode()) + 100)} if cut else {}
        self.answers.append(Response(iter([text]), headers={**named, **length}, content_type="text/event-stream"))


@contextmanager
def serving() -> Iterator[Service]:
    app = Service()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    app.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield app
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert not app.answers, "the client asked less often than the test prepared for"

"""Flask, without what no address of this service asks of it and every request would pay for."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Request, Response
from flask.ctx import RequestContext
from flask.sessions import NullSession, SessionInterface
from werkzeug.routing import MapAdapter, Rule

from app.edge.answers import no_content

MOST_PATHS = 256
_NO_SESSION = NullSession()


class _NoSessions(SessionInterface):
    """Nobody logs in: keys come with each request."""

    def open_session(self, app: Flask, request: Request) -> NullSession:
        return _NO_SESSION

    def is_null_session(self, obj: object) -> bool:
        return True


class _Context(RequestContext):
    """A request's context, which knows where the paths that were asked for lately lead."""

    app: "Application"

    def match_request(self) -> None:
        """Find the request's route; what leads nowhere is looked for each time."""
        request, known = self.request, self.app.known_paths
        asked = request.method, request.path
        found = known.get(asked)
        if found is not None:
            request.url_rule, request.view_args = found[0], dict(found[1])
            return
        super().match_request()
        if request.url_rule is not None:
            if len(known) >= MOST_PATHS:
                known.clear()
            known[asked] = request.url_rule, dict(request.view_args or {})


class Application(Flask):
    """Has no sessions, blueprints, signals, subdomains or asynchronous functions."""

    session_interface = _NoSessions()

    def __init__(self, name: str) -> None:
        super().__init__(name, static_folder=None)
        self.known_paths: dict[tuple[str, str], tuple[Rule, Mapping[str, Any]]] = {}

    def request_context(self, environ: dict[str, Any]) -> RequestContext:
        """Return the context of a request."""
        return _Context(self, environ)

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what finds a request's route: by its path and method, whatever name the server is called by."""
        if request is None:
            return super().create_url_adapter(None)
        environ = request.environ
        host, root, scheme = environ.get("HTTP_HOST", ""), request.root_path, request.scheme
        return MapAdapter(
            self.url_map, host, root, "", scheme, request.path, request.method, environ.get("QUERY_STRING")
        )

    def full_dispatch_request(self) -> Response:
        """Answer a request: by its view, or by what tells of the exception."""
        try:
            self.preprocess_request()
            response: Response = self.dispatch_request()  # type: ignore[assignment]  # of views here
        except Exception as error:  # noqa: BLE001 - Flask's own way, which raises what nobody handles
            response = self.make_response(self.handle_user_exception(error))
        return self.process_response(response)

    def preprocess_request(self) -> None:
        """Call what is to be called before each request; none of it answers."""
        for before in self.before_request_funcs[None]:
            before()

    def process_response(self, response: Response) -> Response:
        """Call what is to be called with each answer, the last first."""
        for after in reversed(self.after_request_funcs[None]):
            response = after(response)
        return response

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function: none here is asynchronous."""
        return func

    def make_default_options_response(self) -> Response:
        """Tell which methods an address takes, in a header and nothing else."""
        allowed = super().make_default_options_response().headers["Allow"]
        return no_content({"Allow": allowed})

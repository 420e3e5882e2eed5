"""What every request passes before its view, and every answer after it, in order.

Flask asks of each function that it calls whether it is asynchronous. That costs more than most steps do themselves, so
Flask sees two functions here, however many steps there are.
"""

from collections.abc import Callable

from flask import Flask, Response

Before = Callable[[], None]
After = Callable[[Response], Response]


class Hooks:
    """The steps of an application; a step before the view raises where it refuses the request."""

    def __init__(self) -> None:
        self._before: list[Before] = []
        self._after: list[After] = []

    def before_request(self, step: Before) -> None:
        """Add a step before the view, after those that are there."""
        self._before.append(step)

    def after_request(self, step: After) -> None:
        """Add a step after the view, before those that are there."""
        self._after.insert(0, step)

    def install(self, app: Flask) -> None:
        """Have Flask run the steps."""
        before, after = tuple(self._before), tuple(self._after)

        def enter() -> None:
            for step in before:
                step()

        def leave(response: Response) -> Response:
            for step in after:
                response = step(response)
            return response

        app.before_request(enter)
        app.after_request(leave)

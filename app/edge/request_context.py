"""The request at hand and what is kept beside it, found once: Flask's own `request` and `g` look at every use.

For what every request goes through; elsewhere Flask's names do.
"""

from typing import Any

from flask import Request, g, request


def this_request() -> Request:
    """Return the request itself.

    Raises: RuntimeError outside of one.
    """
    return request._get_current_object()  # type: ignore[attr-defined,no-any-return]  # as Flask's documentation has it


def kept() -> Any:
    """Return what is kept as long as the request.

    Raises: RuntimeError outside of one.
    """
    return g._get_current_object()  # as Flask's documentation has it

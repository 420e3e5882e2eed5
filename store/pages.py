"""Pages of a list: at most `page_size` rows, and an opaque token for the next page."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from store.errors import PageTokenError

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list; `next_token` is None on the last one."""

    rows: Sequence[T]
    next_token: str | None


def make_page(rows: Sequence[T], page_size: int, key: Callable[[T], str]) -> Page[T]:
    """Return a page of a query's `page_size + 1` rows; the extra row shows that another page follows."""
    if len(rows) <= page_size:
        return Page(rows, None)
    return Page(rows[:page_size], _token(key(rows[page_size - 1])))


def after_token(token: str, *, whole: bool = False) -> Any:
    """Return the key that a page token carries, as text or, with `whole`, as an integer.

    Raises: PageTokenError.
    """
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        # The decoder skips characters outside its alphabet, so the text is encoded again and compared.
        if token != _token(text) or not text.isprintable():
            raise ValueError("not canonical")
        if not whole:
            return text
        number = int(text)
        if str(number) != text or not 0 <= number < 2**31:  # beyond what a column holds
            raise ValueError("not a row's number")
        return number
    except (binascii.Error, ValueError):
        raise PageTokenError(
            f"page_token {token!r} is not one that this list gave out; start again without it"
        ) from None


def _token(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")

"""Reads passwords from files and puts them into URLs in memory, so that the environment does not show them."""

import re
from pathlib import Path
from urllib.parse import quote

BEGINNING = re.compile(r"(?P<scheme>[\w+]+://)(?:(?P<user>[^:/@]*)(?P<password>:[^/@]*)?@)?")


def read_password(path: Path) -> str:
    """Return the password in a file, without the line break at its end.

    Raises: ValueError, which says what is wrong with the file.
    """
    try:
        password = path.read_text(encoding="utf-8").rstrip("\n")
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text") from None
    if not password or "\n" in password or "\0" in password:
        raise ValueError(f"{path} must hold the password in one line, and nothing else")
    return password


def with_password(url: str, password: str) -> str:
    """Return a URL with a password.

    Raises: ValueError where the URL has one already.

    Example:
        >>> with_password("redis://redis:6379/0", "p@ss")
        'redis://:p%40ss@redis:6379/0'
    """
    scheme, user, other, rest = _parts(url)
    if other:
        raise ValueError("the URL holds a password already; keep one of the two")
    return f"{scheme}{user}:{quote(password, safe='')}@{rest}"


def without_password(url: str) -> str:
    """Return a URL without its password.

    Example:
        >>> without_password("redis://:p%40ss@redis:6379/0")
        'redis://redis:6379/0'
    """
    scheme, user, _, rest = _parts(url)
    return f"{scheme}{user}@{rest}" if user else f"{scheme}{rest}"


def _parts(url: str) -> tuple[str, str, str, str]:
    """Split a URL at its user and password, which are empty where it has none."""
    beginning = BEGINNING.match(url)
    assert beginning is not None  # noqa: S101 - the settings have parsed it
    scheme, user, password = beginning.groups(default="")
    return scheme, user, password, url[beginning.end() :]

"""What the service says about itself."""

import msgspec


class Alive(msgspec.Struct, frozen=True):
    """The process answers."""

    status: str


class Ready(msgspec.Struct, frozen=True):
    """Every check that was made, and how it went; `unserved` are the kinds of job that wait without a worker."""

    status: str
    checks: dict[str, str]
    unserved: list[str]

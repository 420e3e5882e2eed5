"""The resumable state of a training: a JSON header beside named arrays."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True)
class Checkpoint:
    """Everything needed to go on after an epoch as if nothing had happened, to the byte."""

    header: dict[str, Any]
    arrays: dict[str, NDArray[Any]]

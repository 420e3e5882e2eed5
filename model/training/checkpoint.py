"""The resumable state of a training: a JSON header and named arrays."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True)
class Checkpoint:
    """All that a training needs to continue after an epoch and to end with the same bytes as without a stop."""

    header: dict[str, Any]
    arrays: dict[str, NDArray[Any]]

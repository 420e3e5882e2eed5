"""The resumable state of a training: a JSON header beside named arrays."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True)
class Checkpoint:
    """Everything that training needs to go on after an epoch, with the same bytes as without the interruption."""

    header: dict[str, Any]
    arrays: dict[str, NDArray[Any]]

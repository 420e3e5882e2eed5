"""Ebb for users: the client of the HTTP API, the scikit-learn estimator, the command line, and the demonstration."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ebb.classifier import ChurnClassifier
    from ebb.client import Client

__all__ = ["ChurnClassifier", "Client"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is used: the client needs no scikit-learn, and the commands need neither."""
    if name == "Client":
        from ebb.client import Client  # noqa: PLC0415

        return Client
    if name == "ChurnClassifier":
        try:
            from ebb.classifier import ChurnClassifier  # noqa: PLC0415
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "sklearn":
                raise
            raise ImportError("ChurnClassifier needs scikit-learn: pip install 'ebb[sklearn]'") from error
        return ChurnClassifier
    raise AttributeError(f"module 'ebb' has no attribute {name!r}")

"""Heads, by the loss that trains them: they define the meaning of the logits."""

from collections.abc import Mapping
from typing import Any

from model.heads.churn import Churn
from model.heads.classes import Classes
from model.heads.head import Head
from model.heads.number import Number
from model.parsing import name_of

CATALOG: dict[str, type[Head]] = {
    "binary_cross_entropy": Churn,
    "softmax_cross_entropy": Classes,
    "squared_error": Number,
}

CHURN = Churn()


def head_to_json(head: Head) -> dict[str, Any]:
    """Return a head as JSON values."""
    return {"loss": name_of(CATALOG, head), **head.to_json()}


def head_from_json(raw: Mapping[str, Any]) -> Head:
    """Return the head that `head_to_json` wrote."""
    return CATALOG[raw["loss"]].from_json({name: value for name, value in raw.items() if name != "loss"})


__all__ = ["CATALOG", "CHURN", "Churn", "Classes", "Head", "Number", "head_from_json", "head_to_json"]

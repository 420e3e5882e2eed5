"""Calibrations: rising maps of log-odds, fitted on held-out rows, that make predicted and observed churn agree."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from model.calibration.beta import Beta
from model.calibration.calibrate import CATALOG, UNCHANGED, Calibrated, calibrate
from model.calibration.calibration import Calibration
from model.calibration.line import Line
from model.calibration.quadratic import Quadratic
from model.parsing import name_of


def calibration_to_json(calibration: Calibration) -> dict[str, Any]:
    """Return the kind and the numbers of a calibration as JSON values."""
    return {"kind": name_of(CATALOG, calibration), **asdict(calibration)}


def calibration_from_json(raw: Mapping[str, Any]) -> Calibration:
    """Return the calibration that `calibration_to_json` wrote."""
    return CATALOG[raw["kind"]](**{name: value for name, value in raw.items() if name != "kind"})


__all__ = [
    "CATALOG",
    "UNCHANGED",
    "Beta",
    "Calibrated",
    "Calibration",
    "Line",
    "Quadratic",
    "calibrate",
    "calibration_from_json",
    "calibration_to_json",
]

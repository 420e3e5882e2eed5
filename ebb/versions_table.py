"""Versions side by side: rounded figures, the champion marked, and the keys in which their specs differ."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ebb.answers import Version

COLUMNS = ("version", "alias", "log loss", "AUC", "held out", "created_at", "job_id", "differs")
NONE = "-"


def version_rows(versions: Sequence[Version], champion: int | None) -> list[dict[str, object]]:
    """Return a row for each version, from its metrics on its own held-out rows."""
    different = spec_differences([version.spec for version in versions])
    return [
        {
            "version": version.version,
            "alias": "champion" if version.version == champion else "",
            "log loss": rounded(version.metrics.get("valid_loss")),
            "AUC": rounded(version.metrics.get("valid_auc"), 3),
            "held out": f"{version.metrics.get('valid_rows') or 0:,} of {version.data_sha256[:8]}",
            "created_at": (version.created_at or "").partition(".")[0].replace("T", " ").removesuffix("Z"),
            "job_id": version.job_id,
            "differs": written,
        }
        for version, written in zip(versions, different, strict=True)
    ]


def reported(row: Mapping[str, object], result: Mapping[str, Any]) -> dict[str, object]:
    """Return the row of a version with its figures from an evaluation."""
    report = result["report"]
    figures = report["metrics"]
    log_loss, auc = figures["log_loss"], figures["auc"]
    return {
        **row,
        "log loss": f"{rounded(log_loss['value'])} ({rounded(log_loss['low'])} to {rounded(log_loss['high'])})",
        "AUC": rounded(auc["value"], 3),
        "held out": f"{report['rows']:,} rows",
    }


def different_rows(results: Sequence[Mapping[str, Any]]) -> str | None:
    """Return a note where versions were evaluated on different rows of a table; None where on the same number.

    Example:
        >>> different_rows([{"version": 2, "seen": 0}, {"version": 1, "seen": 0}])
        >>> different_rows([{"version": 2, "seen": 900}, {"version": 1, "seen": 0}])[:77]
        'the rows that a version has seen are left out (version 2: 900, version 1: 0),'
    """
    if len({result["seen"] for result in results}) <= 1:
        return None
    counts = ", ".join(f"version {result['version']}: {result['seen']:,}" for result in results)
    return (
        f"the rows that a version has seen are left out ({counts}), so the figures are of different rows: name a "
        "dataset that no version has seen, or compare two versions with ebb versions diff"
    )


def spec_differences(specs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Write of each spec the keys whose values are not the same in all specs.

    Example:
        >>> spec_differences([{"seed": 0, "schedule": {"name": "step"}}, {"seed": 0, "schedule": {"name": "cosine"}}])
        ['schedule.name step', 'schedule.name cosine']
    """
    flat = [dict(_leaves(spec)) for spec in specs]
    keys = dict.fromkeys(key for one in flat for key in one)
    differ = [key for key in keys if any(one.get(key, NONE) != flat[0].get(key, NONE) for one in flat)]
    return [", ".join(f"{key} {one.get(key, NONE)}" for key in differ) for one in flat]


def _leaves(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, item in value.items():
        if isinstance(item, Mapping) and item:
            yield from _leaves(item, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", item


def rounded(value: object, digits: int = 4) -> str:
    """Write a figure with a fixed number of digits.

    Example:
        >>> rounded(0.41234), rounded(None)
        ('0.4123', '-')
    """
    return f"{value:.{digits}f}" if isinstance(value, float | int) else NONE

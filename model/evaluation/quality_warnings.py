"""Warnings about a version, from its evaluation: a leak, and models that are as good without a network."""

from collections.abc import Iterator, Mapping
from typing import Any

from model.columns.cells import Cells
from model.columns.table_warnings import TableWarning, single_column_auc
from model.design import Floats
from model.evaluation.full_report import BASE_RATE, LOGISTIC_REGRESSION

PERFECT_AUC = 0.995  # churn is not as predictable as this: something was filled in after customers left
EXPLAINS = 0.9  # a single column with this AUC explains it
NOTICEABLE = 0.001  # nats: a smaller lead of another model is told only if it is sure


def quality_warnings(
    report: Mapping[str, Any], y: Floats, columns: Mapping[str, Cells], *, improving: bool = False
) -> tuple[TableWarning, ...]:
    """Return the warnings of an evaluation. The columns and outcomes are those of its rows.

    `improving` says whether the last epoch had the lowest validation loss.
    """
    peers = report["beside"]
    poor = [*_base_rate(report, peers[BASE_RATE]), *_logistic(report, peers.get(LOGISTIC_REGRESSION))]
    return (*_leak(report, y, columns), *poor, *(_improving() if improving and poor else ()))


def _leak(report: Mapping[str, Any], y: Floats, columns: Mapping[str, Cells]) -> Iterator[TableWarning]:
    found = report["metrics"]["auc"]["value"]
    if found < PERFECT_AUC:
        return
    alone = {name: single_column_auc(cells, y) for name, cells in columns.items()}
    name = max(alone, key=lambda one: alone[one])
    start = f"an AUC of {found:.3f} on held-out rows is too good for churn"
    if alone[name] >= EXPLAINS:
        detail = (
            f"{start}: column {name!r} alone has {alone[name]:.3f}. Check that it was known before customers left, and "
            "leave it out if not"
        )
        yield TableWarning("leak", name, detail)
    else:
        detail = (
            f"{start}, and no single column explains it (the best, {name!r}, has {alone[name]:.3f}): check that all "
            "columns were known before customers left, and that no customer has several rows"
        )
        yield TableWarning("leak", None, detail)


def _base_rate(report: Mapping[str, Any], peer: Mapping[str, Any]) -> Iterator[TableWarning]:
    gain = peer["difference"]
    if gain["low"] > 0.0:
        return
    detail = (
        f"it is {'no' if gain['value'] <= 0.0 else 'not surely'} better than the base rate, the share of churners as "
        f"every customer's probability: {_both(report, peer)} on {report['rows']:,} held-out rows. Gather more rows or "
        "better columns, or train longer"
    )
    yield TableWarning("no_better_than_base_rate", None, detail)


def _logistic(report: Mapping[str, Any], peer: Mapping[str, Any] | None) -> Iterator[TableWarning]:
    if peer is None:
        return
    gain = peer["difference"]
    if gain["value"] >= -NOTICEABLE and gain["high"] >= 0.0:
        return
    sure = "" if gain["high"] < 0.0 else ", which may be chance"
    detail = (
        f"logistic regression is better on the same rows: {_both(report, peer)}{sure} (AUC {peer['auc']:.3f} against "
        f"{peer['version_auc']:.3f}). Train longer, or with the preset auto"
    )
    yield TableWarning("logistic_regression_is_better", None, detail)


def _both(report: Mapping[str, Any], peer: Mapping[str, Any]) -> str:
    return f"log loss {peer['log_loss']:.4f} against {report['metrics']['log_loss']['value']:.4f} of this version"


def _improving() -> Iterator[TableWarning]:
    detail = "the validation loss was still falling at the last epoch: train more epochs, or raise the learning rate"
    yield TableWarning("still_improving", None, detail)

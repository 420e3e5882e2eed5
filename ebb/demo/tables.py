"""The findings of a demonstration as tables for the terminal; they fit into 80 columns."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from ebb.demo.evaluation import Evaluation
from ebb.demo.findings import Findings
from ebb.demo.reasons import ReasonText, raised_and_lowered


def print_at_risk(findings: Findings, console: Console) -> None:
    """Print the customers most at risk, with what raises and what lowers their odds of leaving."""
    console.print("\nThe ten customers most at risk", style="bold", highlight=False)
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("customer", no_wrap=True)
    table.add_column("risk", justify="right")
    rows = [(score, *raised_and_lowered(score.reasons)) for _, score in findings.most_at_risk()]
    both = any(lowered for _, _, lowered in rows)
    table.add_column("because")
    if both:
        table.add_column("in spite of")
    for score, raised, lowered in rows:
        risk = f"{score.churn_probability or 0.0:.1%}"
        reasons = [_lines(raised), _lines(lowered)] if both else [_lines(raised)]
        table.add_row(str(score.customer_id), risk, *reasons)
    console.print(table)
    console.print(
        "(x2.0) doubles the odds of leaving, compared with the average customer.", style="dim", highlight=False
    )


def print_quality(evaluation: Evaluation, console: Console) -> None:
    """Print the metrics of the version, of the best possible, and of the base rate alone."""
    console.print(f"\nOn {evaluation.rows:,} fresh customers, of whom {evaluation.base_rate:.1%} left", style="bold")
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("")
    table.add_column("AUC", justify="right")
    table.add_column("log loss", justify="right")
    version, best = evaluation.version, evaluation.best
    table.add_row("this version", f"{version.auc:.3f}", f"{version.log_loss:.3f}")
    table.add_row("the best that any model could reach", f"{best.auc:.3f}", f"{best.log_loss:.3f}")
    table.add_row("knowing only how many leave", "0.500", f"{evaluation.base_log_loss:.3f}")
    console.print(table)


def _lines(reasons: list[ReasonText]) -> str:
    return "\n".join(f"{reason.observed} (x{reason.odds})" for reason in reasons)

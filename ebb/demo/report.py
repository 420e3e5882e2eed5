"""The report of a demonstration, as one self-contained HTML file."""

import json
from html import escape
from pathlib import Path

from ebb.answers import Score
from ebb.demo.charts import loss_chart, reliability_chart, roc_chart
from ebb.demo.findings import Findings
from ebb.demo.reasons import ReasonText, raised_and_lowered
from ebb.demo.style import STYLE


def write_report(findings: Findings, path: Path) -> None:
    """Write the report atomically."""
    unfinished = path.with_suffix(".part")
    unfinished.write_text(render_report(findings), encoding="utf-8")
    unfinished.replace(path)


def render_report(findings: Findings) -> str:
    """Render the report; equal findings give equal text."""
    title = f"Version {findings.version.version} of “{findings.model}”"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)} · Ebb</title>
<style>{STYLE}</style>
</head>
<body>
<header>
<h1>{escape(title)}</h1>
<p class="quiet">Trained on {findings.dataset.rows:,} customers of a synthetic streaming service. Its true churn
probability is known, so that the version can be compared with the best possible.</p>
</header>
<main>
{_figures(findings)}
<h2>How good it is</h2>
<div class="charts">
{_charts(findings)}
</div>
<h2>The ten customers most at risk</h2>
{_at_risk(findings)}
<h2>The version</h2>
{_facts(findings)}
</main>
</body>
</html>
"""


def _figures(findings: Findings) -> str:
    evaluation = findings.evaluation
    figures = {
        "AUC of this version": f"{evaluation.version.auc:.3f}",
        "AUC of the best possible": f"{evaluation.best.auc:.3f}",
        "Log loss of this version": f"{evaluation.version.log_loss:.3f}",
        "Log loss of the best possible": f"{evaluation.best.log_loss:.3f}",
        "Log loss of the base rate alone": f"{evaluation.base_log_loss:.3f}",
        "Customers who leave": f"{evaluation.base_rate:.1%}",
    }
    items = "\n".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures.items())
    return f"""<dl class="figures">
{items}
</dl>
<p class="quiet">On {evaluation.rows:,} fresh customers, none of whom the version was trained on.</p>"""


def _charts(findings: Findings) -> str:
    evaluation = findings.evaluation
    last = findings.epochs[-1]
    return "\n".join(
        [
            _chart(
                loss_chart(findings.epochs, evaluation.best.log_loss),
                f"Training ended after {last.epoch} epochs, by early stopping or at the last epoch; the parameters of "
                "the best epoch were kept. The dashed line is the log loss that the true probabilities reach on "
                "fresh customers.",
            ),
            _chart(
                reliability_chart(evaluation.reliability),
                f"Calibration: {len(evaluation.reliability)} groups of equal size by predicted risk. On the dashed "
                "line, as many leave as predicted. The bars are intervals of 95 %.",
            ),
            _chart(
                roc_chart(evaluation),
                f"ROC: AUC {evaluation.version.auc:.3f}, and the best possible is {evaluation.best.auc:.3f}; "
                "the rest is chance that no column predicts.",
            ),
        ]
    )


def _chart(svg: str, caption: str) -> str:
    return f"<figure>\n{svg}\n<figcaption>{escape(caption)}</figcaption>\n</figure>"


def _at_risk(findings: Findings) -> str:
    rows = "\n".join(_at_risk_row(findings, row, score) for row, score in findings.most_at_risk())
    return f"""<div class="scroll" role="region" aria-label="The ten customers most at risk" tabindex="0"><table>
<caption>Reasons are contributions to the odds of leaving, against the average customer:
×2.0 means twice the odds for this reason alone.</caption>
<thead><tr><th scope="col">Customer</th><th scope="col" class="number">Predicted</th>
<th scope="col" class="number">True</th><th scope="col">Because</th><th scope="col">In spite of</th>
<th scope="col">Outcome</th></tr></thead>
<tbody>
{rows}
</tbody>
</table></div>"""


def _at_risk_row(findings: Findings, row: int, score: Score) -> str:
    raised, lowered = raised_and_lowered(score.reasons)
    truth = findings.customers.probability[row]
    outcome = "left" if findings.customers.churned[row] else "stayed"
    return (
        f'<tr><th scope="row"><code>{escape(str(score.customer_id))}</code></th>'
        f'<td class="number" data-head="Predicted">{score.churn_probability or 0.0:.1%}</td>'
        f'<td class="number" data-head="True">{truth:.1%}</td><td data-head="Because">{_list(raised)}</td>'
        f'<td data-head="In spite of">{_list(lowered)}</td><td data-head="Outcome">{outcome}</td></tr>'
    )


def _list(reasons: list[ReasonText]) -> str:
    if not reasons:
        return "–"
    items = "".join(f"<li>{escape(one.observed)} <span class='quiet'>×{one.odds}</span></li>" for one in reasons)
    return f"<ul>{items}</ul>"


def _facts(findings: Findings) -> str:
    version, dataset = findings.version, findings.dataset
    facts = {
        "Registered model": findings.model,
        "Version": f"{version.version}, which {findings.alias} points at",
        "Created": version.created_at or "unknown",
        "Training job": version.job_id,
        "Dataset": dataset.id,
        "SHA-256 of the data": version.data_sha256,
        "SHA-256 of the weights": version.weights_sha256,
        "Spec": _json(version.spec),
        "Metrics": _json({name: value for name, value in version.metrics.items() if not isinstance(value, list)}),
        "Environment": _json(version.environment),
    }
    items = "\n".join(f"<dt>{name}</dt><dd><code>{escape(value)}</code></dd>" for name, value in facts.items())
    return f'<dl class="facts">\n{items}\n</dl>'


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)

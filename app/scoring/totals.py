"""Headers of a scoring answer: the totals of imputed values and unseen categories, which CSV cannot hold."""

import json
from collections.abc import Mapping

from app.routing.route import Header
from app.scoring.score_customers import ScoreResults

LONGEST = 1_000  # characters of one header; a proxy accepts some thousands of all headers

TOTALS = (
    Header("Ebb-Imputed", "how many customers lack a value, by column: JSON, the largest counts first"),
    Header("Ebb-Imputed-Columns", "the number of these columns; the header above has as many as fit", int),
    Header("Ebb-Unseen", "how many customers have a category that training did not see, by column: JSON"),
    Header("Ebb-Unseen-Columns", "the number of these columns; the header above has as many as fit", int),
)


def total_headers(results: ScoreResults) -> dict[str, str]:
    """Return the headers; none where nothing was imputed or unseen."""
    headers: dict[str, str] = {}
    for name, counts in (("Ebb-Imputed", results.imputed), ("Ebb-Unseen", results.unseen)):
        if counts:
            headers[name] = counted(counts)
            headers[f"{name}-Columns"] = str(len(counts))
    return headers


def counted(counts: Mapping[str, int], longest: int = LONGEST) -> str:
    """Return counts by column as JSON in ASCII, the largest first, as many as fit.

    Example:
        >>> counted({"plan": 1, "months": 2})
        '{"months": 2, "plan": 1}'
        >>> counted({"plan": 1, "months": 2}, 20)
        '{"months": 2}'
    """
    fitting: dict[str, int] = {}
    size = len("{}")
    for name, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        size += len(json.dumps({name: count}))
        if size > longest:
            break
        fitting[name] = count
    return json.dumps(fitting)

"""A section of the gallery: its trainings, its picture and its text."""

import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from troubles.training import Changes


@dataclass(frozen=True)
class Section:
    """One problem of training. `text` contains figures of the trainings; `rows` are the rows of the table."""

    name: str
    title: str
    table: str
    alt: str
    base: Changes
    changes: Mapping[str, Changes]
    head: tuple[str, ...]
    rows: Mapping[str, tuple[str, ...]]
    text: str
    look: str

    def specs(self) -> dict[str, dict[str, Any]]:
        """Return all trained specs."""
        return {name: {**self.base, **each} for name, each in self.changes.items()}

    def markdown(self) -> str:
        """Return the section of docs/gallery.md."""
        lines = [("drawn as", "in the spec", *self.head), ("---",) * (2 + len(self.head))]
        for name, each in self.changes.items():
            said = f"`{json.dumps(each)}`" if each else "as above"
            lines.append((name, said, *self.rows[name]))
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return (
            f"## {self.title}\n\n{wrapped(self.text)}\n\n![{self.alt}](images/gallery-{self.name}.svg)\n\n"
            f"{wrapped(f'**Look at** {self.look.strip()}')}\n\nThe table is `{self.table}.csv`; the spec:\n\n"
            f"```json\n{json_lines(self.base)}\n```\n\n{table}\n"
        )


def wrapped(text: str) -> str:
    """Return wrapped lines; quotations stay unchanged."""
    paragraphs = [each.strip() for each in text.strip().split("\n\n")]
    return "\n\n".join(
        each if each.startswith(">") else textwrap.fill(each, 118, break_long_words=False, break_on_hyphens=False)
        for each in paragraphs
    )


def hold(**claims: bool) -> None:
    """Refuse a text that the trainings contradict.

    Raises: SystemExit with the contradicted claim.
    """
    broken = [name.replace("_", " ") for name, true in claims.items() if not true]
    if broken:
        raise SystemExit(f"the gallery says that {' and that '.join(broken)}, and today's trainings do not: rewrite it")


def json_lines(spec: Changes) -> str:
    """Return a spec as JSON, one setting a line."""
    inside = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in spec.items())
    return f"{{\n{inside}\n}}"

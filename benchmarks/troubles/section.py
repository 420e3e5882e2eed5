"""A section of the gallery: its trainings, its picture and its text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pages import wrapped

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
        lines = [("drawn as", *self.head), ("---",) * (1 + len(self.head))]
        lines += [(name, *self.rows[name]) for name in self.changes]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        changes = "\n".join(f"- {name}: `{json.dumps(each)}`" for name, each in self.changes.items() if each)
        return (
            f"## {self.title}\n\n{wrapped(self.text)}\n\n![{self.alt}](images/gallery-{self.name}.svg)\n\n"
            f"{wrapped(f'**Look at** {self.look.strip()}')}\n\nThe trainings used `{self.table}.csv` and this spec:\n\n"
            f"```json\n{json_lines(self.base)}\n```\n\nEach of the others changes it:\n\n{changes}\n\n{table}\n"
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

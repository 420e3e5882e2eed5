"""The documents name commands that there are."""

import re
from pathlib import Path

import click
import pytest

from ebb.__main__ import ebb

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands(page: Path) -> list[tuple[str, str]]:
    """Return each command of a page, with what follows it."""
    text = page.read_text(encoding="utf-8")
    code = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    code += re.findall(r"^(ebb .*)$", text, re.MULTILINE)
    return [
        (found[1], found[2])
        for each in code
        if (found := re.match(r"(?:.*[/ ])?ebb ((?:[a-z]+(?:-[a-z]+)* ?)+)(.*)", each))
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_option_exists(page: Path) -> None:
    for words, rest in commands(page):
        command: click.Command = ebb
        for word in words.split():
            if not isinstance(command, click.Group):
                break
            found = command.get_command(click.Context(command), word)
            assert found is not None, f"ebb {words}"
            command = found
        known = {name for parameter in command.params for name in parameter.opts} | {"--help"}
        assert set(re.findall(r"(--[a-z-]+)", rest)) - known == set(), f"ebb {words}{rest}"


def test_commands_are_found() -> None:
    assert ("retention ", "--dry-run") in commands(ROOT / "docs" / "operations.md")

"""The parameter type of names."""

import click

from model.names import LABEL_RULE, refused_character

LONGEST_NAME = 100


class Name(click.ParamType[str]):
    """A name without control characters."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name, or refuse it."""
        if not 0 < len(value.strip()) <= len(value) <= LONGEST_NAME:
            self.fail(f"has {len(value)} characters: write 1 to {LONGEST_NAME}, not all of them blank", param, ctx)
        if found := refused_character(value, label=True):
            self.fail(f"holds {found}: write it {LABEL_RULE}", param, ctx)
        return value

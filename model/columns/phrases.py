"""Phrases: say a column's value in a sentence, in the words of the training spec."""

from dataclasses import dataclass

from model.columns.cells import Scalar
from model.columns.options import DEFAULT, ColumnOptions

MOST_CHARACTERS = 100  # of a value within a sentence


@dataclass(frozen=True)
class Phrase:
    """The words for one column. `{value}` in a phrase stands for the customer's value.

    `phrase_raising` replaces the phrase where the column raises the risk, `phrase_lowering` where it lowers the risk.

    Example:
        >>> months = Phrase("time with us", "with us for {value} months", phrase_raising="new: {value} months with us")
        >>> months.sentence(24, -0.7), months.sentence(3, 0.7), months.sentence(None, 0.1)
        ('with us for 24 months', 'new: 3 months with us', 'time with us is unknown')
        >>> Phrase("contract").sentence("Month-to-month", 0.7)
        'contract is Month-to-month'
    """

    label: str
    phrase: str | None = None
    phrase_raising: str | None = None
    phrase_lowering: str | None = None

    @classmethod
    def of(cls, name: str, options: ColumnOptions = DEFAULT) -> "Phrase":
        """Return the words for a column with these options; without a label, its name is the label."""
        return cls(**{"label": name, **options.words})

    def sentence(self, value: Scalar, contribution: float) -> str:
        """Return the value in a sentence."""
        if value is None:
            return f"{self.label} is unknown"
        special = self.phrase_raising if contribution > 0 else self.phrase_lowering if contribution < 0 else None
        phrase = special or self.phrase
        return f"{self.label} is {spoken(value)}" if phrase is None else phrase.replace("{value}", spoken(value))


def spoken(value: Scalar) -> str:
    """Return a value for a sentence: numbers with up to six digits, or all digits before the point.

    Example:
        >>> [spoken(value) for value in (24, 79.99, 0.1 + 0.2, 1234567.8, True, "fibre")]
        ['24', '79.99', '0.3', '1234568', 'yes', 'fibre']
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1e6 else f"{value:.0f}" if abs(value) < 1e15 else f"{value:.6g}"
    text = str(value)
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"

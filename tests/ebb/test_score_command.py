"""`ebb score` refuses options that contradict each other before it reads anything."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from ebb.commands.score import score


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--direction", "raising"], "--direction needs --explain"),
        (["--direction", "up", "--explain", "2"], "'up' is not one of 'raising', 'lowering'"),
        (["--alias", "champion", "--version", "1"], "not both"),
    ],
)
def test_options_that_contradict_each_other_are_refused(tmp_path: Path, options: list[str], message: str) -> None:
    table = tmp_path / "customers.csv"
    table.write_text("months\n3\n")
    done = CliRunner().invoke(score, [str(table), "--out", str(tmp_path / "out.csv"), *options])
    assert done.exit_code == 2
    assert message in done.output
    assert not (tmp_path / "out.csv").exists()

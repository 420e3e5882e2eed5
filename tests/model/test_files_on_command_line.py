"""`python -m model` reads files as people have them, and tells what it took."""

import gzip
from pathlib import Path

import pytest

from model.__main__ import main
from tests.model.workbooks import workbook

NAMES = ("id", "city", "charge", "churned")
ROWS = [(f"{i:03}", ("Köln", "Bonn")[i % 2], f"{i % 9},5", i % 3 % 2) for i in range(120)]


def write(path: Path, mark: str, encoding: str) -> Path:
    data = "".join(mark.join(map(str, row)) + "\r\n" for row in (NAMES, *ROWS)).encode(encoding)
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return path


def trained(table: Path, *options: str) -> Path:
    spec, out = table.with_name("spec.json"), table.with_name("m.safetensors")
    spec.write_text('{"epochs": 2, "layers": [4]}')
    fixed = ["--target", "churned", "--id", "id", "--spec", str(spec), "--out", str(out)]
    assert main(["train", str(table), *fixed, *options]) == 0
    return out


def test_every_kind_of_file_is_scored_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    estimator = trained(write(tmp_path / "train.csv", ";", "cp1252"))
    assert "read as cp1252, which gives 'Köln'" in capsys.readouterr().err
    xlsx = tmp_path / "score.xlsx"
    xlsx.write_bytes(workbook({"Kunden": [NAMES, *ROWS]}))
    files = [write(tmp_path / "a.tsv", "\t", "utf-16"), write(tmp_path / "b.csv.gz", ";", "utf-8"), xlsx]
    scores = set()
    for file in files:
        out = tmp_path / "scored.csv"
        assert main(["predict", str(estimator), str(file), "--out", str(out)]) == 0
        scores.add(out.read_text())
        assert "warning" not in capsys.readouterr().err
    assert len(scores) == 1
    assert scores.pop().splitlines()[2].startswith("001,0.")


def test_an_option_says_how_a_file_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = write(tmp_path / "train.csv", ";", "cp1252")
    trained(table, "--encoding", "iso-8859-15", "--delimiter", "semicolon")
    assert "read as cp1252" not in capsys.readouterr().err
    options = ["--target", "churned", "--out", str(tmp_path / "x"), "--sheet", "Kunden"]
    assert main(["train", str(table), *options]) == 1
    assert "sheet does not apply to csv" in capsys.readouterr().err

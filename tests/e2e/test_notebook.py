"""The notebook of the documents runs from its first cell to its last."""

import re
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "docs" / "examples" / "churn.ipynb"


def texts(notebook: Any) -> list[str]:
    """Return what each cell printed or showed."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return [str(output.get("text") or output.data["text/plain"]) for output in outputs]


def test_the_notebook_runs_and_shows_what_it_did(tmp_path: Path) -> None:
    stored = nbformat.read(NOTEBOOK, as_version=4)
    ran = nbformat.from_dict(stored)
    NotebookClient(ran, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert len(texts(ran)) == len(texts(stored)) == 5
    for now, then in zip(texts(ran), texts(stored), strict=True):
        assert now.splitlines()[0].split() == then.splitlines()[0].split() or now.startswith("AUC 0.8")
    assert (tmp_path / "churn.safetensors").exists()


def test_the_stored_outputs_name_no_folder() -> None:
    said = texts(nbformat.read(NOTEBOOK, as_version=4))
    assert [text for text in said if re.search(r"(?<![\w.:/])/\w+/", text)] == []

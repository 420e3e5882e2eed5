"""Files have at most 300 lines, functions at most 40."""

import ast

from tests.house.sources import PACKAGES, ROOT, files, place, python_files, tree

FILE_LINES = 300
FUNCTION_LINES = 40
CODE = {".py", ".js", ".css", ".html", ".sh"}
HOUSES = {*PACKAGES, "migrations", "scripts", "tests", "benchmarks"}


def test_no_file_is_over_300_lines() -> None:
    ours = [path for path in files() if path.suffix in CODE and path.relative_to(ROOT).parts[0] in HOUSES]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in ours}
    long = [f"{place(path)} has {length} lines" for path, length in lengths.items() if length > FILE_LINES]
    assert not long, "\n".join(long)


def test_no_function_is_over_40_lines() -> None:
    long = []
    for path in python_files(*PACKAGES):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    long.append(f"{place(path, node)} {node.name} has {length} lines")
    assert not long, "\n".join(long)


def test_no_file_is_called_utils() -> None:
    vague = {"utils", "util", "helpers", "misc"}
    assert not [place(path) for path in python_files(*HOUSES) if path.stem in vague or path.parent.name in vague]

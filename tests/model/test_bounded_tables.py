"""Reading any table takes processor time and memory in proportion to the bytes of the file."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model.hostile import LENGTHS, MEGABYTE, SHAPES, SIZES
from tests.model.measuring import WAYS

SECONDS, SECONDS_A_MEGABYTE = 4.0, 10.0  # a few times what the worst shape takes
BYTES, BYTES_A_BYTE = 500 * MEGABYTE, 400
Measure = Callable[[bytes, str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def measure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measure]:
    """Return a function that measures the memory and processor time of reading bytes."""
    path = tmp_path_factory.mktemp("hostile") / "table"
    command = [sys.executable, "-m", "tests.model.measuring"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def ask(data: bytes, file_format: str, way: str) -> dict[str, Any]:
            assert process.stdin is not None
            assert process.stdout is not None
            path.write_bytes(data)
            process.stdin.write(json.dumps([str(path), file_format, way]) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield ask
        assert process.stdin is not None
        process.stdin.close()


@pytest.mark.parametrize("file_format", SHAPES)
def test_time_and_memory_of_reading_grow_linearly_with_the_bytes(measure: Measure, file_format: str) -> None:
    makers = SHAPES[file_format]

    @settings(max_examples=50, deadline=None, database=None, derandomize=True)
    @given(st.sampled_from(sorted(makers)), SIZES, LENGTHS, st.sampled_from(sorted(WAYS)))
    def within(shape: str, size: int, length: int, way: str) -> None:
        data = makers[shape](size, length)
        used = measure(data, file_format, way)
        told = f"{shape} of {len(data):,} bytes: {used}"
        assert not used["ended"].startswith(("died", "MemoryError")), told
        assert used["seconds"] <= SECONDS + SECONDS_A_MEGABYTE * len(data) / MEGABYTE, told
        assert used["bytes"] <= BYTES + BYTES_A_BYTE * len(data), told

    within()


@pytest.mark.parametrize(
    ("file_format", "shape"), [(file_format, shape) for file_format, makers in SHAPES.items() for shape in makers]
)
def test_a_shape_has_the_requested_size(file_format: str, shape: str) -> None:
    data = SHAPES[file_format][shape](30_000, 200)
    assert 0 < len(data) < 200_000


def test_every_reader_reads_a_plain_table(measure: Measure) -> None:
    csv = b"id,a,plan,churned\n" + b"".join(b"%d,%d,basic,%d\n" % (row, row % 7, row % 2) for row in range(100))
    assert [measure(csv, "csv", way)["ended"] for way in WAYS] == ["read"] * len(WAYS)

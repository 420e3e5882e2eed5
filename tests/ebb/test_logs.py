"""A large log is rotated while its writer continues."""

from pathlib import Path

from ebb.logs import LARGEST_BYTES, keep_short


def test_a_large_log_is_rotated_and_its_writer_continues(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * LARGEST_BYTES)
        keep_short(tmp_path)
        assert log.stat().st_size == LARGEST_BYTES
        writer.write(b"y")
        keep_short(tmp_path)
        writer.write(b"later\n")
    assert log.read_bytes() == b"later\n"
    assert (tmp_path / "web.log.1").stat().st_size == LARGEST_BYTES + 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["web.log", "web.log.1"]


def test_a_folder_that_is_not_there_holds_no_logs(tmp_path: Path) -> None:
    keep_short(tmp_path / "none")

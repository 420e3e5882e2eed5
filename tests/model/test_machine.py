"""The memory a process may use: that of the machine, or less where a control group of version 1 or 2 sets a limit."""

from pathlib import Path

import pytest

from model.machine import memory_bytes

MIB = 2**20


def machine(root: Path, groups: str, limits: dict[str, object]) -> Path:
    """Write the files in which Linux shows a process's control groups and their limits."""
    for path, text in {"proc/self/cgroup": groups, **limits}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"{text}\n")
    return root


def test_without_control_groups_it_is_the_memory_of_the_machine(tmp_path: Path) -> None:
    bare = memory_bytes(tmp_path)
    assert bare > 100 * MIB
    assert memory_bytes(machine(tmp_path, "0::/", {"sys/fs/cgroup/memory.max": "max"})) == bare


NESTED = [f"sys/fs/cgroup/{group}memory.max" for group in ("", "a/", "a/b/")]


@pytest.mark.parametrize("lowest", NESTED)
def test_the_lowest_limit_of_nested_groups_counts(tmp_path: Path, lowest: str) -> None:
    limits = {**dict.fromkeys(NESTED, 90 * MIB), lowest: 64 * MIB}
    assert memory_bytes(machine(tmp_path, "0::/a/b", limits)) == 64 * MIB


def test_a_container_reads_its_limit_at_the_top_of_the_tree(tmp_path: Path) -> None:
    assert memory_bytes(machine(tmp_path, "0::/unseen/abc", {NESTED[0]: 64 * MIB})) == 64 * MIB


def test_control_groups_of_version_1_are_read(tmp_path: Path) -> None:
    limits = {"sys/fs/cgroup/memory/memory.limit_in_bytes": 64 * MIB, "sys/fs/cgroup/cpu/memory.limit_in_bytes": MIB}
    assert memory_bytes(machine(tmp_path, "5:cpu:/x\n4:memory:/docker/abc", limits)) == 64 * MIB

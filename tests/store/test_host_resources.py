"""How much memory there is, where a control group of either version allows less than the machine has."""

from pathlib import Path

import pytest

from store.host_resources import memory_bytes

MIB = 2**20


def machine(root: Path, groups: str, limits: dict[str, object]) -> Path:
    """Make the files that Linux shows of this process's groups, and of these groups' limits."""
    for path, text in {"proc/self/cgroup": groups, **limits}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"{text}\n")
    return root


def test_without_groups_it_is_the_machines(tmp_path: Path) -> None:
    bare = memory_bytes(tmp_path)
    assert bare > 100 * MIB
    assert memory_bytes(machine(tmp_path, "0::/", {"sys/fs/cgroup/memory.max": "max"})) == bare


NESTED = [f"sys/fs/cgroup/{group}memory.max" for group in ("", "a/", "a/b/")]


@pytest.mark.parametrize("lowest", NESTED)
def test_the_lowest_limit_of_the_groups_around_counts(tmp_path: Path, lowest: str) -> None:
    limits = {**dict.fromkeys(NESTED, 90 * MIB), lowest: 64 * MIB}
    assert memory_bytes(machine(tmp_path, "0::/a/b", limits)) == 64 * MIB


def test_a_containers_limit_stands_at_the_top_of_what_it_sees(tmp_path: Path) -> None:
    assert memory_bytes(machine(tmp_path, "0::/unseen/abc", {NESTED[0]: 64 * MIB})) == 64 * MIB


def test_the_first_version_of_groups_is_read_too(tmp_path: Path) -> None:
    limits = {"sys/fs/cgroup/memory/memory.limit_in_bytes": 64 * MIB, "sys/fs/cgroup/cpu/memory.limit_in_bytes": MIB}
    assert memory_bytes(machine(tmp_path, "5:cpu:/x\n4:memory:/docker/abc", limits)) == 64 * MIB

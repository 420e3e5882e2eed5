import subprocess
import sys

import numpy as np
import pytest

from model.errors import CheckpointError, FileError
from model.storage import pack, pack_checkpoint, unpack, unpack_checkpoint
from model.training.checkpoint import Checkpoint

HEADER = {"b": 0.1 + 0.2, "a": [1, None, "é"], "c": {"y": 1, "x": 2}}
ARRAYS = {"w": np.arange(6.0).reshape(2, 3), "n": np.array([1, 2], np.int64), "f": np.zeros((0, 2), np.float32)}


def test_packed_arrays_round_trip_to_the_bit():
    header, arrays = unpack(pack(HEADER, ARRAYS))
    assert header == HEADER
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        assert np.array_equal(arrays[name], array)


def test_equal_content_in_any_order_gives_equal_bytes():
    again = pack(dict(reversed(HEADER.items())), dict(reversed(ARRAYS.items())))
    assert again == pack(HEADER, ARRAYS)


def test_views_are_stored_by_their_values():
    array = np.arange(6.0).reshape(2, 3)
    assert pack({}, {"w": array.T}) == pack({}, {"w": array.T.copy()})


def test_a_checkpoint_round_trips():
    checkpoint = unpack_checkpoint(pack_checkpoint(Checkpoint(HEADER, ARRAYS)))
    assert checkpoint.header == HEADER
    assert np.array_equal(checkpoint.arrays["w"], ARRAYS["w"])


@pytest.mark.parametrize("damage", [lambda b: b[:-3], lambda b: b[:4], lambda b: b"", lambda b: b"{}" + b])
def test_damaged_bytes_are_refused(damage):
    data = damage(pack_checkpoint(Checkpoint(HEADER, ARRAYS)))
    with pytest.raises(FileError, match="not a complete file"):
        unpack(data)
    with pytest.raises(CheckpointError):
        unpack_checkpoint(data)


def test_running_out_of_memory_while_packing_raises_memory_error() -> None:
    """Otherwise safetensors ends the process."""
    program = """
import resource
import numpy as np
from model.storage import pack
array = np.zeros(2**24)
in_use = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (in_use + 2**25, in_use + 2**25))
try:
    pack({}, {"a": array})
except MemoryError:
    print("told")
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.stdout == "told\n", run.stderr

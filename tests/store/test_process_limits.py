"""What a process tells the C library about memory."""

import subprocess
import sys

BATCHES = """
import resource
from store.process_limits import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    [bytearray(2**20) for _ in range(12)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
returned = faults()
keep_freed_memory()
faults()
print(returned, faults())
"""


def test_the_memory_of_a_batch_is_kept_for_the_next() -> None:
    """A page that the kernel hands out again is a page fault."""
    said = subprocess.run([sys.executable, "-c", BATCHES], capture_output=True, text=True, check=True).stdout
    returned, kept = map(int, said.split())
    assert kept < 100 < returned

"""What a process saves: freed memory for the next batch, and the import of pandas."""

import importlib.util
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


WITHOUT_PANDAS = """
import sys
from store.process_limits import leave_out_pandas
leave_out_pandas()
import pyarrow
print(pyarrow.array(["a"]).to_pylist(), [name for name in sys.modules if name.startswith("pandas.")])
"""


def test_pyarrow_works_without_importing_pandas_which_is_installed() -> None:
    assert importlib.util.find_spec("pandas") is not None
    said = subprocess.run([sys.executable, "-c", WITHOUT_PANDAS], capture_output=True, text=True, check=True).stdout
    assert said == "['a'] []\n"

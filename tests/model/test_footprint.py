"""The footprint of a training before it begins: its exact state, and an upper bound of its memory."""

import json
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from model.design import CodeColumn
from model.errors import SpecError
from model.layers import CATALOG, Dense
from model.layers.identity import Identity
from model.layers.residual import Residual
from model.layers.sequence import row_memory_all
from model.network.parameters import Buffers
from model.network.stack import Stack
from model.spec import parse_spec
from model.storage import pack_checkpoint
from model.tape import Arena, Memory, Tape
from model.training.footprint import SHARED, Shape, SizeLimits, check_size, footprint
from tests.model.fitted import fit, mixed_table
from tests.model.test_scoring_forms import LAYERS

HEADER_BYTES = 16_000  # of the specs, the evaluation and the reasons
ROWS = 20_000
REPEATED = 20  # copies of a layer, so that an uncounted array outweighs the shared ones
STAYER = {"reasons": {"baseline": "stayer"}}
STAGE: dict[str, object] = {
    "members": 4,
    "validation": {"folds": True},
    "epochs": 1,
    "batch_size": 128,
    "activation": "silu",
}
SHAPES: dict[str, tuple[int, int, dict[str, object]]] = {
    "wide": (1000, 5, {"layers": [2000, 2000]}),
    "one wide layer": (1000, 5, {"layers": [65_536]}),
    "masks": (2000, 5, {"layers": [30_000], "dropout": 0.5}),
    "a large batch": (20_000, 5, {"layers": [2048], "batch_size": 20_000, "members": 2}),
    "members": (300, 5, {"layers": [100], "members": 512}),
    "members one after another": (300, 5, {"layers": [600, 600], "members": 8}),
    "deep": (300, 5, {"layers": [4] * 256}),
    "everything": (
        1000,
        64,
        {"layers": [64] * 8, "batch_norm": True, "residual": True, "dropout": 0.1, "l1": 0.1, "weight_decay": 0.1},
    ),
    "blocks within blocks": (
        300,
        5,
        {"layers": [4096, *[{"residual": [{"tanh": {}}, {"residual": [{"tanh": {}}]}]}] * 20], "batch_size": 240},
    ),
    "features": (2000, 1000, {"layers": [64]}),
    "rows": (200_000, 20, {}),
    "stages": (60_000, 20, {"preset": "quick", **STAYER, "stages": [STAGE, {**STAGE, "periodic": {}}, STAGE]}),
}
# Prints the peak of the memory that RLIMIT_DATA counts, and the estimate.
MEASURED = """
import json, sys, threading, time
import numpy as np
from model.columns import Table
from model.columns.cells import Numbers
from model.estimator import Fitting
from model.spec import parse_recipe
from model.storage import pack_checkpoint
from model.training.footprint import Shape, footprints

def watch():
    while True:
        lines = open("/proc/self/status").read().splitlines()
        seen.append(int(next(line for line in lines if line.startswith("VmData")).split()[1]) * 1024)
        time.sleep(0.002)

rows, columns, raw = json.loads(sys.argv[1])
seen, rng = [], np.random.default_rng(0)
threading.Thread(target=watch, daemon=True).start()
cells = {f"c{i}": Numbers(rng.standard_normal(rows)) for i in range(columns)}
table = Table({**cells, "y": Numbers((rng.random(rows) < 0.3).astype(float))}, rows)
base = {} if "preset" in raw else {"epochs": 1, "optimizer": {"name": "adam", "learning_rate": 1e-6}}
spec = parse_recipe({**base, **raw})
fitting = Fitting(table, target="y", spec=spec)
for _ in fitting.epochs():
    pass
state = pack_checkpoint(fitting.checkpoint())
kept = bytes(bytearray(state))
estimator = fitting.estimator()
estimator.to_bytes(), estimator.weights_sha256
encoder = fitting.encoder
shape = Shape(rows, columns + 1, len(encoder.features), numbers=encoder.numbers)
print(json.dumps([max(seen), max(each.memory for each in footprints(spec.stages, shape))]))
"""


@pytest.mark.parametrize("shape", SHAPES)
def test_the_estimated_memory_is_an_upper_bound_within_a_factor_of_three(shape: str) -> None:
    command = [sys.executable, "-c", MEASURED, json.dumps(SHAPES[shape])]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    taken, expected = json.loads(told.stdout)
    assert taken <= expected <= 3 * taken


@pytest.mark.parametrize(
    "spec",
    [
        {"layers": [64, 32]},
        {"layers": [64, 32], "early_stopping": None},
        {"layers": [64], "optimizer": {"name": "momentum"}, "members": 3, "restarts": 2, "dtype": "float64"},
        {"layers": [64], "optimizer": {"name": "sgd"}, "early_stopping": None, "batch_norm": True},
        {"layers": [64, {"residual": [{"dense": 64}, {"residual": [{"relu": {}}]}]}], "members": 2},
        {"layers": [64], "embedding": {"at_least": 2}},
    ],
)
def test_the_state_and_the_estimator_are_as_large_as_expected(spec: dict[str, object]) -> None:
    fitting = fit(mixed_table(), **spec, epochs=1)
    codes, features = fitting.encoder.codes, len(fitting.encoder.features)
    expected = footprint(fitting.spec, Shape(300, 5, features, codes))
    assert expected.state <= len(pack_checkpoint(fitting.checkpoint())) <= expected.state + HEADER_BYTES
    assert len(fitting.estimator().to_bytes()) <= expected.estimator + HEADER_BYTES


@pytest.mark.parametrize("name", CATALOG)
def test_the_recorded_arrays_of_every_layer_are_counted(name: str) -> None:
    layer = Residual((Identity(),)) if name == "residual" else LAYERS[name][0]
    hidden = [layer] if layer.reads_codes else [Dense(5), *[layer] * REPEATED]
    stack = Stack(5, (*hidden, Dense(1)))
    buffers = Buffers(stack, (), 0, np.float32)
    inputs, logits = np.ones((6, ROWS), np.float32), np.zeros((1, ROWS), np.float32)
    memory = Memory(np.float32)
    arena = Arena(memory, buffers.views, ROWS, lambda width, _: np.ones((width, ROWS), np.float32))
    arena.network_input(inputs)
    tracemalloc.start()
    stack.record(Tape(memory), arena, inputs, logits)(np.zeros_like(logits))
    recorded = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    numbers = row_memory_all(stack.layers, stack.inputs)
    shared = SHARED * sum({each.width(width) for _, each, width in stack.walk()})
    counted = numbers.activations + numbers.gradients + numbers.masks + shared
    assert recorded <= 4 * ROWS * counted


SMALL = Shape(1000, 6, 5)


@pytest.mark.parametrize(
    ("spec", "shape", "most", "pointer", "said"),
    [
        (
            {"layers": [9990, 9990]},
            SMALL,
            SizeLimits(state=2**27),
            "/layers",
            r"a checkpoint of 1 network of 99,\d{3},\d{3} parameters is 1,59\d MB, and a job can store 135 MB: lower",
        ),
        ({"layers": [1000, 1000], "members": 1024}, SMALL, SizeLimits(state=2**27), "/layers", "members or restarts$"),
        (
            {"layers": [4200, 4200], "optimizer": {"name": "sgd"}, "early_stopping": None},
            SMALL,
            SizeLimits(state=2**27),
            "/layers",
            "an estimator of 1 network of .* parameters is 142 MB",
        ),
        (
            {"layers": [3000, 3000]},
            SMALL,
            SizeLimits(2**28),
            "/layers",
            "needs about .* MB of memory, .* lower the units",
        ),
        (
            {"layers": [64], "batch_size": 10**6},
            Shape(10**6, 6, 5),
            SizeLimits(2**28),
            "/batch_size",
            "lower batch_size",
        ),
        ({"layers": [8]}, Shape(10**6, 200, 2000), SizeLimits(2**30), "/columns", "drop columns"),
        (
            {"layers": [8], "embedding": {"width": 1000}},
            Shape(10**6, 2, 1, (CodeColumn(0, 100_000),)),
            SizeLimits(state=2**27),
            "/layers",
            "1 network of 100,00",
        ),
    ],
)
def test_a_training_that_is_too_large_is_refused_with_sizes_and_a_remedy(
    spec: dict[str, object], shape: Shape, most: SizeLimits, pointer: str, said: str
) -> None:
    with pytest.raises(SpecError, match=said) as caught:
        check_size((parse_spec(spec),), shape, most)
    assert [(problem.pointer, problem.code) for problem in caught.value.problems] == [(pointer, "too_large")]


def test_the_default_network_fits_the_smallest_memory_of_a_job() -> None:
    check_size((parse_spec({}),), Shape(10_000, 20, 40), SizeLimits(memory=2**28, state=2**27))

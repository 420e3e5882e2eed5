import json

import numpy as np

from model.environment import numerical_environment, same_bits


def test_the_environment_has_everything_that_decides_the_bits() -> None:
    found = numerical_environment()
    assert found["numpy"] == np.__version__
    assert found["engine"] >= 2
    assert found["blas"]
    assert found["machine"]
    assert found["simd"]
    assert json.loads(json.dumps(found)) == found


def test_kernel_and_threads_come_from_the_openblas_of_the_wheel() -> None:
    found = numerical_environment()
    if "openblas" in found["blas"]:
        assert found["blas_kernel"]
        assert found["blas_threads"] >= 1


def test_a_training_is_not_resumed_by_another_engine() -> None:
    found = numerical_environment()
    before = {name: value for name, value in found.items() if name != "engine"}
    assert same_bits(found, found)
    assert not same_bits(before, found)
    assert not same_bits({**found, "engine": found["engine"] - 1}, found)

"""Packs a JSON header and arrays as safetensors bytes, for estimators and checkpoints."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from model.errors import CheckpointError, FileError
from model.training.checkpoint import Checkpoint

NamedArrays = Mapping[str, NDArray[Any]]
PACKING_COPIES = 3  # of all arrays, made by packing
KEY = "ebb"  # the only metadata key: several keys are written in random order


def canonical_json(value: object) -> str:
    """Return canonical JSON, equal texts for equal values: sorted keys, no spaces, no NaN.

    Example:
        >>> canonical_json({"b": 0.1, "a": [1, None]})
        '{"a":[1,null],"b":0.1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def pack(header: Mapping[str, Any], arrays: NamedArrays) -> bytes:
    """Return the bytes of a header and its arrays; equal content gives equal bytes.

    Raises: MemoryError.
    Source: https://github.com/huggingface/safetensors
    """
    flat = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    # Without enough memory, safetensors ends the process. Allocating the memory first raises MemoryError.
    np.empty(PACKING_COPIES * sum(array.nbytes for array in flat.values()), np.uint8)
    return save(flat, metadata={KEY: canonical_json(header)})


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the header and arrays that `pack` wrote.

    Raises: FileError when the bytes are damaged or of another format.
    """
    try:
        size = int.from_bytes(data[:8], "little")
        header = json.loads(json.loads(data[8 : 8 + size])["__metadata__"][KEY])
        return header, load(data)
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileError("these bytes are not a complete file written by ebb: fetch or train it again") from error


def pack_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return the bytes of a checkpoint."""
    return pack({"checkpoint": checkpoint.header}, checkpoint.arrays)


def unpack_checkpoint(data: bytes) -> Checkpoint:
    """Return the checkpoint that `pack_checkpoint` wrote.

    Raises: CheckpointError when the bytes are damaged or not a checkpoint.
    """
    try:
        header, arrays = unpack(data)
        return Checkpoint(header["checkpoint"], arrays)
    except (FileError, KeyError) as error:
        raise CheckpointError("these bytes are not a complete checkpoint: start the training again") from error


def sha256(data: bytes) -> str:
    """Return the SHA-256 digest, the name of an artifact.

    Example:
        >>> sha256(b"")[:12]
        'e3b0c44298fc'
    """
    return hashlib.sha256(data).hexdigest()

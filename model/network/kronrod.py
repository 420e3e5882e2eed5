"""The Gauss–Kronrod rule of 7 nodes, and the Gauss rule on 3 of them, which estimates the error.

Source: Kronrod, Nodes and Weights of Quadrature Formulas, 1965.
"""

import numpy as np

from model.design import Floats


def _mirrored(left: list[float], sign: float = 1.0) -> Floats:
    return np.array([*left, *(sign * value for value in left[-2::-1])])


NODES = _mirrored(
    [
        -0.960491268708020283423507092629080,
        -0.774596669241483377035853079956480,
        -0.434243749346802558002071502844628,
        0.0,
    ],
    -1.0,
)
"""The nodes, from −1 to 1."""

WEIGHTS = _mirrored(
    [
        0.104656226026467265193823857192073,
        0.268488089868333440728569280666710,
        0.401397414775962222905051818618432,
        0.450916538658474142345110087045571,
    ]
)
"""The weights of the nodes, with sum 2. The rule is exact for polynomials up to degree 11."""

GAUSS = _mirrored([0.0, 5 / 9, 0.0, 8 / 9])
"""The weights of the rule of 3 nodes, exact up to degree 5; 0 for the other nodes."""

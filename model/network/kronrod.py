"""The Gauss–Kronrod rule of 15 nodes, and the Gauss rule on 7 of them, which estimates the error.

Source: Piessens, de Doncker-Kapenga, Überhuber, Kahaner: QUADPACK, 1983, routine QK15.
"""

import numpy as np

from model.design import Floats


def _mirrored(left: list[float], sign: float = 1.0) -> Floats:
    return np.array([*left, *(sign * value for value in left[-2::-1])])


NODES = _mirrored(
    [
        -0.991455371120812639206854697526329,
        -0.949107912342758524526189684047851,
        -0.864864423359769072789712788640926,
        -0.741531185599394439863864773280788,
        -0.586087235467691130294144691673823,
        -0.405845151377397166906606412076961,
        -0.207784955007898467600689403773245,
        0.0,
    ],
    -1.0,
)
"""The nodes, from −1 to 1."""

WEIGHTS = _mirrored(
    [
        0.022935322010529224963732008058970,
        0.063092092629978553290700663189204,
        0.104790010322250183839876322541518,
        0.140653259715525918745189590510238,
        0.169004726639267902826583426598550,
        0.190350578064785409913256402421014,
        0.204432940075298892414161999234649,
        0.209482141084727828012999174891714,
    ]
)
"""The weights of the nodes, with sum 2. The rule is exact for polynomials up to degree 22."""

GAUSS = _mirrored(
    [
        0.0,
        0.129484966168869693270611432679082,
        0.0,
        0.279705391489276667901467771423780,
        0.0,
        0.381830050505118944950369775488975,
        0.0,
        0.417959183673469387755102040816327,
    ]
)
"""The weights of the rule of 7 nodes, exact up to degree 13; 0 for the other nodes."""

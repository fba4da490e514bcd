"""Whether answers are the same: the loss and every gradient, relative to its norm."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

ALLOWED = {"float32": 2e-5, "float64": 1e-10}
SMALL = 1e-3  # of the largest gradient: below, a relative error says little


class Answer(NamedTuple):
    """What a training step finds out, by the names of the model."""

    loss: float
    grads: Mapping[str, Any]


def disagreement(found: Answer, wanted: Answer, allowed: float) -> str:
    """What is wrong with an answer, or nothing.

    >>> right = Answer(1.0, {"w": np.ones(3)})
    >>> disagreement(Answer(1.0, {"w": np.ones(3) + 1e-12}), right, 1e-10)
    ''
    >>> disagreement(Answer(1.0, {"w": np.zeros(3)}), right, 1e-10)
    'gradient by w: off by 1.0e+00 of its norm, allowed 1.0e-10'
    """
    if not abs(found.loss - wanted.loss) <= allowed * max(abs(wanted.loss), SMALL):
        return f"loss {found.loss:.9g}, expected {wanted.loss:.9g}"
    if missing := sorted(wanted.grads.keys() ^ found.grads.keys()):
        return f"gradients that one has and the other has not: {', '.join(missing)}"
    norms = {name: float(np.linalg.norm(value)) for name, value in wanted.grads.items()}
    least = SMALL * max(norms.values(), default=0.0)
    for name, norm in norms.items():
        got = np.asarray(found.grads[name], np.float64)
        if got.shape != np.shape(wanted.grads[name]):
            return f"gradient by {name}: shape {got.shape}, not {np.shape(wanted.grads[name])}"
        error = float(np.linalg.norm(got - wanted.grads[name])) / (max(norm, least) or 1.0)
        if not error <= allowed:
            return f"gradient by {name}: off by {error:.1e} of its norm, allowed {allowed:.1e}"
    return ""

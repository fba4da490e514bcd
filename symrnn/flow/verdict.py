"""What the numbers mean, in words: vanishing, exploding or healthy, and why.

The verdict is about what was seen: the gradient on its way back through the steps that there were.
"""

import numpy as np

from symrnn.flow.data import Verdict
from symrnn.language.arrays import Array

SMALL = 0.01
"""Of what counts as nothing beside the largest: 1 %, which a learning rate does not make up for."""
LARGE = 100.0
"""So many times what has entered is an explosion: as far above it as SMALL is below."""
FLAT = 0.05
"""A function is flat where the absolute value of its derivative is below this: tanh beyond ±0.975,
sigmoid below 0.053 and above 0.947, relu below zero."""


def by_lag(arrivals: Array, entries: tuple[int, ...], direction: int) -> Array:
    """What arrives so many steps from where it entered, as a mean over all that entered.

    `arrivals` has a row for each entry and a column for each step; direction 0 is both ways.

    >>> by_lag(np.array([[0.5, 1.0]]), (2,), 1)
    array([1. , 0.5])
    """
    steps = arrivals.shape[1]
    sums, counts = np.zeros(steps), np.zeros(steps)
    for entry, row in zip(entries, arrivals, strict=True):
        if not np.any(row):
            continue
        lags = direction * (entry - np.arange(1, steps + 1))
        lags = np.abs(entry - np.arange(1, steps + 1)) if not direction else lags
        inside = lags >= 0
        np.add.at(sums, lags[inside], row[inside])
        np.add.at(counts, lags[inside], 1)
    most = int(np.max(np.nonzero(counts)[0], initial=-1)) + 1
    return np.asarray(sums[:most] / np.maximum(counts[:most], 1))


def reach(profile: Array) -> int | None:
    """The largest lag at which there is 1 % of the largest.

    >>> reach(np.array([1.0, 0.1, 0.01, 0.001])), reach(np.zeros(3))
    (2, None)
    """
    if not len(profile) or not np.max(profile) > 0:
        return None
    return int(np.max(np.nonzero(profile >= SMALL * np.max(profile))[0]))


def verdict(profile: Array, states: str) -> Verdict:
    """What becomes of ‖∂L/∂s‖ from lag to lag.

    >>> verdict(0.5 ** np.arange(10.0), "h").word, verdict(3.0 ** np.arange(10.0), "h").word
    ('vanishing', 'exploding')
    >>> print(verdict(0.9 ** np.arange(10.0), "h").said)
    ‖∂L/∂h‖ changes by a factor of 0.9 a step; 9 steps back 39 % of the largest is left
    """
    if len(profile) < 2:
        return Verdict("none", "the gradient crosses no step")
    if not np.isfinite(profile).all():
        return Verdict("not finite", f"‖∂L/∂{states}‖ is nan or infinite: no number is left of it")
    there = np.nonzero(profile)[0]
    if not len(there):
        return Verdict("none", f"nothing of the loss reaches {states}")
    first, last, far = int(there[0]), int(there[-1]), len(profile) - 1
    top, at = float(np.max(profile)), reach(profile)
    left = float(profile[-1]) / top
    factor = None
    if last > first:
        factor = float(np.exp(np.log(profile[last] / profile[first]) / (last - first)))
    if last < far and at is not None:  # it is gone altogether
        change = f"nothing is left of ‖∂L/∂{states}‖ after {_steps(last)}"
        return Verdict("vanishing", change, factor, at, left)
    assert factor is not None or far == first
    change = f"‖∂L/∂{states}‖ changes by a factor of {factor or 1:.2g} a step"
    if top > LARGE * float(profile[first]):
        grown = top / float(profile[first])
        where = int(np.argmax(profile))
        said = f"{change}; {_steps(where)} back it is {grown:.3g} times what entered"
        return Verdict("exploding", said, factor, at, left)
    if left < SMALL:
        assert at is not None
        said = f"{change}, and is below 1 % of the largest after {_steps(at + 1)};"
        return Verdict(
            "vanishing", f"{said} {_steps(far)} back {_percent(left)} is left", factor, at, left
        )
    said = f"{change}; {_steps(far)} back {_percent(left)} of the largest is left"
    return Verdict("healthy", said, factor, at, left)


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"


def _percent(share: float) -> str:
    """
    >>> _percent(0.387), _percent(0.00042), _percent(1e-9)
    ('39 %', '0.042 %', '1e-07 %')
    """
    return f"{100 * share:.2g} %" if share < 0.995 else "100 %"

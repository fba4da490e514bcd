"""How long a derivation would be, found without writing it: T may be any number."""

from collections.abc import Sequence
from dataclasses import replace

from symrnn.derive.derivation import LOSS, Derivation
from symrnn.errors import UsageError
from symrnn.language.tree import Ref
from symrnn.system.windows import Windows

MOST = 20_000
"""Partial derivatives in all terms together: some hundred pages."""

FITTED = (8, 9, 10)
"""The numbers of steps at which the length is counted to know it for any other."""


def factors(derivation: Derivation, names: Sequence[str] = ()) -> int:
    """The partial derivatives in the terms of these parameters.

    >>> from symrnn.language.parse import parse
    >>> written = parse("h[t] = tanh(u * h[t-1] + x[t]); L = mse(y, h[T])")
    >>> [factors(Derivation("mine", written, steps)) for steps in (1, 2, 3, 20)]
    [2, 5, 9, 230]
    """
    steps = derivation.steps
    if derivation.windows is not None:
        return _within_windows(derivation, derivation.windows, names)
    if steps is None or steps <= FITTED[-1]:
        return _counted(derivation, names)
    a, b, c = (_counted(replace(derivation, steps=each), names) for each in FITTED)
    far = steps - FITTED[0]  # a term grows by the same number of factors from step to step
    return a + far * (b - a) + far * (far - 1) // 2 * (c - 2 * b + a)


def _within_windows(derivation: Derivation, cut: Windows, names: Sequence[str]) -> int:
    """The same where backpropagation is cut: every window beyond the first few adds as much more
    as the one before it."""
    whole = factors(replace(derivation, steps=cut.size, truncate=None), names)
    if whole > MOST:
        return whole
    start = cut.steps % cut.size + cut.size * -(-FITTED[0] // cut.size)
    if cut.steps <= start + 2 * cut.size:
        return _counted(derivation, names)
    a, b, c = (
        _counted(replace(derivation, steps=start + more * cut.size), names) for more in range(3)
    )
    far = (cut.steps - start) // cut.size
    return a + far * (b - a) + far * (far - 1) // 2 * (c - 2 * b + a)


def _counted(derivation: Derivation, names: Sequence[str]) -> int:
    paths = derivation.paths
    depth: dict[Ref, int] = {LOSS: 0}
    for node in derivation.network.edges:
        if paths.is_total(node):
            depth[node] = 1
        else:
            (edge,) = derivation.network.edges[node]
            depth[node] = depth.get(paths.node(edge.of), 0) + 1
    targets = [t for name in derivation.chosen(names) for t in derivation.targets(name)]
    return sum(
        depth.get(paths.node(edge.of), 0) + 1
        for target in (*targets, *derivation.totals(names))
        for edge in derivation.network.edges.get(paths.node(target), [])
    )


def check(derivation: Derivation, view: str, names: Sequence[str] = ()) -> None:
    """Refuse what nobody would read."""
    found = factors(derivation, names)
    if found > MOST:
        raise UsageError(
            f"the view {view} for T = {derivation.steps} would have {found:,} factors (the limit is"
            f" {MOST:,}); delta and product say the same for any T"
        )

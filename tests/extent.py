"""How much is tried: a few cases of each test, all of them, or more: every combination of three
parameters, which the others take in pairs, and random systems in thousands.

`make test` says few, `make test-all` all and `make test-wide` wide; without a word it is all.
"""

import os
from collections.abc import Iterator, Sequence
from itertools import groupby, product
from typing import Any
from zlib import crc32

import pytest

EXTENT = os.environ.get("SYMRNN_EXTENT", "all")
FEW, WIDE = EXTENT == "few", EXTENT == "wide"

CASES = 2
"""So many cases of a parametrised test are a few."""

LONGEST = "bilstm"
"""The model whose cases take longest: among a few only where there is no other."""


def draws(few: int, usual: int, wide: int) -> int:
    """How many random systems a test draws."""
    return few if FEW else wide if WIDE else usual


def pairs(one: Sequence[Any], two: Sequence[Any], three: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Combinations of three parameters in which each value of one meets each value of the others:
    as many as the two longest have, and every one there is for WIDE."""
    if WIDE:
        return list(product(one, two, three))
    given = (one, two, three)
    a, b, c = sorted(range(3), key=lambda place: -len(given[place]))
    found = []
    for i, j in product(range(len(given[a])), range(len(given[b]))):
        places = {a: i, b: j, c: (i + j) % len(given[c])}
        found.append(tuple(values[places[place]] for place, values in enumerate(given)))
    return found


def some(items: Sequence[pytest.Item]) -> Iterator[pytest.Item]:
    """A few cases of each parametrised test: those that show most values of its parameters that
    none of the others shows. Where they begin depends on the test, so that not all of them take
    the same models. What is marked `slow` is left out, and what takes longest comes last."""
    for name, group in groupby(items, lambda item: item.nodeid.split("[")[0]):
        cases = [item for item in group if item.get_closest_marker("slow") is None]
        first = crc32(name.encode()) % max(len(cases), 1)
        left = cases[first:] + cases[:first]
        left.sort(key=lambda item: LONGEST in item.nodeid)
        shown: set[tuple[int, str]] = set()
        for _ in range(min(CASES, len(left))):
            best = max(left, key=lambda item: len(_values(item) - shown))
            left.remove(best)
            shown |= _values(best)
            yield best


def _values(item: pytest.Item) -> set[tuple[int, str]]:
    """The values of a case's parameters, by their places in its name."""
    return set(enumerate(item.nodeid.partition("[")[2].rstrip("]").split("-")))

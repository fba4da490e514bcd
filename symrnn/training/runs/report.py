"""What is said of a run at its end, and of what it has learnt."""

from collections.abc import Sequence

from symrnn.language.table import Array
from symrnn.training.data import Vocabulary
from symrnn.training.runs.kernels import Kernels
from symrnn.training.runs.sample import sample

LONGEST = 200
MOST = 20
"""So many classes are shown as a table."""


def table(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """
    >>> print(table("run", [("steps", "10"), ("accuracy", "50.0 %")]), end="")
    run
      steps     10
      accuracy  50.0 %
    """
    wide = max(len(name) for name, _ in rows)
    return "".join([f"{title}\n", *(f"  {name:<{wide}}  {value}\n" for name, value in rows)])


def confusion(counts: Array, labels: Sequence[str], part: str) -> str:
    """
    >>> import numpy as np
    >>> print(confusion(np.array([[3, 0], [1, 12]]), ("no", "yes"), "validation"), end="")
    what is (rows), and what it was taken for (validation)
            no  yes
       no    3    0
      yes    1   12
    """
    title = f"what is (rows), and what it was taken for ({part})\n"
    if len(labels) > MOST:
        return title + _mistakes(counts, labels)
    wide = max(len(label) for label in (*labels, str(counts.max())))
    lines = [["", *labels], *([n, *map(str, row)] for n, row in zip(labels, counts, strict=True))]
    return title + "".join(
        "  " + "  ".join(f"{cell:>{wide}}" for cell in line) + "\n" for line in lines
    )


def _mistakes(counts: Array, labels: Sequence[str]) -> str:
    """The most frequent mistakes alone."""
    rows = [
        (int(counts[i, j]), labels[i], labels[j])
        for i in range(len(labels))
        for j in range(len(labels))
        if i != j and counts[i, j]
    ]
    rows.sort(key=lambda row: (-row[0], row[1:]))
    lines = [f"  {count:>6}  {one} for which {other} was said\n" for count, one, other in rows]
    return "".join(lines[:MOST]) or "  no mistakes\n"


def samples(kernels: Kernels, vocabulary: Vocabulary, length: int) -> str:
    """Text from a language model, more and less daring; as long as what it has learnt, if short."""
    start = vocabulary.decode([kernels.config.begins or 0])
    found = []
    for temperature in (0.5, 1.0):
        text = sample(kernels, vocabulary, start, min(LONGEST, length), temperature)
        found.append(f"at temperature {temperature}:\n{text}\n")
    return "\n".join(found)

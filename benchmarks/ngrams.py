"""Characters by how often they have followed the characters before: the baseline to be beaten.

Counts of each length are interpolated with those of the next shorter one, a discount d taken off
each count c and given to these:

    p(x | s) = max(c(s x) - d, 0) / c(s) + d n(s) / c(s) · p(x | s')

n(s) is how many different characters follow s, and s' is s without its first. With `continuations`
the shorter ones count in how many different places they have stood, not how often (Kneser and Ney).
"""

from collections import Counter, defaultdict
from math import log2

Table = dict[str, Counter[str]]


class NGrams:
    """Counts of a text, up to so many characters together."""

    def __init__(self, text: str, order: int) -> None:
        self.classes = len(set(text)) + 1  # and one for all that have never been seen
        self.plain = [_counted(text, length) for length in range(order)]
        self.places = [_places(table) for table in self.plain[1:]]

    def tables(self, order: int, continuations: bool) -> list[Table]:
        """What is counted for each length of what stands before."""
        shorter = self.places if continuations else self.plain
        return [*shorter[: order - 1], self.plain[order - 1]]

    def bits(
        self, text: str, before: str, order: int, discount: float, continuations: bool
    ) -> float:
        """Bits per character of a text that follows another."""
        tables = self.tables(order, continuations)
        totals = [{s: sum(found.values()) for s, found in table.items()} for table in tables]
        whole = before[-order:] + text
        start = len(whole) - len(text)
        lost = 0.0
        for at in range(start, len(whole)):
            p = 1 / self.classes
            for length in range(min(order, at + 1)):
                context = whole[at - length : at]
                found = tables[length].get(context)
                if found is None:
                    break
                total = totals[length][context]
                p = max(found[whole[at]] - discount, 0) / total + discount * len(found) / total * p
            lost -= log2(p)
        return lost / len(text)


def tuned(
    train: str, validation: str, longest: int, continuations: bool
) -> tuple[NGrams, int, float]:
    """The counts, and the length and the discount that are best on the validation part."""
    grams = NGrams(train, longest)
    settings = [(order, d) for order in range(3, longest + 1) for d in (0.6, 0.75, 0.9)]
    found = {
        (order, d): grams.bits(validation, train, order, d, continuations) for order, d in settings
    }
    order, discount = min(found, key=lambda setting: found[setting])
    return grams, order, discount


def _counted(text: str, length: int) -> Table:
    table: Table = defaultdict(Counter)
    for at in range(length, len(text)):
        table[text[at - length : at]][text[at]] += 1
    return dict(table)


def _places(table: Table) -> Table:
    """In how many places each shorter one has stood."""
    found: Table = defaultdict(Counter)
    for context, followers in table.items():
        found[context[1:]].update(followers.keys())
    return dict(found)

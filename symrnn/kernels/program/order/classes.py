"""Class ids in values: what a one-hot row says, without the row.

rowsum(y * z)    =>    pick(z, y)               the entry of each row of z that y says
p - y            =>    add_at(p, -1, y)         p, and -1 added to the entry that y says
y / p            =>    add_at(0, 1 / pick(p, y), y)
"""

from dataclasses import replace

from symrnn.kernels.program.order.values import Extent, Open, Value, is_timed
from symrnn.kernels.program.order.writer import Writer
from symrnn.kernels.program.program import Argument, Map, Number, Slice
from symrnn.language.tree import NARROW, ZERO
from symrnn.system.algebra import neg

NOTHING = Number(ZERO)


def is_ids(writer: Writer, value: Value) -> bool:
    return isinstance(value, Slice) and writer.arrays[value.name].classes is not None


def pick(writer: Writer, rows: Argument, ids: Slice) -> Open:
    """The entry of each row that its id says."""
    timed = writer.extent(rows, ids).timed
    made = writer.map("pick", rows, ids)
    return replace(made, extent=Extent((NARROW,), rows=True, timed=timed))


def picked(writer: Writer, value: Argument, ids: Slice) -> Argument:
    """What a factor is at the entry that an id says: a narrow one is the same at all of them."""
    if isinstance(value, Slice) and writer.extent(value).shape != (NARROW,):
        return writer.place(pick(writer, value, ids))
    return value


def add_at(writer: Writer, rows: Value, amount: Value, ids: Slice) -> Open:
    """The rows, with an amount added to the entry of each that its id says."""
    amount = writer.named(amount)
    base = writer.named(rows)
    classes = writer.arrays[ids.name].classes
    assert classes is not None
    timed = writer.extent(base, amount, ids).timed
    extent = Extent((classes,), rows=True, timed=timed)
    if isinstance(base, Slice) and timed and not is_timed(base):
        base = spread(writer, base, extent)
    return replace(writer.map("add_at", base, amount, ids), extent=extent)


def spread(writer: Writer, value: Slice, extent: Extent) -> Slice:
    """The same rows at every step."""
    copy = replace(writer.copy(value), extent=extent)
    made = writer.temporary(copy)
    writer.emit(copy, made)
    return made


def alone(value: Value) -> tuple[Argument, Slice] | None:
    """The amount and the ids of a value that is zero elsewhere; None for any other."""
    match value:
        case Open(statement=Map(op="add_at", args=(base, amount, Slice() as ids))) if (
            base == NOTHING
        ):
            return amount, ids
    return None


def onto(writer: Writer, total: Value | None, minus: bool, amount: Argument, ids: Slice) -> Open:
    """An amount at the entries that ids say, added to a total or taken away from it."""
    given: Value = amount
    if minus and isinstance(amount, Number):
        given = Number(neg(amount.value))
    elif minus:
        given = writer.map("negative", amount)
    return add_at(writer, NOTHING if total is None else total, given, ids)

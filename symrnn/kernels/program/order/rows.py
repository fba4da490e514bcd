"""Functions across the features of a row, and losses, out of sums and element-wise functions; class
ids, in the place of one-hot rows.

softmax(z)       =>    top = max(z, features);  e = exp(z - top);  e / sum(e, features)
rowsum(y * z)    =>    pick(z, y)               the entry of each row of z that y says
p - y            =>    add_at(p, -1, y)         p, and -1 added to the entry that y says
y / p            =>    add_at(0, 1 / pick(p, y), y)
"""

from dataclasses import replace

from symrnn.kernels.program.order.writer import Extent, Open, Value, Writer, is_timed
from symrnn.kernels.program.program import Argument, Map, Number, Slice
from symrnn.language.tree import NARROW, ONE, ZERO
from symrnn.system.algebra import div, neg, size

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


MEANS = ("mse", "bce", "bce_logits")
"""Losses that are a mean over the features."""


def row(writer: Writer, function: str, args: list[Argument]) -> Open:
    """A function of a row, or a loss: one number for each row."""
    match function:
        case "rowsum":
            return writer.reduce("sum", args[0], "features")
        case "rowmax":
            return writer.reduce("max", args[0], "features")
        case "rowmean":
            return mean(writer, args[0])
        case "softmax":
            return softmax(writer, args[0])
        case "logsumexp":
            return logsumexp(writer, args[0])
    y, p = args
    loss = loss_of_each(writer, function, y, p)
    return mean(writer, loss) if function in MEANS else loss


def mean(writer: Writer, value: Value) -> Open:
    arg = writer.place(value)
    width = writer.extent(arg).shape[-1]
    total = writer.reduce("sum", arg, "features")
    return writer.map("multiply", Number(div(ONE, size(width))), total)


def softmax(writer: Writer, z: Argument) -> Open:
    _, e = shifted_exp(writer, z)
    return writer.map("divide", e, writer.reduce("sum", e, "features"))


def logsumexp(writer: Writer, z: Argument) -> Open:
    top, e = shifted_exp(writer, z)
    return writer.map("add", top, writer.map("log", writer.reduce("sum", e, "features")))


def shifted_exp(writer: Writer, z: Argument) -> tuple[Slice, Slice]:
    """The largest of a row, and exp(z - largest), which cannot overflow."""
    top = writer.place(writer.reduce("max", z, "features"))
    return top, writer.place(writer.map("exp", writer.map("subtract", z, top)))


def loss_of_each(writer: Writer, function: str, y: Argument, p: Argument) -> Open:
    """What of a loss is averaged over the features, where it is; else one number a row."""
    if isinstance(y, Slice) and is_ids(writer, y):
        return loss_of_class(writer, function, y, p)
    match function:
        case "mse":
            return writer.map("square", writer.map("subtract", p, y))
        case "bce":
            hit = writer.place(y_log(writer, y, p))
            rest_y = writer.place(writer.map("subtract", Number(ONE), y))
            rest_p = writer.place(writer.map("subtract", Number(ONE), p))
            miss = y_log(writer, rest_y, rest_p)
            return writer.map("negative", writer.map("add", hit, miss))
        case "ce":
            return writer.map("negative", writer.reduce("sum", y_log(writer, y, p), "features"))
        case "bce_logits":
            return writer.map("subtract", writer.map("softplus", p), writer.map("multiply", y, p))
        case "ce_logits":
            weight = writer.place(writer.reduce("sum", y, "features"))
            norm = writer.place(logsumexp(writer, p))
            hits = writer.map("multiply", y, p)
            picked = writer.place(writer.reduce("sum", hits, "features"))
            return writer.map("subtract", writer.map("multiply", weight, norm), picked)
    raise TypeError(f"no statements for the loss {function}")


def loss_of_class(writer: Writer, function: str, y: Slice, p: Argument) -> Open:
    """-log p where the target is, or what that is of logits."""
    if function == "ce":
        return writer.map("negative", writer.map("log", pick(writer, p, y)))
    return writer.map("subtract", logsumexp(writer, p), pick(writer, p, y))


def y_log(writer: Writer, y: Argument, p: Argument) -> Open:
    """y log p, which is zero where y is, whatever p."""
    safe = writer.map("add", p, writer.map("is_zero", y))
    return writer.map("multiply", y, writer.map("log", safe))

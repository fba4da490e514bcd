"""Functions across the features of a row, and losses, out of sums and element-wise functions.

softmax(z)    =>    top = max(z, features);  e = exp(z - top);  e / sum(e, features)
"""

from symrnn.kernels.program.order.classes import is_ids, pick
from symrnn.kernels.program.order.values import Open, Value
from symrnn.kernels.program.order.writer import Writer
from symrnn.kernels.program.program import Argument, Number, Slice
from symrnn.language.tree import ONE
from symrnn.system.algebra import div, size

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

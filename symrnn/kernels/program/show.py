"""A Program as text, for people."""

from collections.abc import Iterator

from symrnn.kernels.program.program import (
    SECTIONS,
    Argument,
    At,
    End,
    Loop,
    Map,
    Now,
    Pair,
    Plain,
    Product,
    Program,
    Reduce,
    Slice,
    Span,
    Statement,
    When,
)
from symrnn.language.printer import show_expr
from symrnn.system.windows import Cut

INFIX = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}


def show(program: Program) -> str:
    return "\n".join(_lines(program)) + "\n"


def _lines(program: Program) -> Iterator[str]:
    yield f"T = {program.steps}"
    for array in program.arrays.values():
        if array.classes is not None:
            yield f"{array.name}: class ids, of {array.classes}"
    for pack in program.packs:
        yield f"{pack.name}: {' | '.join(pack.members)}, {pack.kind}"
    for name, place in program.shared.items():
        yield f"{name}: in place of {place}"
    for array in program.arrays.values():
        if array.window and array.places:
            yield f"{array.name}: {array.places} places, used in turn"
    for section in SECTIONS:
        if program.sections.get(section):
            yield ""
            yield f"# {section}"
            for statement in program.sections[section]:
                yield from show_statement(statement)


def show_statement(statement: Statement) -> Iterator[str]:
    """
    >>> out, a = Slice(("O",), Now()), Slice(("a_O",), Now())
    >>> print(*show_statement(Loop(1, 3, 1, (Map(out, "tanh", (a,)),))), sep="\\n")
    for t = 1 … 3:
        O[t] = tanh(a_O[t])
    """
    if isinstance(statement, Loop):
        first, last = statement.first, statement.last
        ends = (first, last) if statement.direction > 0 else (last, first)
        yield f"for t = {ends[0]} … {ends[1]}:"
        for inner in statement.body:
            yield f"    {_plain(inner)}"
    else:
        yield _plain(statement)


def _plain(statement: Plain) -> str:
    during = statement.during
    when = f"    (t = {during[0]} … {during[1]})" if during else ""
    return f"{show_argument(statement.out)} = {_body(statement)}{when}"


def _body(statement: Plain) -> str:
    match statement:
        case Product(pairs=pairs):
            return " + ".join(map(_pair, pairs))
        case Reduce(op=op, arg=arg, over=over):
            return f"{op}({show_argument(arg)}, {over})"
        case Map(op=op, args=args) if op in INFIX:
            return f" {INFIX[op]} ".join(map(show_argument, args))
        case Map(op="copy", args=(arg,)):
            return show_argument(arg)
        case Map(op=op, args=args):
            return f"{op}({', '.join(map(show_argument, args))})"


def _pair(pair: Pair) -> str:
    left, right = show_argument(pair.left), show_argument(pair.right)
    left = f"transpose({left})" if pair.left_turned else left
    return f"{left} @ " + (f"transpose({right})" if pair.right_turned else right)


def show_argument(argument: Argument) -> str:
    if not isinstance(argument, Slice):
        return show_expr(argument.value)
    name = argument.names[0] if len(argument.names) == 1 else f"({' | '.join(argument.names)})"
    inside = [_when(argument.when)] if argument.when is not None else []
    if argument.part is not None:
        skip, width = argument.part
        inside.append(f"{skip} : {skip + width}")
    return name + (f"[{', '.join(inside)}]" if inside else "")


def _when(when: When) -> str:
    match when:
        case Now(cut=Cut() as cut):
            return f"{_when(Now(when.shift))} or nothing: {cut.windows.size} at a time"
        case Now(shift=0):
            return "t"
        case Now(shift=shift):
            return f"t{shift:+d}"
        case At(step=step):
            return str(step)
        case Span(first=first, last=last):
            return f"{first} … {last}"
        case End(shift=0):
            return "end"
        case End(shift=shift):
            return f"end{shift:+d}"

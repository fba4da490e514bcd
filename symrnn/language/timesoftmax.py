"""Softmax over time, written out: attention that weighs the steps of a sequence.

    a[t] = timesoftmax(e[t])   =>   top[t] = max(top[t-1], e[t]), from top[0] = e[1]
                                    p[t] = exp(e[t] - top[T])
                                    q[t] = p[t] / sum(p[t])
                                    c = sum(stop(q[t]) * e[t])
                                    a[t] = surrogate(q[t], stop(q[t]) * (e[t] - c))

No exp overflows, since none is of more than 0. The derivative of the last line is that of a softmax
in the form in which everybody writes it: ē_t = a_t (ā_t - Σ_s a_s ā_s).
"""

from collections.abc import Sequence
from dataclasses import replace

from symrnn.language.tree import (
    Add,
    Call,
    Definition,
    Div,
    Expr,
    Mul,
    Neg,
    Ref,
    map_children,
    refs,
    walk,
)

NAME = "timesoftmax"


def without_timesoftmax(definitions: Sequence[Definition]) -> list[Definition]:
    """The definitions with equations of their own for every softmax over time.

    >>> from symrnn.language.parse import parse
    >>> [str(d.target.name) for d in parse("a[t] = timesoftmax(e[t])").definitions]
    ['top_a', 'top_a', 'p_a', 'z_a', 'q_a', 'c_a', 'a']
    """
    if not any(_is_one(node) for d in definitions for node in walk(d.body)):
        return list(definitions)
    taken = {d.target.name for d in definitions}
    taken |= {ref.name for d in definitions for ref in refs(d.body)}
    return [each for d in definitions for each in _written_out(d, taken)]


def _is_one(node: Expr) -> bool:
    return isinstance(node, Call) and node.function == NAME


def _written_out(definition: Definition, taken: set[str]) -> list[Definition]:
    made: list[Definition] = []

    def change(node: Expr) -> Expr:
        found = map_children(node, change)
        if not isinstance(found, Call) or found.function != NAME:
            return found
        value = _equations(found, definition.target.name, taken, made)
        if node is definition.body:
            return value
        return _defined("a", definition.target.name, value, taken, made)

    body = change(definition.body)
    return [*made, replace(definition, body=body)]


def _equations(call: Call[Expr], of: str, taken: set[str], made: list[Definition]) -> Expr:
    """The value of a softmax over time, after the equations that it needs."""
    (arg,) = call.args

    def defined(letter: str, body: Expr, timed: bool = True) -> Ref:
        return _defined(letter, of, body, taken, made, timed)

    e = arg if isinstance(arg, Ref) and (arg.base, arg.shift) == ("t", 0) else defined("e", arg)
    top = Ref(_free("top", of, taken), "t")
    before = Ref(top.name, "t", -1)
    made.append(Definition(top, Call("max", (before, e))))
    made.append(Definition(Ref(top.name, "1", -1), Ref(e.name, "1")))
    p = defined("p", Call("exp", (Add((e, Neg(Ref(top.name, "T")))),)))
    total = defined("z", Call("sum", (p,)), timed=False)
    q = defined("q", Div(p, total))
    held = Call("stop", (q,))
    c = defined("c", Call("sum", (Mul(held, e),)), timed=False)
    return Call("surrogate", (q, Mul(held, Add((e, Neg(c))))), place=call.place)


def _defined(
    letter: str, of: str, body: Expr, taken: set[str], made: list[Definition], timed: bool = True
) -> Ref:
    target = Ref(_free(letter, of, taken), "t" if timed else "")
    made.append(Definition(target, body))
    return target


def _free(letter: str, of: str, taken: set[str]) -> str:
    name, count = f"{letter}_{of}", 1
    while name in taken:
        count += 1
        name = f"{letter}_{of}_{count}"
    taken.add(name)
    return name

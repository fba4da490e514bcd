"""Marks: by what a page tells which parts of it belong together.

A node at a step is `O@3`, what stands once `yhat`; an arrow has both its ends, `O@3>O@2`; a
parameter where it is used is `w_h@3`. Names of a model are letters, digits and _ alone.
"""

from symrnn.language.tree import Ref


def mark(ref: Ref) -> str:
    """
    >>> mark(Ref("O", "1", 2)), mark(Ref("yhat")), mark(Ref("h", "T", 1)), mark(Ref("h", "t"))
    ('O@3', 'yhat', 'h@T+1', 'h@t')
    """
    match ref.base:
        case "":
            return ref.name
        case "1":
            return f"{ref.name}@{ref.shift + 1}"
    return f"{ref.name}@{ref.base}" + (f"{ref.shift:+d}" if ref.shift else "")


def arrow(source: Ref, target: Ref) -> str:
    """
    >>> arrow(Ref("O", "1", 2), Ref("O", "1", 1))
    'O@3>O@2'
    """
    return f"{mark(source)}>{mark(target)}"


def use(name: str, at: Ref) -> str:
    """A parameter, where a node uses it.

    >>> use("w_h", Ref("O", "1", 2)), use("w_o", Ref("yhat"))
    ('w_h@3', 'w_o')
    """
    return mark(Ref(name, at.base, at.shift))

"""What a text is said to be by the functions that it calls."""

from symrnn.functions import ELEMENTWISE, LOSSES, STOPS
from symrnn.language.elementwise import calls
from symrnn.language.tree import Call, Num, Pow, Ref, Written, walk

ROUGH = {name for name, row in ELEMENTWISE.items() if not row.analytic}
"""Functions through which no complex step may be taken."""

HALF = ("log", "sqrt", "log1p")
"""Functions that not every number has a value of."""


def stops(written: Written) -> bool:
    """Whether a text stops a derivative somewhere: its slopes are not its gradient."""
    return any(call.function in STOPS for d in written.definitions for call in calls(d.body))


def rough_functions(written: Written) -> list[str]:
    """The functions of the text through which no complex step may be taken."""
    found = {call.function for d in written.definitions for call in calls(d.body)}
    return sorted(found & ROUGH)


def is_analytic(written: Written) -> bool:
    """Whether a complex step finds the gradients of the text.

    Where it stops a derivative nothing else does: it stops there too, and meets kinks nowhere.
    """
    return stops(written) or not rough_functions(written)


def losses_of(written: Written) -> dict[str, str]:
    """The loss in which each target stands."""
    return {
        node.args[0].name: node.function
        for definition in written.definitions
        for node in walk(definition.body)
        if isinstance(node, Call) and node.function in LOSSES and isinstance(node.args[0], Ref)
    }


def wants_positive(written: Written) -> bool:
    """Whether the text takes a logarithm or a root, which have no value for every number."""
    bodies = [definition.body for definition in written.definitions]
    roots = (node for body in bodies for node in walk(body) if isinstance(node, Pow))
    return any(call.function in HALF for body in bodies for call in calls(body)) or any(
        not (isinstance(root.right, Num) and root.right.value.denominator == 1) for root in roots
    )

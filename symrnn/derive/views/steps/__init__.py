"""`steps`: the derivation as on a board, each line with its reason in words.

fine        a network in which every edge is one elementary derivative, and the ways in it
reasons     why a local derivative is what it is, by the kind of operator; shapes as a check
local       the model, the loss by what it judges, the functions, each link of the chain
counts      how many paths there are, and how many products they take
alike       what is said once, and then named by what differs
sums        the paths and their sum, immediate and total, what the paths share
back        each total from those behind it, and the gradients
"""

from collections.abc import Sequence

from symrnn.derive.derivation import Derivation
from symrnn.derive.formula import Sheet, Total, Words
from symrnn.derive.recursion import deltas
from symrnn.derive.views.delta import fitting
from symrnn.derive.views.steps import back, local, sums
from symrnn.derive.views.steps.counts import Counts
from symrnn.derive.views.steps.fine import Fine, fine
from symrnn.language.tree import Ref


def view(derivation: Derivation, names: Sequence[str] = ()) -> tuple[Sheet, ...]:
    """A sheet for each step of the way, from the loss to the gradients."""
    names = derivation.chosen(names)
    general = derivation if derivation.steps == 1 else fitting(derivation, names)
    whole = fine(general)
    found = local.found_in(whole, names)
    loss = local.of_loss(whole, found)
    sheets = [local.model(whole), local.functions(whole, found), loss]
    sheets.append(local.links(whole, found, loss))
    target = sums.example(whole, names)
    stepped = fine(derivation) if derivation.unrolled else None
    if not any(symbol.timed for symbol in derivation.plain.symbols.values()):
        stepped = whole  # without time every path can be written out
    note: Words = ()
    if target is not None:
        counts = Counts(whole, target)
        note = sums.effort(counts, stepped)
        shown = _on_paths(counts, stepped, note)
        sheets += shown
        note = () if any(sheet.note == note for sheet in shown) else note
    known = {
        e.left.by.name
        for e in loss.equations
        if isinstance(e.left, Total) and isinstance(e.left.by, Ref)
    }
    sheets += back.steps_back(whole, deltas(general), names, known, found, note)
    return tuple(sheet for sheet in sheets if sheet.equations or sheet.note)


def _on_paths(counts: Counts, stepped: Fine | None, note: Words) -> list[Sheet]:
    """What is shown on one parameter: with a number of steps each path by itself."""
    whole, target = counts.fine, counts.target
    if stepped is None:
        found = [sums.many(counts), sums.immediate(whole, target)]
    else:
        found = [
            sums.paths(stepped, target),
            sums.immediate(whole, target),
            sums.shared(stepped, deltas(stepped.coarse), target, note),
        ]
    return [sheet for sheet in found if sheet is not None]

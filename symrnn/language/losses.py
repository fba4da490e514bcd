"""The losses of the language, each in one row of a table: its derivatives, and why they are so."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss of one sequence at one step: a number for each row, of width 1.

    The derivatives are written in `y`, the target, `p`, the prediction, and `n`, the width of both.
    `onehot` is the derivative by the prediction where each row of the target sums to one.
    """

    name: str
    by_prediction: str
    by_target: str
    onehot: str = ""
    link: str = ""
    """The function after which the loss is computed from what stands inside it, ..."""
    from_logits: str = ""
    """... by the loss of this name: bce of a sigmoid, ce of a softmax."""
    by_terms: str = ""
    """The derivative by the prediction before its terms are put together."""
    rule: str = ""
    """Why the derivative, or that by its terms, is what it is: a sentence of a derivation."""
    together: str = ""
    """Why the terms together are the derivative by the prediction."""


LOSSES: dict[str, Loss] = {
    row.name: row
    for row in (
        Loss(
            "mse",
            "2 * (p - y) / n",
            "-2 * (p - y) / n",
            rule="a square has twice its base as derivative; the base has 1",
        ),
        Loss(
            "bce",
            "(p - y) / (p * (1 - p)) / n",
            "(log(1 - p) - log(p)) / n",
            link="sigmoid",
            from_logits="bce_logits",
            by_terms="(-(y / p) + (1 - y) / (1 - p)) / n",
            rule="term by term: one over what each logarithm is of; inside the second is a minus",
            together="one fraction: on top the products of target and prediction cancel",
        ),
        Loss(
            "ce",
            "-y / p",
            "-log(p)",
            link="softmax",
            from_logits="ce_logits",
            rule="a logarithm has one over its argument as derivative",
        ),
        Loss("bce_logits", "(sigmoid(p) - y) / n", "-p / n"),
        Loss(
            "ce_logits", "softmax(p) * rowsum(y) - y", "logsumexp(p) - p", onehot="softmax(p) - y"
        ),
    )
}

"""What the notes say of vanishing and exploding gradients, measured: a copy task of growing lag.

The first step shows one of four symbols, the steps after it nothing, and after the last step the
network has to say which it was. What decides whether it can be learnt is how much of the gradient
comes back to the first step: `symrnn flow`, before training. Beside it stands what training makes
of it. The picture docs/flow.png is written anew.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

import symrnn
from symrnn.flow.pictures import compared
from symrnn.language.arrays import Array
from symrnn.model import Model
from symrnn.training import Adam, Trainer, started

DOCS = Path(__file__).parent.parent / "docs"
LAGS = (10, 20, 40, 80)
DRAWN = 40
"""The lag of the picture."""
SYMBOLS, HIDDEN, BATCH = 4, 16, 32
TRAINED = 600
"""Steps of training, each on a new batch."""

PLAIN = "h[t] = {f}(x[t] @ W + h[t-1] @ U + b); U: init(orthogonal)"
READ_OUT = "yhat = softmax(h[T] @ w_y + b_y); L = ce(y, yhat); y: onehot; y: C"


def plain(function: str) -> Model:
    return symrnn.parse(f"{PLAIN.format(f=function)}; {READ_OUT}", function)


def lstm(bias: int) -> Model:
    text = symrnn.load("lstm").text.replace("b_f: init(1)", f"b_f: init({bias})")
    return symrnn.parse(text, f"lstm, b_f = {bias}").with_head("classes")


NETWORKS: dict[str, tuple[Model, float]] = {
    "sigmoid": (plain("sigmoid"), 1.0),
    "tanh": (plain("tanh"), 1.0),
    "ReLU, U orthogonal × 1.5": (plain("relu"), 1.5),
    "LSTM, b_f = 0": (lstm(0), 1.0),
    "LSTM, b_f = 1": (lstm(1), 1.0),
    "LSTM, b_f = 4": (lstm(4), 1.0),
}
"""A model, and a factor on its recurrent weights."""


def copies(rng: np.random.Generator, lag: int, batch: int = BATCH) -> tuple[Array, Array]:
    """A symbol at the first step and nothing for `lag` steps; the symbol."""
    y = np.eye(SYMBOLS)[rng.integers(SYMBOLS, size=batch)]
    x = np.zeros((lag + 1, batch, SYMBOLS))
    x[0] = y
    return x, y


def start(name: str, lag: int) -> tuple[Model, Mapping[str, Array]]:
    """A network, and the parameters with which it begins."""
    model, factor = NETWORKS[name]
    dims = {"D": SYMBOLS, "H": HIDDEN, "C": SYMBOLS}
    params = model.kernel(lag + 1).init_params(0, **dims)
    if factor != 1:
        params["U"] = factor * params["U"]
    return model, params


def learnt(model: Model, params: Mapping[str, Array], lag: int) -> float:
    """How often the symbol is right after training."""
    rng = np.random.default_rng(1)
    module = model.kernel(lag + 1)
    kernel = started(module, BATCH, params=params, D=SYMBOLS, H=HIDDEN, C=SYMBOLS)
    trainer = Trainer(kernel, Adam(0.005), clip=1.0)
    for _ in range(TRAINED):
        x, y = copies(rng, lag)
        trainer.train_step({"x": x, "y": y})
    x, y = copies(rng, lag)
    kernel.forward(x=x)  # type: ignore[attr-defined]
    found = kernel.outputs["yhat"]  # type: ignore[attr-defined]
    return float(np.mean(found.argmax(-1) == y.argmax(-1)))


def main() -> None:
    rows, drawn = [], {}
    for name in NETWORKS:
        for lag in LAGS:
            model, params = start(name, lag)
            x, y = copies(np.random.default_rng(0), lag)
            flow = model.flow(params, {"x": x, "y": y})
            (each,) = flow.recurrences
            verdict = each.verdict
            arrives = each.delta[0] / each.delta[-1]
            right = learnt(model, params, lag)
            factor = "" if verdict.factor is None else f"{verdict.factor:.2f}"
            rows.append((name, lag, f"{arrives:.1e}", factor, verdict.reach, verdict.word,
                         f"{100 * right:.0f} %"))  # fmt: skip
            if lag == DRAWN:
                drawn[name] = flow
    head = ("network", "lag", "‖∂L/∂s₁‖ / ‖∂L/∂s_T‖", "a step", "reach", "verdict", "right")
    for row in (head, ("---",) * len(head), *rows):
        print("|", " | ".join(map(str, row)), "|")
    (DOCS / "flow.png").write_bytes(
        compared(drawn, "png", f"copy task, lag {DRAWN}: what is left of the gradient")
    )


if __name__ == "__main__":
    main()

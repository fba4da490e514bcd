"""Write the files of this folder anew: `make golden`. A test compares them byte for byte."""

from pathlib import Path

import symrnn
from symrnn.derive.output import Look, Output
from symrnn.derive.sheets import Request
from symrnn.system import unroll
from symrnn.system.listing import listing

HERE = Path(__file__).parent

N3 = """\
# Weight sharing: a sigmoid recurrence with a loss at every step (N3)
h[t]    = sigmoid(x[t] @ W_ih + h[t-1] @ W_hh + b_h)
yhat[t] = h[t] @ W_ho + b_o
L       = mean(mse(y[t], yhat[t]))
"""

NOTES = {
    "N1": ("elman", 3, True),
    "N2": ("elman_outside", 3, True),
    "N3": (N3, 3, False),
    "N4": ("elman_n4", 3, True),
    "N5": ("char", 5, False),
}
"""The system of each of the source notes, its number of steps, and whether letters are numbers."""

VIEWS = {
    "N2": ("chain", "uses", "closed", "delta"),
    "N3": ("chain", "paths", "uses", "closed", "delta"),
    "N4": ("chain", "uses", "local", "closed", "delta"),
}
"""What a note has beside its chain, in closed form, and the recursion for any number of steps."""


KERNELS = (
    ("elman_n4", 3),
    ("elman", 3),
    ("char", 5),
    ("lstm", 8),
    ("gru", 20),
    ("birnn", 4),
)
"""Kernels to read: few steps are written out, the twenty of `gru` are a loop."""


def pages() -> dict[str, str]:
    """The text of every generated file, by its path in this folder."""
    found = {}
    for name in symrnn.models():
        model = symrnn.load(name)
        found[f"adjoint/{name}.rnn"] = listing(model.adjoint, f"{name}: with its adjoint")
    for name, steps in (("elman_n4", 3), ("birnn", 2), ("lstm", 2)):
        page = listing(
            unroll(symrnn.load(name).adjoint, steps),
            f"{name}: with its adjoint, {steps} steps",
        )
        found[f"unrolled/{name}_t{steps}.rnn"] = page
    for name, steps in KERNELS:
        found[f"{name}_t{steps}.py"] = symrnn.load(name).generate(steps)
    for name, steps in (("elman", 3), ("lstm", 20)):
        found[f"jax/{name}_t{steps}.py"] = symrnn.load(name).generate(steps, backend="jax")
    for name, steps in (("mgu", 20), ("lstm", 8)):
        found[f"torch/{name}_t{steps}.py"] = symrnn.load(name).generate(steps, backend="torch")
    notes = symrnn.load("elman_n4").generate_files(3, dims={"D": 3, "H": 4, "C": 1}, batch=3)
    found |= {f"c/{name}": text for name, text in notes.items()}
    for note, (text, steps, scalar) in NOTES.items():
        found[f"latex/{note}.tex"] = formulas(note, text, steps, scalar)
    return found


def formulas(note: str, text: str, steps: int, scalar: bool) -> str:
    """What the notes derive, in their letters, and the recursion for any number of steps."""
    model = symrnn.parse(text, note) if "=" in text else symrnn.load(text)
    derivation = model.derive(steps, scalar=scalar)
    views = VIEWS.get(note, ("chain", "closed", "delta"))
    output = Output(derivation, Request(views), Look(note))
    command = f"symrnn derive {text if '=' not in text else 'FILE'} --steps {steps}"
    shown = ",".join(views)
    head = f"% {command}{' --scalar' * scalar} --notation {note} --view {shown} --update"
    body = output.latex([*output.parts(), *output.updates()])
    source = "".join(f"% {line}\n" for line in model.text.strip().splitlines())
    return f"{head}\n{source}\n{body}"


def main() -> None:
    wanted = pages()
    old = [
        path
        for kind in ("*/*.rnn", "*/*.tex", "*_t*.py", "c/*.*", "jax/*.py", "torch/*.py")
        for path in HERE.glob(kind)
    ]
    for path in old:
        if str(path.relative_to(HERE)) not in wanted:
            path.unlink()
    for name, page in wanted.items():
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(page, "utf-8")


if __name__ == "__main__":
    main()

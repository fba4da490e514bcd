"""Write the files of this folder anew: `make golden`. A test compares them byte for byte."""

from pathlib import Path

import symrnn
from symrnn.listing import listing
from symrnn.system import unroll

HERE = Path(__file__).parent


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
    return found


def main() -> None:
    wanted = pages()
    for path in HERE.glob("*/*.rnn"):
        if str(path.relative_to(HERE)) not in wanted:
            path.unlink()
    for name, page in wanted.items():
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(page, "utf-8")


if __name__ == "__main__":
    main()

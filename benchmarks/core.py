"""How long the core takes: reading, normal form, adjoint, unrolling, derivations, whole processes.

Run with `make bench`. Every figure is a median; what is compared is run in turn on one core.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import sympy
from sympy.core.cache import clear_cache

import symrnn
from symrnn.system import unroll

FRESH = """
import time
import sympy, symrnn.model, symrnn.library.zoo
text = symrnn.library.zoo.read("models", {name!r})
start = time.perf_counter()
symrnn.model.parse(text, {name!r}).adjoint
print(time.perf_counter() - start)
"""


def process(*arguments: str) -> float:
    """The wall time of one run of Python."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


def inside(name: str) -> float:
    """Reading a model up to its adjoint, in a fresh process, after the imports."""
    script = FRESH.format(name=name)
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    return float(done.stdout)


def in_turn(runs: dict[str, Callable[[], float]], repeats: int) -> dict[str, float]:
    """The median of each run, all of them taken one after the other, again and again."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            times[name].append(run())
    return {name: statistics.median(found) for name, found in times.items()}


def table(title: str, found: dict[str, float], note: Callable[[str], str] = lambda _: "") -> None:
    print(f"\n{title}")
    width = max(map(len, found))
    for name, seconds in found.items():
        print(f"  {name:<{width}}  {1000 * seconds:9.1f} ms  {note(name)}".rstrip())


def derivations() -> None:
    """Formulas for the recurrent weight of elman, from the model to the LaTeX, after import."""
    sys.setrecursionlimit(10_000)  # for SymPy, whose expressions nest with T
    model = symrnn.load("elman_n4")
    model.derive(2).latex("closed")

    def derived(view: str, steps: int, scalar: bool = True) -> float:
        start = time.perf_counter()
        model.derive(steps, scalar=scalar).latex(view, "w_h")
        return time.perf_counter() - start

    def nested(steps: int) -> float:
        """What SymPy alone takes to differentiate the loss written out."""
        clear_cache()  # a second time it would remember the result
        x, y, w_i, w_h, w_o = sympy.symbols("x y w_i w_h w_o")
        value = sympy.Integer(0)
        for _ in range(steps):
            value = sympy.tanh(x * w_i + value * w_h)
        yhat = 1 / (1 + sympy.exp(-value * w_o))
        start = time.perf_counter()
        sympy.diff(-y * sympy.log(yhat) - (1 - y) * sympy.log(1 - yhat), w_h)
        return time.perf_counter() - start

    table(
        "elman_n4, gradient by w_h as LaTeX, scalar form",
        in_turn(
            {
                "chain, T = 40": lambda: derived("chain", 40),
                "chain, T = 80": lambda: derived("chain", 80),
                "closed, T = 40": lambda: derived("closed", 40),
                "sympy.diff of the nested loss, T = 40": lambda: nested(40),
                "delta, T = 40": lambda: derived("delta", 40),
                "delta, T = 4000": lambda: derived("delta", 4000),
            },
            5,
        ),
    )


def main() -> None:
    table(
        "parse, normal form and adjoint, first time in a fresh process, after import",
        in_turn({name: lambda name=name: inside(name) for name in symrnn.models()}, 5),  # type: ignore[misc]
    )

    adjoint = symrnn.load("elman").adjoint

    def unrolled(steps: int) -> float:
        start = time.perf_counter()
        unroll(adjoint, steps)
        return time.perf_counter() - start

    counts = (100, 1000, 10_000)
    found = in_turn({str(n): lambda n=n: unrolled(n) for n in counts}, 5)  # type: ignore[misc]
    table(
        "elman with its adjoint, unrolled: steps",
        found,
        lambda n: f"{1e6 * found[n] / int(n):.0f} µs a step",
    )

    derivations()

    commands()


def commands() -> None:
    """Whole processes as multiples of `import sympy`, each beside an import of its own."""
    run = [["show", "elman"], ["show", "lstm", "--adjoint"], ["models"], ["--help"]]
    with tempfile.TemporaryDirectory() as folder:
        for name in symrnn.models():
            kernel = str(Path(folder, f"{name}.py"))
            run += [["derive", name], ["derive", name, "--steps", "3"]]
            run += [["generate", name, "--steps", "25", "-o", kernel], ["verify", name]]
        print("\nwhole processes, as multiples of `import sympy`")
        for command in run:
            ratios = []
            for _ in range(5):
                alone = process("-c", "import sympy")
                ratios.append(process("-m", "symrnn", *command) / alone)
            shown = " ".join(command).replace(folder, "…")
            print(f"  {statistics.median(ratios):5.2f}  symrnn {shown}")


if __name__ == "__main__":
    main()

"""Texts that nobody means: too long, too deep, too large, with commands, without sense."""

import itertools
import json

from symrnn.check.sources import Kind

LEFT = r"\frac{\partial L}{\partial w_o} = "


def _nested(before: str, inside: str, after: str, depth: int) -> str:
    return before * depth + inside + after * depth


def _laughs(count: int) -> str:
    """Each macro is ten of the one before."""
    names = [chr(ord("a") + i) for i in range(count)]
    lines = [rf"\newcommand{{\z{names[0]}}}{{O_3}}"]
    for before, name in itertools.pairwise(names):
        ten = rf"\z{before} " * 10
        lines.append(rf"\newcommand{{\z{name}}}{{{ten}}}")
    return "\n".join([*lines, rf"\[ {LEFT} \z{names[-1]} \]"])


FORMULAS = {
    "a megabyte of braces": "{" * 1_000_000,
    "a megabyte of pairs": "{}" * 500_000,
    "long": LEFT + "O_3 + " * 20_000 + "O_3",
    "almost too long": LEFT + "+".join(["O_3"] * 24_000),
    "deep braces": LEFT + _nested("{", "O_3", "}", 101),
    "deep brackets": LEFT + _nested(r"\left(", "O_3", r"\right)", 3_000),
    "deep fractions": LEFT + _nested(r"\frac{1}{", "O_3", "}", 500),
    "deep scripts": LEFT + _nested("O_{", "3", "}", 500),
    "deep hats": LEFT + _nested(r"\hat{", "y", "}", 500),
    "deep roots": LEFT + _nested(r"\sqrt{", "y", "}", 99),
    "signs": LEFT + "-" * 40_000 + "O_3",
    "transposes": LEFT + "O_3" + r"{}^\top" * 5_000,
    "primes": LEFT + r"\sigma" + "'" * 40_000 + "(O_3)",
    "a tower": LEFT + "10^{10^{10}}",
    "a high tower": LEFT + "9^{9^{9^{9^{9}}}}",
    "a power of a letter": LEFT + "O_3^{10^{10}}",
    "a power of a matrix": LEFT + "O_3^{99999999}",
    "e to the e": LEFT + "e^{e^{e^{e^{9}}}}",
    "many digits": LEFT + "9" * 50_000,
    "many decimals": LEFT + "0." + "3" * 50_000,
    "a small number": LEFT + "0." + "0" * 5_000 + "1",
    "a far step": r"O_{99999999999999999999} = 1",
    "a far sum": LEFT + r"\sum_{j=1}^{1000000000} O_3",
    "a far product": LEFT + r"\prod_{j=1}^{1000000000} O_3",
    "sums of sums": LEFT + "".join(rf"\sum_{{j=1}}^{{{9}}} " for _ in range(40)) + "O_3",
    "a chain": " = ".join(["O_3"] * 10_000),
    "signs of equality": "=" * 20_000,
    "nothing on the right": "O_3 =",
    "nothing on the left": "= O_3",
    "nothing": "",
    "a space": " \n ",
    "a macro file": r"\input{/etc/passwd}",
    "a command": r"\write18{rm -rf /}",
    "a definition": r"\def\x{\x\x} \x = 1",
    "catcodes": r"\catcode`\{=12",
    "csname": r"\csname input\endcsname{a} = 1",
    "an unclosed brace": LEFT + r"\frac{O_3",
    "an unclosed bracket": LEFT + r"\left( O_3",
    "a closed one": LEFT + r"O_3 \right)",
    "wrong brackets": LEFT + "[(O_3])",
    "an unclosed environment": r"\begin{align} " + LEFT + "O_3",
    "another environment": r"\begin{tikzpicture} \end{align}",
    "carets": LEFT + "O^^^^3",
    "two subscripts": LEFT + "O_3_3",
    "no base": LEFT + "_3 ^2",
    "cells": LEFT + "&" * 10_000,
    "a big matrix": LEFT
    + r"\begin{pmatrix}"
    + r"\\".join("&".join("1" * 150) for _ in range(150))
    + r"\end{pmatrix}",
    "a ragged matrix": LEFT + r"\begin{pmatrix} 1 & 2 \\ 3 \end{pmatrix}",
    "an empty matrix": LEFT + r"\begin{pmatrix} \end{pmatrix}",
    "no cases": LEFT + r"\begin{cases} \end{cases}",
    "over zero": LEFT + r"\frac{O_3}{0}",
    "zero over zero": LEFT + r"\frac{0}{0}",
    "the logarithm of zero": LEFT + r"\log 0",
    "a root of a negative": LEFT + r"\sqrt{-1}",
    "zero to the minus one": LEFT + "0^{-1}",
    "a null": LEFT + "O_3 \x00",
    "an escape": LEFT + "\x1b[31m O_3",
    "a bell": "\x07\x08\x7f = O_3",
    "right to left": LEFT + "\u202eO_3",
    "half a character": LEFT + "\ud800",
    "letters of other alphabets": LEFT + "Ο_3",
    "the sign of a minus": LEFT + "−O_3",
    "pictures": LEFT + "🙂",
    "itself": r"q = q + 1",
    "each other": "q_t = r_t \\\\ r_t = q_t",
    "ever further": r"q_t = q_{t+1} + 1",
    "by itself": rf"{LEFT} \frac{{\partial L}}{{\partial w_o}} + 1",
    "a second derivative": r"\frac{\partial \frac{\partial L}{\partial w_o}}{\partial w_o} = 1",
    "a derivative by a number": r"\frac{\partial L}{\partial 3} = 1",
    "a derivative of nothing": r"\frac{\partial}{\partial w_o} = 1",
    "a dot": ".",
    "a backslash": "\\",
    "a per cent": "%",
}
"""Formulas as somebody could hand them in, on the command line or in a display."""

DOCUMENTS: dict[str, tuple[Kind, str]] = {
    "macros of macros": ("tex", _laughs(12)),
    "a macro of itself": ("tex", rf"\newcommand{{\z}}{{\z\z}} \[ {LEFT} \z \]"),
    "many lines": ("tex", "\\begin{align}\n" + "a &= b \\\\\n" * 8_000 + "\\end{align}"),
    "many letters": (
        "tex",
        "\n".join(rf"\[ \xi_{{{i}}} = O_3 + {i} \]" for i in range(2_000)),
    ),
    "dollars": ("md", "$" * 99_999),
    "an open fence": ("md", "```math\n" + LEFT),
    "fences": ("md", "```\n" * 20_000),
    "no end": ("tex", "\\begin{align}\n" * 5_000),
    "ends": ("tex", "\\end{align}\n" * 5_000),
    "comments": ("tex", "%" * 99_999),
    "no JSON": ("ipynb", "{"),
    "deep JSON": ("ipynb", "[" * 90_000),
    "a list": ("ipynb", "[]"),
    "a number": ("ipynb", "3"),
    "no cells": ("ipynb", "{}"),
    "cells of numbers": ("ipynb", json.dumps({"cells": [1, None, "a", [], {}]})),
    "odd cells": (
        "ipynb",
        json.dumps({"cells": [{"cell_type": "markdown", "source": 3}, {"source": {"a": 1}}]}),
    ),
    "sources of numbers": (
        "ipynb",
        json.dumps({"cells": [{"cell_type": "markdown", "source": [1, None]}]}),
    ),
}
"""Whole files, and of which kind."""

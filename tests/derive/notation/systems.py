"""Systems whose names are hard to tell apart, and every reference to them."""

import re
from collections import Counter
from pathlib import Path

import symrnn
from symrnn.derive.notation.letters import Letters
from symrnn.derive.notation.notation import Notation, load_notation
from symrnn.language.tree import Ref
from symrnn.system import System
from tests.cases import model

NOTATIONS = ["default", "N1", "N2", "N3", "N4", "N5", "books"]
DEFAULT = load_notation("default")

# names that look like others with a time, like letters of the derivation, or like Python's
NASTY = {
    "times": "h[t] = tanh(x[t] @ h_t + h[t-1] @ h_1 + h1 + h_T + h_t_1 + h_tm1 + h_0 + h_k)",
    "late times": "h[t] = tanh(x[t] @ h_57 + h[t-1] @ h_m1 + h_tm14 + h_m20 + h_1_ + h__1)",
    "layers": "h[t] = tanh(x[t] + b_1 + h2[t-1]); h2[t] = tanh(h[t] + h_2); b[t] = tanh(h2[t])",
    "subscripts": "h[t] = tanh(x[t] @ W_hh + h[t-1] @ W_h_h + Wh_h + W_h + Wh)",
    "gates": "O[t] = tanh(O_f[t-1] + x[t]); O_f[t] = tanh(O[t-1] * O_f_3 + O_f_t + O_ft + O_f3)",
    "accents": "yhat[t] = tanh(x[t] + y_hat + xhat + yhat[t-1]); xbar = yhat[T] + ybar + hbar",
    "greek": "h[t] = tanh(x[t] * alpha + Alpha + Omega + lambda_ + mu + nu_t + h[t-1] * pi)",
    "delta": "delta[t] = tanh(x[t] * eta + delta[t-1] * delta_t + delta_O + Delta + ell + a)",
    "state": "O[t] = tanh(x[t] @ w + O[t-1] @ u); O[0] = O0; q[t] = O_0 * O[t] + O_00",
    "adjoints": "O[t] = tanh(d_O + x[t] * O[t-1] + d_O_0 + d[t-1] + a_O); d[t] = d_d * O[t] + Obar",
    "before": "a[t] = tanh(x[t] + a[t-1]); O[t] = tanh(a[t] @ a_O + a_a); a_yhat = O[T] + a_a_O",
    "python": "E[t] = tanh(x[t] + I + S + N + Q + E_ + E__ + sum_ + E[t-1]); O[t] = beta * E[t]",
    "sympy": "h[t] = tanh(gamma * x[t] + zeta + pi + id + Symbol + np + h[t-1] + gamma_ + diff)",
    "words": "hidden[t] = tanh(x[t] + hidden_t + forget_gate * dt); hi[t] = hidden[t]",
    "parts": "n[t] = tanh(x[t] @ W + r[t] * (n[t-1] @ U + c)); r[t] = tanh(x[t] + u_n + n[t-1])",
    "books": "O[t] = tanh(x[t] @ w_i + W_xh + W_x); h[t] = tanh(O[t] @ w_h + h[t-1] @ W_h)",
}

MEANT = ("h_t", "h_T", "h_tm1", "hidden_t", "delta_t", "O_f_t", "nu_t")
"""Names that are no steps; without a declaration that would be taken for a slip."""


def nasty(name: str) -> System:
    """A nasty model with a loss, and its adjoint."""
    text = NASTY[name]
    last = [part.split("[")[0].strip() for part in text.split(";") if "[t] =" in part][-1]
    meant = "".join(f"; {name}: parameter" for name in MEANT if re.search(rf"\b{name}\b", text))
    return symrnn.parse(f"{text}{meant}; L = mse(y, {last}[T])").adjoint


def times(timed: bool) -> list[tuple[str, int]]:
    if not timed:
        return [("", 0)]
    steps = [("1", step - 1) for step in (*range(-4, 16), -20, -14, 20, 40, 57, 142)]
    moving = [(base, shift) for base in "tTkj" for shift in (-14, *range(-3, 4))]
    return [("", 0), *steps, *moving]


def references(system: System) -> list[Ref]:
    return [Ref(s.name, *time) for s in system.symbols.values() for time in times(s.timed)]


def assert_all_different(letters: Letters) -> None:
    refs = references(letters.system)
    for write in (letters.latex, letters.plain, letters.python):
        twice = [text for text, n in Counter(map(write, refs)).items() if n > 1]
        assert not twice, {text: [r for r in refs if write(r) == text] for text in twice[:3]}


def latex(notation: str, name: str) -> dict[str, str]:
    system = model(name).adjoint
    letters = Letters(load_notation(notation), system)
    return {
        s.name: letters.latex(Ref(s.name, "t" if s.timed else "")) for s in system.symbols.values()
    }


def user(tmp_path: Path, text: str) -> Notation:
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    return load_notation(str(path))

"""A check that the LaTeX of a formula is well formed."""

import re
from dataclasses import dataclass, field

from symrnn.errors import CheckError


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


SYMBOLS = {"\\ "} | _names(
    r"""
    \alpha \beta \gamma \delta \epsilon \varepsilon \zeta \eta \theta \vartheta \iota \kappa \lambda
    \mu \nu \xi \pi \rho \varrho \sigma \varsigma \tau \upsilon \phi \varphi \chi \psi \omega
    \Gamma \Delta \Theta \Lambda \Xi \Pi \Sigma \Upsilon \Phi \Psi \Omega
    \ell \partial \nabla \infty \top \bot \emptyset \prime \forall \exists \star \ast \dagger
    \bullet \cdot \times \div \pm \mp \odot \otimes \oplus \ominus \circ \wedge \vee \neg
    \in \notin \subset \cup \cap \setminus \leq \le \geq \ge \neq \ne \approx \equiv \propto \sim
    \ll \gg \mid \to \gets \rightarrow \leftarrow \leftrightarrow \mapsto \longrightarrow
    \longmapsto \Rightarrow \Leftarrow \Leftrightarrow \Longrightarrow \iff \implies
    \ldots \cdots \vdots \ddots \dots \colon \sum \prod \int \bigodot \bigoplus \limits \nolimits
    \exp \log \ln \sin \cos \tan \sinh \cosh \tanh \arctan \max \min \sup \inf \lim \det
    \quad \qquad \, \: \; \! \% \# \& \_ \$ \mathstrut \displaystyle \textstyle \scriptstyle
    """
)
"""Macros that take nothing."""

ARGUMENTS = dict.fromkeys(
    _names(
        r"""
        \sqrt \text \textbf \textit \texttt \textrm \mathrm \mathbf \mathit \mathsf \mathtt
        \mathcal \boldsymbol \operatorname \hat \bar \tilde \dot \ddot \vec \widehat \overline
        \underline \underbrace \overbrace \phantom \hphantom \vphantom \boxed \hspace \mathbin
        \mathrel \mathord \mathopen \mathclose \xrightarrow
        """
    ),
    1,
) | dict.fromkeys(_names(r"\frac \dfrac \tfrac \binom \overset \underset \stackrel"), 2)
"""Macros that take arguments, and how many."""

SIZES = frozenset(
    rf"\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")
)

DELIMITERS = _names(
    r"""
    ( ) [ ] | / . \{ \} \lbrace \rbrace \lbrack \rbrack \vert \Vert \| \lvert \rvert \lVert \rVert
    \langle \rangle \lfloor \rfloor \lceil \rceil \uparrow \downarrow
    """
)

ENVIRONMENTS = _names("aligned gathered cases array matrix pmatrix bmatrix vmatrix Vmatrix")
"""Environments within a formula. All of this both amsmath and the converter to MathML know."""

TOKEN = re.compile(r"\\(?:begin|end)\{[^{}]*\}|\\[A-Za-z]+|\\.|[ \t]*\n\s*|[ \t]+|.", re.DOTALL)

WORDS = _names(r"\text \textbf \textit \texttt \textrm")
"""Macros whose argument is no formula."""


@dataclass(slots=True)
class _Frame:
    r"""What is open: a brace, `\left`, an environment, or the whole."""

    kind: str
    formula: bool = True
    scripts: set[str] = field(default_factory=set)  # those that the last atom has
    awaiting: bool = False  # a script's argument comes next


def check_formula(latex: str) -> None:
    r"""Raise unless this is a well-formed formula, in macros that every format knows.

    >>> check_formula(r"\left[ \frac{1}{2} \right]_{t=3}")
    >>> check_formula(r"\left[ x \right]_{t=3")
    Traceback (most recent call last):
        ...
    symrnn.errors.CheckError: '{' is not closed in the formula \left[ x \right]_{t=3
    """
    tokens = [t for t in TOKEN.findall(latex) if not t.isspace() or t.count("\n") > 1]
    stack = [_Frame("")]
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else ""
        problem = _script(stack[-1], token, before) or _step(stack, tokens, index)
        if problem:
            raise CheckError(f"{problem} in the formula {latex}")
    if len(stack) > 1 or stack[-1].awaiting:
        raise CheckError(f"'{stack[-1].kind}' is not closed in the formula {latex}")


def checked(latex: str) -> str:
    """The formula, known to hold nothing but mathematics."""
    check_formula(latex)
    return latex.strip()


def _script(frame: _Frame, token: str, before: str) -> str:
    """Keep account of the scripts of the last atom: one of a kind, each with an argument."""
    if frame.awaiting:
        frame.awaiting = False
        stray = token in ("^", "_", "'", "&", "}", "\\\\", r"\right") or token.startswith(r"\end")
        return f"'{before}' has no argument" if stray else ""
    if token in ("^", "_", "'"):
        above = {"^", "'"} if before != "'" else {"^"}
        if not frame.formula and token != "'":
            return f"'{token}' stands in words"
        if frame.scripts & (above if token != "_" else {"_"}):
            return f"a second '{token}' on one symbol"
        frame.scripts.add(token)
        frame.awaiting = token != "'"
    else:
        frame.scripts.clear()
    return ""


def _step(stack: list[_Frame], tokens: list[str], index: int) -> str:
    """Open and close frames; what is wrong with this token, or nothing."""
    frame, token = stack[-1], tokens[index]
    if token.isascii() and token.isalnum():
        return ""  # most are letters and digits
    before = tokens[index - 1] if index else ""
    after = tokens[index + 1] if index + 1 < len(tokens) else ""
    name = token[token.find("{") + 1 : -1]
    if token == "{":
        stack.append(_Frame("{", formula=frame.formula and before not in WORDS))
    elif token == "}":
        return _close(stack, frame.kind == "{", token)
    elif token.startswith(r"\begin{"):
        stack.append(_Frame(token))
        if name not in ENVIRONMENTS:
            return f"an unknown environment '{name}'"
        return f"'{token}' takes no option; '['" if after == "[" else ""
    elif token.startswith(r"\end{"):
        return _close(stack, frame.kind == rf"\begin{{{name}}}", token)
    elif token == r"\left" or token in SIZES:
        if token == r"\left":
            stack.append(_Frame(token))
        return "" if after in DELIMITERS else f"no delimiter after '{token}'"
    elif token == r"\right":
        wrong = "" if after in DELIMITERS else f"no delimiter after '{token}'"
        return _close(stack, frame.kind == r"\left", token) or wrong
    elif token in ("&", "\\\\"):
        if not frame.kind.startswith(r"\begin"):
            return f"'{token}' outside of an environment's cells"
        return f"'{after}' after '{token}' reads as an option" if after in ("[", "*") else ""
    elif token in ARGUMENTS:
        return _arguments(tokens, index)
    elif token.startswith("\\") and token not in SYMBOLS and token not in DELIMITERS:
        return f"an unknown macro '{token}'"
    elif token.isspace():
        return "an empty line"
    elif not token.isascii() or token in "$%#" or not token.isprintable():
        return f"a bare {token!r}"
    return ""


def _close(stack: list[_Frame], fits: bool, token: str) -> str:
    if not fits:
        open_ = stack[-1].kind
        return f"'{token}' meets '{open_}'" if open_ else f"'{token}' closes nothing"
    stack.pop()
    return ""


def _arguments(tokens: list[str], index: int) -> str:
    """Each argument of a macro is there: one token, or a group."""
    macro, at = tokens[index], index + 1
    for _ in range(ARGUMENTS[macro]):
        if at >= len(tokens) or tokens[at] in ("}", "&", "\\\\", "^", "_", r"\right"):
            return f"too few arguments of '{macro}'"
        depth = 0
        while at < len(tokens):
            depth += {"{": 1, "}": -1}.get(tokens[at], 0)
            at += 1
            if depth <= 0:
                break
    return ""

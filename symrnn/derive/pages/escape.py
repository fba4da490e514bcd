"""Text that anybody may have typed, made harmless."""

import html
import re
import unicodedata

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "\u00a0": "~",
    "ß": r"\ss{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "œ": r"\oe{}",
    "Œ": r"\OE{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "ı": r"\i{}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "‘": r"\textquoteleft{}",
    "’": r"\textquoteright{}",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    "…": r"\ldots{}",
    "•": r"\textbullet{}",
    "§": r"\S{}",
    "©": r"\copyright{}",
}
"""Characters that LaTeX sets in text, in every font encoding."""

GREEK = "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi o pi rho"
GREEK += " varsigma sigma tau upsilon varphi chi psi omega"

MATHS = {
    **{chr(0x3B1 + i): f"\\{name}" for i, name in enumerate(GREEK.split()) if name != "o"},
    **dict(zip("ΓΔΘΛΞΠΣΥΦΨΩ", [
        r"\Gamma", r"\Delta", r"\Theta", r"\Lambda", r"\Xi", r"\Pi", r"\Sigma", r"\Upsilon",
        r"\Phi", r"\Psi", r"\Omega",
    ], strict=True)),
    **{chr(0x2080 + i): f"_{i}" for i in range(10)},
    **{c: f"^{i}" for i, c in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    "ο": "o", "ϵ": r"\epsilon", "ϕ": r"\phi", "ϑ": r"\vartheta",
    "µ": r"\mu", "ᵀ": "^T", "⁺": "^+", "⁻": "^-", "ₜ": "_t", "₊": "_+", "₋": "_-",
    "∂": r"\partial", "∇": r"\nabla", "∑": r"\sum", "∏": r"\prod", "√": r"\surd",
    "·": r"\cdot", "⋅": r"\cdot", "×": r"\times", "÷": r"\div", "±": r"\pm", "−": "-", "∓": r"\mp",
    "⊙": r"\odot", "⊗": r"\otimes", "⊕": r"\oplus", "∘": r"\circ", "⊤": r"\top", "⊥": r"\bot",
    "≤": r"\leq", "≥": r"\geq", "≠": r"\neq", "≈": r"\approx", "≡": r"\equiv", "∝": r"\propto",
    "≪": r"\ll", "≫": r"\gg", "«": r"\ll", "»": r"\gg", "∼": r"\sim", "∈": r"\in", "∞": r"\infty",
    "∀": r"\forall", "∃": r"\exists", "∧": r"\wedge", "∨": r"\vee", "¬": r"\neg", "∫": r"\int",
    "→": r"\rightarrow", "←": r"\leftarrow", "↔": r"\leftrightarrow", "↦": r"\mapsto",
    "⇒": r"\Rightarrow", "⇐": r"\Leftarrow", "⇔": r"\Leftrightarrow", "↑": r"\uparrow",
    "↓": r"\downarrow", "⟨": r"\langle", "⟩": r"\rangle", "‖": r"\Vert", "ℓ": r"\ell",
    "′": "'", "°": r"^\circ", "½": r"\frac12", "¼": r"\frac14", "¾": r"\frac34", "⋯": r"\cdots",
}  # fmt: skip
"""Characters that LaTeX has in formulas."""

MATHS |= {
    greek: rf"\mathrm{{{latin}}}"
    for greek, latin in zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧ", "ABEZHIKMNOPTX", strict=True)
}

ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u",
    "\u0307": ".", "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0323": "d",
    "\u0327": "c", "\u0331": "b",
}  # fmt: skip
"""Combining marks, and the accents that every font encoding of LaTeX has."""

LIGATURES = frozenset("-`',<>?!")

BIDIRECTIONAL = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
"""Marks that turn the direction of what follows: text would not be what it seems."""


def codepoint(character: str) -> str:
    """A character by its number.

    >>> codepoint("中")
    'U+4E2D'
    """
    return f"U+{ord(character):04X}"


def visible(text: str) -> str:
    """The text with a number in place of each character that acts and is not seen.

    Line feeds and tabs stay.

    >>> visible("a\\x1b[2J b")
    'aU+001B[2J b'
    """
    return "".join(codepoint(c) if _acts(c) else c for c in text)


def _acts(character: str) -> bool:
    if character in "\n\t":
        return False
    hidden = unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
    return hidden or character in BIDIRECTIONAL


def as_lines(text: str) -> list[str]:
    """The lines of a listing, tabs spread out, nothing in them that acts.

    >>> as_lines("a\\r\\n\\tb\\n")
    ['a', '        b']
    """
    lines = re.split(r"\r\n|\n|\r", text)
    if lines[-1] == "":
        lines.pop()
    return [visible(line.expandtabs()) for line in lines]


def for_html(text: str) -> str:
    """Text for HTML, within an element or a quoted attribute.

    >>> for_html("<b title='&'>")
    '&lt;b title=&#x27;&amp;&#x27;&gt;'
    """
    return html.escape(visible(text), quote=True)


def for_tex(text: str) -> str:
    r"""Text for LaTeX, in ASCII: every character as itself, by its command or by its number.

    >>> print(for_tex("50% of ŷ_1 -- \\input{x} 中"))
    50\% of \^{y}\_1 -{}- \textbackslash{}input\{x\} \texttt{U+4E2D}\allowbreak{}
    """
    parts = []
    before = ""
    for cluster in re.findall(r".[\u0300-\u036f]*", text, re.DOTALL):
        if before in LIGATURES and cluster in LIGATURES:
            parts.append("{}")  # two hyphens are two hyphens, no dash
        parts.append(_cluster(cluster))
        before = cluster
    return "".join(parts)


def _cluster(cluster: str) -> str:
    """A character with the marks on it."""
    if cluster in ("\n", "\t", "\r"):
        return " "
    if cluster in SPECIAL:
        return SPECIAL[cluster]
    if cluster in MATHS:
        return f"${MATHS[cluster]}$"
    if cluster.isascii() and cluster.isprintable():
        return cluster
    letter, *marks = list(unicodedata.normalize("NFD", cluster))
    if letter.isascii() and letter.isalpha() and len(marks) <= 3 and ACCENTS.keys() >= set(marks):
        accented = f"\\{letter}" if letter in "ij" else letter  # an accent replaces the dot
        for mark in marks:
            accented = f"\\{ACCENTS[mark]}{{{accented}}}"
        return accented
    if len(cluster) > 1:
        return "".join(map(_cluster, cluster))
    return rf"\texttt{{{codepoint(cluster)}}}\allowbreak{{}}"

"""Typed text stays text."""

import pytest

from symrnn.derive.pages.escape import for_html, for_tex, visible


@pytest.mark.parametrize(
    ("text", "tex", "page"),
    [
        ("a_b & 5%", r"a\_b \& 5\%", "a_b &amp; 5%"),
        ("\\x{y}", r"\textbackslash{}x\{y\}", "\\x{y}"),
        ("ŷ é ő", r"\^{y} \'{e} \H{o}", "ŷ é ő"),
        ("y\u0302 ï", r"\^{y} \"{\i}", "y\u0302 ï"),
        ("∂ → ₁", r"$\partial$ $\rightarrow$ $_1$", "∂ → ₁"),
        ("中", r"\texttt{U+4E2D}\allowbreak{}", "中"),
        ("-- ''", "-{}- '{}'", "-- &#x27;&#x27;"),
        ("\u202ex", r"\texttt{U+202E}\allowbreak{}x", "U+202Ex"),
        ("\x00", r"\texttt{U+0000}\allowbreak{}", "U+0000"),
    ],
)
def test_escapes(text: str, tex: str, page: str) -> None:
    assert for_tex(text) == tex
    assert for_html(text) == page


def test_every_character_has_an_escape() -> None:
    for number in [*range(0x3000), *range(0x3000, 0x110000, 97)]:
        tex = for_tex(chr(number))
        assert tex.isascii(), number
        assert tex.isprintable(), number
        assert visible(chr(number)).isprintable() or chr(number) in "\n\t" or number > 0x7F
        groups = tex.replace(r"\{", "").replace(r"\}", "")
        assert groups.count("{") == groups.count("}"), number

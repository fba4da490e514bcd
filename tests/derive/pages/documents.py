"""Documents to print in every format: a small one, one with a picture, a hostile one."""

from symrnn.derive.pages.document import (
    Display,
    Document,
    Figure,
    Heading,
    Inline,
    Listing,
    PageBreak,
    Paragraph,
    Section,
    Table,
)

SVG = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9"/></svg>'
TIKZ = r"\begin{tikzpicture}\draw (0,0) -- (1,0);\end{tikzpicture}"

SMALL = Document(
    ("The sum of ", Inline("a_1", "a₁")),
    (
        Section(
            ("One & only",),
            (
                Paragraph(("Let ", Inline(r"\hat{y}", "ŷ"), " be 50% of it.")),
                Display(r"\begin{aligned} a &= b \\ &= c \end{aligned}", "a = b\n  = c"),
                Paragraph(("So it is.",)),
                Listing("a  = b_1\n\n  c"),
                Table(
                    (("name",), ("value",)),
                    (((Inline("a", "a"),), ("first",)), (("b",), ("[2]",))),
                ),
                PageBreak(),
                Heading(("Respecting ", Inline(r"\hat{w}_t", "ŵₜ"))),
                Display("x", "x" * 41),
            ),
        ),
    ),
    subtitle=("For ", Inline("T = 3", "T = 3")),
)

HOSTILE = [
    r"\input{/etc/passwd}",
    r"\end{document}\immediate\write18{id}",
    r"\end{verbatim}\end{listing}\\[99cm] ^^5cinput",
    "<script>alert(1)</script><img src=x onerror='alert(2)'>",
    '"></title></style></pre><!-- ]]> &lt; {{ 7*7 }} {% if %} << x >> <% if %>',
    "100% $x$ #1 a_b a^b ~ { } }}} & \\",
    "\x00\x07\x1b[31m\x7f\x85\u2028\ud800",
    "\u202eevil\u202c \u2066x\u2069 \u200f",
    "ŷ → ∂L/∂w ≤ ½ é ő ǖ ñ ß Ж 中文 🎉 한 ﷺ a\u0336 \u0301 Α",
    "--- ``quoted'' ?` !` << >> ,,",
    "a\nb\n\nc\ttab\r\nd",
]


def hostile() -> Document:
    """Every hostile text in every place that holds text."""
    sections = tuple(
        Section(
            (text,),
            (
                Paragraph((text, Inline("x", "x"), text)),
                Heading((text,)),
                Listing(text),
                Table(((text,), ("b",)), (((text,), (text,)), (("c",), (text,)))),
            ),
        )
        for text in HOSTILE
    )
    return Document((HOSTILE[0], HOSTILE[3]), sections, subtitle=tuple(HOSTILE))


def figure(caption: str = "A <b> picture") -> Document:
    return Document(("F",), (Section(("S",), (Figure(TIKZ, SVG, (caption,)),)),))

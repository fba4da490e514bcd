"""A document in each format, exactly; typed text stays text; formulas are well formed."""

import re
import shutil
import struct
import subprocess
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import ClassVar

import pytest

from symrnn.derivation.document import (
    Display,
    Document,
    Figure,
    Inline,
    Listing,
    PageBreak,
    Paragraph,
    Section,
    Table,
)
from symrnn.derivation.escape import (
    ARGUMENTS,
    DELIMITERS,
    ENVIRONMENTS,
    SIZES,
    SYMBOLS,
    check_formula,
    for_html,
    for_tex,
    visible,
)
from symrnn.derivation.pages import as_html, as_tex, as_text
from symrnn.errors import CheckError

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
                Display("x", "x"),
            ),
        ),
    ),
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
                Listing(text),
                Table(((text,), ("b",)), (((text,), (text,)), (("c",), (text,)))),
            ),
        )
        for text in HOSTILE
    )
    return Document((HOSTILE[0], HOSTILE[3]), sections)


def figure(caption: str = "A <b> picture") -> Document:
    return Document(("F",), (Section(("S",), (Figure(TIKZ, SVG, (caption,)),)),))


# the formats, exactly


def test_latex_is_exact() -> None:
    tex = as_tex(SMALL)
    assert tex.startswith("\\documentclass[11pt,a4paper]{article}\n\\usepackage{amsmath,")
    assert tex.isascii()
    assert "tikz" not in tex
    assert tex[tex.index("\\begin{document}") :] == (
        r"""\begin{document}

\begin{center}
{\LARGE The sum of $a_1$\par}
\end{center}

\section*{One \& only}

Let $\hat{y}$ be 50\% of it.
\begin{align*}
a &= b \\ &= c
\end{align*}
So it is.

\begin{listing}
a~ = b\_1\null\par
\null\par
~~c\null\par
\end{listing}

\begin{longtable}{@{}ll@{}}
\toprule{2}
name & value \\
\midrule{2}
\endhead
\bottomrule{2}
\endfoot
$a$ & first \\*
\rowgap
b & [2] \\
\rowgap
\end{longtable}

\clearpage
\[
x
\]

\end{document}
"""
    )


def test_html_is_exact() -> None:
    page = as_html(SMALL)
    body = re.sub(r"<math.*?</math>", "<math/>", page[page.index("<body>") :])
    assert body == (
        """<body>
<main>
<h1>The sum of <math/></h1>
<section id="one-only">
<h2>One &amp; only</h2>
<p>Let <math/> be 50% of it.</p>
<div class="display"><math/></div>
<p>So it is.</p>
<pre><code>a  = b_1

  c</code></pre>
<div class="table"><table>
<thead>
<tr>
<th scope="col">name</th>
<th scope="col">value</th>
</tr>
</thead>
<tbody>
<tr>
<td><math/></td>
<td>first</td>
</tr>
<tr>
<td>b</td>
<td>[2]</td>
</tr>
</tbody>
</table></div>
<div class="page-break"></div>
<div class="display"><math/></div>
</section>
</main>
</body>
</html>
"""
    )
    assert "<h1>The sum of <math><msub><mi>a</mi><mn>1</mn></msub></math></h1>" in page
    assert "<title>The sum of a₁</title>" in page


def test_text_is_exact() -> None:
    assert as_text(SMALL, 40) == (
        """The sum of a₁
=============

One & only
----------

Let ŷ be 50% of it.

    a = b
      = c

So it is.

    a  = b_1

      c

    name  value
    ----  -----
    a     first
    b     [2]

    x
"""
    )


def test_text_wraps_prose_and_keeps_formulas_whole() -> None:
    words = ("one two three ", Inline("x", "a + b + c"), " four, five six 中文中文 seven.")
    document = Document(("T",), (Section(("S",), (Paragraph(words),)),))
    lines = as_text(document, 20).splitlines()
    assert lines[6:] == ["one two three", "a + b + c four, five", "six 中文中文 seven."]
    assert as_text(document, 0).splitlines()[6:] == [
        "one two three a + b + c four, five six 中文中文 seven."
    ]


def test_columns_of_a_table_stand_below_each_other_whatever_the_letters() -> None:
    table = Table((("a",), ("b",)), ((("中文",), ("1",)), (("y\u0302",), ("2",))))
    text = as_text(Document(("T",), (Section(("S",), (table,)),)), 0)
    assert text.splitlines()[6:] == [
        "    a     b",
        "    ----  -",
        "    中文  1",
        "    y\u0302     2",
    ]


def test_figures() -> None:
    tex, page, text = as_tex(figure()), as_html(figure()), as_text(figure(), 80)
    assert r"\usepackage{tikz}" in tex
    assert f"{TIKZ}\\par\\smallskip\n" in tex
    assert r"{\small A \textless{}b\textgreater{} picture\par}" in tex
    assert (
        '<figure>\n<svg xmlns="http://www.w3.org/2000/svg" role="img">'
        '<title>A &lt;b&gt; picture</title><path d="M0 0h9"/></svg>\n'
        "<figcaption>A &lt;b&gt; picture</figcaption>\n</figure>" in page
    )
    assert text.endswith("\nFigure: A <b> picture\n")


def test_a_picture_that_has_a_name_keeps_it() -> None:
    svg = '<svg role="img" viewBox="0 0 1 1"><title>Mine</title></svg>'
    document = Document(("F",), (Section(("S",), (Figure(TIKZ, svg, ("Other",)),)),))
    assert f"<figure>\n{svg}\n<figcaption>Other" in as_html(document)


def test_a_display_of_several_parts_is_left_as_it_is() -> None:
    two = r"\begin{aligned} a \end{aligned} = \begin{aligned} b \end{aligned}"
    inner = r"\begin{aligned} a &= \begin{aligned} b \end{aligned} \end{aligned}"
    tex = as_tex(Document(("T",), (Section(("S",), (Display(two, ""), Display(inner, ""))),)))
    assert f"\\[\n{two}\n\\]\n" in tex
    assert "\\begin{align*}\na &= \\begin{aligned} b \\end{aligned}\n\\end{align*}\n" in tex


def test_wide_columns_of_a_printed_table_are_set_as_paragraphs() -> None:
    table = Table((("k",), ("long",)), ((("1",), ("word " * 40,)),))
    tex = as_tex(Document(("T",), (Section(("S",), (table,)),)))
    assert r"{@{}l>{\raggedright\arraybackslash}p{0.907\linewidth}@{}}" in tex


def test_contents_stand_before_more_than_three_sections_and_every_id_is_its_own() -> None:
    titles = ("A b", "A b", "∂", "∂", "x" * 99)
    document = Document(("T",), tuple(Section((title,), ()) for title in titles))
    page = as_html(document)
    ids = ["a-b", "a-b-2", "section", "section-2", "x" * 60]
    assert re.findall(r'<section id="([^"]*)">', page) == ids
    assert re.findall(r'<a href="#([^"]*)">', page) == ids
    assert "<nav" not in as_html(Document(("T",), document.sections[:3]))


def test_the_page_needs_nothing_else() -> None:
    page = as_html(SMALL)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}">' in page
    assert '<html lang="en">' in page
    assert '<meta charset="utf-8">' in page
    assert not re.search(r"<script|<link|@import|url\(|https?:|\son\w+=", page)


# typed text stays text


def test_hostile_text_is_escaped_in_latex() -> None:
    tex = as_tex(hostile())
    body = tex[tex.index("\\begin{document}") :]
    assert tex.isascii()
    assert not re.search(r"[^\n\x20-\x7e]", tex)
    assert body.count("\\end{document}") == 1
    assert not re.search(r"\\(input|write|immediate)|\^\^|\{verbatim\}|(?<!\\)%", body)
    known = r"""\begin \end \section \LARGE \par \null \toprule \midrule \bottomrule \rowgap
        \endhead \endfoot \raggedright \arraybackslash \linewidth \textbackslash
        \textasciicircum \textasciitilde \textless \textgreater \textbar \texttt \allowbreak
        \rightarrow \partial \leq \frac \ss \mathrm \H"""
    assert set(re.findall(r"\\[A-Za-z]+", body)) <= set(known.split())


def test_hostile_text_is_escaped_in_html() -> None:
    page = as_html(hostile())
    assert not re.search(r"<script|<img|<b>|<!--", page)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202a-\u202e\u2066-\u2069]", page)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7*7 }}" in page
    page.encode()  # no lone surrogate
    Balance(page)


def test_hostile_text_does_nothing_to_a_terminal() -> None:
    text = as_text(hostile(), 80)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202a-\u202e\u2066-\u2069]", text)
    assert "U+001B[31m" in text
    text.encode()


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


# formulas are well formed

GOOD = [
    r"\left[ \frac{\partial L}{\partial \hat{y}} \cdot \frac{\partial^{+} O_3}{\partial w_h}"
    r" \right]_{t=3}",
    r"\begin{aligned} \delta_t &= \left( \delta_{t+1} w_h^{\top} \right) \odot (1 - O_t^2) \\"
    " &\\quad{}+ \\mathbf{1}^{\\top} x' \n \\end{aligned}",
    r"\Bigl( \begin{pmatrix} a & b \\ c & d \end{pmatrix} \Bigr), \left. x \right|_{t=0}",
    r"\sum_{t=1}^{T} \prod_{k=t+1}^{T} \underline{\hspace{2em}} f\colon x \mapsto \boxed{y}",
    r"\begin{cases} a, & \text{if } x > 0 \\ b, & \text{otherwise} \end{cases}",
]


@pytest.mark.parametrize("latex", GOOD)
def test_good_formulas_pass_and_become_mathml(latex: str) -> None:
    check_formula(latex)
    page = as_html(Document(("T",), (Section(("S",), (Display(latex, ""),)),)))
    Balance(page)


@pytest.mark.parametrize("latex", GOOD)
@pytest.mark.parametrize("lost", ["{", "}", r"\left", r"\right", r"\begin", r"\end"])
def test_a_formula_that_lost_one_end_is_caught(latex: str, lost: str) -> None:
    for match in re.finditer(re.escape(lost) + r"(?![a-z])(\{[a-z]*\})?", latex):
        if lost in "{}" or "begin" in lost or "end" in lost or match[0] == lost:
            start = match.start()
            end = match.end() if len(lost) > 1 else start + 1
            with pytest.raises(CheckError, match="in the formula"):
                check_formula(latex[:start] + latex[end:])


@pytest.mark.parametrize(
    ("latex", "message"),
    [
        ("{x", "'{' is not closed"),
        ("x}", "'}' closes nothing"),
        (r"\left( {x \right) }", r"'\right' meets '{'"),
        (r"\left( x", r"'\left' is not closed"),
        (r"\left x \right)", r"no delimiter after '\left'"),
        (r"\begin{aligned} a \end{pmatrix}", r"'\end{pmatrix}' meets '\begin{aligned}'"),
        (r"\begin{aligned} \left( a \\ b \right) \end{aligned}", r"'\\' outside of"),
        (r"\begin{aligned} { a & b } \end{aligned}", "'&' outside of"),
        (r"\begin{aligned} a \\[4pt] b \end{aligned}", r"'[' after '\\' reads as an option"),
        (r"\begin{aligned}[t] a \end{aligned}", "takes no option"),
        (r"\begin{verbatim} \end{verbatim}", "an unknown environment 'verbatim'"),
        (r"\input{/etc/passwd}", r"an unknown macro '\input'"),
        (r"\def\x{y}", r"an unknown macro '\def'"),
        ("a & b", "'&' outside of"),
        ("50% of", "a bare '%'"),
        ("a $ b", "a bare '$'"),
        ("ŷ", "a bare 'ŷ'"),
        ("a\n\nb", "an empty line"),
        ("x_a_b", "a second '_' on one symbol"),
        ("x^{a}^{b}", "a second '^' on one symbol"),
        ("x^2'", "a second ''' on one symbol"),
        ("x_", "is not closed"),
        ("{x_}", "'_' has no argument"),
        (r"\frac{a}", r"too few arguments of '\frac'"),
        (r"\text{a_b}", "'_' stands in words"),
        (r"\bigl x", r"no delimiter after '\bigl'"),
    ],
)
def test_broken_formulas_are_caught(latex: str, message: str) -> None:
    with pytest.raises(CheckError) as caught:
        check_formula(latex)
    assert message in str(caught.value)
    assert latex in str(caught.value)


def samples() -> list[str]:
    """Each macro and each environment that a formula may hold, in use."""
    uses = [f"a {symbol} b" for symbol in sorted(SYMBOLS - {r"\limits", r"\nolimits"})]
    uses += [r"\sum\limits_{a} b", r"\sum\nolimits_{a} b"]
    for macro, count in sorted(ARGUMENTS.items()):
        uses.append(macro + ("{2em}" if macro == r"\hspace" else "{a}" * count))
    uses += [rf"\left{d} a \right{d}" for d in sorted(DELIMITERS)]
    uses += [f"{size}| a" for size in sorted(SIZES)]
    for name in sorted(ENVIRONMENTS):
        columns = "{cc}" if name == "array" else ""
        cells = r"a \\ b" if name == "gathered" else r"a & b \\ c & d"
        uses.append(rf"\begin{{{name}}}{columns} {cells} \end{{{name}}}")
    return uses


def test_every_macro_that_a_formula_may_hold_becomes_mathml() -> None:
    items = tuple(Display(latex, "") for latex in samples())
    Balance(as_html(Document(("T",), (Section(("S",), items),))))


def test_lines_under_and_over_a_formula_are_borders() -> None:
    latex = r"\underline{\hspace{2em}} + \overline{x}"
    page = as_html(Document(("T",), (Section(("S",), (Display(latex, ""),)),)))
    line = '<mo class="line"></mo>'
    assert f'<munder accentunder="true"><mspace width="2em"/>{line}</munder>' in page
    assert f'<mover accent="true"><mi>x</mi>{line}</mover>' in page
    assert "munder:has(> .line)" in page


def test_a_formula_that_has_no_mathml_is_named() -> None:
    latex = r"\sqrt[3]{x} \, \mathbf{\hspace{x}}"
    with pytest.raises(CheckError) as caught:
        as_html(Document(("T",), (Section(("S",), (Display(latex, ""),)),)))
    assert latex in str(caught.value)


# the page is well formed


class Balance(HTMLParser):
    """Every element is closed where it was opened, and stands where it may."""

    VOID = frozenset(["meta", "br", "hr", "img"])
    PHRASING_ONLY = frozenset(["p", "h1", "h2", "code", "title", "pre", "figcaption"])
    FLOW = frozenset(["p", "div", "section", "table", "pre", "figure", "h1", "h2", "ol", "nav"])
    PARENTS: ClassVar = {
        "tr": {"thead", "tbody"}, "td": {"tr"}, "th": {"tr"}, "li": {"ol"}, "mtr": {"mtable"},
        "mtd": {"mtr"}, "thead": {"table"}, "tbody": {"table"}, "figcaption": {"figure"},
    }  # fmt: skip

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag} repeats an attribute"
        for name, value in attrs:
            if name == "id" and value is not None:
                assert value not in self.ids, f"the id {value} is taken"
                self.ids.add(value)
        above = self.open[-1] if self.open else ""
        if tag in self.PARENTS:
            assert above in self.PARENTS[tag], f"{tag} in {above}"
        if tag in self.FLOW:
            assert not self.PHRASING_ONLY & set(self.open), f"{tag} in {self.open}"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert {"math", "svg"} & set(self.open), f"<{tag}/> is no void element"

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


@pytest.mark.parametrize("document", [SMALL, figure(), hostile()])
def test_pages_are_well_formed(document: Document) -> None:
    Balance(as_html(document))


@pytest.mark.parametrize(
    "page", ["<p>", "</p>", "<b><p></b></p>", "<p><div></div></p>", "<tr></tr>", "<b/>"]
)
def test_the_balance_catches(page: str) -> None:
    with pytest.raises(AssertionError):
        Balance(page)


# the page in a browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = next((path for name in NAMES if (path := shutil.which(name))), None)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")

LONG = " + ".join(f"x_{{{i}}}" for i in range(60))
WIDE = Document(
    ("Wide ", Inline(LONG, "")),
    tuple(
        Section(
            ("A section ", Inline(LONG if number == 1 else "x", "x")),
            (
                Paragraph(("A formula in a line: ", Inline(LONG, ""), ", and " + "w" * 300)),
                Display(LONG, ""),
                Listing("word " * 80 + "w" * 300),
                Table((("a",), ("b",)), (((Inline(LONG, ""),), ("w" * 100,)),)),
                Figure(TIKZ, SVG.replace("<svg", '<svg width="2000" height="50"'), (("c" * 200),)),
            ),
        )
        for number in range(4)
    ),
)


def chromium(folder: Path, *options: str) -> str:
    assert BROWSER is not None
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += [f"--user-data-dir={folder / 'profile'}", *options]
    done = subprocess.run(
        command, capture_output=True, timeout=120, check=True, stdin=subprocess.DEVNULL
    )
    return done.stdout.decode()


def pixels(data: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and rows of a PNG of 8 bits, not interlaced."""
    at, body, header = 8, b"", b""
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        header = content if kind == b"IHDR" else header
        body += content if kind == b"IDAT" else b""
        at += length + 12
    width, height, depth, color, _, _, interlace = struct.unpack(">IIBBBBB", header)
    assert (depth, interlace) == (8, 0)
    size = {2: 3, 6: 4}[color]
    raw, stride, rows = zlib.decompress(body), width * size, []
    above = bytes(stride)
    for y in range(height):
        kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1 :][:stride])
        for x in range(stride) if kind else ():
            left = line[x - size] if x >= size else 0
            corner = above[x - size] if x >= size else 0
            near = min((left, above[x], corner), key=lambda v: abs(left + above[x] - corner - v))
            line[x] = (line[x] + (0, left, above[x], (left + above[x]) // 2, near)[kind]) & 255
        above = bytes(line)
        rows.append(above)
    return width, height, rows


@needs_browser
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_not_blank_in_a_browser(tmp_path: Path, width: int) -> None:
    (tmp_path / "page.html").write_text(as_html(SMALL), encoding="utf-8")
    shot = tmp_path / "shot.png"
    chromium(
        tmp_path,
        f"--window-size={width},800",
        f"--screenshot={shot}",
        f"file://{tmp_path}/page.html",
    )
    wide, high, rows = pixels(shot.read_bytes())
    assert (wide, high) == (width, 800)
    inked = [y for y, row in enumerate(rows) if len(set(row)) > 20]  # letters have soft edges
    assert len(inked) > 100
    assert inked[0] < 200


@needs_browser
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_the_page_never_scrolls_sideways(tmp_path: Path, width: int) -> None:
    """A page of the test's own frames the page and measures it: the page itself has no script."""
    frame = for_html(as_html(WIDE)).replace("U+000A", "\n")
    (tmp_path / "frame.html").write_text(
        f"""<!DOCTYPE html><body><iframe id="f" width="{width}" height="800" srcdoc="{frame}">
        </iframe><script>document.getElementById("f").onload = function () {{
          const root = this.contentDocument.documentElement;
          const wide = [...root.querySelectorAll(".display")].map(d => d.scrollWidth > {width});
          const body = root.querySelector("body").scrollWidth;
          document.body.textContent =
            `found ${{root.clientWidth}} ${{root.scrollWidth}} ${{body}} ${{wide.every(x => x)}}`;
        }}</script>""",
        encoding="utf-8",
    )
    found = chromium(
        tmp_path, "--dump-dom", "--virtual-time-budget=5000", f"file://{tmp_path}/frame.html"
    )
    measured = re.search(r"found (\d+) (\d+) (\d+) (\w+)", found)
    assert measured, found[-500:]
    assert measured[1] == measured[2] == measured[3]
    assert measured[4] == "true"

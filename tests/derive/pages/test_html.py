"""A document as a page of HTML, exactly and well formed; its formulas as MathML."""

import re
from html.parser import HTMLParser
from typing import ClassVar

import pytest

from symrnn.derive.pages.document import Display, Document, Figure, Section
from symrnn.derive.pages.html import as_html
from symrnn.errors import CheckError
from tests.derive.pages.documents import SMALL, TIKZ, figure, hostile


def test_html_is_exact() -> None:
    page = as_html(SMALL)
    body = re.sub(r"<math.*?</math>", "<math/>", page[page.index("<body>") :])
    assert body == (
        """<body>
<main>
<h1>The sum of <math/></h1>
<p class="subtitle">For <math/></p>
<section id="one-only">
<h2>One &amp; only</h2>
<p>Let <math/> be 50% of it.</p>
<div class="display"><math/></div>
<p>So it is.</p>
<pre tabindex="0" role="region" aria-label="text of the model"><code>a  = b_1

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
<h3 id="one-only-respecting">Respecting <math/></h3>
<div class="display" tabindex="0" role="region" aria-label="formula"><math/></div>
</section>
</main>
</body>
</html>
"""
    )
    assert "<h1>The sum of <math><msub><mi>a</mi><mn>1</mn></msub></math></h1>" in page
    assert "<title>The sum of a₁</title>" in page


def test_a_picture_that_has_a_name_keeps_it() -> None:
    svg = '<svg role="img" viewBox="0 0 1 1"><title>Mine</title></svg>'
    document = Document(("F",), (Section(("S",), (Figure(TIKZ, svg, ("Other",)),)),))
    assert f">{svg}</div>\n<figcaption>Other" in as_html(document)


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


def test_hostile_text_is_escaped_in_html() -> None:
    page = as_html(hostile())
    assert not re.search(r"<script|<img|<b>|<!--", page)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202a-\u202e\u2066-\u2069]", page)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7*7 }}" in page
    page.encode()  # no lone surrogate
    Balance(page)


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

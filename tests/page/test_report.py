"""The report: one file that fetches nothing, holds together without script, and is no larger than a
mail may be."""

import re
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

import symrnn
from symrnn.errors import DataError, EquationError, UsageError
from symrnn.page.asked import Asked
from symrnn.page.panels import PANELS
from symrnn.page.report import Report
from symrnn.page.subject import Subject
from tests.cases import ZOO
from tests.page.pages import Page, subject
from tests.test_cli import Here, here

__all__ = ["here"]

FETCHING = ("src", "href", "xlink:href", "action", "poster", "data", "srcset")


@pytest.mark.parametrize("name", ZOO)
def test_the_report_is_under_two_megabytes(name: str) -> None:
    html = Report(subject(name)).html
    assert len(html.encode()) < 2_000_000
    _check(html)


@pytest.mark.parametrize("steps", [18, pytest.param(30, marks=pytest.mark.slow)])
def test_so_is_one_of_many_steps(steps: int) -> None:
    assert len(Report(subject("elman", steps)).html.encode()) < 2_000_000


def _check(html: str) -> Page:
    """What holds of every report."""
    page = Page(html)
    fetched = [value for name in FETCHING for value in page.values(name)]
    assert all(re.match(r"#|data:image/(png|svg\+xml);base64,", value) for value in fetched)
    assert "url(" not in html
    assert "@import" not in html
    assert set(re.findall(r"https?://[^\s\"'<]*", html)) <= {"http://www.w3.org/2000/svg"}
    assert max(Counter(page.values("id")).values()) == 1
    assert {value[1:] for value in page.values("href")} <= set(page.values("id"))
    levels = page.headings
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert [tag for tag, _ in page.elements].count("main") == 1
    assert all(image["alt"] for image in page.all("img"))
    assert all(button.get("aria-label") for button in page.all("button"))
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert len(page.all("script")) == 1
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv"))
    known = b64encode(sha256(script.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{known}'"
    )
    assert not [value for value in page.elements if any(n.startswith("on") for n in value[1])]
    return page


def test_the_report_has_every_panel() -> None:
    page = _check(Report(subject("elman")).html)
    text = "".join(page.texts)
    for panel in PANELS.values():
        assert panel.title in text
    assert "Parameters: D × H + H × H + H + H × C + C." in text.replace("\u2062", "")
    assert "Holds: " in text
    assert "gradient w_h" in text


def test_views_fold_and_the_first_is_open() -> None:
    page = Page(Report(subject("gru", views=("delta", "product"))).html)
    opened = ["open" in each for each in page.all("details")]
    assert opened[-3:] == [True, False, False]


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


def test_hostile_texts_are_text() -> None:
    text = f"# {HOSTILE}\nh[t] = tanh(x[t] @ W + h[t-1] @ U)  # {HOSTILE}\nL = mse(y, h[T])\n"
    asked = Asked(text, f"{HOSTILE}")
    page = _check(Report(Subject(asked), HOSTILE).html)
    assert "onerror" not in str(page.elements)
    assert not [image for image in page.all("img") if image["src"] == "x"]


def test_the_pages_of_derive_have_no_marks_and_no_script() -> None:
    html = symrnn.load("elman").derive(steps=3).html()
    assert not [each for each in ("data-at", "<script", "script-src") if each in html]


def test_numbers_are_those_of_data_that_were_put_in() -> None:
    data = '{"x": [[0.5, 0.25], [1, 2], [3, 4], [5, 6]], "y": [1]}'
    page = Page("".join(_sections(Subject(Asked(symrnn.load("elman").text, data=data)))))
    text = "".join(page.texts)
    assert "Its data are those that were put in" in text
    assert "0.25" in text


@pytest.mark.parametrize("steps", [3, 5])
def test_numbers_name_what_they_are_of(steps: int) -> None:
    asked = Asked(symrnn.load("elman").text, steps=steps, data="notes")
    text = "".join(Page("".join(_sections(Subject(asked)))).texts)
    assert "Its data are the notes' (cat-mat-rat), its parameters" in text
    assert ("The data have 3 steps, and so has this example." in text) == (steps == 5)


def _sections(of: Subject) -> list[str]:
    from symrnn.derive.pages.html import section_html

    return [section_html(section, "numbers") for section in PANELS["numbers"](of)]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('{"x": [[1]]', "the data, line 1, column 12: no JSON"),
        ('{"x": [[1]]}', "the data: y missing"),
        ("/etc/passwd", "the data, line 1, column 1: no JSON"),
        ('{"x": [[1], [1, 2]], "y": [1]}', "the data: x is ragged"),
    ],
)
def test_data_that_are_none_say_so(data: str, message: str) -> None:
    asked = Asked(symrnn.load("elman").text, data=data)
    with pytest.raises(DataError, match=re.escape(message)):
        PANELS["numbers"](Subject(asked))


def test_flow_is_that_of_the_notes_data() -> None:
    asked = Asked(symrnn.load("elman").text, "elman", data="cat-mat-rat")
    (section,) = PANELS["flow"](Subject(asked))
    assert "On 3 sequences of 3 steps" in str(section.items[0])
    figures = str(section.items[3])
    assert "over steps). The product of all 2:" in figures
    assert "below 0.05: O 0." in figures


def test_a_report_in_a_notebook_leaves_the_notebook_as_it_is() -> None:
    found = symrnn.report("elman_n4", steps=2, title="Mine")
    shown = found._repr_html_()
    page = Page(shown)
    ((tag, frame),) = page.elements
    assert tag == "iframe"
    assert frame["srcdoc"] == found.html
    assert repr(found) == "<report of elman_n4: .html, or .write(path)>"


def test_a_report_is_written_whole(tmp_path: Path) -> None:
    found = symrnn.report(symrnn.load("elman_n4"), steps=2)
    found.write(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text() == found.html
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    ("look", "message"),
    [
        ({"steps": 0}, "steps: 0; expected a whole number"),
        ({"notation": "N9"}, "notation: expected one of"),
        ({"view": "chain"}, "'view' is nothing that a page can be asked; did you mean 'views'?"),
    ],
)
def test_a_report_that_cannot_be_says_why(look: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        symrnn.report("elman", **look)  # type: ignore[arg-type]


def test_a_model_without_a_loss_has_no_report() -> None:
    with pytest.raises(EquationError, match="no loss to derive"):
        _ = symrnn.report(symrnn.parse("h[t] = tanh(x[t] @ W)")).html


def test_what_cannot_be_shown_says_why_in_its_place() -> None:
    text = "T = 3; x: 400; h: 300; h[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])"
    found = "".join(_check(Report(Subject(Asked(text))).html).texts)
    assert "made-up numbers is none to follow" in found
    assert "numbers for parameters and inputs, more than 200,000" in found
    assert "Flow is of a model that holds for any number of steps" in found


# the command


def test_the_command_writes_one_file(here: Here, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    options = ("--steps", "2", "--head", "classes", "--scalar", "--notation", "N1")
    assert here("report", "elman", *options, "-o", str(page)) == (0, "", "")
    found = _check(page.read_text())
    assert "Parameters: " in "".join(found.texts)
    assert "= 5, with D = 1, H = 1, C = 1." in "".join(found.texts)


@pytest.mark.parametrize(
    "command",
    [
        "report elmann",
        "report elman --steps 0",
        "report elman --steps x",
        "report elman --notation N9",
        "report elman --view chains",
        "report elman --data nowhere.json",
        "report elman --seed -1",
        "report -e 'h[t] = '",
        "report",
    ],
)
def test_bad_input_ends_with_one_message_and_no_file(
    here: Here, tmp_path: Path, command: str
) -> None:
    import shlex

    said = here(*shlex.split(command), "-o", str(tmp_path / "page.html"))
    assert said.status == 2
    assert said.out == ""
    assert said.err
    assert "Traceback" not in said.err
    assert list(tmp_path.iterdir()) == []


def test_a_run_shows_its_training_its_weights_and_its_data(here: Here, tmp_path: Path) -> None:
    run, page = tmp_path / "run", tmp_path / "page.html"
    train = ("train", "elman", "--data", "cat-mat-rat", "--hidden", "3", "--epochs", "5")
    assert here(*train, "--flow", "2", "--out", str(run)).status == 0
    assert here("report", str(run), "-o", str(page)) == (0, "", "")
    found = _check(page.read_text())
    text = "".join(found.texts)
    assert "The training" in text
    assert "It is the first sequence of the run's data, with its weights." in text
    assert "On 3 sequences of 3 steps" in text
    assert "widthsD = 3, H = 3, C = 1" in re.sub(r"\s*\n\s*", "", text)


def test_what_a_run_has_of_its_own_cannot_be_said(here: Here, tmp_path: Path) -> None:
    said = here("report", str(tmp_path), "--head", "classes")
    assert (said.status, said.out) == (2, "")
    assert "--head: a run has its own; leave it out" in said.err

"""The page on which one types, in a browser: typed into, chosen from, linked, kept."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import symrnn
from symrnn.cli import main
from symrnn.derive.views import VIEWS
from symrnn.errors import SymrnnError
from symrnn.library import zoo
from tests.browser.setting import (
    SCHEMES,
    WIDTHS,
    Browser,
    barriers,
    brightness,
    complaints,
    needs_axe,
    needs_browser,
    too_wide,
)
from tests.page.live.served import Served, needs_server, serving

pytestmark = [needs_browser, needs_server]
WRONG = "h[t] = tanh(x[t] @ W + h[t-1] @ U\nL = mse(y, h[T])\n"
RIGHT = WRONG.replace("U\n", "U)\n")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.fixture
def opened(browser: Browser, served: Served) -> Iterator[Callable[..., Any]]:
    """Opens the page, with what stands behind its address; at the end nothing was found wrong."""
    pages = []

    def found(behind: str = "", **look: Any) -> Any:
        page = browser.page(**look)
        pages.append(page)
        page.goto(served.address + behind)
        panel(page, "model").locator("math").first.wait_for()
        return page

    yield found
    for page in pages:
        assert complaints(page) == []
        page.context.close()


def panel(page: Any, name: str) -> Any:
    """A panel's content, as soon as it is there for the text as it is; until then what comes above
    it may push it away, and it is scrolled to again."""
    page.wait_for_function(
        """name => {
          document.getElementById(`panel-${name}`).scrollIntoView({block: "nearest"});
          return document.getElementById(`content-${name}`).getAttribute("aria-busy") === "false";
        }""",
        arg=name,
        polling=50,
    )
    return page.locator(f"#content-{name}")


def message(text: str) -> str:
    """What is wrong with a text, as the command line words it, without the place."""
    with pytest.raises(SymrnnError) as caught:
        symrnn.parse(text)
    return str(caught.value).split("\n")[0].split(": ", 1)[1]


# typing


def test_what_is_wrong_stands_under_its_line_until_it_is_mended(
    opened: Callable[..., Any],
) -> None:
    page = opened()
    text, said = page.locator("#text"), page.locator("#said")
    text.fill(WRONG)
    said.wait_for()
    assert said.inner_text() == message(WRONG)
    assert page.locator("#status").inner_text() == f"line 1, column 12: {message(WRONG)}"
    assert text.get_attribute("aria-invalid") == "true"
    rows, carets = text.bounding_box(), page.locator("#carets").bounding_box()
    assert rows["y"] < carets["y"] < rows["y"] + rows["height"]
    page.evaluate("text.setSelectionRange(33, 33)")  # the end of the first line
    text.press(")")
    said.wait_for(state="hidden")
    assert text.input_value() == RIGHT
    assert page.locator("#status").inner_text() == ""
    assert text.get_attribute("aria-invalid") is None
    assert "U" in panel(page, "model").inner_text()


def test_the_page_keeps_up_with_somebody_who_types(opened: Callable[..., Any]) -> None:
    page = opened()
    text = page.locator("#text")
    text.fill("")
    text.press_sequentially(RIGHT.rstrip(), delay=15)
    page.locator("#complaint").wait_for(state="hidden")
    page.locator("#total").wait_for()
    assert "tanh" in panel(page, "model").inner_text()
    page.locator("#dim-D").fill("5")
    page.locator("#dim-C").fill("2")
    assert page.locator("#total").inner_text() == str(5 * 2 + 2 * 2)  # W, and U, for C is h's width
    field = page.locator("#dim-D")
    field.evaluate("field => { field.dataset.same = 'yes'; field.focus(); }")
    with page.expect_response(lambda response: response.request.method == "POST"):
        text.evaluate("text => { text.value += '\\n# h'; text.dispatchEvent(new Event('input')); }")
    page.locator("#complaint").wait_for(state="hidden")
    assert field.get_attribute("data-same") == "yes"  # somebody may be typing there
    assert page.evaluate("document.activeElement.id") == "dim-D"


def test_what_is_hardly_meant_is_said(opened: Callable[..., Any]) -> None:
    page = opened()
    page.locator("#text").fill(f"{RIGHT}k[t] = x[t] @ V\n")
    doubt = page.locator("#doubts li")
    doubt.wait_for()
    assert doubt.inner_text().startswith("line 3: nothing leads from V to L")


def test_a_hostile_text_is_a_text(opened: Callable[..., Any]) -> None:
    page = opened()
    odd = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
    page.locator("#text").fill(f"# {odd}\n{RIGHT}")
    page.wait_for_function("() => document.title.includes('<img')")
    for name in ("model", "derivation", "kernel", "system"):
        assert panel(page, name).locator("img[src=x], script").count() == 0
    assert odd in panel(page, "kernel").inner_text()
    assert page.evaluate("window.hacked") is None


# choosing


def test_an_example_steps_a_view_and_letters(opened: Callable[..., Any]) -> None:
    page = opened()
    page.locator("#example").select_option("lstm")
    assert page.locator("#text").input_value() == zoo.read("models", "lstm")
    page.locator("#content-model", has_text="W_f").wait_for()
    page.locator("#example").select_option("elman")
    panel(page, "terms")
    page.locator("#steps").fill("4")
    page.locator("[data-term='w_h@4']").wait_for()
    page.locator("#views summary").click()
    page.locator("[name=view][value=closed]").check()
    derivation = panel(page, "derivation")
    page.wait_for_function(
        "() => document.querySelectorAll('#content-derivation summary').length === 2"
    )
    titles = derivation.locator("summary").all_inner_texts()
    assert titles == [VIEWS["closed"].title, "Update rules"]
    before = derivation.text_content()
    page.locator("#scalar").select_option("1")
    page.wait_for_timeout(200)  # until it is asked for
    assert "⊙" in before
    assert "⊙" not in panel(page, "derivation").text_content()


def test_an_address_brings_all_of_it_back(opened: Callable[..., Any]) -> None:
    page = opened()
    page.locator("#text").fill(RIGHT)
    page.locator("#steps").fill("2")
    page.locator("#scalar").select_option("1")
    page.locator("#notation").select_option("N1")
    page.locator("#views summary").click()
    page.locator("[name=view][value=closed]").check()
    page.wait_for_timeout(1000)  # until the address holds what was chosen last
    again = opened(page.evaluate("location.hash"))
    for name, value in {"text": RIGHT, "steps": "2", "scalar": "1", "notation": "N1"}.items():
        assert again.locator(f"#{name}").input_value() == value
    assert again.locator("[name=view]:checked").count() == 1
    shown = panel(page, "derivation").text_content()
    assert VIEWS["closed"].title in shown
    assert panel(again, "derivation").text_content() == shown


# linking


@pytest.mark.parametrize("how", ["click", "Enter"])
def test_a_chosen_term_lights_up_with_its_path_and_its_lines(
    opened: Callable[..., Any], how: str
) -> None:
    page = opened()
    panel(page, "network").locator("svg").wait_for()
    term = panel(page, "terms").locator("[data-term='w_h@2']")
    if how == "click":
        term.click()
    else:
        term.focus()
        page.keyboard.press(how)
    assert term.get_attribute("aria-pressed") == "true"
    assert page.locator("#content-network svg .lit").count()
    assert panel(page, "kernel").locator("pre .lit").count()  # also where it has come later
    page.keyboard.press("Escape")
    assert page.locator(".lit").count() == 0


# files


def test_files_are_those_of_the_command_line(opened: Callable[..., Any], tmp_path: Path) -> None:
    page = opened()
    page.locator("#example").select_option("gru")
    panel(page, "model").locator("math").first.wait_for()

    def kept(form: str) -> str:
        with page.expect_download() as download:
            page.locator(f"#download-{form}").click()
        assert download.value.suggested_filename == f"gru.{form}"
        return Path(download.value.path()).read_text("utf-8")

    def made(*command: str) -> str:
        path = tmp_path / f"made-{command[0]}"
        assert main([*command, "-o", str(path)]) == 0
        return path.read_text("utf-8")

    assert kept("rnn") == zoo.read("models", "gru")
    assert kept("py") == made("generate", "gru", "--steps", "3")
    assert kept("tex") == made("derive", "gru", "--steps", "3", "--format", "tex", "--figure")
    assert kept("html") == made("report", "gru", "--data", "notes")


# how it looks


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_and_is_as_bright_as_was_asked_for(
    opened: Callable[..., Any], width: int, scheme: str
) -> None:
    page = opened(width=width, scheme=scheme)
    for name in ("network", "terms", "derivation", "system", "kernel", "numbers"):
        assert panel(page, name).inner_text() or name == "network"
    assert too_wide(page) == []
    assert (brightness(page) > 0.8) == (scheme == "light")


@needs_axe
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_checker_of_accessibility_finds_nothing_serious(
    opened: Callable[..., Any], width: int, scheme: str
) -> None:
    page = opened(width=width, scheme=scheme, checked=True)
    for name in ("network", "terms", "derivation", "kernel"):
        panel(page, name)
    panel(page, "terms").locator("[data-term='w_h@2']").click()
    assert barriers(page) == []
    page.locator("#text").fill(WRONG)
    page.locator("#said").wait_for()
    assert barriers(page) == []


def test_without_script_the_page_says_so(browser: Browser, served: Served) -> None:
    page = browser.page(script=False)
    page.goto(served.address)
    assert "This page needs its script" in page.locator("noscript").inner_text()
    page.context.close()

"""The page that is kept, in a browser: at a desk and on a phone, by day and by night."""

import re
from pathlib import Path
from typing import Any

import pytest

import symrnn
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

pytestmark = needs_browser
MODELS = "elman", "lstm"


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Addresses of the reports of some models."""
    folder, found = tmp_path_factory.mktemp("reports"), {}
    for name in MODELS:
        path = folder / f"{name}.html"
        symrnn.report(name).write(path)
        assert path.stat().st_size < 2_000_000
        found[name] = path.as_uri()
    return found


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", MODELS)
def test_it_fits_and_is_as_bright_as_was_asked_for(
    browser: Browser, reports: dict[str, str], name: str, width: int, scheme: str
) -> None:
    page = browser.page(width, scheme)
    page.goto(reports[name])
    unfold(page)
    assert too_wide(page) == []
    assert (brightness(page) > 0.8) == (scheme == "light")
    assert complaints(page) == []
    page.context.close()


@needs_axe
@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [("elman", 1280, "light"), ("elman", 390, "dark"), ("lstm", 390, "light")],
)
def test_a_checker_of_accessibility_finds_nothing_serious(
    browser: Browser, reports: dict[str, str], name: str, width: int, scheme: str
) -> None:
    page = browser.page(width, scheme, checked=True)
    page.goto(reports[name])
    assert barriers(page) == []
    page.context.close()


@pytest.mark.parametrize("name", MODELS)
def test_all_of_it_is_read_without_script(
    browser: Browser, reports: dict[str, str], name: str
) -> None:
    """Whatever is folded opens by the browser itself, and nothing of the page waits for a script:
    all that its file says is on the screen."""
    page = browser.page(script=False)
    page.goto(reports[name])
    while page.locator("details:not([open]) > summary").count():
        page.locator("details:not([open]) > summary").first.click()
    hidden = page.evaluate(
        """[...document.querySelectorAll("section, math, figure svg, img, pre, table, button")]
          .filter((each) => !each.checkVisibility() || !each.getBoundingClientRect().width)
          .map((each) => each.outerHTML.slice(0, 120))"""
    )
    assert hidden == []
    shown = page.locator("body").inner_text()
    assert re.sub(r"\s", "", symrnn.load(name).text) in re.sub(r"\s", "", shown)
    assert "def loss_and_grads" in shown
    page.context.close()


def test_pictures_have_loaded(browser: Browser, reports: dict[str, str]) -> None:
    pytest.importorskip("matplotlib", reason="pictures of flow need matplotlib")
    page = browser.page()
    page.goto(reports["elman"])
    sizes = page.evaluate("[...document.images].map((each) => [each.naturalWidth, each.alt])")
    assert sizes
    assert all(width > 100 and alt for width, alt in sizes)
    page.context.close()


# what lights up


def unfold(page: Any) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")


def lit(page: Any) -> dict[str, int]:
    """How many elements are lit, by what they stand in."""
    found: dict[str, int] = page.evaluate(
        """() => {
          const count = (where) => [...document.querySelectorAll(where)].length;
          const [picture, lines, terms] = ["svg .lit", "pre .lit", ".choice.lit"].map(count);
          return {picture, lines, terms};
        }"""
    )
    return found


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("how", ["click", "Enter", "Space"])
def test_a_chosen_term_lights_up_with_its_path_and_its_lines(
    browser: Browser, reports: dict[str, str], name: str, how: str
) -> None:
    page = browser.page()
    page.goto(reports[name])
    term = page.locator("[data-term]").nth(1)
    unfold(page)

    def choose() -> None:
        if how == "click":
            term.click()
        else:
            term.focus()
            page.keyboard.press(how)

    assert not any(lit(page).values())
    choose()
    found = lit(page)
    assert found["terms"] == 1
    assert found["picture"]
    assert found["lines"]
    assert term.get_attribute("aria-pressed") == "true"
    own = set(term.get_attribute("data-lights").split())
    for tokens in page.evaluate(
        "[...document.querySelectorAll('.lit[data-at]')].map(e => e.dataset.at)"
    ):
        assert own & set(tokens.split())
    choose()
    assert not any(lit(page).values())
    choose()
    page.keyboard.press("Escape")
    assert not any(lit(page).values())
    page.context.close()


def test_the_term_of_an_earlier_step_lights_a_longer_path(
    browser: Browser, reports: dict[str, str]
) -> None:
    """For the last step there is the way from the loss to it; each step back adds to it."""
    page = browser.page()
    page.goto(reports["elman"])
    unfold(page)
    sizes = []
    for step in (3, 2, 1):
        page.locator(f"[data-term='w_h@{step}']").click()
        sizes.append(lit(page)["picture"])
    assert sizes[0] < sizes[1] < sizes[2]
    page.context.close()


def test_it_is_printed_whole(browser: Browser, reports: dict[str, str], tmp_path: Path) -> None:
    page = browser.page()
    page.goto(reports["elman"])
    page.emulate_media(media="print")
    assert too_wide(page) == []
    assert page.pdf().startswith(b"%PDF")
    page.context.close()

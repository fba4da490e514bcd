"""The page in a browser: not blank, and never wider than the window."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from symrnn.derive.pages.document import (
    Display,
    Document,
    Figure,
    Inline,
    Listing,
    Paragraph,
    Section,
    Table,
)
from symrnn.derive.pages.escape import for_html
from symrnn.derive.pages.html import as_html
from tests.cases import model
from tests.derive.pages.documents import SMALL, SVG, TIKZ

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
    rows = pytest.importorskip("matplotlib.image").imread(shot)
    assert rows.shape[:2] == (800, width)
    inked = [y for y, row in enumerate(rows) if len(np.unique(row)) > 20]  # letters have soft edges
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


@needs_browser
@pytest.mark.parametrize(("width", "below"), [(1100, "false"), (500, "true")])
def test_on_a_narrow_page_reasons_stand_below_their_lines(
    tmp_path: Path, width: int, below: str
) -> None:
    page = model("elman_n4").derive(3, scalar=True).html("steps", "w_h")
    frame = for_html(page).replace("U+000A", "\n")
    (tmp_path / "frame.html").write_text(
        f"""<!DOCTYPE html><body><iframe id="f" width="{width}" height="800" srcdoc="{frame}">
        </iframe><script>document.getElementById("f").onload = function () {{
          const root = this.contentDocument.documentElement;
          const cells = [...root.querySelectorAll(".display > math > mtable > mtr > :nth-child(4)")]
            .filter(cell => cell.textContent && cell.parentNode.children[1].textContent);
          const under = cells.map(cell => cell.getBoundingClientRect().top
            >= cell.parentNode.children[1].getBoundingClientRect().bottom);
          const wide = [...new Set(cells.map(cell => cell.closest(".display")))]
            .some(display => display.scrollWidth > display.clientWidth);
          const all = new Set(under).size == 1 ? under[0] : "mixed";
          document.body.textContent = `found ${{cells.length}} ${{all}} ${{wide}}`;
        }}</script>""",
        encoding="utf-8",
    )
    found = chromium(
        tmp_path, "--dump-dom", "--virtual-time-budget=5000", f"file://{tmp_path}/frame.html"
    )
    measured = re.search(r"found (\d+) (\w+) (\w+)", found)
    assert measured, found[-500:]
    assert int(measured[1]) > 8
    assert (measured[2], measured[3]) == (below, "false")

"""Write report.png and serve.png: the page that is kept and the page on which one types, as a
browser shows them.

    pip install 'symrnn[serve]' matplotlib playwright
    python docs/pictures.py

It takes Chromium, and shows Elman's network with the same term chosen on both.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

import symrnn

HERE = Path(__file__).parent
SIZE = {"width": 1280, "height": 960}
ABOVE = "each => { each.scrollIntoView(); scrollBy(0, -24); }"
TERM = "[data-term='w_i@2']"


@contextmanager
def serving() -> Iterator[str]:
    """The address of a page that is served."""
    command = [sys.executable, "-m", "symrnn", "serve", "--no-open"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(30)


def kept(page: Any) -> None:
    """The report, likewise."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        symrnn.report("elman", data="notes").write(path)
        page.goto(path.as_uri())
        page.locator(TERM).click()
        page.locator("#the-unrolled-network figure").evaluate(ABOVE)
        page.screenshot(path=HERE / "report.png")


def live(page: Any) -> None:
    """The page as it opens, from its picture of the network on."""
    with serving() as address:
        page.goto(address)
        page.locator(f"#content-terms {TERM}").click()
        page.locator("#content-network svg .lit").first.wait_for()
        page.locator("#panel-network").evaluate(ABOVE)
        page.screenshot(path=HERE / "serve.png")


def main() -> None:
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for shown in (kept, live):
            page = browser.new_page(viewport=SIZE, color_scheme="light")
            shown(page)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()

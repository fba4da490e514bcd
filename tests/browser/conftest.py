"""One browser for all of these tests."""

from collections.abc import Iterator

import pytest

from tests.browser.setting import CHROMIUM, MISSING, Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if MISSING:
        pytest.skip(MISSING)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-dev-shm-usage"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield Browser(chromium)
        chromium.close()

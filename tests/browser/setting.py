"""A browser without a screen, and what is asked of every page that it shows."""

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
AXE = Path(os.environ.get("SYMRNN_AXE") or ROOT / ".venv-peers" / "axe") / "node_modules/axe-core"
"""Where axe-core is, if npm has put it there: `npm install --prefix .venv-peers/axe axe-core`."""

MISSING = (
    "Playwright for Python is not installed"
    if importlib.util.find_spec("playwright") is None
    else "Chromium is not installed"
    if CHROMIUM is None
    else ""
)
needs_browser = pytest.mark.skipif(bool(MISSING), reason=MISSING)
needs_axe = pytest.mark.skipif(
    not (AXE / "axe.min.js").exists(), reason=f"axe-core is not in {AXE.parent.parent}"
)

WIDTHS, SCHEMES = (1280, 390), ("light", "dark")


@dataclass
class Browser:
    """Chromium, and the pages that are open in it."""

    chromium: Any

    def page(
        self, width: int = 1280, scheme: str = "light", script: bool = True, checked: bool = False
    ) -> Any:
        """A page of its own; `checked` is one into which a checker's script may be put, whatever
        the page's own policy says."""
        context = self.chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=script,
            bypass_csp=checked,
            accept_downloads=True,
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.said = []
        page.on("console", lambda message: page.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: page.said.append(f"error: {error}"))
        return page


def complaints(page: Any) -> list[str]:
    """What the browser has found wrong: errors of scripts, and what a policy forbids."""
    return [line for line in page.said if line.startswith("error")]


def too_wide(page: Any) -> list[str]:
    """What makes the page wider than the window, if it is."""
    found: list[str] = page.evaluate(
        """() => {
          const room = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= room) return [];
          return [...document.querySelectorAll("body *")]
            .filter((each) => each.getBoundingClientRect().right > room + 1)
            .map((each) => each.outerHTML.slice(0, 120));
        }"""
    )
    return found


def barriers(page: Any) -> list[str]:
    """What axe-core finds that is serious or critical."""
    page.evaluate((AXE / "axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {each['help']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"][:3]
    ]


def brightness(page: Any) -> float:
    """Of the page's ground: 0 is black, 1 is white."""
    colour: list[int] = page.evaluate(
        """() => {
          for (const each of [document.body, document.documentElement]) {
            const found = getComputedStyle(each).backgroundColor.match(/[\\d.]+/g).map(Number);
            if (found.length < 4 || found[3] > 0) return found.slice(0, 3);
          }
          return matchMedia("(prefers-color-scheme: dark)").matches ? [0, 0, 0] : [255, 255, 255];
        }"""
    )
    return sum(colour) / 3 / 255

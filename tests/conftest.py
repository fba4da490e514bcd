"""Figures that tests leave behind are printed at the end of the run."""

from typing import Any

import pytest
from hypothesis import settings

from tests.extent import FEW, WIDE, some

settings.register_profile("steady", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("few", derandomize=True, deadline=None, max_examples=20)
settings.register_profile("wide", deadline=None, print_blob=True, max_examples=2000)
settings.load_profile("few" if FEW else "wide" if WIDE else "steady")

FIGURES: list[str] = []


@pytest.fixture(scope="session")
def figures() -> list[str]:
    """A list of lines; what a test adds to it stands under the summary of the run."""
    return FIGURES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in FIGURES:
        terminalreporter.write_line(line)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What tests of a process of its own have left behind."""
    FIGURES.extend(getattr(node, "workeroutput", {}).get("figures", ()))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["figures"] = FIGURES


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not FEW or any("::" in argument for argument in config.args):
        return  # what is asked for by its name is tried
    taken = set(some(items))
    config.hook.pytest_deselected(items=[item for item in items if item not in taken])
    items[:] = [item for item in items if item in taken]

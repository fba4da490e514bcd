"""Figures that tests leave behind are printed at the end of the run."""

import os

import pytest
from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("wide", deadline=None, print_blob=True, max_examples=2000)
settings.load_profile("wide" if os.environ.get("SYMRNN_WIDE") else "steady")

FIGURES: list[str] = []


@pytest.fixture(scope="session")
def figures() -> list[str]:
    """A list of lines; what a test adds to it stands under the summary of the run."""
    return FIGURES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in FIGURES:
        terminalreporter.write_line(line)

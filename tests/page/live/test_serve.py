"""The command: what it begins with, where it listens, what it refuses."""

import socket
import sys
from pathlib import Path

import pytest

import symrnn
from symrnn.cli import main
from symrnn.page.live.address import fragment, unfolded
from tests.page.live.served import needs_server, serving


@needs_server
@pytest.mark.parametrize(
    ("given", "values"),
    [
        (["lstm"], {"text": symrnn.load("lstm").text, "name": "lstm"}),
        (["-e", "h[t] = x[t]"], {"text": "h[t] = x[t]", "name": "-e"}),
        (["-f", "mine"], {"text": "h[t] = tanh(x[t])  # ŷ", "name": "mine"}),
        (
            [f"http://127.0.0.1:1/old/#{fragment({'text': 'h[t] = x[t]', 'steps': None})}"],
            {"text": "h[t] = x[t]", "steps": None},
        ),
        ([], {}),
    ],
    ids=["a model", "equations", "a file", "an address", "nothing"],
)
def test_the_address_holds_what_it_begins_with(
    given: list[str], values: dict[str, object], tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text("h[t] = tanh(x[t])  # ŷ", "utf-8")
    with serving(tmp_path, *given) as served:
        assert unfolded(served.address) == values


def refusal(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main(["serve", "--no-open", *options]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


@needs_server
def test_what_cannot_be_served_is_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert refusal(capsys, "--port", port).startswith(f"symrnn: port {port} is taken; say")
    assert "expected a number from 0 to 65535" in refusal(capsys, "--port", "65536")
    assert "did you mean 'elman'?" in refusal(capsys, "elmann")
    assert "this address holds no text" in refusal(capsys, "http://127.0.0.1/#m=AAAA")
    assert "several models given" in refusal(capsys, "elman", "-e", "h[t] = x[t]")


def test_what_is_not_installed_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "starlette", None)
    said = refusal(capsys)
    assert said.startswith("symrnn: symrnn serve needs ")
    assert "symrnn[serve]" in said or "fork" in said


@pytest.mark.parametrize(
    "address", ["", "#", "#m=", "#m=!!", "#m=AAAA", "#x=1", "#m=" + "A" * 10_000, "#m=q1YqSa0oUb"]
)
def test_an_address_that_was_cut_off_holds_nothing(address: str) -> None:
    assert unfolded(address) == {}


def test_an_address_that_holds_too_much_holds_nothing() -> None:
    assert unfolded("#" + fragment({"text": "a" * 10_000_000})) == {}

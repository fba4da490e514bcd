"""What a worker does with a request, without a server."""

import json
from typing import Any

import pytest

import symrnn
from symrnn.page.live import jobs, limits
from symrnn.page.live.reply import HTML, Reply
from symrnn.page.panels import PANELS
from tests.cases import ZOO, model

QUICK = [panel.name for panel in PANELS.values() if not panel.slow]


def answer(what: str, name: str = "", /, **asked: Any) -> Reply:
    return jobs.answer(what, name, json.dumps(asked).encode())


def said(reply: Reply) -> str:
    message: str = json.loads(reply.body)["error"]["message"]
    return message


@pytest.mark.parametrize("panel", QUICK)
@pytest.mark.parametrize("name", ZOO)
def test_a_panel_of_a_model(name: str, panel: str) -> None:
    reply = answer("panel", panel, text=model(name).text, name=name)
    assert (reply.status, reply.type) == (200, HTML), reply.body
    assert f'<section id="{panel}-1"'.encode() in reply.body
    assert b"<script" not in reply.body


@pytest.mark.parametrize("name", ZOO)
def test_a_check_has_what_the_summary_has(name: str) -> None:
    found = json.loads(answer("check", text=model(name).text).body)
    dims = {dim: 3 + place for place, dim in enumerate(found["dims"])}
    total = 0
    for parameter in found["parameters"]:
        size = 1
        for axis in parameter["axes"]:
            size *= sum(dims[dim] for dim in axis["names"]) + axis["number"]
        total += size
    assert total == model(name).summary(dims).total
    assert (found["doubts"], found["lacks"]) == ([], "")


def test_a_text_that_is_wrong_is_told_as_the_command_line_tells_it() -> None:
    text = "h[t] = tanhh(x[t])"
    with pytest.raises(symrnn.errors.SymrnnError) as caught:
        symrnn.parse(text, "mine")
    reply = answer("check", text=text, name="mine")
    assert (reply.status, said(reply)) == (200, str(caught.value))
    reply = answer("panel", "model", text=text, name="mine")
    assert (reply.status, said(reply)) == (422, str(caught.value))


def test_what_a_text_still_lacks_is_said() -> None:
    found = json.loads(answer("check", text="h[t] = tanh(x[t] @ W)").body)
    assert found["lacks"].startswith("the model has no loss; write L = …")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("h[t] = tanh(x[t] @ W + h[t-1] @ U)", r"h_t &amp;= \tanh(x_t \, W + h_{t-1} \, U)"),
        ("h = 3", "Nothing in it runs over time yet."),
    ],
)
def test_equations_are_shown_before_there_is_a_loss(text: str, shown: str) -> None:
    found = answer("panel", "model", text=text)
    assert found.status == 200
    assert shown in found.body.decode()


def test_a_doubt_has_its_place() -> None:
    reply = answer("check", text="h[t] = x[t] @ W + h[t-1] @ U\nz = c * h[T]\nL = mse(y, h[T])")
    (doubt,) = json.loads(reply.body)["doubts"]
    assert (doubt["line"], doubt["start"], doubt["end"]) == (2, 4, 5)
    assert doubt["said"] == "nothing leads from c to L: its gradient is zero"


TEXT = "h[t] = tanh(x[t] @ W)\nL = mse(y, h[T])"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"steps": limits.STEPS + 1}, "101 steps; a page shows up to 100"),
        ({"steps": 0}, "steps: 0; expected a whole number from 1 up, or nothing for any T"),
        ({"steps": 1e300}, "steps: 1e+300; expected a whole number"),
        ({"steps": True}, "steps: True; expected a whole number"),
        ({"text": "#" * (limits.TEXT + 1)}, "65,537 characters; a page takes"),
        ({"text": 3}, "text: expected a text"),
        ({"views": ["__class__"]}, "views: expected some of"),
        ({"views": [[], {}]}, "views: expected some of"),
        ({"notation": "/etc/passwd"}, "notation: expected one of"),
        ({"notation": "../N1"}, "notation: expected one of"),
        ({"data": "/etc/passwd"}, "data: expected JSON"),
        ({"data": "tests/cases.py"}, "data: expected JSON"),
        ({"seed": -1}, "seed: -1; expected"),
        ({"file": "/etc/passwd"}, "'file' is nothing that a page can be asked"),
    ],
)
def test_what_is_too_much_or_nothing_is_refused(asked: dict[str, Any], message: str) -> None:
    for what, name in (("check", ""), ("panel", "model"), ("download", "py")):
        assert said(answer(what, name, **{"text": TEXT, **asked})).startswith(message)


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"[]", b'"x"', b"\xff", b"9" * 9999])
def test_what_is_no_object_of_json_is_refused(body: bytes) -> None:
    reply = jobs.answer("panel", "model", body)
    assert reply.status == 422
    assert "JSON" in said(reply)


@pytest.mark.parametrize("panel", ["numbers", "flow"])
def test_data_have_few_axes(panel: str) -> None:
    deep = f'{{"x": {"[" * 100}1{"]" * 100}, "y": [1]}}'
    reply = answer("panel", panel, text=TEXT, data=deep)
    assert reply.status == 422
    assert said(reply) == "the data: x: brackets within brackets too deep for numbers"


@pytest.mark.parametrize("what", ["panel", "download"])
@pytest.mark.parametrize("name", ["", "x", "../model", "__init__", "os"])
def test_what_there_is_not_is_refused(what: str, name: str) -> None:
    reply = answer(what, name, text=TEXT)
    assert reply.status == 422
    assert said(reply).startswith("there is no ")


@pytest.mark.parametrize("form", ["latex", "tex", "html", "py", "rnn"])
def test_a_file_is_what_the_commands_write(form: str) -> None:
    reply = answer("download", form, text=TEXT)
    found = reply.body.decode()
    expected = {
        "latex": r"\frac{\partial L}{\partial W}",
        "tex": r"\documentclass",
        "html": "<!DOCTYPE html>",
        "py": symrnn.parse(TEXT).generate(3),
        "rnn": TEXT,
    }[form]
    assert reply.status == 200
    assert expected in found


def test_html_in_a_text_stays_a_text() -> None:
    text = f"# <script>alert(1)</script> <img src=x onerror=alert(1)>\n{TEXT}"
    for panel in QUICK:
        body = answer("panel", panel, text=text, name="<b>").body
        assert b"<script" not in body
        assert b"<img src=x" not in body
        assert b"<b>" not in body

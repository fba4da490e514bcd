"""What is refused: whatever is not our own page. It learns nothing, not even why."""

import pytest

from symrnn.page.live.guard import Guard, new_token

OWN = [(b"host", b"127.0.0.1:80")]


async def nothing(*_: object) -> None:
    raise AssertionError("it is not called here")


GUARD = Guard(nothing, "secret", 80)


def test_a_token_cannot_be_guessed() -> None:
    assert len(new_token()) >= 128 / 6
    assert new_token() != new_token()


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        ("/secret/", "/"),
        ("/secret/panel/model", "/panel/model"),
        ("/secret/../x", "/../x"),
        ("/secret", None),
        ("/", None),
        ("", None),
        ("/Secret/", None),
        ("/secre/", None),
        ("/secrett/", None),
        ("//secret/", None),
        ("/x/../secret/", None),
        ("/sécret/", None),
    ],
)
def test_the_token_comes_first(path: str, rest: str | None) -> None:
    assert GUARD.inside(path, OWN) == rest


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        (OWN, True),
        ([(b"host", b"localhost:80")], True),
        ([], False),
        ([(b"host", b"127.0.0.1")], False),
        ([(b"host", b"127.0.0.1:81")], False),
        ([(b"host", b"evil.example:80")], False),
        ([(b"host", b"127.0.0.1:80.evil.example")], False),
        ([*OWN, *OWN], False),
        ([*OWN, (b"origin", b"http://127.0.0.1:80")], True),
        ([*OWN, (b"origin", b"http://localhost:80")], False),
        ([*OWN, (b"origin", b"https://127.0.0.1:80")], False),
        ([*OWN, (b"origin", b"http://evil.example")], False),
        ([*OWN, (b"origin", b"null")], False),
        ([*OWN, (b"sec-fetch-site", b"same-origin")], True),
        ([*OWN, (b"sec-fetch-site", b"none")], True),
        ([*OWN, (b"sec-fetch-site", b"cross-site")], False),
        ([*OWN, (b"sec-fetch-site", b"same-site")], False),
    ],
)
def test_only_our_own_page_asks(headers: list[tuple[bytes, bytes]], own: bool) -> None:
    assert GUARD.is_own(headers) is own
    assert (GUARD.inside("/secret/", headers) == "/") is own

"""`symrnn serve`: a page on which one types equations."""

import argparse
import os
import signal
import sys
import webbrowser
from contextlib import suppress

from symrnn.cli.options import named_text
from symrnn.errors import UsageError

ABOUT = """The page is for this machine alone, needs no network and writes no file. MODEL may also
be the address of such a page, which holds the text and how it was looked at."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """With what the page begins, and where it is."""
    parser.description = f"{parser.description}\n\n{ABOUT}"
    parser.add_argument(
        "model", nargs="?", metavar="MODEL", help="a name of the zoo, a path, -, or an address"
    )
    parser.add_argument("-f", "--file", metavar="FILE", help="a file of any name")
    parser.add_argument("-e", "--equations", metavar="TEXT", help="equations, separated by ;")
    parser.add_argument(
        "--port", type=int, default=0, metavar="N", help="of 127.0.0.1; 0, the default, any free"
    )
    parser.add_argument(
        "--open",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="open it in a browser, where there is a screen",
    )


def serve(options: argparse.Namespace) -> str:
    """Answer until Ctrl-C."""
    if not 0 <= options.port < 1 << 16:
        raise UsageError(f"--port {options.port}: expected a number from 0 to 65535")
    if not hasattr(os, "fork"):
        raise UsageError("symrnn serve needs a system with processes that fork: Linux or macOS")
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"symrnn serve needs Starlette and uvicorn ({error.name} is missing): install"
            " symrnn[serve], or starlette and uvicorn"
        ) from None
    behind = _fragment(options)
    sys.dont_write_bytecode = True  # it writes no file, not even that
    from symrnn.page.live.guard import new_token
    from symrnn.page.live.server import listening, server

    token = new_token()
    with listening(options.port) as sock, suppress(KeyboardInterrupt):
        page = server(sock, token)
        # who is quick with Ctrl-C, before it has begun to answer, ends it in the same way
        signal.signal(signal.SIGINT, page.handle_exit)
        address = f"http://127.0.0.1:{sock.getsockname()[1]}/{token}/{behind}"
        if sys.stderr is not None:
            print("symrnn: Ctrl-C ends it", file=sys.stderr)
        if sys.stdout is not None:
            print(address, flush=True)
        if options.open and _has_screen():
            with suppress(webbrowser.Error):
                webbrowser.open(address)
        page.run(sockets=[sock])
    return ""


def _fragment(options: argparse.Namespace) -> str:
    """What stands behind the address: the text to begin with."""
    from symrnn.page.live.address import fragment, unfolded

    if options.model is not None and "#" in options.model:
        values = unfolded(options.model)
        if not values:
            raise UsageError("this address holds no text; expected one that a page has made, …#m=…")
    elif any(given is not None for given in (options.model, options.file, options.equations)):
        name, text = named_text(options)
        values = {"text": text, "name": name}
    else:
        return ""
    return f"#{fragment(values)}"


def _has_screen() -> bool:
    """Without one a browser would be one of letters, in this terminal."""
    return sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )

"""From a request to its answer: how long each panel of `symrnn serve` takes, for every model that
comes along, and all quick ones together, asked for at once as the page asks for them.

Each figure is the median over texts that nobody has seen before. `python benchmarks/page.py elman`
measures one model.
"""

import http.client
import json
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from symrnn.library import zoo
from symrnn.page.panels import PANELS

TRIES = 7
QUICK = [panel.name for panel in PANELS.values() if not panel.slow]
COLUMNS = ["check", *PANELS, "all quick"]


class Page:
    """One that is served, asked as its script asks."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "symrnn", "serve", "--no-open"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        self.address = urlsplit(self.process.stdout.readline())
        self.texts = 0

    def ask(self, path: str, text: str) -> float:
        """Milliseconds until the whole answer is there."""
        connection = http.client.HTTPConnection(self.address.netloc, timeout=120)
        body = json.dumps({"text": text})
        begin = time.perf_counter()
        headers = {"content-type": "application/json"}
        connection.request("POST", self.address.path + path, body, headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert answer.status == 200, (path, answer.status, text)
        return 1000 * (time.perf_counter() - begin)

    def together(self, text: str) -> float:
        """Milliseconds for a check and then all quick panels at once."""
        begin = time.perf_counter()
        self.ask("check", text)
        with ThreadPoolExecutor(len(QUICK)) as threads:
            list(threads.map(lambda name: self.ask(f"panel/{name}", text), QUICK))
        return 1000 * (time.perf_counter() - begin)

    def changed(self, text: str) -> str:
        """The text with a change, so that nothing is known of it."""
        self.texts += 1
        return f"{text}# {self.texts}\n"

    def median(self, name: str, text: str) -> float:
        if name == "all quick":
            return statistics.median(self.together(self.changed(text)) for _ in range(TRIES))
        path = name if name == "check" else f"panel/{name}"
        tries = TRIES if name in QUICK or name == "check" else 1
        return statistics.median(self.ask(path, self.changed(text)) for _ in range(tries))


def main(names: list[str]) -> None:
    page = Page()
    try:
        page.together(zoo.read("models", "elman"))
        width = max(map(len, names))
        print(" " * width, *(f"{column:>10}" for column in COLUMNS), " (ms)")
        for name in names:
            text = zoo.read("models", name)
            figures = [page.median(column, text) for column in COLUMNS]
            print(f"{name:{width}}", *(f"{figure:10.0f}" for figure in figures), flush=True)
    finally:
        page.process.terminate()
        page.process.wait()


if __name__ == "__main__":
    main(sys.argv[1:] or list(zoo.models()))

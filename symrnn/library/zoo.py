"""The models and heads that come with symrnn: text files, found by name."""

from importlib.resources import files

from symrnn.errors import UsageError, suggestion

SUFFIX = ".rnn"


def models() -> dict[str, str]:
    """The name of every model, with the first line of its text.

    >>> models()["elman_n4"]
    "Elman's network exactly as in N4: no biases, cross-entropy"
    """
    return _index("models")


def heads() -> dict[str, str]:
    """The name of every head, with the first line of its text."""
    return _index("heads")


def read(kind: str, name: str) -> str:
    """The text of a model ("models") or a head ("heads")."""
    known = _index(kind)
    if name not in known:
        raise UsageError(
            f"unknown {kind[:-1]} '{name[:60]}'{suggestion(name, list(known))}\n"
            f"there are {', '.join(known)} (a file's path has a / or ends in {SUFFIX})"
        )
    return (files("symrnn.library") / kind / (name + SUFFIX)).read_text("utf-8")


def _index(kind: str) -> dict[str, str]:
    found = [f for f in (files("symrnn.library") / kind).iterdir() if f.name.endswith(SUFFIX)]
    return {
        f.name.removesuffix(SUFFIX): f.read_text("utf-8").split("\n", 1)[0].removeprefix("# ")
        for f in sorted(found, key=lambda f: f.name)
    }

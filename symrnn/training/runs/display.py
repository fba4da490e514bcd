"""How a run goes, for whoever watches, and what is said of it at its end."""

from collections.abc import Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any, TextIO

from symrnn.language.arrays import Array
from symrnn.training.data import Vocabulary
from symrnn.training.loop import Epoch, Record
from symrnn.training.runs.predict import sample
from symrnn.training.runs.scores import Scores
from symrnn.training.runs.trained import Kernels
from symrnn.training.trainer import Step

LINES = 10
"""So many lines about epochs, if they are quick."""
LONG = 30.0
"""Seconds after which there is a line in any case."""
EVERY = 0.1
"""Seconds between two pictures of a bar."""


class Forgiving:
    """A stream whose reader may go away: that is no reason to end a run."""

    def __init__(self, out: TextIO) -> None:
        self.out = out

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self.out.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self.out.flush()


class Quiet:
    """A callback of a loop that says nothing."""

    def __call__(self, record: Record) -> None:
        if isinstance(record, Step):
            self.step(record)
        else:
            self.epoch(record)

    def step(self, step: Step) -> None:
        """A step is done."""

    def epoch(self, epoch: Epoch) -> None:
        """An epoch is done."""

    def close(self) -> None:
        """Nothing comes any more."""


class Pace:
    """What is told of: a mean of the last losses, tokens a second, the time that is left."""

    def __init__(self, first: int, total: int) -> None:
        self.first, self.total = first, total
        self.start = self._since = perf_counter()
        self._tokens, self._all, self._speed = 0, 0, 0.0
        self.loss: float | None = None
        self.done, self.norm = first, 0.0

    def add(self, step: Step) -> bool:
        """One more step; whether it is time for a new picture."""
        self.done, self.norm = step.number, step.norm
        self._tokens += step.tokens or 0
        self._all += step.tokens or 0
        self.loss = step.loss if self.loss is None else 0.95 * self.loss + 0.05 * step.loss
        now = perf_counter()
        if now - self._since < EVERY:
            return False
        self._speed = self._tokens / (now - self._since)
        self._tokens, self._since = 0, now
        return True

    @property
    def speed(self) -> str:
        """Tokens a second, of late."""
        found = self._speed or self._all / max(perf_counter() - self.start, 1e-9)
        return f"{found:,.0f} tokens/s"

    def left(self) -> str:
        """
        >>> pace = Pace(0, 10)
        >>> pace.left()
        '…'
        """
        done = self.done - self.first
        if not done:
            return "…"
        return clock((perf_counter() - self.start) / done * max(0, self.total - self.done))

    def __str__(self) -> str:
        loss = "…" if self.loss is None else f"{self.loss:.4g}"
        return f"loss {loss}, {self.rest()}"

    def rest(self) -> str:
        """Without the loss."""
        return f"{self.speed}, |gradient| {self.norm:.3g}"


class Lines(Quiet):
    """A line for some epochs, and for a long one in its middle."""

    def __init__(self, out: Forgiving, first: int, total: int, epochs: int) -> None:
        self.out, self.epochs = out, epochs
        self.pace = Pace(first, total)
        self._said = perf_counter()

    def step(self, step: Step) -> None:
        if self.pace.add(step) and perf_counter() - self._said > LONG:
            self._line(f"step {step.number} of {self.pace.total}: {self.pace}")

    def epoch(self, epoch: Epoch) -> None:
        every = max(1, self.epochs // LINES)
        late = perf_counter() - self._said > LONG
        number = epoch.number + 1
        if number % every == 0 or number == self.epochs or late:
            self._line(f"epoch {number} of {self.epochs}: {ended(epoch)}, {self.pace.rest()}")

    def _line(self, text: str) -> None:
        self._said = perf_counter()
        left = f", {self.pace.left()} left" if self.pace.done < self.pace.total else ""
        print(text + left, file=self.out, flush=True)


class Bar(Quiet):
    """One line that is drawn again and again."""

    WIDTH = 20

    def __init__(self, out: Forgiving, first: int, total: int, epochs: int) -> None:
        self.out, self.epochs, self.last = out, epochs, ""
        self.pace = Pace(first, total)

    def step(self, step: Step) -> None:
        if self.pace.add(step):
            self._draw()

    def epoch(self, epoch: Epoch) -> None:
        self.last = f", epoch {epoch.number + 1}: {ended(epoch)}"

    def close(self) -> None:
        self._draw()
        print(file=self.out, flush=True)

    def _draw(self) -> None:
        share = min(1.0, self.pace.done / max(1, self.pace.total))
        full = int(share * self.WIDTH)
        bar = "=" * full + " " * (self.WIDTH - full)
        text = f"{share:4.0%} [{bar}] {self.pace}, {self.pace.left()} left{self.last}"
        print(f"\r{text}\x1b[K", end="", file=self.out, flush=True)


class Tqdm(Quiet):
    """The same by tqdm."""

    def __init__(self, tqdm: Any, out: Forgiving, first: int, total: int) -> None:
        self.pace, self.last = Pace(first, total), ""
        self.bar = tqdm(total=total, initial=first, file=out, unit="step", dynamic_ncols=True)

    def step(self, step: Step) -> None:
        if self.pace.add(step):
            self._draw()

    def epoch(self, epoch: Epoch) -> None:
        self.last = f", epoch {epoch.number + 1}: {ended(epoch)}"

    def close(self) -> None:
        self._draw()
        self.bar.close()

    def _draw(self) -> None:
        self.bar.set_postfix_str(f"{self.pace}{self.last}", refresh=False)
        self.bar.update(self.pace.done - self.bar.n)


def watcher(stream: TextIO | None, first: int, total: int, epochs: int, quiet: bool) -> Quiet:
    """Who watches a run: tqdm or a bar of its own on a terminal, lines elsewhere."""
    if quiet or stream is None:
        return Quiet()
    out = Forgiving(stream)
    if not stream.isatty():
        return Lines(out, first, total, epochs)
    try:
        from tqdm import tqdm
    except ImportError:
        return Bar(out, first, total, epochs)
    return Tqdm(tqdm, out, first, total)


def ended(epoch: Epoch) -> str:
    """An epoch in a few words."""
    text = f"loss {epoch.loss:.4g}"
    if epoch.validation is not None:
        mark = " (lowest)" if epoch.best else ""
        text += f", validation {epoch.validation:.4g}{mark}"
        if isinstance(epoch.scores, Scores) and epoch.scores.value is not None:
            text += f", {epoch.scores.metric} {epoch.scores.said()}"
    return text


def clock(seconds: float) -> str:
    """
    >>> clock(75), clock(4000)
    ('1:15', '1:06:40')
    """
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


# at its end


LONGEST = 200
MOST = 20
"""So many classes are shown as a table."""


def table(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """
    >>> print(table("run", [("steps", "10"), ("accuracy", "50.0 %")]), end="")
    run
      steps     10
      accuracy  50.0 %
    """
    wide = max(len(name) for name, _ in rows)
    return "".join([f"{title}\n", *(f"  {name:<{wide}}  {value}\n" for name, value in rows)])


def confusion(counts: Array, labels: Sequence[str], part: str) -> str:
    """
    >>> import numpy as np
    >>> print(confusion(np.array([[3, 0], [1, 12]]), ("no", "yes"), "validation"), end="")
    what is (rows), and what it was taken for (validation)
            no  yes
       no    3    0
      yes    1   12
    """
    title = f"what is (rows), and what it was taken for ({part})\n"
    if len(labels) > MOST:
        return title + _mistakes(counts, labels)
    wide = max(len(label) for label in (*labels, str(counts.max())))
    lines = [["", *labels], *([n, *map(str, row)] for n, row in zip(labels, counts, strict=True))]
    return title + "".join(
        "  " + "  ".join(f"{cell:>{wide}}" for cell in line) + "\n" for line in lines
    )


def _mistakes(counts: Array, labels: Sequence[str]) -> str:
    """The most frequent mistakes alone."""
    rows = [
        (int(counts[i, j]), labels[i], labels[j])
        for i in range(len(labels))
        for j in range(len(labels))
        if i != j and counts[i, j]
    ]
    rows.sort(key=lambda row: (-row[0], row[1:]))
    lines = [f"  {count:>6}  {one} for which {other} was said\n" for count, one, other in rows]
    return "".join(lines[:MOST]) or "  no mistakes\n"


def samples(kernels: Kernels, vocabulary: Vocabulary, length: int) -> str:
    """Text from a language model, more and less daring; as long as what it has learnt, if short."""
    start = vocabulary.decode([kernels.config.begins or 0])
    found = []
    for temperature in (0.5, 1.0):
        text = sample(kernels, vocabulary, start, min(LONGEST, length), temperature)
        found.append(f"at temperature {temperature}:\n{text}\n")
    return "\n".join(found)

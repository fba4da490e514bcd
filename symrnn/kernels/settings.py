"""What a kernel is made with: how many steps, how they are printed, and what it can do beside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import index
from typing import Any, TypedDict, Unpack

from symrnn.errors import UsageError
from symrnn.kernels.program import OPTIONAL, known_passes
from symrnn.language.arrays import Array
from symrnn.system.names import listed
from symrnn.system.unroll import check_steps
from symrnn.system.windows import check_size


class Features(TypedDict, total=False):
    """What a kernel can do beside one forward and backward pass over sequences of one length."""

    lengths: bool
    """Each sequence has a length of its own."""
    ids: Sequence[str]
    """Inputs and targets that come as class ids."""
    truncate: int | None
    """How many steps gradients are carried back."""
    checkpoint: bool
    """Few states are kept, and the rest worked out again."""
    forward_only: bool
    """No gradients, and nothing is kept of a step that no later one needs."""
    batch_first: bool
    """Sequences are the first axis, and steps the second."""


KEYWORDS = (
    *("steps", "loops", "wrt", "backend", "batch", "dtype", "cpu"),
    *Features.__annotations__,
)
"""What `model.kernel` is told by name: a width that is called so has to be said elsewhere."""


def apart(more: Mapping[str, Any]) -> tuple[Features, dict[str, Any]]:
    """What `model.kernel` is told beside: features, and all else, which are widths.

    >>> apart({"H": 3, "lengths": True})
    ({'lengths': True}, {'H': 3})
    """
    features: Any = {name: more[name] for name in Features.__annotations__ if name in more}
    return features, {name: value for name, value in more.items() if name not in features}


DTYPES = ("float32", "float64")
MATHS = ("poly", "libm")
MOST = 32
"""The most sequences of a batch of any size, unless something else is said."""


@dataclass(frozen=True)
class Sizes:
    """What a language without arrays of any size has to know when its kernel is compiled."""

    dims: Mapping[str, int] = field(default_factory=dict)
    batch: int = 1
    """How many sequences at a time, or how many at most."""
    dtype: str = "float32"
    weights: Mapping[str, Array] | None = None
    """Parameters to come along."""
    math: str = "poly"
    """Whether exp and tanh are polynomials or those of the library of the language."""
    memory: int | None = None
    """The most bytes that all structs of a kernel may take."""
    any_batch: bool = False
    """Whether it is said when it runs how many there are."""

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise UsageError(f"the dtype is '{self.dtype}'; expected {' or '.join(DTYPES)}")
        if self.math not in MATHS:
            raise UsageError(f"the math is '{self.math}'; expected {' or '.join(MATHS)}")
        for name, size in self.dims.items():
            if not _is_count(size):
                raise UsageError(f"the width {name} is {size}; expected 1 or more")
        if not _is_count(self.batch):
            raise UsageError(f"the batch is {self.batch}; expected 1 sequence or more")
        if self.memory is not None and self.memory < 1:
            raise UsageError(f"the memory is {self.memory}; expected so many bytes, 1 or more")

    @classmethod
    def said(cls, dims: Mapping[str, int], batch: int | None, dtype: object) -> "Sizes | None":
        """Those of a call in Python, where kernels are in double precision unless something else
        is said; None where nothing is.

        >>> made = Sizes.said({"H": 3}, None, None)
        >>> made.dims, made.batch, made.dtype
        ({'H': 3}, 1, 'float64')
        """
        if not dims and batch is None and dtype is None:
            return None
        name = dtype if isinstance(dtype, str) else getattr(dtype, "__name__", str(dtype))
        return cls(dims, 1 if batch is None else batch, "float64" if dtype is None else name)

    def options(self) -> str:
        """The options of the command that says the same.

        >>> Sizes({"D": 5, "H": 3}).options()
        '--dims D=5,H=3 --batch 1 --dtype float32'
        """
        widths = ",".join(f"{name}={size}" for name, size in self.dims.items())
        dims = [f"--dims {widths}"] if widths else []
        batch = f"any:{self.batch}" if self.any_batch else str(self.batch)
        more = ["--math libm"] if self.math == "libm" else []
        more += [f"--memory {self.memory}"] if self.memory is not None else []
        return " ".join([*dims, f"--batch {batch}", f"--dtype {self.dtype}", *more])


def batch_said(batch: object) -> tuple[int, bool]:
    """How many sequences there are at a time, or at most, and whether there may be fewer: a number
    is said, `any`, or `any:` and the most.

    >>> batch_said("any:8"), batch_said("any"), batch_said(3)
    ((8, True), (32, True), (3, False))
    """
    word, _, most = str(batch).partition(":")
    number = (most or str(MOST)) if word == "any" else str(batch)
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise UsageError(
            f"the batch is '{batch}'; expected a number of sequences, any, or any:{MOST} with the"
            " most that there may be"
        )
    return int(number), word == "any"


def _is_count(size: object) -> bool:
    """Whether it is a whole number from 1 up, of Python's or of NumPy's."""
    return hasattr(size, "__index__") and not isinstance(size, bool) and index(size) >= 1


UNROLLED = 8
"""The most steps that are written out unless asked. Both ways are equally quick, within a few per
cent at 3 to 50 steps (`benchmarks/kernels.py`), so this is about reading: a loop is shorter."""

FLAGS = ("lengths", "checkpoint", "forward_only", "batch_first")


@dataclass(frozen=True)
class Settings:
    """What a kernel is made with."""

    steps: int
    loops: bool
    wrt: tuple[str, ...] = ()
    passes: tuple[str, ...] = OPTIONAL
    lengths: bool = False
    ids: tuple[str, ...] = ()
    truncate: int | None = None
    checkpoint: bool = False
    forward_only: bool = False
    batch_first: bool = False

    @classmethod
    def of(
        cls,
        steps: int,
        loops: bool | None = None,
        wrt: str | Sequence[str] = (),
        passes: Sequence[str] | None = None,
        **features: Unpack[Features],
    ) -> "Settings":
        """With what is not said filled in: few steps are written out, many are a loop; and all
        passes run that can be left out."""
        check_steps(steps, "make a kernel of")
        wrt, chosen = listed(wrt), known_passes(OPTIONAL if passes is None else passes)
        kept = tuple(name for name in OPTIONAL if name in chosen)
        if features.get("truncate") is not None:
            check_size(features["truncate"])
            if features.get("lengths"):
                raise UsageError(
                    "--truncate and --lengths do not go together: windows are counted from the last"
                    " step, and each sequence has its own; leave one of them out"
                )
        if features.get("forward_only"):
            _check_forward_only(wrt, features)
        if features.get("checkpoint"):
            _check_alone(loops, features)
            loops = True
        if features.get("lengths") and loops is False:
            raise UsageError(
                "--unroll writes steps out, and with --lengths each call has its own number of"
                " them; leave one of the two out"
            )
        looped = steps > UNROLLED if loops is None else loops
        looped = looped or features.get("lengths", False)
        return cls(
            steps,
            looped,
            wrt,
            kept,
            features.get("lengths", False),
            tuple(dict.fromkeys(features.get("ids", ()))),
            features.get("truncate"),
            features.get("checkpoint", False),
            features.get("forward_only", False),
            features.get("batch_first", False),
        )

    @property
    def features(self) -> Features:
        """What of it is a feature."""
        return {
            "lengths": self.lengths,
            "ids": self.ids,
            "truncate": self.truncate,
            "checkpoint": self.checkpoint,
            "forward_only": self.forward_only,
            "batch_first": self.batch_first,
        }

    def options(self) -> str:
        """The options of the command that makes the same.

        >>> Settings.of(3, wrt=("x",), lengths=True, ids=("y",)).options()
        '--steps 3 --loop --wrt x --lengths --ids y'
        """
        words = [f"--steps {self.steps}", "--loop" if self.loops else "--unroll"]
        if self.wrt:
            words.append(f"--wrt {','.join(self.wrt)}")
        if self.passes != OPTIONAL:
            words.append(f"--passes {','.join(self.passes) or 'none'}")
        words += [option(flag) for flag in FLAGS if getattr(self, flag)]
        if self.ids:
            words.append(f"--ids {','.join(self.ids)}")
        if self.truncate is not None:
            words.append(f"--truncate {self.truncate}")
        return " ".join(words)

    @classmethod
    def said(cls, words: Sequence[str]) -> "Settings":
        """The settings that these options say.

        >>> Settings.said("--steps 3 --loop --wrt x --lengths --ids y".split()).ids
        ('y',)
        """
        after = dict(pairwise(words))

        def names(key: str) -> tuple[str, ...]:
            return tuple(after[key].split(",")) if key in after else ()

        passes = tuple(p for p in names("--passes") if p != "none")
        return cls.of(
            steps=int(after["--steps"]),
            loops="--loop" in words,
            wrt=names("--wrt"),
            passes=passes if "--passes" in after else OPTIONAL,
            lengths="--lengths" in words,
            ids=names("--ids"),
            truncate=int(after["--truncate"]) if "--truncate" in after else None,
            checkpoint="--checkpoint" in words,
            forward_only="--forward-only" in words,
            batch_first="--batch-first" in words,
        )


def _check_alone(loops: bool | None, features: Features) -> None:
    """Refuse what does not go together with few states."""
    others = ["unroll"] if loops is False else []
    others += [name for name, value in features.items() if value and name != "checkpoint"]
    if others:
        raise UsageError(
            f"--checkpoint and {option(others[0])} do not go together: segments are loops over rows"
            " of numbers, all sequences of one length; leave one of them out"
        )


def _check_forward_only(wrt: tuple[str, ...], features: Features) -> None:
    """Refuse what is about gradients, where there are none."""
    asked = {
        "wrt": wrt,
        "truncate": features.get("truncate"),
        "checkpoint": features.get("checkpoint"),
    }
    if features.get("lengths"):
        raise UsageError(
            "--forward-only keeps few steps of all sequences at once, and with --lengths these end"
            " one by one; the forward of a kernel with --lengths does the same with its history"
        )
    for name, value in asked.items():
        if value:
            raise UsageError(
                f"{option(name)} is about gradients, and --forward-only leaves them out; expected"
                " one of the two"
            )


def option(name: str) -> str:
    """
    >>> option("batch_first")
    '--batch-first'
    """
    return f"--{name.replace('_', '-')}"

"""`backend="auto"`: whichever is quicker for the sizes, measured once and remembered; here mostly
on a clock that says what a test wants."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symrnn
from symrnn.clock import Figure
from symrnn.errors import UsageError
from symrnn.kernels import auto
from tests.cases import model
from tests.kernels.c.compiler import CC, needs_compiler

SIZES: Any = {"D": 2, "H": 3, "C": 1, "batch": 2}
Measuring = Callable[[str], list[Mapping[str, Any]]]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CC", raising=False)
    return tmp_path / "cache" / "symrnn"


@pytest.fixture
def measuring(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Measuring:
    """Makes one back end the quicker one from now on; hands out what is measured."""

    def quicker(name: str) -> list[Mapping[str, Any]]:
        asked: list[Mapping[str, Any]] = []

        def take_turns(steps: Mapping[str, Any], *_: object) -> dict[str, Figure]:
            asked.append(steps)
            for step in steps.values():
                step()
            return {each: Figure(1.0 + (each != name), 1, 2, 3, 4) for each in steps}

        monkeypatch.setattr(auto, "take_turns", take_turns)
        return asked

    return quicker


def chosen(steps: int = 2, **more: Any) -> str:
    found: str = model("elman").kernel(steps, backend="auto", **{**SIZES, **more}).BACKEND
    return found


def answers(cache: Path) -> list[Path]:
    return sorted(cache.glob("auto-*.json"))


@needs_compiler
@pytest.mark.parametrize("name", ["numpy", "c"])
def test_the_quicker_one_is_taken_and_remembered(
    cache: Path, measuring: Measuring, name: str
) -> None:
    asked = measuring(name)
    assert (chosen(), chosen()) == (name, name)
    assert [list(steps) for steps in asked] == [["numpy", "c"]]
    measuring({"numpy": "c", "c": "numpy"}[name])
    assert chosen() == name
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


@needs_compiler
def test_another_question_is_another_answer(
    cache: Path, measuring: Measuring, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = measuring("numpy")
    monkeypatch.setattr(auto, "compile_for", lambda *_: None)  # nothing is called
    monkeypatch.setattr(auto, "call_of", lambda *_: str)
    chosen()
    others: Any = {"batch": 1}, {"H": 4}, {"dtype": "float32"}, {"wrt": "x"}
    for count, more in enumerate(others, 2):
        chosen(**more)
        assert len(asked) == count
    chosen(3)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    chosen()
    monkeypatch.setenv("CC", f"{CC} -DOTHER")
    chosen()
    monkeypatch.setattr(np, "__version__", "1.99")
    chosen()
    assert len(asked) == len(answers(cache)) == 9
    for more in others[:2]:
        chosen(**more)
    assert len(asked) == 11  # these were asked of the NumPy and the compiler before


@needs_compiler
def test_what_is_damaged_is_measured_again(cache: Path, measuring: Measuring) -> None:
    measuring("c")
    chosen()
    (answer,) = answers(cache)
    right = '{"backend": "c", "seconds": {"numpy": 1, "c": 2}}'
    for content in (
        "",
        right[:-1],
        "[]",
        right[:14] + "}",
        right.replace("c", "d", 2),
        "[" * 10**5,
    ):
        answer.write_text(content)
        asked = measuring("numpy")
        assert (chosen(), chosen(), len(asked)) == ("numpy", "numpy", 1), content
    answer.write_text(right)
    assert chosen() == "c"


def test_whoever_is_first_says_it_for_all(tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    one, two = (auto.Choice(name, {"numpy": 1.0, "c": 2.0}) for name in ("numpy", "c"))
    modules: Any = {"numpy": None, "c": None}
    assert auto.remember(path, one, modules) == one
    assert auto.remember(path, two, modules) == one
    path.write_text("nothing")
    assert auto.remember(path, two, modules) == auto.remembered(path, modules) == two
    assert [each.name for each in tmp_path.iterdir()] == ["answer.json"]
    assert auto.remember(tmp_path / "no folder" / "answer.json", one, modules) == one


@needs_compiler
def test_several_processes_agree(cache: Path) -> None:
    script = (
        "import symrnn; m = symrnn.load('elman_n4').kernel(2, backend='auto', batch=1, D=2, H=3,"
        " C=1); print(m.BACKEND)"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=os.environ)
        for _ in range(2)
    ]
    said = [run.communicate()[0] for run in runs]
    assert len(set(said)) == 1
    assert said[0].strip() in (b"numpy", b"c")
    assert len(answers(cache)) == 1


def test_without_a_compiler_it_is_numpy(
    cache: Path, measuring: Measuring, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = measuring("c")
    monkeypatch.setenv("CC", "no-such-compiler")
    assert (chosen(), asked) == ("numpy", [])
    assert not cache.exists()


@needs_compiler
def test_a_compiler_that_fails_is_none(
    cache: Path, measuring: Measuring, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = measuring("c")
    monkeypatch.setenv("CC", f"{CC} -no-such-flag")
    assert (chosen(), asked, answers(cache)) == ("numpy", [], [])


def test_what_only_one_can_do_is_not_measured(cache: Path, measuring: Measuring) -> None:
    asked = measuring("c")
    assert chosen(5, checkpoint=True) == "numpy"
    assert asked == []


@needs_compiler
@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("h[t] = log(x[t] @ W) + h[t-1]", {}),
        ("h[t] = tanh(x[t] @ W + h[t-1] @ U + 0.5 * h[t-2]); L = mse(y, h[T])", {"wrt": "h0"}),
        ("h[t] = tanh(x[t] @ W); L = mean(ce(y[t], softmax(h[t])))", {"ids": ("x", "y")}),
        ("U: fixed\nh[t] = tanh(x[t] @ W + h[t-1] @ U); L = mse(y, h[T])", {"forward_only": True}),
        ("h[t] = tanh(x[t] @ W)", {"forward_only": True, "batch_first": True}),
        ("p = x[T] + x[1]; L = mse(y, p)", {}),
    ],
)
def test_it_is_measured_whatever_a_kernel_does(
    cache: Path, measuring: Measuring, text: str, more: dict[str, Any]
) -> None:
    made = symrnn.parse(text)
    widths: Any = dict.fromkeys(made.kernel(2, **more).DIMS, 3)
    asked = measuring("c")
    assert made.kernel(2, backend="auto", batch=2, **widths, **more).BACKEND == "c"
    assert len(asked) == 1


@needs_compiler
def test_on_a_real_clock(cache: Path) -> None:
    made = model("elman_n4")
    sizes: Any = {"batch": 2, "D": 2, "H": 3, "C": 1}
    module: Any = made.kernel(2, backend="auto", **sizes)
    named: Any = made.kernel(2, backend=module.BACKEND, **sizes)
    x, y = np.ones((2, 2, 2)), np.ones((2, 1))
    (ours, grads), (theirs, others) = (
        each.loss_and_grads(each.init_params(), x=x, y=y) for each in (module, named)
    )
    assert ours == theirs
    assert all(grads[name].tobytes() == others[name].tobytes() for name in grads)


def test_it_has_to_know_the_sizes(cache: Path) -> None:
    elman = model("elman")
    without: Any = {name: size for name, size in SIZES.items() if name != "batch"}
    none: Any = {}
    for said in (none, without):
        with pytest.raises(UsageError, match=r"'auto' measures for sizes; expected batch=…, D=…"):
            elman.kernel(2, backend="auto", **said)
    with pytest.raises(UsageError, match="the width H is not said"):
        elman.kernel(2, backend="auto", batch=2, D=2)


def test_where_there_are_no_sizes_it_is_no_back_end() -> None:
    elman = model("elman")
    for call in (elman.generate, elman.generate_files, elman.verify):
        with pytest.raises(UsageError, match=r"'auto' is no back end.*expected numpy or c"):
            call(2, backend="auto")

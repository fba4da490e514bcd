"""How a kernel is compiled: once for each size, by the compiler that is asked for, in a place of
one's own; and what is said where that cannot be."""

import os
import stat
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tests.cases import model
from tests.kernels.c.compiler import CC, needs_compiler

pytestmark = needs_compiler


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CC", raising=False)
    return tmp_path / "cache" / "symrnn"


def fresh(steps: int = 2) -> ModuleType:
    return model("elman_n4").kernel(steps, backend="c")


def called(module: ModuleType, dtype: type = np.float64) -> float:
    kernel = module.Kernel(1, dtype=dtype, D=2, H=3, C=1)
    return float(kernel.loss(x=np.ones((module.STEPS, 1, 2)), y=np.ones((1, 1))))


def test_it_is_compiled_once_for_each_size_and_kept_where_nobody_else_writes(cache: Path) -> None:
    called(fresh())
    (first,) = cache.iterdir()
    before = first.stat().st_mtime_ns
    called(fresh())
    assert first.stat().st_mtime_ns == before
    called(fresh(), np.float32)
    called(fresh(3))
    assert len(list(cache.iterdir())) == 3
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


def test_another_compiler_compiles_anew(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called(fresh())
    other = tmp_path / "my cc"
    other.write_text(f'#!/bin/sh\ntest "$1" = --version && echo mine || exec {CC} "$@"\n')
    other.chmod(0o755)
    monkeypatch.setenv("CC", f"'{other}'")
    called(fresh())
    assert len(list(cache.iterdir())) == 2


def test_several_processes_compile_at_once(cache: Path) -> None:
    script = (
        "import numpy as np, symrnn; m = symrnn.load('elman_n4').kernel(4, backend='c')\n"
        "k = m.Kernel(1, D=2, H=3, C=1); print(k.loss(x=np.ones((4, 1, 2)), y=np.ones((1, 1))))"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=os.environ)
        for _ in range(4)
    ]
    said = {run.communicate()[0] for run in runs}
    assert said == {b"0.6931471805599453\n"}
    assert all(run.returncode == 0 for run in runs)
    (made,) = cache.iterdir()
    assert made.suffix == ".so"


def test_without_a_compiler_the_two_ways_out_are_named(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(cache))
    with pytest.raises(RuntimeError, match=r"no C compiler: install one .* pip install ziglang"):
        called(fresh())
    monkeypatch.setenv("CC", "no-such-compiler -O1")
    with pytest.raises(RuntimeError, match="compiler no-such-compiler cannot be run: No such"):
        called(fresh())
    assert not cache.exists()


def test_what_the_compiler_says_is_said(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", f"{CC} -no-such-flag")
    with pytest.raises(RuntimeError, match=r"cannot compile this kernel: .*no-such-flag"):
        called(fresh())
    assert not list(cache.iterdir())


def test_other_numbers_are_refused(cache: Path) -> None:
    with pytest.raises(TypeError, match="dtype is complex128; C kernels work in float32 and fl"):
        called(fresh(), np.complex128)


def test_what_is_damaged_is_made_anew(cache: Path) -> None:
    wanted = called(fresh())
    (made,) = cache.iterdir()
    made.unlink()
    made.write_bytes(b"no library")
    script = (
        "import numpy as np, symrnn; m = symrnn.load('elman_n4').kernel(2, backend='c')\n"
        "k = m.Kernel(1, D=2, H=3, C=1); print(k.loss(x=np.ones((2, 1, 2)), y=np.ones((1, 1))))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert float(done.stdout) == wanted


def test_where_nothing_can_be_kept_it_works_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert called(fresh()) > 0

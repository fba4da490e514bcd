"""How a kernel is compiled: once for each size, by the compiler that is asked for, in a place of
one's own; and what is said where that cannot be."""

import os
import stat
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from symrnn.errors import UsageError
from symrnn.kernels.verification.generated import verify_source
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


def kept(module: ModuleType) -> Path:
    """Where the library is, once it is compiled."""
    library = module._library(np.dtype(np.float64), 1, 2, 3, 1)
    return Path(library.functions._name).parent


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
    monkeypatch.setenv("CC", "gcc 'and no end")
    with pytest.raises(RuntimeError, match="CC is gcc 'and no end, which is no command: No clos"):
        called(fresh())
    monkeypatch.setenv("CC", str(cache.parent.parent))
    with pytest.raises(RuntimeError, match="cannot be run: Permission denied"):
        called(fresh())
    assert not cache.exists()


def test_ziglang_is_the_compiler_where_there_is_no_other(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package of this name that hands on to another compiler."""
    (tmp_path / "site" / "ziglang").mkdir(parents=True)
    (tmp_path / "site" / "ziglang" / "__main__.py").write_text(
        "import os, sys\n"
        "cc, *rest = sys.argv[1:]\n"
        "assert cc == 'cc' and ('--version' in rest or os.environ['ZIG_GLOBAL_CACHE_DIR'])\n"
        f"os.environ['PATH'] = {os.environ['PATH']!r}\n"
        f"os.execv({CC!r}, [{CC!r}, *rest])\n"
    )
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    monkeypatch.setenv("PATH", str(tmp_path))
    module: Any = fresh()
    assert module._compiler()[0] == [sys.executable, "-m", "ziglang", "cc"]
    assert called(module) > 0


def test_a_machine_without_a_compiler_proves_nothing(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(UsageError, match="the C compiler no-such-compiler cannot be run"):
        model("elman_n4").verify(2, backend="c")
    source = model("elman_n4").generate(2, backend="c")
    with pytest.raises(UsageError, match="the C compiler no-such-compiler cannot be run"):
        verify_source(source, "elman_n4.py")


def test_a_cc_that_says_nothing_is_none(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", " ")
    assert called(fresh()) > 0


def test_of_what_the_compiler_says_the_first_error_is_said(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = tmp_path / "cc"
    odd.write_text(
        '#!/bin/sh\ntest "$1" = --version && exit\n'
        "printf 'k.c: In function f\\nk.c:1: error: one\\nerror: two' >&2; exit 1\n"
    )
    odd.chmod(0o755)
    monkeypatch.setenv("CC", f"{odd} -x")
    with pytest.raises(RuntimeError, match=r"cc -x cannot compile this kernel: k.c:1: error: one$"):
        called(fresh())
    monkeypatch.setenv("CC", "true")
    with pytest.raises(RuntimeError, match=r"true cannot compile this kernel: it says nothing$"):
        called(fresh())
    assert not list(cache.iterdir())


def test_a_compiler_is_found_from_where_one_stands(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own cc").symlink_to(CC)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CC", "'./own cc' -DUNUSED='a b'")
    assert called(fresh()) > 0
    assert len(list(cache.iterdir())) == 1


def test_no_shell_reads_what_cc_says(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CC", f"{CC} ; touch made-by-a-shell ; $(touch made-by-another)")
    with pytest.raises(RuntimeError, match="cannot compile this kernel"):
        called(fresh())
    assert not list(tmp_path.glob("made-by*"))


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


def test_a_cache_that_others_may_write_to_is_left_alone(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept(fresh()) == cache
    cache.chmod(0o777)
    assert kept(fresh()).name.startswith("symrnn-")
    assert stat.S_IMODE(cache.stat().st_mode) == 0o777
    cache.chmod(0o755)
    assert kept(fresh()) == cache
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    cache.parent.chmod(0o777)  # someone may put another folder there
    assert kept(fresh()) != cache
    cache.parent.chmod(0o1777)
    assert kept(fresh()) == cache
    monkeypatch.setattr(os, "getuid", lambda: cache.stat().st_uid + 1)
    assert kept(fresh()) != cache


def test_a_link_is_followed_if_it_is_ones_own(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.parent.mkdir()
    (tmp_path / "elsewhere").mkdir()
    cache.symlink_to(tmp_path / "elsewhere")
    assert kept(fresh()) == cache
    assert len(list((tmp_path / "elsewhere").iterdir())) == 1

    def of_another(path: Path) -> os.stat_result:
        found = os.lstat(path)
        return os.stat_result((*found[:4], found.st_uid + 1, *found[5:]))

    monkeypatch.setattr(Path, "lstat", of_another)
    assert kept(fresh()) != cache


@pytest.mark.parametrize("said", ["", "relative/folder"])
def test_where_the_cache_is_unless_a_whole_path_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", said)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    assert kept(fresh()) == tmp_path / "home" / ".cache" / "symrnn"
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_what_was_compiled_for_another_machine_is_not_loaded(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called(fresh())
    module = fresh()
    monkeypatch.setattr(module, "_machine", lambda: "one without such instructions")
    called(module)
    assert len(list(cache.iterdir())) == 2


def test_letters_of_all_kinds_in_a_text(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "POSIX")
    monkeypatch.setenv("PYTHONCOERCECLOCALE", "0")
    text = "# δ, é and ∑ in a comment\nh[t] = tanh(x[t] @ W + h[t-1] @ U)\nL = mse(y, h[T])\n"
    script = (
        "import locale, symrnn; assert locale.getencoding() == 'ANSI_X3.4-1968'\n"
        f"m = symrnn.parse({text!a}).kernel(2, backend='c', D=2, C=3); print(m.self_check().keys())"
    )
    command = [sys.executable, "-X", "utf8=0", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == "dict_keys(['W', 'U', 'step: h', 'step: h0'])\n", done.stderr


def test_where_nothing_can_be_kept_it_works_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert called(fresh()) > 0

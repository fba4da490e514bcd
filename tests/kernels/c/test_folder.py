"""`symrnn generate --backend c -o DIR`: what is refused, and what of a folder is never lost."""

import re
from pathlib import Path
from typing import Any

import pytest

import symrnn
from symrnn.cli import main
from symrnn.cli.options import BACKENDS as OFFERED
from symrnn.errors import UsageError
from symrnn.kernels.generate import BACKENDS
from tests.kernels.c.compiler import compiled, needs_compiler

pytestmark = needs_compiler

DIMS = "D=3,H=4,C=1"


def generate(where: Path, *more: str, dims: str = DIMS) -> int:
    command = ["generate", "elman_n4", "--backend", "c", "--steps", "3", "--dims", dims]
    return main([*command, "-o", str(where), *more])


def test_what_it_has_made_is_made_anew(tmp_path: Path) -> None:
    assert generate(tmp_path / "net") == 0
    assert generate(tmp_path / "net", "--batch", "2") == 0
    assert "#define ELMAN_N4_B 2" in (tmp_path / "net" / "elman_n4.h").read_text()


@pytest.mark.parametrize("name", ["Makefile", "main.c", "elman_n4.py"])
def test_what_somebody_else_made_stays(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text("precious\n")
    assert generate(tmp_path) == 2
    assert f"{name} is there already, and symrnn did not make it" in capsys.readouterr().err
    assert (tmp_path / name).read_text() == "precious\n"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--batch-first",), "--batch-first is for Python"),
        (("--batch", "any:0"), "the batch is 0; expected 1 sequence or more"),
        (
            ("--batch", "many"),
            "the batch is 'many'; expected a number of sequences, any, or any:32",
        ),
        (("--batch", "0"), "the batch is 0; expected 1 sequence or more"),
        (("--memory", "0"), "the memory is 0; expected so many bytes, 1 or more"),
        (("--backend", "numpy"), "a kernel of the back end numpy is one file for all sizes"),
        (("--weights", "none.npz"), "cannot read none.npz: No such file or directory"),
    ],
)
def test_what_cannot_be_is_refused(
    more: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate(tmp_path / "net", *more) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "net").exists()


@pytest.mark.parametrize(
    ("dims", "said"),
    [
        ("D=3,C=1", "H is not said; expected --dims D,H,C with numbers"),
        ("D=0,H=3,C=1", "the width D is 0; expected 1 or more"),
        ("D=3,H=3,C=1,K=2", "'K' is no width of elman_n4; there are D, H, C"),
    ],
)
def test_widths_are_said_once_and_for_all(
    dims: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate(tmp_path / "net", dims=dims) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "net").exists()


def refused(**sizes: Any) -> tuple[int, dict[str, int]]:
    """How many bytes a kernel takes that may take none, and what other sizes would take."""
    made = symrnn.load("elman_n4")
    with pytest.raises(UsageError, match="and --memory allows 1") as error:
        made.generate_files(3, dims={"D": 3, "H": 4, "C": 1}, memory=1, **sizes)
    said = str(error.value)
    (total, parts) = re.findall(r"takes (\d+) bytes \(([^)]*)\)", said)[0]
    assert sum(map(int, re.findall(r"\d+", parts))) == int(total)
    return int(total), {k: int(n) for k, n in re.findall(r"with (--[\w -]+) it takes (\d+)", said)}


def test_what_takes_too_much_is_told_what_would_take_less() -> None:
    most, less = refused(batch=5, dtype="float64")
    assert less == {
        "--batch 1": refused(batch=1, dtype="float64")[0],
        "--dtype float32": refused(batch=5)[0],
    }
    assert most > max(less.values())
    assert refused(forward_only=True)[0] < refused()[0]
    made = symrnn.load("elman_n4")
    files = made.generate_files(
        3, dims={"D": 3, "H": 4, "C": 1}, batch=5, dtype="float64", memory=most
    )
    assert f"--memory {most}" in files["elman_n4.h"]


@pytest.mark.parametrize(
    ("steps", "forward_only", "advice"),
    [
        (3, False, "; fewer --steps and --forward-only take less"),
        (3, True, "; fewer --steps take less"),
        (1, False, "; --forward-only takes less"),
        (1, True, "--memory allows 1"),
    ],
)
def test_what_cannot_be_less_is_not_advised(steps: int, forward_only: bool, advice: str) -> None:
    dims = {"D": 3, "H": 4, "C": 1}
    with pytest.raises(UsageError) as error:
        symrnn.load("elman_n4").generate_files(
            steps, dims=dims, memory=1, forward_only=forward_only
        )
    assert str(error.value).endswith(advice)


def test_a_library_is_one_of_two() -> None:
    with pytest.raises(UsageError, match="the math is 'fast'; expected poly or libm"):
        symrnn.load("elman_n4").generate_files(3, dims={"D": 3, "H": 4, "C": 1}, math="fast")


def test_the_library_that_is_said_holds_where_no_macro_says_another(tmp_path: Path) -> None:
    assert generate(tmp_path / "net", "--math", "libm") == 0
    (tmp_path / "net" / "main.c").write_text(
        '#include "elman_n4.h"\n#ifdef ELMAN_N4_LIBM\n#error "libm"\n#endif\n'
        "int main(void) { return 0; }\n"
    )
    assert "libm" in compiled(tmp_path / "net")
    assert compiled(tmp_path / "net", "-DELMAN_N4_POLY") == ""


def test_a_name_that_ends_like_a_file_is_none_of_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate(tmp_path / "net.c") == 2
    assert "names a file; expected -o DIR, or -o FILE.py" in capsys.readouterr().err


def test_sizes_are_for_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "elman_n4", "--steps", "3", "--backend", "c", "--batch", "2"]) == 2
    assert "--batch is for a folder" in capsys.readouterr().err


def test_a_name_ends_no_comment(tmp_path: Path) -> None:
    assert generate(tmp_path / "net", "--name", "*/ wrong") == 0
    assert compiled(tmp_path / "net") == ""


def test_a_width_that_no_weight_tells_has_to_be_said() -> None:
    cell = symrnn.parse("h[t] = tanh(concat(x[t], z[t]) @ W + h[t-1] @ U); L = mse(y, h[T])")
    params = cell.kernel(2).init_params(0, **dict(zip(cell.kernel(2).DIMS, (2, 3, 4), strict=True)))
    with pytest.raises(UsageError, match=r"is not said; expected --dims .* with numbers"):
        cell.generate_files(2, weights=params)


def test_the_command_line_knows_every_back_end() -> None:
    assert tuple(BACKENDS) == OFFERED

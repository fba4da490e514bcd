"""Notations that come along and notations of a user, and what can be wrong with a file."""

from pathlib import Path

import pytest

from symrnn.derive.notation.letters import Letters
from symrnn.derive.notation.notation import load_notation, notations
from symrnn.errors import DataError, UsageError
from symrnn.language.tree import Ref
from tests.cases import model
from tests.derive.notation.systems import NOTATIONS, user


def test_the_notations_that_come_along() -> None:
    assert list(notations()) == ["default", *sorted(NOTATIONS[1:])]
    assert all(len(line) > 20 for line in notations().values())


@pytest.mark.parametrize(
    ("name", "orientation", "time", "immediate"),
    [
        ("default", "row", "subscript", True),
        ("N1", "row", "subscript", False),
        ("N2", "row", "subscript", False),
        ("N3", "column", "subscript", False),
        ("N4", "row", "subscript", False),
        ("N5", "column", "subscript", False),
        ("books", "column", "superscript", True),
    ],
)
def test_how_a_notation_writes(name: str, orientation: str, time: str, immediate: bool) -> None:
    found = load_notation(name)
    assert (found.name, found.orientation, found.time) == (name, orientation, time)
    assert (found.immediate, found.strict, dict(found.functions)) == (immediate, False, {})


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    text = "time = 'superscript'\nimmediate = false\n[symbols]\nO = 's'\nw_h = '\\mathbf{U}'"
    mine = user(tmp_path, text + "\na_O = 'z'\n[functions]\ntanh = 'f'")
    assert (mine.orientation, mine.immediate, dict(mine.functions)) == ("row", False, {"tanh": "f"})
    letters = Letters(mine, model("elman").adjoint)
    refs = (Ref("O", "1", 2), Ref("w_h"), Ref("a_O", "t"))
    assert [letters.latex(ref) for ref in refs] == ["s^{(3)}", r"\mathbf{U}", "z^{(t)}"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time = superscript", "this is no TOML: Invalid value (at line 1"),
        ("time = 'above'", 'time = \'above\': expected "subscript" or "superscript"'),
        ("time = 3", "time = 3: expected"),
        ("orientation = 'rows'", 'orientation = \'rows\': expected "row" or "column"'),
        ("immediate = 'no'", "immediate = 'no': expected true or false, without quotes"),
        ("join = '-'", 'join = \'-\': expected "," or ""'),
        ("orientatoin = 'row'", "unknown key 'orientatoin'; did you mean 'orientation'?"),
        ("w_h = 'W'", "unknown key 'w_h'; a symbol stands under [symbols]"),
        ("symbols = 'W'", "symbols = 'W': expected a table"),
        ("[symbols]\nw_h = 3", "[symbols] w_h = 3: expected a symbol in quotes"),
        ("[symbols]\n'w-h' = 'W'", "expected a name of the model"),
        ("[symbols]\nw_h = '\\inptu'", "this is no symbol: \\inptu is not among the macros"),
        ("[symbols]\nw_h = '\\alhpa'", "did you mean '\\alpha'?"),
        ("[functions]\ntahn = 'f'", "'tahn' is no function of the language; did you mean 'tanh'?"),
        ("[functions]\ntanh = '$'", "[functions] tanh = '$': this is no symbol"),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        user(tmp_path, text)
    assert "mine.toml: " in str(caught.value)
    assert said in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read '.*none\.toml': No such file.*\nexpected a"):
        load_notation(str(tmp_path / "none.toml"))
    with pytest.raises(UsageError, match="cannot read"):
        load_notation(f"{tmp_path}/")
    with pytest.raises(UsageError, match="cannot read"):
        load_notation("a\0.toml")
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    with pytest.raises(UsageError, match="is no UTF-8 text"):
        load_notation(str(tmp_path / "latin.toml"))
    (tmp_path / "huge.toml").write_bytes(b"#" * 100_001)
    with pytest.raises(DataError, match="holds more than 100,000 bytes"):
        load_notation(str(tmp_path / "huge.toml"))
    with pytest.raises(UsageError, match="unknown notation 'bokos'; did you mean 'books'"):
        load_notation("bokos")


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbftime = 'superscript'\r\n[symbols]\r\nO = 's'\r\n")
    assert load_notation(str(path)).time == "superscript"

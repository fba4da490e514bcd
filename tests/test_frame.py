"""Templates are compiled once, and whatever may be wrong with what was kept does no harm."""

import sys
from pathlib import Path

import pytest

from symrnn import frame


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "one.txt").write_text("{{ a }}!")
    monkeypatch.setattr(frame, "templates", lambda: tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return tmp_path


def rendered(**values: object) -> str:
    return frame.environment.__wrapped__("text").get_template("text/one.txt").render(**values)


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "__pycache__").glob("jinja-*.pyc"))


def test_a_compiled_template_is_kept_and_read(folder: Path) -> None:
    assert rendered(a=1) == "1!"
    (path,) = kept(folder)
    made = path.read_bytes()
    assert rendered(a=2) == "2!"
    assert path.read_bytes() == made


def test_another_text_is_compiled_again(folder: Path) -> None:
    assert rendered(a=1) == "1!"
    (folder / "text" / "one.txt").write_text("{{ a }}?")
    assert rendered(a=1) == "1?"


@pytest.mark.parametrize("length", [0, 5, 20, 40, -1])
def test_a_file_that_is_cut_off_is_made_again(folder: Path, length: int) -> None:
    assert rendered(a=1) == "1!"
    (path,) = kept(folder)
    whole = path.read_bytes()
    path.write_bytes(whole[:length])
    assert rendered(a=1) == "1!"
    assert path.read_bytes() == whole


def test_nothing_is_kept_where_nothing_may_be_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "__pycache__").write_text("no folder")
    assert rendered(a=1) == "1!"
    (folder / "__pycache__").unlink()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert rendered(a=1) == "1!"
    assert not (folder / "__pycache__").exists()


def test_a_full_disk_is_no_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", full)
    assert rendered(a=1) == "1!"
    assert kept(folder) == []

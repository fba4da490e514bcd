"""What is installed: the wheel carries everything, an editable install finds the source tree."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import symrnn
from symrnn.frame import templates
from symrnn.library.zoo import heads

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("symrnn-*.whl"))


def run(script: str, folder: Path, path: Path) -> str:
    """The output of a script in another folder, with the package from `path`."""
    environment = {**os.environ, "PYTHONPATH": str(path)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=environment, capture_output=True, check=True
    )
    return done.stdout.decode()


def test_the_wheel_carries_models_heads_templates_and_types(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"symrnn/library/models/{name}.rnn" for name in symrnn.models()} <= names
    assert {f"symrnn/library/heads/{name}.rnn" for name in heads()} <= names
    assert {
        "symrnn/weights/layouts/cells/lstm.rnn",
        "symrnn/weights/layouts/tables/onnx.toml",
    } <= names
    assert {"symrnn/py.typed", "symrnn/templates/text/system.rnn"} <= names
    assert not any(name.startswith(("tests/", "templates/")) for name in names)


def test_the_wheel_works_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    script = "import symrnn.cli, sys; sys.exit(symrnn.cli.main(['show', 'elman', '--adjoint']))"
    assert "d_O[T] += d_a_yhat @ transpose(w_o)" in run(script, tmp_path, tmp_path / "site")
    where = "import symrnn.frame; print(symrnn.frame.templates())"
    assert run(where, tmp_path, tmp_path / "site").strip() == str(
        tmp_path / "site" / "symrnn" / "templates"
    )


def test_the_source_tree_works_from_another_folder(tmp_path: Path) -> None:
    assert templates() == ROOT / "templates"
    where = "import symrnn.frame; print(symrnn.frame.templates())"
    assert run(where, tmp_path, ROOT).strip() == str(ROOT / "templates")


def test_the_version_is_the_packages_own(wheel: Path) -> None:
    assert wheel.name.startswith(f"symrnn-{symrnn.__version__}-")

"""Run directories of version 1, as they were when the rule for them was written: read for ever.

`text` and `reviews` are what `symrnn train char --data hello` and `symrnn train gru --data reviews`
had left then, but for the kernels and the picture, which are there to look at.
"""

import json
import shutil
from pathlib import Path

import pytest

from symrnn import weights
from tests.training.runs.setting import Here

THEN = Path(__file__).parent / "version1"


@pytest.fixture
def there(here: Here, tmp_path: Path) -> Here:
    for run in THEN.iterdir():
        shutil.copytree(run, tmp_path / run.name)
    return here


def test_a_running_text(there: Here) -> None:
    assert there.result("sample text --start h --length 4 --temperature 0") == "hello\n"
    (row,) = json.loads(there.result("predict text he --format json"))
    wanted = {"l": 0.983747, "e": 0.013313, "h": 0.002161, "o": 0.000779}
    assert row["probabilities"] == pytest.approx(wanted, abs=1e-5)
    assert json.loads(there.result("evaluate text --format json"))["loss"] == pytest.approx(
        0.02232, abs=1e-5
    )


def test_reviews_of_different_lengths_under_masks(there: Here) -> None:
    rows = json.loads(there.result("predict reviews --data reviews --format json"))
    found = [row["probability"] for row in rows]
    assert found == pytest.approx([0.513353, 0.512810, 0.660533], abs=1e-5)
    evaluated = json.loads(there.result("evaluate reviews --format json"))
    assert (evaluated["on"], evaluated["counted"]) == ("validation", 1)
    assert evaluated["loss"] == pytest.approx(0.6678, abs=1e-4)


@pytest.mark.parametrize(
    ("run", "epochs", "name", "first"),
    [("text", 40, "W_xh", 1.305377), ("reviews", 21, "W_z", 0.233426)],
)
def test_they_go_on(there: Here, run: str, epochs: int, name: str, first: float) -> None:
    """To the weights that they came to then, but for rounding."""
    there.result(f"train --resume {run} --epochs {epochs} --quiet")
    assert weights.load(f"{run}/weights.safetensors")[name][0, 0] == pytest.approx(first, abs=1e-4)
    there.result(f"train --resume {run} --epochs {epochs} --quiet")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"version": 2}, 'expected "version": 1: it was made by a later one, which reads it'),
        ({"version": "1"}, 'expected "version": 1'),
        ({"version": True}, 'expected "version": 1'),
        ({"version": None}, 'expected "version": 1'),
        ({"speed": 3}, "there is an unknown 'speed'"),
        ({"begins": "x"}, "'begins' is \"x\""),
    ],
)
def test_what_is_not_known_is_refused(
    there: Here, changed: dict[str, object], message: str
) -> None:
    path = Path("text/config.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    for command in ("sample text", "evaluate text", "train --resume text"):
        refused = there.refusal(command)
        assert refused.startswith("text/config.json is no configuration of a run")
        assert message in refused


def test_a_name_that_came_later_has_its_default(there: Here) -> None:
    """A directory from before `begins` and `masks`, had they been added."""
    path = Path("text/config.json")
    config = json.loads(path.read_text())
    del config["begins"], config["training"]["masks"]
    path.write_text(json.dumps(config))
    assert there.result("sample text --length 4 --start h --temperature 0") == "hello\n"
    del config["training"]["epochs"]
    path.write_text(json.dumps(config))
    assert "'training' has no 'epochs'" in there.refusal("sample text")

"""`benchmarks/gpu.py`: where it cannot measure it says why, and everyone in it agrees."""

import importlib.util
import re
import runpy
from typing import Any

import pytest

from tests.documents import ROOT

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch is not installed: pip install torch"
)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return runpy.run_path(str(ROOT / "benchmarks" / "gpu.py"))


def test_without_pytorch_it_says_so(
    gpu: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert gpu["main"]([]) == 2
    assert capsys.readouterr() == (
        "", "benchmarks/gpu.py: PyTorch is not installed: pip install torch\n"
    )  # fmt: skip


@needs_torch
def test_without_a_gpu_it_says_so(gpu: Any, capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    assert gpu["main"]([]) == 2
    said = "benchmarks/gpu.py: PyTorch finds no GPU here; --cpu runs it small on the CPU\n"
    assert capsys.readouterr() == ("", said)
    assert gpu["main"](["--cpu", "--sizes", "8"]) == 2
    assert "8 is none of the 7 sizes" in capsys.readouterr().err


@needs_torch
def test_on_the_cpu_everyone_is_right(gpu: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert gpu["main"](["--cpu", "--sizes", "1", "--seconds", "0.01"]) == 0
    out = capsys.readouterr().out
    assert "\nT, B, D, H = 3, 3, 3, 3 " in out
    rows = dict(re.findall(r"^  (\S.*?)  +(\S.*?) *$", out, re.MULTILINE))
    assert set(rows) == {
        "nn.LSTM (PyTorch)",
        "nn.GRU (PyTorch)",
        *(f"{model}: {way}" for model in gpu["MODELS"] for way in gpu["WAYS"]),
    }
    for name, said in rows.items():
        if name.endswith("CUDA graph"):
            assert said == "a CUDA graph needs a GPU"
        elif name.endswith("JAX") and importlib.util.find_spec("jax") is None:
            assert said == "JAX is not installed"
        else:
            assert re.fullmatch(r"\d+\.\d{3}( +\d+\.\d\d){1,2}", said), f"{name}: {said}"

"""`DistributedDataParallel` around a generated module: the gradients of the whole batch, which a
NumPy kernel works out in one process."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symrnn
from tests.peers.launchers import started, without
from tests.training.runs.setting import finished

pytestmark = pytest.mark.skipif(bool(without("torchrun")), reason=without("torchrun"))

STEPS, BATCH = 5, 6
MODELS = {"elman": "Elman", "lstm": "Lstm", "mgu": "Mgu"}
DIMS = {"D": 3, "H": 4, "C": 2}

SCRIPT = """
import sys
import numpy as np
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
import symrnn

class Loss(torch.nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x, y):
        return self.net.loss(x, y)

dist.init_process_group("gloo")
rank, size = dist.get_rank(), dist.get_world_size()
given = {name: torch.from_numpy(value) for name, value in np.load("given.npz").items()}
found = {}
for name, kind in MODELS.items():
    file = symrnn.load(name).kernel(STEPS, backend="torch")
    net = getattr(file, kind)(**DIMS, dtype=torch.float64)
    with torch.no_grad():
        for key, value in net.params().items():
            value.copy_(given[f"{name} {key}"])
    shared = DistributedDataParallel(Loss(net))
    shared(given["x"][:, rank::size], given["y"][rank::size]).backward()
    found |= {f"{name} {key}": value.grad.numpy() for key, value in net.params().items()}
if rank == 0:
    np.savez("found.npz", **found)
dist.destroy_process_group()
"""


def test_gradients_of_the_whole_batch(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(STEPS, BATCH, DIMS["D"])), rng.uniform(size=(BATCH, DIMS["C"]))
    given: dict[str, Any] = {"x": x, "y": y}
    wanted: dict[str, Any] = {}
    for name in MODELS:
        kernel = symrnn.load(name).kernel(STEPS)
        params = kernel.init_params(1, **DIMS)
        _, grads = kernel.loss_and_grads(params, x=x, y=y)
        given |= {f"{name} {key}": value for key, value in params.items()}
        wanted |= {f"{name} {key}": value for key, value in grads.items()}
    np.savez(tmp_path / "given.npz", **given)
    names = f"MODELS, STEPS, DIMS = {MODELS!r}, {STEPS}, {DIMS!r}\n"
    (tmp_path / "ddp.py").write_text(names + SCRIPT)
    said = finished(started(["torchrun", "--nproc-per-node", "2", "ddp.py"], tmp_path))
    assert said.status == 0, said.err
    found = np.load(tmp_path / "found.npz")
    assert set(found) == set(wanted)
    for key, value in wanted.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-10, atol=1e-14, err_msg=key)

"""What another compiler says of the C files, and whether several threads may call at once."""

import shutil
import subprocess
from pathlib import Path

import pytest

import symrnn
from tests.cases import ZOO, model
from tests.extent import WIDE
from tests.kernels.c.compiler import CC, CLEAN, STRICT, compiled, folder, needs_compiler

pytestmark = needs_compiler
needs_clang = pytest.mark.skipif(not shutil.which("clang"), reason="clang is not installed here")


@needs_clang
@pytest.mark.parametrize(
    ("name", "dtype"),
    [(n, f"float{(64, 32)[i % 2]}") for i, n in enumerate(ZOO[:: 1 if WIDE else 3])],
)
def test_clang_does_not_warn(name: str, dtype: str, tmp_path: Path) -> None:
    where = folder(tmp_path, name, dtype)
    more = ["-Wdouble-promotion"] if dtype == "float32" else []
    command = ["clang", *STRICT, *more, "-fsyntax-only", f"{name}.c", "main.c"]
    done = subprocess.run(command, cwd=where, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@needs_clang
def test_clang_and_gcc_agree(tmp_path: Path) -> None:
    where = folder(tmp_path, "lstm")
    found = []
    for compiler in ("clang", CC):
        subprocess.run(["make", "-sB", f"CC={compiler}"], cwd=where, check=True)
        said = subprocess.check_output([where / "lstm"], text=True)
        found.append([float(line.split()[-1]) for line in said.splitlines()])
    assert len(found[0]) == 5
    assert found[0] == pytest.approx(found[1], abs=3e-4)


@pytest.mark.parametrize("name", ZOO[::3])
def test_an_example_without_gradients_is_clean_too(name: str, tmp_path: Path) -> None:
    dims = {dim: 3 + i for i, dim in enumerate(model(name).kernel(2).DIMS)}
    files = model(name).generate_files(4, dims=dims, batch=3, forward_only=True)
    for file, text in files.items():
        (tmp_path / file).write_text(text)
    assert compiled(tmp_path, *CLEAN, "-Wdouble-promotion") == ""
    done = subprocess.run([tmp_path / "made"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == (4 if "_step(" in files["main.c"] else 1)


THREADS = """
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "lstm.h"

enum { MANY = 4 };
static lstm_params params, grads[MANY];
static lstm_inputs in;
static lstm_memory memory[MANY];
static int apart = 1;

static void *work(void *argument)
{
    const int which = apart ? *(const int *)argument : 0;
    for (int i = 0; i < 5; i++) {
        lstm_forward(&memory[which], &params, &in);
        lstm_loss(&memory[which], &params, &in);
        lstm_backward(&memory[which], &params, &grads[which], &in);
    }
    return NULL;
}

int main(int count, char **words)
{
    pthread_t threads[MANY];
    int which[MANY];
    (void)words;
    apart = count == 1;
    lstm_start(&params, 1);
    for (int i = 0; i < MANY; i++) {
        which[i] = i;
        pthread_create(&threads[i], NULL, work, &which[i]);
    }
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    for (int i = 1; i < MANY; i++)
        if (apart && memcmp(&grads[0], &grads[i], sizeof grads[0]) != 0)
            return 3;
    puts("done");
    return 0;
}
"""


def test_threads_with_a_memory_each_do_not_meet_and_with_one_they_do(tmp_path: Path) -> None:
    where = folder(tmp_path, "lstm")
    (where / "main.c").write_text(THREADS)
    assert compiled(where, "-O1", "-g", "-fsanitize=thread", "-pthread") == ""
    done = subprocess.run([where / "made"], capture_output=True, text=True)
    if "unexpected memory mapping" in done.stderr:
        pytest.skip("the thread sanitizer cannot run on this system")
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
    done = subprocess.run([where / "made", "together"], capture_output=True, text=True)
    assert done.returncode == 66
    assert "WARNING: ThreadSanitizer: data race" in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        "h[t] = tanh(x[t] * a + h[t-1] * b); L = mse(y, h[T])",
        "h[t] = x[t] - h[t-1]; L = mean(mse(y[t], h[t]))",
    ],
    ids=["nothing is drawn to start from", "no parameters"],
)
@pytest.mark.parametrize("forward_only", [False, True])
def test_what_a_model_does_not_need_is_no_warning(
    text: str, forward_only: bool, tmp_path: Path
) -> None:
    made = symrnn.parse(text, "plain")
    dims = dict.fromkeys(made.kernel(2).DIMS, 3)
    for file, said in made.generate_files(3, dims=dims, forward_only=forward_only).items():
        (tmp_path / file).write_text(said)
    assert compiled(tmp_path, "-Wdouble-promotion") == ""
    assert subprocess.run([tmp_path / "made"], capture_output=True).returncode == 0

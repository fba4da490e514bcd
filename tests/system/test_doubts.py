"""What is read and probably not meant: a warning with its place, or with `strict` a refusal."""

import re
import warnings
from pathlib import Path

import pytest

import symrnn
import symrnn.model
from symrnn.cli import main
from symrnn.errors import DoubtError
from tests.cases import ZOO, model
from tests.documents import commands, pages

H = "h[t] = tanh(x[t] @ W + h[t-1] @ U + b)\n"
GATES = "f[t] = sigmoid(x[t] @ W_f + h[t-1] @ U_f)\no[t] = sigmoid(x[t] @ W_o + h[t-1] @ U_o)\n"
GRU = "z[t] = sigmoid(x[t] @ W + h[t-1] @ U)\n"
NAKED = "L = bce(y, yhat)"
PRODUCT = (
    "* goes feature by feature, and {0} is a vector of as many features as {1}; a product with a"
    " matrix is written {2} @ {0} (if a vector is meant, declare it: {0}: {3})"
)
NO_LOSS = (
    "without an equation L = … there is no loss and no gradient, and {0} is an output like others;"
    " if it is the loss, call it L (if not, declare it: {0}: output)"
)


def undefined(name: str, role: str, said: str) -> str:
    return (
        f"no equation defines {name}, so that it is {role}; {said} (if {name} is meant, declare it:"
        f" {name}: {role.split()[-1]})"
    )


def missing(name: str) -> str:
    said = f"is an equation missing, {name}[t] = …, as states have one?"
    return undefined(name, "an input", said)


DOUBTFUL = {
    "nothing leads from x, W, U and b to L: their gradients are zero; no equation defines yhat,"
    " which L compares with the target": f"{H}L = bce(y, «yhat»)",
    "nothing leads from V to L: its gradient is zero": f"{H}k[t] = x[t] @ «V»\nL = mse(y, h[T])",
    undefined("yhat", "a parameter", "did you mean 'y_hat'?"): (
        f"{H}y_hat = sigmoid(h[T] @ V)\nL = bce(y, «yhat»)"
    ),
    undefined("gaet", "an input", "did you mean 'gate'?"): (
        "gate[t] = sigmoid(x[t] @ W)\nh[t] = «gaet[t]» * h[t-1] + gate[t]"
    ),
    undefined("Z", "a parameter", "did you mean 'z'?"): (
        f"{GRU}h[t] = (1 - «Z») * h[t-1] + z[t] * tanh(x[t] @ V)"
    ),
    undefined("Z", "an input", "did you mean 'z'?"): (
        f"{GRU}h[t] = (1 - «Z[t]») * h[t-1] + z[t] * tanh(x[t] @ V)"
    ),
    undefined("X", "an input", "did you mean 'x'?"): "h[t] = tanh(x[t] @ W + «X[t]» @ V)",
    missing("c"): f"{GATES}h[t] = f[t] * o[t] * tanh(«c[t]»)",
    missing("g_1"): f"{H}k[t] = k[t-1] * «g_1[t]» + h[t] @ V",
    undefined(
        "e", "a parameter", "e to the power of v is exp(v), and the number is exp(1)"
    ): f"{H}k[t] = 1 / (1 + «e»**(-h[t]))",
    "pi is the number 3.14159… (if it has a value of its own, declare it: pi: parameter)": (
        f"{H}h[0] = «pi»"
    ),
    "h[-1] is a step before h[1], the first; the last one is written h[T]": (
        f"{H}L = mse(y, «h[-1]» @ V)"
    ),
    "no step reads h[-1]: steps are counted from 1, and what a recurrence with h[t-1] starts from"
    " is h[0]": f"{H}«h[-1]» = h0",
    PRODUCT.format("W", "x", "x[t]", "D"): "h[t] = tanh(«x[t] * W» + h[t-1] @ U)",
    PRODUCT.format("w_x", "x", "x[t]", "D"): "h[t] = tanh(«w_x * x[t]» + w_h * h[t-1])",
    PRODUCT.format("V", "h", "h[T]", "C"): f"{H}yhat = sigmoid(«h[T] * V»)\nL = bce(y, yhat)",
    NO_LOSS.format("loss"): f"{H}«loss» = mse(y, h[T])",
    NO_LOSS.format("J"): f"{H}«J» = mean(mse(y[t], h[t]))",
}


@pytest.mark.parametrize(("message", "marked"), DOUBTFUL.items())
def test_the_warning_and_its_place(message: str, marked: str) -> None:
    text = re.sub("[«»]", "", marked)
    with pytest.warns(symrnn.ModelWarning) as caught:
        found = symrnn.parse(text, "mine")
    before, what, _ = re.split("[«»]", marked)
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n") - 1
    wanted = [
        f"mine, line {line}, column {column + 1}: {message}",
        "    " + text.split("\n")[line - 1],
        "    " + " " * column + "^" * len(what),
    ]
    assert str(caught[0].message).split("\n") == wanted
    assert caught[0].filename == __file__
    assert found.doubts == tuple(str(each.message) for each in caught)
    with pytest.raises(DoubtError) as refused:
        symrnn.parse(text, "mine", strict=True)
    assert str(refused.value) == "\n".join(found.doubts)


@pytest.mark.parametrize("marked", DOUBTFUL.values())
def test_what_the_warning_asks_to_declare_ends_it(marked: str) -> None:
    text = re.sub("[«»]", "", marked)
    (doubt, *_) = symrnn.model.read(text, "mine").doubts
    asked = re.search(r"declare it: ([^)]*)\)", doubt.split("\n")[0])
    if asked:
        declared = symrnn.model.read(f"{text}\n{asked[1]}", "mine")
        assert doubt not in declared.doubts


LEGITIMATE = [
    "h[t] = relu(x[t] @ W + U * h[t-1])",  # independently recurrent
    "x: 1\nh[t] = tanh(W_x * x[t] + W_h * h[t-1])",
    "o[t] = sigmoid(x[t] @ W_o + h[t-1] @ U_o + W_co * c[t-1])\nc[t] = o[t] * c[t-1] + x[t] @ V\n"
    "h[t] = o[t] * tanh(c[t])",
    "h[t] = x[t] @ W_0 + x[t-1] @ W_1 + x[t-2] @ W_2",
    "x[t]: input\nh[t] = m[t] * x[t] + (1 - m[t]) * h[t-1]",
    "yhat[t] = tanh(y[t-1] @ W + x[t] @ V)\nL = mean(mse(y[t], yhat[t]))",
    "h[t] = tanh(h[t-2] @ U + x[t] @ W)\nh[-1] = h1\nh[0] = h0",
    "e[t] = tanh(x[t] @ W + e[t-1] @ U)",
    "h[t] = x[t] @ e",
    f"{H}alpha[t] = h[t] @ V\nalpha: output\nL = mse(y, h[T])",
    f"{H}t0: parameter\nt0: 3\nL = mse(y, h[T])",
    f"{H}T_t[t] = sigmoid(x[t] @ W_t + h[t-1] @ U_t + b_t)\nL = mse(y, h[T] * T_t[T])",
    f"{H}loss = h[T] @ V",
]


@pytest.mark.parametrize("text", LEGITIMATE)
def test_what_is_legitimate_gives_no_warning(text: str) -> None:
    assert symrnn.model.read(text, "mine").doubts == ()


@pytest.mark.parametrize("name", ZOO)
def test_no_model_that_comes_along_gives_one(name: str) -> None:
    assert model(name).doubts == ()
    assert model(name).with_head("classes").doubts == ()
    assert symrnn.parse(str(model(name).adjoint)).doubts == ()


def test_no_text_of_the_documentation_gives_one() -> None:
    typed = [each for page in pages() for b in page.blocks("console") for each in commands(b)]
    shown = [text for command, text in typed if re.match(r"symrnn show(?!.*--program)", command)]
    texts = [t for page in pages() for t in re.findall(r'parse\("""(.*?)"""', page.text, re.DOTALL)]
    assert len(shown) > 2
    assert texts
    for text in shown + texts:
        assert symrnn.model.read(text, "mine").doubts == ()


def test_a_transformation_does_not_warn_again() -> None:
    with pytest.warns(symrnn.ModelWarning):
        found = symrnn.parse(f"{H}k[t] = x[t] @ V\nL = mse(y, h[T] @ W_y)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert found.with_head("binary").kernel(steps=2)
        assert found.with_dropout("h").adjoint
        assert found.derive(steps=2).text("closed")


COMMANDS = ("show", "summary", "derive", "generate --steps 2", "verify --steps 2", "train")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_takes_a_model_warns_on_standard_error_and_can_refuse(
    command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    doubtful = (
        f"{H}V: (D, K)\nx: D\nh: H\nk[t] = x[t] @ V\nyhat = sigmoid(h[T] @ w)\nL = bce(y, yhat)"
    )
    said = "-e, line 5, column 15: nothing leads from V to L: its gradient is zero\n"
    how = [*command.split(), "-e", doubtful]
    if command == "train":
        how += ["--data", "cat-mat-rat", "--epochs", "1", "--quiet", "--out", str(tmp_path / "run")]
    assert main(how) == 0
    found = capsys.readouterr()
    assert found.err.count("warning") == 1
    assert f"symrnn: warning: {said}    k[t] = x[t] @ V\n" in found.err
    assert "warning" not in found.out
    assert main([*how, "--strict"]) == 2
    refused = capsys.readouterr()
    assert refused.out == ""
    assert refused.err.startswith(f"symrnn: {said}")


def test_a_run_that_was_warned_of_is_not_warned_of_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    doubtful = "h[t] = tanh(x[t] @ W + h[t-1] @ U); k[t] = x[t] @ V; k: 2\n"
    doubtful += "yhat = sigmoid(h[T] @ w); L = bce(y, yhat)"
    data = ["--data", "cat-mat-rat", "--epochs", "1", "--quiet", "--out", str(run)]
    assert main(["train", "-e", doubtful, *data]) == 0
    assert "warning" in capsys.readouterr().err
    assert main(["predict", str(run), "cat rat rat"]) == 0
    assert capsys.readouterr().err == ""


def test_the_models_of_a_benchmark_can_be_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "mine.rnn"
    path.write_text(f"{H}k[t] = x[t] @ V\nk: 2\nL = mse(y, h[T])")
    assert main(["bench", "--models", str(path), "--sizes", "1", "--strict"]) == 2
    assert "nothing leads from V to L" in capsys.readouterr().err

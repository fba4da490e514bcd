"""Everyone who takes part gets the same loss and gradients, whoever is installed."""

import pytest

from symrnn.bench.case import ALLOWED, Answer, Case, case, disagreement
from symrnn.bench.peers import PEERS, Entrant, LeftOut, absent
from symrnn.bench.peers.book import BOOK
from symrnn.bench.peers.cells import NETWORKS, network_of, packed, unpacked
from symrnn.bench.request import DTYPES, MODELS, Size
from symrnn.model import parse
from tests.cases import model

SMALL = Size(3, 4, 2, 5), Size(1, 1, 3, 2), Size(7, 1, 1, 3)
COMPILED = Size(3, 2, 2, 4)


def answer(entrant: Entrant) -> Answer:
    assert entrant.read is not None
    return entrant.read(entrant.step())


def disagrees(name: str, made: Case, dtype: str) -> str:
    wanted = answer(PEERS["kernel"].prepare(made))
    return disagreement(answer(PEERS[name].prepare(made.cast(dtype))), wanted, ALLOWED[dtype])


def ready(name: str) -> None:
    if absent(PEERS[name]):
        pytest.skip(f"{PEERS[name].needs} is not installed: pip install 'symrnn[bench]'")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SMALL, ids=str)
@pytest.mark.parametrize("name", MODELS)
def test_numpy_by_the_book_agrees_with_the_kernel(name: str, size: Size, dtype: str) -> None:
    assert disagrees("numpy", case(model(name), size), dtype) == ""
    assert disagrees("function", case(model(name), size), dtype) == ""


@pytest.mark.parametrize("peer", ["torch", "torch_file", "jax", "jax_file", "autograd"])
@pytest.mark.parametrize("name", MODELS)
def test_libraries_agree_with_the_kernel(name: str, peer: str) -> None:
    ready(peer)
    for size in SMALL:
        for dtype in DTYPES:
            assert disagrees(peer, case(model(name), size), dtype) == ""


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("peer", ["jax", "jax_file"])
def test_jax_is_left_as_it_was(peer: str, wide: bool) -> None:
    ready(peer)
    import jax

    for dtype in DTYPES:
        with jax.enable_x64(wide):
            assert disagrees(peer, case(model("elman"), COMPILED), dtype) == ""
            assert jax.config.jax_enable_x64 == wide
    assert jax.numpy.ones(1).dtype == "float32"


def test_what_torch_compiles_agrees_or_says_why_not() -> None:
    ready("compile")
    try:
        assert disagrees("compile", case(model("elman"), COMPILED), "float32") == ""
    except LeftOut as reason:
        pytest.skip(str(reason))


def test_many_steps_are_not_compiled() -> None:
    with pytest.raises(LeftOut, match="T = 17: it is compiled for 16 steps at most"):
        PEERS["compile"].prepare(case(model("elman"), Size(17, 1, 1, 1)))


def test_a_network_is_known_to_all_or_to_none() -> None:
    assert tuple(BOOK) == tuple(NETWORKS) == MODELS


def test_a_model_that_nobody_has_written_is_left_out() -> None:
    mine = parse("h[t] = tanh(x[t] @ W + u * h[t-1]); L = mse(y, h[T] @ V)", "mine.rnn")
    made = case(mine, Size(2, 2, 2, 2))
    with pytest.raises(LeftOut, match="nobody has written it by hand"):
        PEERS["numpy"].prepare(made)
    with pytest.raises(LeftOut, match="nobody has written it for this library"):
        network_of(made)
    assert disagrees("kernel", made, "float64") == ""


FILES = ("torch_file", "jax_file")
"""What is generated for libraries: for any model."""

OWN = {
    "a width called as an argument is": "s: fuse; h[t] = tanh(x[t] @ W + h[t-1] @ U); "
    "s = h[T] @ V; L = mse(y, s)",
    "an input called as a module's attribute is": "h[t] = tanh(given[t] @ loss + u * h[t-1]); "
    "L = mse(training, h[T] @ V)",
    "a parameter that nothing trains": "E: fixed; h[t] = tanh(x[t] @ W + E * h[t-1]); "
    "L = mse(y, h[T] @ V)",
    "a parameter that the loss does not read": "h[t] = tanh(x[t] @ W + u * h[t-1]); "
    "s = h[T] @ E; L = mse(y, h[T] @ V)",
    "backwards, with a target for each step": "h[t] = tanh(x[t] @ W + h[t+1] @ U); "
    "L = mean(mse(y[t], h[t] @ V))",
}


@pytest.mark.parametrize("peer", FILES)
@pytest.mark.parametrize("text", OWN.values(), ids=list(OWN))
def test_generated_files_of_a_text_of_ones_own_agree(text: str, peer: str) -> None:
    ready(peer)
    for size in (Size(1, 1, 1, 1), Size(3, 2, 2, 4), Size(12, 3, 1, 2)):
        made = case(parse(text, "./own text.rnn"), size)
        for dtype in DTYPES:
            assert disagrees(peer, made, dtype) == ""


def test_a_module_without_parameters_says_so() -> None:
    ready("torch_file")
    made = case(parse("h[t] = tanh(x[t] + h[t-1]); L = mse(y, h[T])"), Size(3, 2, 1, 1))
    with pytest.raises(LeftOut, match="it has no parameters, and autograd has nothing"):
        PEERS["torch_file"].prepare(made)


def test_a_training_step_begins_with_no_gradient() -> None:
    """Steps that add up gradients would be seen by the second one."""
    ready("torch_file")
    made = case(model("elman"), Size(3, 2, 2, 4))
    entrant = PEERS["torch_file"].prepare(made)
    assert entrant.read is not None
    entrant.step()
    wanted = answer(PEERS["kernel"].prepare(made))
    assert disagreement(entrant.read(entrant.step()), wanted, ALLOWED["float64"]) == ""


@pytest.mark.parametrize("name", MODELS)
def test_packing_loses_nothing(name: str) -> None:
    made = case(model(name), Size(2, 1, 3, 4))
    again = unpacked(NETWORKS[name], packed(NETWORKS[name], made.params), made.params)
    assert {k: v.tolist() for k, v in again.items()} == {
        k: v.tolist() for k, v in made.params.items()
    }

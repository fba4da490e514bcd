"""What people write is read as what they mean, and what is not clear is refused at its place."""

import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from symrnn.check.claims import Line, Said, Unread, Writing
from symrnn.check.reading import Known, known, read
from symrnn.derive.output import Output
from symrnn.derive.pieces import at_path, walk
from symrnn.errors import UsageError
from tests.cases import model

N4, MATRIX, BOOKS, STEPS = "n4", "matrix", "books", "steps"


@cache
def kept(form: str) -> tuple[Known, Output]:
    name, notation, steps, scalar = {
        N4: ("elman_n4", "N4", 3, True),
        MATRIX: ("lstm", "default", None, False),
        BOOKS: ("char", "books", None, False),
        STEPS: ("elman_steps", "N3", 3, False),
        STEPS + "any": ("elman_steps", "N3", None, False),
    }[form]
    derived = model(name).derive(steps, scalar=scalar)
    return known(derived, notation, {}, steps), derived.output(notation=notation)


def written(form: str, *texts: str, mapping: Mapping[str, str] | None = None) -> Writing:
    symbols, _ = kept(form)
    if mapping is not None:
        of = symbols.derivation
        symbols = known(of, symbols.notation, mapping, symbols.steps)
    return read([Line(text, number) for number, text in enumerate(texts, 1)], symbols)


def shown(form: str, *texts: str, mapping: Mapping[str, str] | None = None) -> list[str]:
    """Each line as derivations print it, or why it could not be read."""
    printer = kept(form)[1].plain_printer
    return [
        " = ".join(map(printer.line, (line.equation.left, *line.equation.rights)))
        if isinstance(line, Said)
        else f"? {line.message}: {line.line.text[slice(*line.span)]}"
        for line in written(form, *texts, mapping=mapping).lines
    ]


CASES = (Path(__file__).parent / "dialect.txt").read_text("utf-8").split("\n\n")[1:]
WRITTEN = [tuple(case.strip().split("\n")) for case in CASES]


@pytest.mark.parametrize(("form", "text", "wanted"), WRITTEN, ids=range(len(WRITTEN)))
def test_it_is_read_as_it_is_meant(form: str, text: str, wanted: str) -> None:
    assert shown(form, text) == [wanted]


REFUSED = [
    (N4, r"O_1 = \foo{x}", r"\foo", "not among the macros"),
    (N4, r"O_1 = \sigmoid(x_1)", r"\sigmoid", "not among the macros"),
    (N4, r"O_1 = \input{file}", r"\input", "not among the macros"),
    (N4, r"O_1 = \write18{ls}", r"\write", "not among the macros"),
    (N4, r"O_1 = q_1", "q_1", "not known"),
    (N4, r"O_4 = 1", "O_4", "there is no step 4"),
    (N4, r"O_1 = O", "O", "no step is said"),
    (MATRIX, r"i_t = \mathrm{diag}(f_t, o_t)", r"\mathrm{diag}", "one argument"),
    (N4, r"O_1 = \hat y_3", r"\hat y_3", "the same at every step"),
    (N4, r"O_1 = \tanh x_1 w_i", r"\tanh x_1 w_i", "where its argument ends"),
    (N4, r"O_1 = f(x_1)", "f", "not known"),
    (N4, r"O_1 \le 1", r"\le", "only equations"),
    (N4, r"O_1", "O_1", "no = stands here"),
    (N4, r"O_1 = ", "=", "nothing stands beside"),
    (N4, r"O_1 = (x_1", "(", "never closed"),
    (N4, r"O_1 = (x_1]", "(", "closed by a ]"),
    (N4, r"O_1 = {x_1", "{", "never closed"),
    (N4, r"O_1 = x_1}", "}", "closes nothing"),
    (N4, r"O_1 = x_1 +", "+", "missing"),
    (N4, r"O_1 = x_1 \cdot", r"\cdot", "missing"),
    (N4, r"O_1 = x_1_2", "_", "two subscripts"),
    (N4, r"O_1 = \frac{\partial^2 L}{\partial w_h}", r"\frac{\partial^2 L}{\partial w_h}", "first"),
    (N4, "O_1 = x_1 \x07", "\x07", "U+0007"),
    (N4, r"O_1 = \sum w_h", r"\sum", "over what"),
    (N4, r"= x_1", "=", "not read"),
    (N4, r"O_1 = \tanh^{-1}(x_1)", r"\tanh^{-1}", r"1/\tanh(x) or \operatorname{artanh}"),
    (N4, r"O_1 = ①", "①", "no number"),
    (N4, r"O_{99999999999999999999} = 1", "O_{99999999999999999999}", "there is no step"),
    (N4, r"O_1 = \frac{\partial}{\partial w_h} \tanh(a_1)", r"\tanh", "of a variable with a name"),
    (N4, r"O_1 \approx x_1", r"\approx", "only where one side is a number"),
    (N4, r"O_1 \propto x_1", r"\propto", "only equations"),
    (N4, r"O_1 = x_1 < 1", "<", "only equations"),
    (N4, r"O_1 \to 0", r"\to", "only equations"),
    (N4, r"\hat y = h_3 w_o", "h_3", "did you mean O? Then say so: --map 'h_t=O_t'"),
    (N4, r"h_t = \tanh(h_{t-1} w_h)", "h_t", "not known, and defined by itself; did you mean O?"),
    (N4, r"O_1 = W_{hh}", "W_{hh}", "did you mean 'w_{h}'"),
    (STEPS + "any", r"h_{2000} = 1", "h_{2000}", "only the first 100 steps"),
    (BOOKS, r"h^T = 1", "h^T", "a step or a transpose"),
    (MATRIX, r"i_t = \sigma(1 - \sigma)", r"\sigma", "several values"),
    (BOOKS, r"\hat y^{(t)} = y_i^{(t)}", "y_i^{(t)}", "no whole vector"),
    (BOOKS, r"\hat y_i^{(t)} = y_i^{(t)} - b_y", "- b_y", "no entry"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "text", "place", "message"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_not_clear_is_refused_at_its_place(
    form: str, text: str, place: str, message: str
) -> None:
    (line,) = written(form, text).lines
    assert isinstance(line, Unread)
    assert message in line.message
    assert text[slice(*line.span)] == place


def test_an_entry_of_a_vector_is_the_vector_entry_by_entry() -> None:
    texts = [
        r"o^{(t)} = b_y + W_{hy} h^{(t)}",
        r"(\nabla_{o^{(t)}} L)_i = \hat y_i^{(t)} - \mathbf{1}_{i,y^{(t)}}",
        r"L = -\sum_{t=1}^{T} \sum_i y_i^{(t)} \log \hat y_i^{(t)}",
    ]
    assert shown(BOOKS, *texts) == [
        "a_ŷ^(t) = b_y + W_hy h⁽ᵗ⁾",
        "∂L/∂a_ŷ^(t) = ŷ⁽ᵗ⁾ - y⁽ᵗ⁾",
        "L = -(∑_{t=1}^{T} 1_Cᵀ (y⁽ᵗ⁾ ⊙ log(ŷ⁽ᵗ⁾)))",
    ]


def test_a_number_is_decided_by_the_notation() -> None:
    """x_{13} is x_1 at step 3 where x is printed x_1, and x at step 13 elsewhere."""
    assert shown(N4, "O_3 = x_{13}") == ["O₃ = x_13"]
    assert shown(STEPS, "h_3 = x_{13}") == ["? there is no step 13 of this: x_{13}"]


def test_letters_of_the_writer_have_their_meanings() -> None:
    texts = [
        r"\delta_T = (\hat y - y) w_o (1 - O_T^2)",
        r"\delta_t = \delta_{t+1} w_h (1-O_t^2), \quad t < T",
        r"e = \hat y - y",
        r"\gamma_t = -\frac{\partial L}{\partial O_t}",
        r"z_t = O_{t-1} w_h + x_t w_i",
        r"\frac{\partial L}{\partial z_t} = \delta_t",
    ]
    found = written(N4, *texts)
    printer = kept(N4)[1].plain_printer
    meanings = {k: [printer.line(m) for m in v] for k, v in found.meanings.items()}
    assert meanings[r"\delta"][:2] == ["δₜ", "∂L/∂Oₜ"]
    assert "-δₜ" in meanings[r"\delta"]
    assert meanings["e"] == ["ŷ - y"]
    assert meanings[r"\gamma"] == ["-∂L/∂Oₜ"]
    assert shown(N4, *texts)[4:] == [
        "aₜ = O_{t-1} w_h + x_1t w_i".replace("O_{t-1}", "Oₜ₋₁"),
        "δₜ = δₜ",
    ]


def test_conditions_say_for_which_steps() -> None:
    found = written(
        N4,
        r"O_t = x_t, \qquad t = T - 1, \ldots, 1",
        r"O_t = x_t \quad \text{for } 1 < t \le T",
        r"O_t = x_t, t \neq 2",
        r"\text{For } t < T: O_t = x_t",
        r"\forall t: O_t = x_t",
        r"O_t \leftarrow x_t \; \forall t \in [1, T]",
        r"O_t = x_t \quad (t = 1, \dots, T)",
        r"O_t = \begin{cases} x_T & t = T \\ w_h & \text{if } t < T \end{cases}",
        r"O_t = x_t",
        r"= w_h, \quad \forall t \in \{2, \ldots, T\}",
    )
    steps = [
        [(ref.base, ref.shift) for ref in (*line.equation.steps, *line.equation.but)]
        for line in found.lines
        if isinstance(line, Said)
    ]
    assert steps == [
        [("T", -1), ("1", 0)],
        [("1", 1), ("T", 0)],
        [("1", 1)],
        [("1", 0), ("T", -1)],
        [],
        *[[("1", 0), ("T", 0)]] * 2,
        [("T", 0), ("T", 0)],
        [("1", 0), ("T", -1)],
        [("1", 1), ("T", 0)],
        [("1", 1), ("T", 0)],
    ]


def test_remarks_are_no_lines_and_what_they_define_is_read() -> None:
    behind = [
        r"\text{where } e = \hat y - y",
        r"\text{since } x_t \text{ is there}",
        r"\text{as } \xi = \zeta",
        r"\text{(chain rule)}",
    ]
    lines = [rf"\text{{Hence }} O_t = x_t, \quad {each}" for each in behind]
    assert shown(N4, *lines) == ["Oₜ = x_1t", "e = ŷ - y", *["Oₜ = x_1t"] * 3]
    assert shown(
        N4, r"O_1 = x_1 \in \mathbb{R}, w_h \in \mathbb{R}; O_2 = x_2 (\text{by (1)})"
    ) == [
        "O₁ = x_11",
        "O₂ = x_12",
    ]
    assert shown(N4, r"O_1 = x_1 \text{ (definition)}, O_2 = x_2") == ["O₁ = x_11", "O₂ = x_12"]
    assert shown(N4, *(each.replace(",", "") for each in lines[1:])) == ["Oₜ = x_1t"] * 3


@pytest.mark.parametrize("sign", [r"\overset{(1)}{=}", r"\stackrel{!}{=}", r"\triangleq", ":="])
def test_signs_of_equality(sign: str) -> None:
    assert shown(N4, f"O_1 {sign} x_1") == ["O₁ = x_11"]
    assert shown(N4, rf"w_h {sign} w_h - \eta x_1") == ["w_h^{new} = w_h - η x_11"]


def test_what_runs_back_is_a_derivative_and_what_begins_somewhere_is_defined() -> None:
    found = written(
        N4, r"\lambda_t = \lambda_{t+1} w_h", r"h_t = h_{t-1} w_h", "h_0 = 1", "h_2 = 1"
    )
    assert not any(isinstance(line, Unread) for line in found.lines)
    assert found.meanings["h"] == ()
    assert found.meanings[r"\lambda"]


def test_a_rule_for_each_weight_is_one_for_each() -> None:
    found = shown(N4, r"w_{\text{new}} = w_{\text{old}} - \eta\frac{\partial L}{\partial w}")
    assert found == [f"{w}^{{new}} = {w}^{{old}} - η ∂L/∂{w}" for w in ("w_i", "w_h", "w_o")]


def test_a_mapping_gives_letters() -> None:
    mapping = {"W_{hh}": "w_h", "s_t": "O_t", "f": "tanh", "b_1": "w_i"}
    text = r"s_2 = f(s_1 W_{hh} + x_2 b_1)"
    assert shown(N4, text, mapping=mapping) == ["O₂ = tanh(O₁ w_h + x_12 w_i)"]


@pytest.mark.parametrize(("left", "right"), [("W", "w_hh"), ("a b", "w_h"), (r"\foo", "w_h")])
def test_a_mapping_that_says_nothing_is_refused(left: str, right: str) -> None:
    with pytest.raises(UsageError, match="--map"):
        written(N4, "O_1 = 1", mapping={left: right})


@pytest.mark.parametrize(("form", "text", "_"), WRITTEN, ids=range(len(WRITTEN)))
def test_each_piece_has_its_place(form: str, text: str, _: str) -> None:
    for line in written(form, text).lines:
        if not isinstance(line, Said):
            continue
        sides = zip((line.equation.left, *line.equation.rights), line.right_spans, strict=False)
        for formula, spans in (*sides, (line.equation.left, line.left_spans)):
            for path, (start, end) in spans.items():
                if formula is line.equation.left or path == ():
                    assert 0 <= start < end <= len(text)
                if formula is not line.equation.left or spans is line.left_spans:
                    at_path(formula, path)
            assert spans or not list(walk(formula))


HOSTILE = [
    "O_1 = " + "{" * 99_000,
    "O_1 = " + "(" * 90 + "x_1" + ")" * 90,
    "O_1 = " + r"\left(" * 5_000,
    "O_1 = " + r"\tanh(" * 90 + "x_1" + ")" * 90,
    "O_1 = " + r"\sqrt{" * 90 + "x_1" + "}" * 90,
    "O_1 = " + r"\frac{" * 10_000,
    "O_1 = " + r"\hat" * 20_000 + " y",
    "O_1 = " + r"x_1^{" * 10_000,
    "O_1 = " + "x_1^" * 20_000 + "2",
    "O_1 = " + "-" * 50_000 + "1",
    "O_1 = " + "x_1 + " * 15_000 + "1",
    "O_1 = " + "x_1 " * 20_000,
    "O_1 = " + r"x_1 \odot " * 9_000 + "1",
    "O_1 = " + r"\sum_t " * 10_000 + "x_t",
    "O_1 = 10^{10^{10}} = 10^{999999999}",
    "O_1 = " + "9" * 90_000,
    "O_1 = x_{" + "1" * 90_000 + "}",
    "= " * 40_000,
    "|" * 90_000,
    "O_1 = x_1, " * 9_000,
    r"\begin{pmatrix}" * 5_000,
    "O_1 = x_1" + r" \\ " * 20_000,
    "O_t = x_t, t = " + "1, " * 20_000,
    "\x00\x1b[31m" * 10_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:30] for text in HOSTILE])
def test_hostile_lines_are_read_or_refused_within_a_second(text: str) -> None:
    kept(N4)
    start = time.process_time()
    written(N4, text)
    assert time.process_time() - start < 1

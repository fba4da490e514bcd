"""Notations: the notes' letters, no two references alike, and nothing but symbols in a file."""

import keyword
from collections import Counter
from itertools import product
from pathlib import Path

import pytest
import sympy

import symrnn
from symrnn.derivation.letters import Letters, default_symbol
from symrnn.derivation.notation import (
    Notation,
    SymbolError,
    glyph,
    load_notation,
    notations,
    read_notation,
)
from symrnn.errors import UsageError
from symrnn.language.tree import Ref
from symrnn.system import System, unroll
from tests.cases import ZOO, model

NOTATIONS = ["default", "N1", "N2", "N3", "N4", "N5", "books"]
DEFAULT = load_notation("default")

# names that look like others with a time, like letters of the derivation, or like Python's
NASTY = {
    "times": "h[t] = tanh(x[t] @ h_t + h[t-1] @ h_1 + h1 + h_T + h_t_1 + h_tm1 + h_0 + h_k)",
    "late times": "h[t] = tanh(x[t] @ h_57 + h[t-1] @ h_m1 + h_tm14 + h_m20 + h_1_ + h__1)",
    "layers": "h[t] = tanh(x[t] + b_1 + h2[t-1]); h2[t] = tanh(h[t] + h_2); b[t] = tanh(h2[t])",
    "subscripts": "h[t] = tanh(x[t] @ W_hh + h[t-1] @ W_h_h + Wh_h + W_h + Wh)",
    "gates": "O[t] = tanh(O_f[t-1] + x[t]); O_f[t] = tanh(O[t-1] * O_f_3 + O_f_t + O_ft + O_f3)",
    "accents": "yhat[t] = tanh(x[t] + y_hat + xhat + yhat[t-1]); xbar = yhat[T] + ybar + hbar",
    "greek": "h[t] = tanh(x[t] * alpha + Alpha + Omega + lambda_ + mu + nu_t + h[t-1] * pi)",
    "delta": "delta[t] = tanh(x[t] * eta + delta[t-1] * delta_t + delta_O + Delta + ell + a)",
    "state": "O[t] = tanh(x[t] @ w + O[t-1] @ u); O[0] = O0; q[t] = O_0 * O[t] + O_00",
    "adjoints": "O[t] = tanh(d_O + x[t] * O[t-1] + d_O_0 + d[t-1] + a_O); d[t] = d_d * O[t] + Obar",
    "before": "a[t] = tanh(x[t] + a[t-1]); O[t] = tanh(a[t] @ a_O + a_a); a_yhat = O[T] + a_a_O",
    "python": "E[t] = tanh(x[t] + I + S + N + Q + E_ + E__ + sum_ + E[t-1]); O[t] = beta * E[t]",
    "sympy": "h[t] = tanh(gamma * x[t] + zeta + pi + id + Symbol + np + h[t-1] + gamma_ + diff)",
    "words": "hidden[t] = tanh(x[t] + hidden_t + forget_gate * dt); hi[t] = hidden[t]",
    "parts": "n[t] = tanh(x[t] @ W + r[t] * (n[t-1] @ U + c)); r[t] = tanh(x[t] + u_n + n[t-1])",
    "books": "O[t] = tanh(x[t] @ w_i + W_xh + W_x); h[t] = tanh(O[t] @ w_h + h[t-1] @ W_h)",
}


def nasty(name: str) -> System:
    """A nasty model with a loss, and its adjoint."""
    text = NASTY[name]
    last = [part.split("[")[0].strip() for part in text.split(";") if "[t] =" in part][-1]
    return symrnn.parse(f"{text}; L = mse(y, {last}[T])").adjoint


def times(timed: bool) -> list[tuple[str, int]]:
    if not timed:
        return [("", 0)]
    steps = [("1", step - 1) for step in (*range(-4, 16), -20, -14, 20, 40, 57, 142)]
    moving = [(base, shift) for base in "tTkj" for shift in (-14, *range(-3, 4))]
    return [("", 0), *steps, *moving]


def references(system: System) -> list[Ref]:
    return [Ref(s.name, *time) for s in system.symbols.values() for time in times(s.timed)]


def assert_all_different(letters: Letters) -> None:
    refs = references(letters.system)
    for write in (letters.latex, letters.plain, letters.python):
        twice = [text for text, n in Counter(map(write, refs)).items() if n > 1]
        assert not twice, {text: [r for r in refs if write(r) == text] for text in twice[:3]}


def latex(notation: str, name: str) -> dict[str, str]:
    system = model(name).adjoint
    letters = Letters(load_notation(notation), system)
    return {
        s.name: letters.latex(Ref(s.name, "t" if s.timed else "")) for s in system.symbols.values()
    }


# the notations that come along


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


SYMBOLS = [
    ("default", "elman", r"x_t w_i O_t w_h b w_o b_o \hat{y} y L"),
    ("default", "char", r"x_t W_{xh} h_t W_{hh} b_h W_{hy} b_y \hat{y}_t y_t L"),
    ("default", "stacked", r"x_t W_1 h^{(1)}_t U_1 b_1 W_2 h^{(2)}_t U_2 b_2 w_y b_y \hat{y} y L"),
    ("default", "leaky", r"\alpha h_t x_t W_x W_h b w_y b_y \hat{y} y L"),
    (
        "default",
        "birnn",
        r"x_t w_{if} O_{f,t} w_{hf} b_f w_{ib} O_{b,t} w_{hb} b_b H_t w_o b_o O_t",
    ),
    ("default", "bilstm", r"x_t W_{i,f} h_{f,t} U_{i,f} b_{i,f} i_{f,t} W_{f,f} U_{f,f} b_{f,f}"),
    ("N1", "elman", r"x_{it} w_i O_t w_h b w_o b_o \hat{y} y L"),
    ("N2", "elman_outside", r"x_{1t} w_i O_t w_h b w_k b_4 \hat{y} y L"),
    ("N2", "birnn", r"x_{1t} w_{if} O_{ft} w_{hf} b_f w_{ib} O_{bt} w_{hb} b_b H_t w_o b_o O_t"),
    ("N3", "elman", r"x_t W_{ih} h_t W_{hh} b_h W_{ho} b_o \hat{y} y L"),
    ("N4", "elman_n4", r"x_{1t} w_i O_t w_h w_o \hat{y} y L"),
    ("N5", "char", r"x_t W_{xh} h_t W_{hh} b_h W_{hy} b_y y_t y^{\ast}_t L"),
    ("N5", "elman", r"x_t W_{xh} h_t W_{hh} b_h W_{hy} b_y y y^{\ast} L"),
    ("books", "elman", r"x^{(t)} W_{xh} h^{(t)} W_{hh} b W_{hy} b_o \hat{y} y L"),
    ("books", "elman_steps", r"x^{(t)} W_{xh} h^{(t)} W_{hh} b_h W_{hy} b_y \hat{y}^{(t)}"),
    ("books", "stacked", r"x^{(t)} W_1 h_1^{(t)} U_1 b_1 W_2 h_2^{(t)} U_2 b_2 W_{hy} b_y"),
]


@pytest.mark.parametrize(("notation", "name", "wanted"), SYMBOLS)
def test_the_letters_of_a_model(notation: str, name: str, wanted: str) -> None:
    found = list(latex(notation, name).values())
    assert found[: len(wanted.split())] == wanted.split()


def test_an_entry_gives_way_to_a_name_that_is_the_symbol_already() -> None:
    # birnn: H is the state and O the output, though O is the state of elman
    found = latex("books", "birnn")
    assert (found["H"], found["O"]) == ("h^{(t)}", "O^{(t)}")
    system = symrnn.parse("h[t] = tanh(x[t] @ W_ih + h[t-1] @ w_i); O[t] = h[t] @ v").system
    letters = Letters(load_notation("N3"), system)
    names = ("h", "O", "W_ih", "w_i")
    assert [letters.latex(Ref(n)) for n in names] == ["h", "O", "W_{ih}", "w_i"]


@pytest.mark.parametrize(
    ("notation", "name", "wanted"),
    [
        ("default", "elman", {"a_O": "a_t", "d_a_O": r"\delta_t", "d_a_yhat": r"\delta^{\hat{y}}"}),
        ("default", "elman", {"d_O": r"\bar{O}_t", "d_w_h": r"\bar{w}_h", "l_yhat": r"\ell"}),
        ("default", "elman_outside", {"a_tanh_O": "a_t", "d_a_sigmoid_yhat": r"\delta^{\hat{y}}"}),
        ("default", "lstm", {"a_i": "a^{i}_t", "d_a_i": r"\delta^{i}_t", "l_yhat": r"\ell"}),
        ("default", "lstm", {"tanh_c": r"\mathrm{tanh}_{c,t}", "a_yhat": r"a^{\hat{y}}"}),
        ("default", "char", {"d_a_h": r"\delta^{h}_t", "d_a_yhat": r"\delta^{\hat{y}}_t"}),
        ("default", "stacked", {"a_h1": "a^{(1)}_t", "d_a_h2": r"\delta^{(2)}_t"}),
        ("default", "bilstm", {"d_a_i_f": r"\delta^{i_f}_t", "d_h_b": r"\bar{h}_{b,t}"}),
        ("default", "gru_torch", {"u_n": "u_{n,t}", "u_n_2": r"u^{\prime}_{n,t}"}),
        ("default", "gru", {"d_u_n": r"\delta^{u_n}_t"}),
        ("N3", "elman", {"d_O": r"\bar{h}_t", "d_a_O": r"\delta_t"}),
        ("N5", "char", {"d_a_yhat": r"\delta^{y}_t"}),
        ("books", "elman", {"d_a_O": r"\delta^{(t)}", "d_a_yhat": r"\delta_{\hat{y}}"}),
        ("books", "lstm", {"d_a_i": r"\delta_i^{(t)}"}),
    ],
)
def test_what_symrnn_made_up_has_the_letters_of_textbooks(
    notation: str, name: str, wanted: dict[str, str]
) -> None:
    found = latex(notation, name)
    assert {name: found[name] for name in wanted} == wanted


def test_what_the_author_wrote_is_not_made_up() -> None:
    text = "a_O[t] = x[t] @ W + O[t-1] @ U; O[t] = tanh(a_O[t]); L = mse(y, O[T])"
    system = symrnn.parse(text).adjoint
    assert Letters(DEFAULT, system).latex(Ref("d_a_O", "t")) == r"\delta_t"
    own = Letters(DEFAULT, system, own=("a_O", "O", "L"))
    assert own.latex(Ref("a_O", "t")) == "a_{O,t}"
    assert own.latex(Ref("d_a_O", "t")) == r"\bar{a}_{O,t}"


@pytest.mark.parametrize("notation", NOTATIONS)
def test_own_letters_are_the_same_with_and_without_the_adjoint(notation: str) -> None:
    for name in ZOO:
        primal = Letters(load_notation(notation), model(name).system)
        both = Letters(load_notation(notation), model(name).adjoint)
        for ref in references(model(name).system):
            assert primal.latex(ref) == both.latex(ref)


# times

TIMES = [
    (Ref("O"), "O", "O", "O_"),
    (Ref("O", "t"), "O_t", "Oₜ", "O_t"),
    (Ref("O", "t", -1), "O_{t-1}", "Oₜ₋₁", "O_tm1"),
    (Ref("O", "t", 1), "O_{t+1}", "Oₜ₊₁", "O_tp1"),
    (Ref("O", "1", 2), "O_3", "O₃", "O_3"),
    (Ref("O", "1", 11), "O_{12}", "O₁₂", "O_12"),
    (Ref("O", "1", -1), "O_0", "O₀", "O_0"),
    (Ref("O", "1", -2), "O_{-1}", "O₋₁", "O_m1"),
    (Ref("O", "T"), "O_T", "O_T", "O_T"),
    (Ref("O", "T", -1), "O_{T-1}", "O_{T-1}", "O_Tm1"),
    (Ref("O", "k"), "O_k", "Oₖ", "O_k"),
    (Ref("yhat"), r"\hat{y}", "ŷ", "yhat"),
    (Ref("w_h"), "w_h", "w_h", "w_h"),
    (Ref("", "t", -1), "t-1", "t-1", ""),
    (Ref("", "1", 2), "3", "3", ""),
]


@pytest.mark.parametrize(("ref", "latex", "plain", "python"), TIMES)
def test_a_reference_in_every_way(ref: Ref, latex: str, plain: str, python: str) -> None:
    letters = Letters(DEFAULT, model("elman").system)
    assert (letters.latex(ref), letters.plain(ref)) == (latex, plain)
    assert not ref.name or letters.python(ref) == python


def test_times_join_subscripts_and_superscripts() -> None:
    n1 = Letters(load_notation("N1"), model("elman").system)
    assert [n1.latex(Ref("x", "1", step - 1)) for step in (1, 2, 10)] == [
        "x_{i1}",
        "x_{i2}",
        "x_{i,10}",
    ]
    assert n1.latex(Ref("x", "t", -1)) == "x_{i,t-1}"
    birnn = Letters(DEFAULT, model("birnn").system)
    assert birnn.latex(Ref("O_f", "1", 2)) == "O_{f,3}"
    assert birnn.plain(Ref("O_f", "t", -1)) == "O_{f,t-1}"
    books = Letters(load_notation("books"), model("stacked").system)
    assert books.latex(Ref("h2", "T", -1)) == "h_2^{(T-1)}"
    assert books.plain(Ref("x", "1", 2)) == "x⁽³⁾"
    stacked = Letters(DEFAULT, model("stacked").system)
    assert stacked.plain(Ref("h2", "t")) == "h⁽²⁾ₜ"


# no two references are printed alike


@pytest.mark.parametrize(("name", "notation"), list(product(ZOO, NOTATIONS)))
def test_models_of_the_zoo_print_no_two_references_alike(name: str, notation: str) -> None:
    assert_all_different(Letters(load_notation(notation), model(name).adjoint))


@pytest.mark.parametrize(("name", "notation"), list(product(NASTY, NOTATIONS)))
def test_nasty_names_print_no_two_references_alike(name: str, notation: str) -> None:
    assert_all_different(Letters(load_notation(notation), nasty(name)))


def test_an_unrolled_system_prints_no_two_references_alike() -> None:
    assert_all_different(Letters(DEFAULT, unroll(model("lstm").adjoint, 14)))


@pytest.mark.parametrize(
    ("name", "ref", "wanted"),
    [
        ("times", Ref("h", "t"), "h_t"),
        ("times", Ref("h_t"), r"\mathrm{h\_t}"),
        ("times", Ref("h_1"), r"\mathrm{h\_1}"),
        ("times", Ref("h1"), "h^{(1)}"),
        ("late times", Ref("h_57"), r"\mathrm{h\_57}"),
        ("late times", Ref("h__1"), r"\mathrm{h\_\_1}"),
        ("subscripts", Ref("W_hh"), "W_{hh}"),
        ("subscripts", Ref("W_h_h"), "W_{h,h}"),
        ("subscripts", Ref("Wh_h"), r"\mathrm{Wh\_h}"),
        ("accents", Ref("yhat", "t"), r"\hat{y}_t"),
        ("accents", Ref("y_hat"), r"y_{\mathrm{hat}}"),
        ("greek", Ref("alpha"), r"\alpha"),
        ("greek", Ref("Alpha"), r"\mathit{Alpha}"),
        ("greek", Ref("Omega"), r"\Omega"),
        ("delta", Ref("delta", "t"), r"\mathrm{delta}_t"),
        ("delta", Ref("eta"), r"\mathrm{eta}"),
        ("delta", Ref("d_a_delta", "t"), r"\delta_t"),
        ("state", Ref("O0"), "O^{(0)}"),
        ("state", Ref("O", "1", -1), "O_0"),
        ("state", Ref("O_0"), r"\mathrm{O\_0}"),
        ("before", Ref("a", "t"), "a_t"),
    ],
)
def test_who_keeps_a_symbol_and_who_does_not(name: str, ref: Ref, wanted: str) -> None:
    assert Letters(DEFAULT, nasty(name)).latex(ref) == wanted


def test_identifiers_are_no_names_of_python_or_sympy() -> None:
    for name in NASTY:
        letters = Letters(DEFAULT, nasty(name))
        for found in map(letters.python, references(letters.system)):
            assert found.isidentifier()
            assert not keyword.iskeyword(found)
            assert found not in sympy.__all__
    letters = Letters(DEFAULT, nasty("python"))
    assert letters.python(Ref("I")) == "I_"
    assert letters.python(Ref("beta")) == "beta_"
    assert (letters.python(Ref("E_")), letters.python(Ref("E", "t"))) == ("E_", "E____t")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("b_forget", r"b _{\mathrm{forget}}"),
        ("alpha_h", r"\alpha _{h}"),
        ("htilde", r"\tilde{h}"),
        ("xbar", r"\bar{x}"),
        ("h2_f", "h _{f} ^{(2)}"),
        ("a_O_f", "a _{O} _{f}"),
        ("hidden2", r"\mathit{hidden} ^{(2)}"),
        ("b_yhat", r"b _{\hat{y}}"),
        ("mu", r"\mu"),
        ("omicron", r"\mathit{omicron}"),
    ],
)
def test_default_symbols(name: str, wanted: str) -> None:
    found = default_symbol(name)
    subs = [f"_{{{piece.latex}}}" for piece in found.subs]
    sups = [f"^{{{piece.latex}}}" for piece in found.sups]
    assert " ".join([found.stem.latex, *subs, *sups]) == wanted


# a user's file


def user(tmp_path: Path, text: str) -> Notation:
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    return load_notation(str(path))


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    text = "time = 'superscript'\nimmediate = false\n[symbols]\nO = 's'\nw_h = '\\mathbf{U}'"
    mine = user(tmp_path, text + "\na_O = 'z'\n[functions]\ntanh = 'f'")
    assert (mine.orientation, mine.immediate, dict(mine.functions)) == ("row", False, {"tanh": "f"})
    letters = Letters(mine, model("elman").adjoint)
    refs = (Ref("O", "1", 2), Ref("w_h"), Ref("a_O", "t"))
    assert [letters.latex(ref) for ref in refs] == ["s^{(3)}", r"\mathbf{U}", "z^{(t)}"]


def test_symbols_that_differ_in_their_font_alone_differ_in_plain_text_too(tmp_path: Path) -> None:
    mine = user(tmp_path, "[symbols]\nw_i = 'w'\nw_h = '\\mathbf{w}'")
    letters = Letters(mine, model("elman").system)
    assert [letters.latex(Ref(n)) for n in ("w_i", "w_h")] == ["w", r"\mathbf{w}"]
    assert [letters.plain(Ref(n)) for n in ("w_i", "w_h")] == ["w", "w_h"]


@pytest.mark.parametrize(
    ("rows", "names", "mark"),
    [
        ("w_i = 'W'\nw_h = 'W'", ("w_h", "w_i"), "W"),
        ("w_i = 'W'\nw_h = '{W}'", ("w_h", "w_i"), "W"),
        ("w_i = 'W'\nw_h = '\\mathit{W}'", ("w_h", "w_i"), "W"),
        ("w_i = 'w_h'", ("w_i", "w_h"), "w_h"),
        ("b = 'O_3'\nO = 'O'", ("O", "b"), "O_3"),
        ("b = 'O_{T - 1}'\nO = 'O'", ("O", "b"), "O_{T-1}"),
        ("b = 'O_{t-40}'\nO = 'O'", ("O", "b"), "O_{t-40}"),
        ("b = '\\eta'", ("b", "the learning rate"), r"\eta"),
        ("O = '\\delta'", ("O", "the adjoints"), r"\delta"),
    ],
)
def test_two_names_with_one_symbol(
    tmp_path: Path, rows: str, names: tuple[str, str], mark: str
) -> None:
    mine = user(tmp_path, f"[symbols]\n{rows}")
    with pytest.raises(UsageError) as caught:
        Letters(mine, model("elman").system)
    said = str(caught.value)
    assert all(name in said for name in names)
    assert f"would both be printed {mark};" in said


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
    with pytest.raises(UsageError, match=r"cannot read the notation '.*none\.toml': No such file"):
        load_notation(str(tmp_path / "none.toml"))
    with pytest.raises(UsageError, match="cannot read the notation"):
        load_notation(f"{tmp_path}/")
    with pytest.raises(UsageError, match="cannot read the notation"):
        load_notation("a\0.toml")
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    with pytest.raises(UsageError, match="is no UTF-8 text"):
        load_notation(str(tmp_path / "latin.toml"))
    (tmp_path / "huge.toml").write_bytes(b"#" * 100_001)
    with pytest.raises(UsageError, match="holds more than 100,000 bytes"):
        load_notation(str(tmp_path / "huge.toml"))
    with pytest.raises(UsageError, match="unknown notation 'bokos'; did you mean 'books'"):
        load_notation("bokos")


# the allow-list

SYMBOL_ERRORS = [
    (r"\input{x}", r"\input is not among the macros"),
    (r"\write18{ls}", r"\write is not among the macros"),
    (r"\def\x{}", r"\def is not among the macros"),
    ("^^41", "the ^ belongs to no letter"),
    ("a^^41", "the ^ belongs to no letter"),
    ("{W", "a { is never closed"),
    ("W}", "a } closes nothing"),
    ("W_{h}}", "a } closes nothing"),
    ("", "it is empty"),
    ("  ", "it is empty"),
    ("{}", "hold nothing"),
    ("W_", "nothing stands after the _"),
    ("a_b_c", "two subscripts"),
    ("a^b^c", "two superscripts"),
    ("a^b'", "a ' stands before a superscript"),
    ("_h", "the _ belongs to no letter"),
    ("x_1 y_2", "only its last letter"),
    ("a+b", "'+' may stand in a subscript"),
    ("{a,b}", "',' may stand in a subscript"),
    (r"\hat", r"\hat needs a letter"),
    (r"\mathrm_h", r"\mathrm needs a letter"),
    ("x_{i,}", "a comma needs something on either side"),
    ("a" * 61, "at most 60"),
    *((f"W{sign}", "may not stand in a symbol") for sign in '$%#&~\\@<>\n\tσ"|[]'),
]


@pytest.mark.parametrize(("symbol", "said"), SYMBOL_ERRORS)
def test_what_is_no_symbol(symbol: str, said: str) -> None:
    with pytest.raises(SymbolError) as caught:
        glyph(symbol)
    assert said in str(caught.value)
    with pytest.raises(UsageError, match="the entry of 'w_h' is no symbol"):
        Letters(Notation("mine", {"w_h": symbol}), model("elman").system)


@pytest.mark.parametrize(
    ("symbol", "latex", "plain"),
    [
        ("W_{hh}", "W_{hh}", "W_hh"),
        ("{W}_{ h }", "W_h", "W_h"),
        ("h_{t}^{(2)}", "h^{(2)}_t", "h^(2)_t"),
        ("h'", r"h^{\prime}", "h′"),
        (r"h^\prime", r"h^{\prime}", "h′"),
        (r"\hat z", r"\hat{z}", "ẑ"),
        (r"\mathcal L", r"\mathcal{L}", "L"),
        (r"\alpha\beta x", r"\alpha\beta x", "αβx"),
        (r"y^\ast", r"y^{\ast}", "y^*"),
        ("W_{h_t}", "W_{h_t}", "W_{h_t}"),
        (r"\mathit{z}", "z", "z"),
        (r"\boldsymbol{\theta}_{i,j}", r"\boldsymbol{\theta}_{i,j}", "θ_{i,j}"),
    ],
)
def test_what_is_a_symbol(symbol: str, latex: str, plain: str) -> None:
    letters = Letters(Notation("mine", {"w_i": symbol}), model("elman").system)
    assert (letters.latex(Ref("w_i")), letters.plain(Ref("w_i"))) == (latex, plain)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbftime = 'superscript'\r\n[symbols]\r\nO = 's'\r\n")
    assert load_notation(str(path)).time == "superscript"


def test_what_a_builtin_table_may_say_a_users_may_not() -> None:
    text = "[symbols]\nw_i = 'W'\nw_h = 'W'"
    letters = Letters(read_notation("n", text, "n", strict=False), model("elman").system)
    assert [letters.latex(Ref(n)) for n in ("w_i", "w_h")] == ["W", "w_h"]

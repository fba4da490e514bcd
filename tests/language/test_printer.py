"""Printing and reading are each other's inverse, and no bracket stands where none is needed."""

import keyword
from fractions import Fraction
from typing import get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from symrnn.language import Written, parse, show
from symrnn.language.parse import near_word, parse_expression
from symrnn.language.printer import show_declaration, show_definition, show_expr, show_number
from symrnn.language.table import ARITY, WRITTEN_OUT
from symrnn.language.timesoftmax import NAME
from symrnn.language.tree import (
    Add,
    Call,
    Declaration,
    Definition,
    Div,
    Expr,
    MatMul,
    Mul,
    Neg,
    Num,
    Pad,
    Part,
    Pow,
    Ref,
    Size,
    Transpose,
    Width,
)
from tests.cases import ZOO, model

ALREADY_PLAIN = [
    "(f * x) @ W",
    "f * (x @ W)",
    "x @ W @ V",
    "x @ (W @ V)",
    "(-x) @ W",
    "-(x @ W)",
    "(a + b) @ transpose(W)",
    "(a / b) @ W / c",
    "a * b / c * f",
    "a * (b * c)",
    "a / (b / c)",
    "a / (b * c)",
    "a * b**2",
    "(a * b)**2",
    "(a**b)**c",
    "a**(b**c)",
    "a**(-b)",
    "(-a)**2",
    "-a**2",
    "-a * b",
    "-(a * b)",
    "a * (-b)",
    "a / (-b)",
    "--a",
    "-(-a + b)",
    "a - b + c - 2",
    "a + (b + c)",
    "a - (b - c)",
    "a - -b",
    "-a - b",
    "(a - b) * c",
    "0.1 * 1e-05 + 12345678901234567890",
    "v[t-1] + v[t+2] + v[T] + v[T-1] + v[T+1] + v[1] + v[3] + v[0] + v[-1]",
    "part(concat(a, b), H + 1, 2) + pad(-a, 0, H + K)",
    "a / (size(H + K) * size(T) * size(B))",
]

TIDIED = {
    "f * x @ W": "(f * x) @ W",
    "((a) + (b))": "a + b",
    "(a + b) + c": "a + b + c",
    "a + (b * c) - (x @ W)": "a + b * c - x @ W",
    "a**b**c": "a**(b**c)",
    "tanh( (x[ t ]) )": "tanh(x[t])",
    "+a": "a",
    "0.10 + 1e0 + .5": "0.1 + 1 + 0.5",
    "1e22": "10000000000000000000000",
    "a[t-0]": "a[t]",
}


@pytest.mark.parametrize("text", ALREADY_PLAIN)
def test_text_in_house_style_comes_back_letter_by_letter(text: str) -> None:
    assert show_expr(parse_expression(text)) == text


@pytest.mark.parametrize("text", TIDIED)
def test_other_text_comes_back_in_house_style(text: str) -> None:
    assert parse_expression(TIDIED[text]) == parse_expression(text)
    assert show_expr(parse_expression(text)) == TIDIED[text]


@pytest.mark.parametrize("name", ZOO)
def test_every_model_of_the_zoo_comes_back(name: str) -> None:
    written = model(name).written
    assert parse(show(written)) == written


def test_a_whole_text() -> None:
    text = "T=2; b:init( - 0.5 ); a[t]=x[t]@W+b; a[T]+=-b; W:(D,H+1); a[0][T==2]+=b; x[t]:input"
    assert show(parse(text)) == (
        "T = 2\n"
        "b: init(-0.5)\n"
        "W: (D, H + 1)\n"
        "x[t]: input\n"
        "a[t] = x[t] @ W + b\n"
        "a[T] += -b\n"
        "a[0][T == 2] += b\n"
    )


NAMES = st.one_of(
    st.sampled_from(["L", "B", "D", "e", "E1", "inf", "nan", "match", "case", "type", "print"]),
    st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,7}", fullmatch=True),
    st.from_regex(r"[A-Za-z][A-Za-z0-9_]{39}", fullmatch=True),
).filter(lambda n: n not in ARITY and not keyword.iskeyword(n) and n not in ("t", "T"))
DIMENSIONS = st.lists(NAMES.filter(lambda n: n != "B" and not near_word(n)), max_size=3).map(tuple)
WIDTHS = st.builds(Width, DIMENSIONS, st.integers(0, 10**6)).filter(lambda w: w != Width())
SIZES = st.one_of(WIDTHS, st.sampled_from([Width(("T",)), Width(("B",))]))
DECIMALS = st.one_of(
    st.integers(0, 20).map(Fraction),
    st.integers(0, 10**99).map(Fraction),
    st.floats(1e-100, 1e99).map(lambda number: Fraction(repr(number))),
)
REFS = st.one_of(
    st.builds(Ref, NAMES),
    st.builds(Ref, NAMES, st.sampled_from(["t", "T"]), st.integers(-10_000, 10_000)),
    st.builds(Ref, NAMES, st.just("1"), st.integers(-10_001, 9_999)),
)
MADE_OTHERWISE = ("transpose", "size", "part", "pad", NAME, *WRITTEN_OUT)
"""What is read as a node of its own, or is written out where it is read."""
PLAIN_CALLS = sorted(set(ARITY) - set(MADE_OTHERWISE))

LEAVES: dict[type[Expr], SearchStrategy[Expr]] = {
    Num: st.builds(Num, DECIMALS),
    Size: st.builds(Size, SIZES),
    Ref: REFS,
}


def branches(inner: SearchStrategy[Expr]) -> dict[type[Expr], SearchStrategy[Expr]]:
    """A strategy for each kind of node that holds others."""

    def add(head: Expr, tail: list[Expr]) -> Expr:
        return Add((*(head.terms if isinstance(head, Add) else (head,)), *tail))

    def call(function: str) -> SearchStrategy[Expr]:
        arity = ARITY[function]
        least, most = (arity, arity) if isinstance(arity, int) else (2, 4)
        arguments = st.lists(inner, min_size=least, max_size=most).map(tuple)
        return st.builds(Call, st.just(function), arguments)

    return {
        Neg: st.builds(Neg, inner),
        Add: st.builds(add, inner, st.lists(inner, min_size=1, max_size=3)),
        Mul: st.builds(Mul, inner, inner),
        Div: st.builds(Div, inner, inner),
        Pow: st.builds(Pow, inner, inner),
        MatMul: st.builds(MatMul, inner, inner),
        Transpose: st.builds(Transpose, inner),
        Call: st.sampled_from(PLAIN_CALLS).flatmap(call),
        Part: st.builds(Part, inner, st.one_of(st.just(Width()), WIDTHS), WIDTHS),
        Pad: st.builds(Pad, inner, st.one_of(st.just(Width()), WIDTHS), WIDTHS),
    }


EXPRESSIONS = st.recursive(
    st.one_of(*LEAVES.values()), lambda inner: st.one_of(*branches(inner).values()), max_leaves=20
)


def test_every_kind_of_node_is_drawn() -> None:
    assert {*LEAVES, *branches(REFS)} == {get_origin(kind) or kind for kind in get_args(Expr)}


@given(EXPRESSIONS)
def test_any_expression_is_read_back_as_the_same_tree(tree: Expr) -> None:
    assert parse_expression(show_expr(tree)) == tree


@given(DECIMALS)
def test_any_decimal_is_read_back_exactly(value: Fraction) -> None:
    assert Fraction(show_number(value)) == value
    assert parse_expression(show_number(value)) == Num(value)


STARTS = st.one_of(
    st.sampled_from(["orthogonal", "glorot", "zeros"]),
    st.builds(lambda value, sign: value * sign, DECIMALS, st.sampled_from([1, -1])),
)
WORDS = st.sampled_from(["onehot", "input", "target", "parameter", "output", "hidden"])
DECLARATIONS = st.one_of(
    st.builds(Declaration, NAMES, WORDS),
    st.builds(Declaration, NAMES, st.sampled_from(["input", "target"]), st.just("t")),
    st.builds(Declaration, NAMES, st.just("width"), st.tuples(WIDTHS)),
    st.builds(Declaration, NAMES, st.just("width"), st.tuples(WIDTHS, WIDTHS)),
    st.builds(Declaration, NAMES, st.just("init"), STARTS),
    st.builds(Declaration, NAMES, st.just("adjoint"), REFS),
)
FIXED = REFS.filter(lambda ref: ref.base in ("1", "T"))
STEPS = st.integers(1, 10_000)
DEFINITIONS = st.one_of(
    st.builds(Definition, REFS.filter(lambda ref: ref.base != "t" or not ref.shift), EXPRESSIONS),
    st.builds(Definition, FIXED, EXPRESSIONS, st.just(True)),
    st.builds(
        Definition, st.one_of(FIXED, st.builds(Ref, NAMES)), EXPRESSIONS, st.just(True), STEPS
    ),
)


@given(DECLARATIONS)
def test_any_declaration_is_read_back(declaration: Declaration) -> None:
    written = parse(f"v = 1\n{show_declaration(declaration)}")
    assert written.declarations == (declaration,)


@given(DEFINITIONS)
def test_any_definition_is_read_back(definition: Definition) -> None:
    assert parse(show_definition(definition)).definitions == (definition,)


@given(
    st.lists(DEFINITIONS, min_size=1, max_size=3).map(tuple),
    st.lists(DECLARATIONS, max_size=3).map(tuple),
    st.one_of(st.none(), STEPS),
)
def test_any_text_is_read_back(
    definitions: tuple[Definition, ...], declarations: tuple[Declaration, ...], steps: int | None
) -> None:
    written = Written(definitions, declarations, steps)
    assert parse(show(written)) == written

"""What a text means: the exact tree of everything that the language can say."""

from fractions import Fraction

import pytest

from symrnn.language import Written, parse
from symrnn.language.parse import parse_expression
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
    Place,
    Pow,
    Ref,
    Size,
    Transpose,
    Width,
    walk,
)

a, b, c, x = Ref("a"), Ref("b"), Ref("c"), Ref("x")
W, V = Ref("W"), Ref("V")
TWO = Num(Fraction(2))

INDICES = {
    "v": Ref("v", "", 0),
    "v[t]": Ref("v", "t", 0),
    "v[t-1]": Ref("v", "t", -1),
    "v[t+2]": Ref("v", "t", 2),
    "v[t - 10000]": Ref("v", "t", -10000),
    "v[T]": Ref("v", "T", 0),
    "v[T-1]": Ref("v", "T", -1),
    "v[T+1]": Ref("v", "T", 1),
    "v[1]": Ref("v", "1", 0),
    "v[3]": Ref("v", "1", 2),
    "v[0]": Ref("v", "1", -1),
    "v[-1]": Ref("v", "1", -2),
    "v[10000]": Ref("v", "1", 9999),
}

PRECEDENCE = {
    "a * x @ W": MatMul(Mul(a, x), W),
    "x @ W * a": Mul(MatMul(x, W), a),
    "a * (x @ W)": Mul(a, MatMul(x, W)),
    "x @ W @ V": MatMul(MatMul(x, W), V),
    "a / b * c": Mul(Div(a, b), c),
    "a * b / c": Div(Mul(a, b), c),
    "a / (b * c)": Div(a, Mul(b, c)),
    "a + b * c": Add((a, Mul(b, c))),
    "(a + b) * c": Mul(Add((a, b)), c),
    "-a": Neg(a),
    "--a": Neg(Neg(a)),
    "+a": a,
    "-a * b": Mul(Neg(a), b),
    "-(a * b)": Neg(Mul(a, b)),
    "a * -b": Mul(a, Neg(b)),
    "-x @ W": MatMul(Neg(x), W),
    "-a**2": Neg(Pow(a, TWO)),
    "(-a)**2": Pow(Neg(a), TWO),
    "a**-b": Pow(a, Neg(b)),
    "a**b**c": Pow(a, Pow(b, c)),
    "(a**b)**c": Pow(Pow(a, b), c),
    "a**2 * b": Mul(Pow(a, TWO), b),
}

SUMS = {
    "a + b": Add((a, b)),
    "a - b": Add((a, Neg(b))),
    "a + b - c + x": Add((a, b, Neg(c), x)),
    "(a + b) + c": Add((a, b, c)),
    "(a - b) - c": Add((a, Neg(b), Neg(c))),
    "a + (b + c)": Add((a, Add((b, c)))),
    "a - (b - c)": Add((a, Neg(Add((b, Neg(c)))))),
    "-a - -b": Add((Neg(a), Neg(Neg(b)))),
    "-(a + b) + c": Add((Neg(Add((a, b))), c)),
}

FUNCTIONS = {
    "tanh(a)": Call("tanh", (a,)),
    "mse(a, b - c)": Call("mse", (a, Add((b, Neg(c))))),
    "concat(a, b, c)": Call("concat", (a, b, c)),
    "sum(v[t])": Call("sum", (Ref("v", "t"),)),
    "x @ transpose(W)": MatMul(x, Transpose(W)),
    "size(H)": Size(Width(("H",))),
    "size(3)": Size(Width((), 3)),
    "size(H + K + 2)": Size(Width(("H", "K"), 2)),
    "size(T)": Size(Width(("T",))),
    "size(B)": Size(Width(("B",))),
    "part(a, 0, H)": Part(a, Width(), Width(("H",))),
    "part(a, H + 1, 2)": Part(a, Width(("H",), 1), Width((), 2)),
    "pad(a * b, 1, H + K)": Pad(Mul(a, b), Width((), 1), Width(("H", "K"))),
}


@pytest.mark.parametrize("text", [*INDICES, *PRECEDENCE, *SUMS, *FUNCTIONS])
def test_an_expression_is_this_tree(text: str) -> None:
    wanted = {**INDICES, **PRECEDENCE, **SUMS, **FUNCTIONS}
    assert parse_expression(text) == wanted[text]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", Fraction(0)),
        ("0.0", Fraction(0)),
        ("2", Fraction(2)),
        ("3.0", Fraction(3)),
        ("0.1", Fraction(1, 10)),
        (".5", Fraction(1, 2)),
        ("0.044715", Fraction(44715, 10**6)),
        ("1e-3", Fraction(1, 1000)),
        ("2.5E3", Fraction(2500)),
        ("1e22", Fraction(10**22)),
        ("1e-100", Fraction(1, 10**100)),
        ("9e99", Fraction(9 * 10**99)),
        ("1_000", Fraction(1000)),
        ("123456789012345678901234567890", Fraction(123456789012345678901234567890)),
    ],
)
def test_a_number_is_exactly_the_decimal_that_is_written(text: str, value: Fraction) -> None:
    assert parse_expression(text) == Num(value)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("v = a", Ref("v")),
        ("v[t] = a", Ref("v", "t")),
        ("v[0] = a", Ref("v", "1", -1)),
        ("v[-3] = a", Ref("v", "1", -4)),
        ("v[T+1] = a", Ref("v", "T", 1)),
        ("v[2] = a", Ref("v", "1", 1)),
    ],
)
def test_what_an_equation_defines(text: str, target: Ref) -> None:
    assert parse(text) == Written((Definition(target, a),))


@pytest.mark.parametrize(
    ("text", "definition"),
    [
        ("v[T] += a", Definition(Ref("v", "T"), a, adds=True)),
        ("v[T-1] += a", Definition(Ref("v", "T", -1), a, adds=True)),
        ("v[1] += a", Definition(Ref("v", "1"), a, adds=True)),
        ("v[T == 2] += a", Definition(Ref("v"), a, adds=True, when=2)),
        ("v[0][T == 2] += a", Definition(Ref("v", "1", -1), a, adds=True, when=2)),
    ],
)
def test_what_is_added_and_where(text: str, definition: Definition) -> None:
    assert parse(text) == Written((definition,))


@pytest.mark.parametrize(
    ("text", "declaration"),
    [
        ("h: 64", Declaration("h", "width", (Width((), 64),))),
        ("q: K", Declaration("q", "width", (Width(("K",)),))),
        ("h: H_f + H_b + 1", Declaration("h", "width", (Width(("H_f", "H_b"), 1),))),
        ("w: (D, H + K)", Declaration("w", "width", (Width(("D",)), Width(("H", "K"))))),
        ("w: (D, 1)", Declaration("w", "width", (Width(("D",)), Width((), 1)))),
        ("y: onehot", Declaration("y", "onehot")),
        ("c: input", Declaration("c", "input")),
        ("c: target", Declaration("c", "target")),
        ("c: parameter", Declaration("c", "parameter")),
        ("c: output", Declaration("c", "output")),
        ("c: hidden", Declaration("c", "hidden")),
        ("x[t]: input", Declaration("x", "input", "t")),
        ("y[t]: target", Declaration("y", "target", "t")),
        ("b: init(1)", Declaration("b", "init", Fraction(1))),
        ("b: init(-0.1)", Declaration("b", "init", Fraction(-1, 10))),
        ("w: init(orthogonal)", Declaration("w", "init", "orthogonal")),
        ("w: init(glorot)", Declaration("w", "init", "glorot")),
        ("w: init(zeros)", Declaration("w", "init", "zeros")),
        ("d_a: adjoint(a)", Declaration("d_a", "adjoint", a)),
        ("d: adjoint(O[0])", Declaration("d", "adjoint", Ref("O", "1", -1))),
    ],
)
def test_a_declaration_of_every_sort(text: str, declaration: Declaration) -> None:
    assert parse(f"v = a; {text}") == Written((Definition(Ref("v"), a),), (declaration,))


def test_the_number_of_steps_is_no_equation() -> None:
    assert parse("T = 3\nv = a") == Written((Definition(Ref("v"), a),), steps=3)
    assert parse("v = a").steps is None


PLAIN = "h[t] = x[t]\nL = mse(y, h[T])\nh: 3"


@pytest.mark.parametrize(
    "text",
    [
        "h[t] = x[t]; L = mse(y, h[T]); h: 3",
        "h[t] = x[t];\nL = mse(y, h[T]);\nh: 3;\n",
        "# a title\nh[t] = x[t]   # what it does; z = 1\n\n\nL = mse(y, h[T])\nh: 3  # " + "(" * 99,
        "h[t] = x[t]  # größer → λ\nL = mse(y, h[T])\nh: 3",
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        "\ufeff" + PLAIN,
        "\ufeff" + PLAIN.replace("\n", "\r\n") + "\r\n",
        "\n\n" + PLAIN + "\n\n",
        "\n    h[t] = x[t]\n    L = mse(y, h[T])\n\n    h: 3\n    ",
        "\th[t] = x[t]\n\tL = mse(y, h[T])\n\th: 3",
        "h[t]=x[ t ]\nL  =  mse(y,h[T])\nh :3",
        "h[t] = (\n  x[t]\n)\nL = mse(y,\n        h[T])\nh: 3",
        "h[t] = \\\n  x[t]\nL = mse(y, h[T])\nh: 3",
        "h[t] = ((x[t]))\nL = mse((y), (h[T]))\nh: (3)",
        "h: 3\nh[t] = x[t]\nL = mse(y, h[T])",
    ],
)
def test_layout_comments_and_line_ends_change_nothing(text: str) -> None:
    assert parse(text) == parse(PLAIN)


def test_equations_and_declarations_keep_their_order() -> None:
    written = parse("q: K\nb = 1\nh: 3\na = 2")
    assert [definition.target.name for definition in written.definitions] == ["b", "a"]
    assert [declaration.name for declaration in written.declarations] == ["q", "h"]


def test_the_order_of_equations_is_part_of_the_text() -> None:
    assert parse("a = 1; b = 2") != parse("b = 2; a = 1")


def test_every_node_knows_its_place() -> None:
    text = "# first\n  \nh[t] = tanh(x[t] @ W + u * h[t-1]) - 0.5\nu: init(1)"
    written = parse(text)
    lines = text.split("\n")

    def said(node: Expr | Definition | Declaration) -> str:
        assert node.place is not None
        return lines[node.place.line - 1][node.place.start : node.place.end]

    (equation,) = written.definitions
    assert said(equation) == lines[2]
    assert equation.place == Place(3, 0, len(lines[2]))
    assert said(equation.target) == "h[t]"
    assert said(written.declarations[0]) == "u: init(1)"
    assert [said(node) for node in walk(equation.body)] == [
        "tanh(x[t] @ W + u * h[t-1]) - 0.5",
        "tanh(x[t] @ W + u * h[t-1])",
        "x[t] @ W + u * h[t-1]",
        "x[t] @ W",
        "x[t]",
        "W",
        "u * h[t-1]",
        "u",
        "h[t-1]",
        "0.5",
        "0.5",
    ]

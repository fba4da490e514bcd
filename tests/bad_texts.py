"""Texts that are refused, under the message in which they end.

« and » enclose what the carets must mark; they are no part of the text.
"""

from symrnn.errors import EquationError, LanguageError, SymrnnError, WidthError
from symrnn.language.table import ARITY
from tests.foreign_texts import FOREIGN, SLIPS

H = "h[t] = tanh(x[t] @ W + h[t-1] @ U)\n"
PARTS = "; expected variables, numbers, + - * / ** @ and functions"
STATEMENT = "; expected an equation `v[t] = …`, a boundary `v[0] = …` or a declaration `v: …`"
COMPREHENSION = "a comprehension is not part of the language"
ONE_INDEX = " with at most one time index: v, v[t], v[t-1], v[T], v[1]"
TABLE = " ".join(ARITY)
DECLARED = (
    "expected a width (64, K, (D, H)), init(…), onehot, input, target, parameter, fixed, output,"
    " hidden or adjoint(v)"
)
NO_STEPS = ["t/2", "2*t", "t-k", "1.5", "t-0.5", "-t", "1+t", "True", "x[t]"]
INDEX = (
    "a time index is t, t-1, t+1, T, T-1, 1, 0, …: the step is called t, and a lag is a whole"
    " number, at most 10000"
)
TOO_FAR = ["t-10001", "T+10001", "10001"]

LANGUAGE = {
    "f calls itself; a recurrence is written v[t-1]": ["f(z) = «f(z)» + 1\nh[t] = f(x[t])"],
    "g is defined below; define it first": ["f(z) = «g(z)»\ng(z) = z\nh[t] = f(x[t])"],
    "'tanh' is a function of the language; call yours my_tanh": ["«tanh»(z) = z\nh[t] = x[t]"],
    "a function takes round brackets: f(z)": ["f(z) = z\n«f[t]» = x[t]"],
    "'f' is a function and cannot be a variable; call it f_": ["f(z) = z\nh[t] = x[t] @ «f»"],
    "f is made of z and numbers that have a name; hand w in as an argument": [
        "f(z) = z + «w»\nh[t] = f(x[t])",
        "k = w * 2\nf(z) = z + «w»\nh[t] = f(x[t])",
    ],
    "f is made of z and numbers that have a name; hand h in as an argument": [
        "f(z) = z + «h[t-1]»\nh[t] = f(x[t])"
    ],
    "two arguments of one name": ["f(«z, z») = z\nh[t] = f(x[t])"],
    "the arguments of a function are names: f(z) = …, g(a, b) = …": [
        "f(«2*z») = z\nh[t] = f(x[t])"
    ],
    "f takes two arguments: f(a, b)": ["f(a, b) = a\nh[t] = «f(x[t])»"],
    "the function f is defined twice": ["f(z) = z\n«f»(z) = 2 * z\nh[t] = f(x[t])"],
    "'a_f' is no name for a function: at most 30 letters, and not one letter with a _ behind it, as"
    " in a_…, which symrnn uses itself": ["«a_f»(z) = z\nh[t] = a_f(x[t])"],
    f"invalid syntax{STATEMENT}": ["h[t] = «=» 3"],
    "'(' was never closed": ["h[t] = tanh«(»x[t] @ W", "v = 1\nh[t] = tanh«(»x[t]\ny = h[T]"],
    "unmatched ')'": ["h[t] = x[t]«)»"],
    "time stands in square brackets: h[t] = …": ["«h(t)» = x[t]"],
    "unknown function 'x'; time stands in square brackets: x[t-1]": ["h[t] = «x»(t-1)"],
    f"unknown function 'quux'; the functions are {TABLE}": ["h[t] = tanh(1) + «quux»(x[t])"],
    f"unknown function '__import__'; the functions are {TABLE}": ["h[t] = «__import__»('os')"],
    f"unknown function 'eval'; the functions are {TABLE}": ["h[t] = «eval»('1')"],
    "unknown function 'tanhh'; did you mean 'tanh'?": ["y = 1\nh[t] = x[t] + «tanhh»(x[t])"],
    "unknown function 'Sigmoid'; did you mean 'sigmoid'?": ["h[t] = «Sigmoid»(x[t])"],
    "expected the name of a function before the bracket": [
        "h[t] = («lambda q: q»)(x[t])",
        "h[t] = «tanh(x[t])»(y[t])",
    ],
    f"an attribute is not part of the language (W transposed is transpose(W)){PARTS}": [
        "h = «x.__class__»",
    ],
    f"a lambda is not part of the language{PARTS}": ["h[t] = «lambda q: q»"],
    f"{COMPREHENSION}; sum(v[t]) sums over time{PARTS}": [
        "h[t] = sum(«[v for v in x]»)",
        "h[t] = tanh«(v for v in x)»",
    ],
    f"{COMPREHENSION}{PARTS}": ["h[t] = «{v for v in x}»", "h[t] = «{v: 1 for v in x}»"],
    f"an f-string is not part of the language{PARTS}": ["h[t] = «f'{x}'»"],
    "expected a number or a variable, not a text": ["h[t] = «'x'»", "h[t] = «b'x'»"],
    "expected a number or a variable, not True": ["h[t] = x[t] * «True»"],
    "expected a number or a variable, not 2j": ["h[t] = x[t] * «2j»"],
    f"an assignment inside an expression is not part of the language{PARTS}": [
        "h[t] = («y := x[t]»)"
    ],
    "a comparison is not part of the language; step(v) is 1 where v > 0, else 0" + PARTS: [
        "h[t] = «x[t] > 0»"
    ],
    "a condition is not part of the language; step(v) is 1 where v > 0, else 0" + PARTS: [
        "h[t] = «x[t] if y[t] else 0»"
    ],
    f"a tuple is not part of the language; concat(p, q) joins features{PARTS}": [
        "h[t] = «x[t], y[t]»"
    ],
    f"this is not part of the language{PARTS}": ["h[t] = «x[t] and y[t]»", "h[t] = «~x[t]»"],
    "an operator that the language does not have; a quotient is written a / b": [
        "h[t] = «x[t] // 2»"
    ],
    f"this says nothing about any variable{STATEMENT}": ["«tanh(x[t])»", "«exec('1')»", "«h[t]»"],
    f"this is no statement of the language{STATEMENT}": [
        "«import os»",
        "h[t] = x[t]; «del h»",
        "«for i in x: pass»",
    ],
    "'in' is a keyword of Python and cannot be a name; take another, in_": ["h[t] = x[t] @ «in»"],
    "'class' is a keyword of Python and cannot be a name; take another, class_": [
        "«class»[t] = x[t]"
    ],
    "this only looks like fi; a name is written with a-z A-Z 0-9 _": ["«ﬁ»[t] = x[t]"],
    "a name of 41 characters; the limit is 40": [f"h[t] = x[t] * «{'w' * 41}»"],
    "'ö' is not a name: letters a-z A-Z, then digits and _ too": ["h[t] = «ö»[t]", "«ö» = 1"],
    "'_h' is not a name: letters a-z A-Z, then digits and _ too": ["«_h»[t] = x[t]"],
    "'tanh' is a function and cannot be a variable; call it tanh_": ["«tanh» = 3", "a = «tanh»"],
    "t is the current step; use it in brackets, as v[t], or as size(T)": ["«t» = 3", "h = «t»"],
    "T is the number of steps; use it in brackets, as v[T], or as size(T)": ["h[t] = x[t] * «T»"],
    "the number of steps is a whole number from 1 to 10000": [
        "T = «0»\nh[t] = x[t]",
        "T = «10001»\nh[t] = x[t]",
        f"{H}h[T == «2.5»] += w",
    ],
    "one equation defines one variable: v[t] = …": ["«a[t] = b[t] = x[t]»"],
    "a declaration or an equation, not both: h: 64": ["«h: 3 = 4»"],
    "of these only += is part of the language: v[T] += -w": ["«h[T] -= 3»"],
    "an addition lands at a fixed step, such as h[T] += …": [f"{H}«h[t]» += w", f"{H}«h» += w"],
    "an equation defines h[t]; shift its right side instead": ["«h[t-1]» = x[t]"],
    "expected the left side" + ONE_INDEX: ["«a[t], b[t]» = x[t]", "«h[t][1]» = x[t]"],
    "expected a variable" + ONE_INDEX: ["h[t] = «x[t][1]»", "h[t] = «3[t]»"],
    INDEX: [f"h[t] = x[«{index}»]" for index in NO_STEPS + TOO_FAR],
    f"{INDEX}; write x[t]": ["h[t] = x[«k»]", "h[t] = x[«t, :»]", "h[t] = x[«:, t»]"],
    f"{INDEX}; write x[t-1]": ["h[t] = x[«n - 1»]", "h[t] = x[«:, t-1»]"],
    f"{INDEX}; write x[T]": ["h[t] = x[«N»]"],
    f"{INDEX}; x[t] has all features, and sum(x[t]) is over the steps": ["h[t] = x[«:»]"],
    f"{INDEX}; features are taken by part(x[t], skip, width)": ["h[t] = x[«t,1»]"],
    "tanh takes its arguments by place alone: tanh(v)": ["h = «tanh(x=3)»", "h = «tanh(*x)»"],
    "a function takes round brackets: tanh(v)": ["h[t] = «tanh[x[t]]»"],
    "tanh takes one argument: tanh(v)": ["h[t] = «tanh(x[t], y[t])»", "h[t] = x[t] + «tanh()»"],
    "mse takes two arguments: mse(y, yhat)": ["L = «mse(y)»"],
    "concat takes two or more arguments: concat(p, q)": ["h[t] = «concat(x[t])»"],
    "part takes three arguments: part(v, skip, width)": ["h[t] = «part(x[t], 1)»"],
    "a number must lie between 1e-100 and 1e100 in size": [
        *(f"h[t] = x[t] * «{number}»" for number in ("1e200", "1e999", "1e-200", "1e-999")),
        f"{H}W: init(«1e200»)",
    ],
    "a width is a whole number from 1 to 1000000": [
        *(f"{H}h: «{width}»" for width in ("0", "1000001", "2.5", "'a'")),
        "h[t] = part(x[t], 0, «0»)",
    ],
    "T is the number of steps and cannot be a width; take another name": [f"{H}h: «T»"],
    "expected a width: a number, a name, or a sum of them": ["h[t] = part(x[t], «-1», 2)"],
    "'onehott' is said of nothing; did you mean 'onehot'?": [f"{H}x: «onehott»"],
    "'Input' is said of nothing; did you mean 'input'?": [f"{H}x: «Input»"],
    DECLARED: [
        *(f"{H}W: «{said}»" for said in ("initt(1)", "init()", "(1, 2, 3)", "[3]", "-3")),
    ],
    "expected init(a number) or init of one of orthogonal, glorot, zeros; did you mean"
    " 'orthogonal'?": [f"{H}W: init(«orthogonall»)"],
    "the number of steps is given twice": [f"T = 3\n«T = 4»\n{H}"],
    "with a time index only v[t]: input and v[t]: target are declared": [f"{H}«h[t]: 3»"],
    "expected what it is the adjoint of" + ONE_INDEX: [f"{H}d: adjoint(«tanh(h)»)"],
    "the text holds no equation; write at least one, such as"
    " h[t] = tanh(x[t] @ W + h[t-1] @ U + b)": ["", " \n\n\t\n", "# nothing\n# here", "h: 3"],
}

RING = "; break it with a lag, a[t-1]"
ITSELF = (
    "a needs itself, at the same step, at a fixed one, or at all of them; a recurrence reads an"
    " earlier or a later step, a[t-1]"
)
TIED = (
    "a forward and a backward recurrence are tied into each other: f[t] needs an earlier f, and"
    " {}[t] a later {}; no order of the steps works them out"
)

EQUATIONS = {
    "h is defined twice (first in line 1)": [
        f"{H}L = mse(y, h[T])\n«h[t] = x[t]»",
        "h[0] = a\n«h[0] = b»\nh[t] = h[t-1] + x[t]",
    ],
    "a is defined twice (first in line 1)": ["a = 1\n«a = 2»"],
    "L is defined twice (first in line 2)": [f"{H}L = mse(y, h[T])\n«L = mse(y, h[1])»"],
    "h is defined with and without a time index": ["«h[t] = x[t]»\nh = w"],
    f"a cycle within one time step: a[t] needs a[t]{RING}": ["«a[t] = tanh(a[t]) + x[t]»"],
    f"a cycle within one time step: a[t] needs b[t] needs a[t]{RING}": [
        "«a[t] = tanh(b[t])»\nb[t] = tanh(a[t]) + x[t]",
        "h[t] = h[t-1] + x[t]\n«a[t] = h[t] + b[t]»\nb[t] = a[t] + b[t-1]",
    ],
    f"a cycle within one time step: a[t] needs b[t] needs c[t] needs a[t]{RING}": [
        "«a[t] = b[t]»\nb[t] = c[t]\nc[t] = a[t] + x[t]"
    ],
    "a and b are defined by each other": ["«a = b»\nb = a"],
    ITSELF: ["«a[t] = tanh(a[T]) + x[t]»", "«a[t] = x[t] + sum(a[t-1])»"],
    "b needs a at a fixed step or at all steps, and a needs b first": [
        "a[t] = b[t] * x[t]\n«b[t] = a[T] * x[t]»"
    ],
    TIED.format("f", "f"): ["«f[t] = f[t-1] + f[t+1] + x[t]»"],
    TIED.format("g", "g"): ["f[t] = tanh(f[t-1] + g[t] + x[t])\n«g[t] = tanh(g[t+1] + f[t])»"],
    "the loss is one number: L = …, with sum or mean over what has a [t]": [
        f"{H}«L[t] = mse(y[t], h[t])»"
    ],
    "L is one number for all steps; write L = mean(…) around it": [f"{H}L = mse(«y[t]», h[t])"],
    "L is the loss, one number; nothing is declared of it": [f"{H}L = mse(y, h[T])\n«L: 1»"],
    "L is summed over the batch; no equation can read it": [f"{H}L = mse(y, h[T])\nz = «L» * 2"],
    "L is the loss, and no equation defines it; write L = …": ["h[t] = x[t] * «L»"],
    "z has no time index; write z": [f"{H}z = w * h[T]\nL = mse(y, «z[T]»)"],
    "h runs over time; write h[t], h[T] or mean(h[t])": [f"{H}L = mse(y, «h»)"],
    "w runs over time; write w[t], w[T] or mean(w[t])": ["h[t] = x[t] * w[t] + «w»"],
    "right of @ stand parameters, and V has a time index; rows stand left, as in x[t] @ W or x[t] @"
    " (W * M)": ["h[t] = x[t] @ «V[t]»"],
    "A has a time index; what is fixed has none": [f"{H}k[t] = h[t] + A[t]\n«A: fixed»"],
    "U is a fixed array; parameter is said of a parameter": [f"{H}U: fixed\n«U: parameter»"],
    "total(…) is the sum of all entries of parameters, and h has a row for each sequence; the sum"
    " of a row is rowsum(…), that over time sum(…)": [f"{H}L = «total(h[T])»"],
    "total(…) is the sum of all entries of parameters, and here is none; the sum of a row is"
    " rowsum(…), that over time sum(…)": [f"{H}k = h[T] + «total(2)»"],
    "z is defined once; write h[T], or the sum or mean of h[t]": ["h[t] = x[t]\nz = «h[t]»"],
    "a fixed step of h has no current step t; write x[T], or the sum or mean of x[t]": [
        "h[0] = «x[t]»\nh[t] = h[t-1] + x[t]"
    ],
    "h[t] = … is missing: a boundary says where a recurrence starts": ["«h[0] = h0»\ng[t] = x[t]"],
    "this step of h lies inside 1…T, where h[t] = … holds; a boundary lies outside: h[0], h[-1], …"
    " or h[T+1], …": [f"{H}«h[2] = h0»", f"{H}«h[T-1] = h0»"],
    "g[t] = … is missing, to which this would add": [f"{H}«g[T] += h[T]»"],
    "[T == …] belongs to adjoints alone": [f"{H}z = h[T]\n«z[T == 2] += w»"],
    "this step of h has no equation": ["T = 2\nh[1] = x[1]\nL = mse(y, «h[2]»)"],
    "the target stands first in a loss: bce(y, …)": [
        f"{H}yhat = sigmoid(h[T] @ V)\nL = «bce(yhat, y)»"
    ],
    "the target stands first in a loss: ce(y, …)": [f"{H}L = «ce(softmax(h[T] @ V), y)»"],
    "no equation defines H; did you mean 'h'? (if it is an input, declare it: H: input)": [
        f"{H}L = mse(y, «H[T]» @ V)"
    ],
    "V has a time index; a parameter has none": [f"{H}k[t] = h[t] + V[t]\n«V: parameter»"],
    "the target stands first in a loss: mse(y, …)": [f"{H}L = mean(«mse(h[t], y[t])»)"],
    "mean(…) runs over time; expected a v[t] in it": [
        f"{H}L = «mean(mse(y, h[T]))»",
        f"{H}L = «mean(sum(h[t]))»",
    ],
    "sum(…) runs over time; expected a v[t] in it": [
        "h[t] = x[t] + «sum(w)»",
        f"{H}L = «sum(mean(mse(y[t], h[t])))»",
    ],
    "no equation uses 'q'": [
        f"{H}«q: 3»",
        f"{H}«q: init(1)»",
        f"{H}«d: adjoint(q)»\nd[t] = h[t]",
    ],
    "no equation uses 'hidd'; did you mean 'hid'?": ["hid[t] = x[t]\n«hidd: 3»"],
    "the width of h is declared twice": [f"{H}h: 3\n«h: 4»"],
    "the init of U is declared twice": [f"{H}U: init(1)\nh: 3\n«U: init(0)»"],
    "h is a variable with an equation; init is said of a parameter or a fixed array": [
        f"{H}«h: init(1)»"
    ],
    "W is a parameter; onehot is said of a target or an input": [f"{H}«W: onehot»"],
    "W is a parameter; hidden is said of a variable with an equation or a matrix or vector"
    " computed of parameters": [f"{H}«W: hidden»"],
    "an adjoint is that of a variable or a parameter": [
        f"{H}«d: adjoint(d)»\nd[t] = h[t]",
        f"{H}L = mse(y, h[T])\n«d: adjoint(L)»\nd = h[T]",
        f"{H}d: adjoint(h)\n«e: adjoint(d)»\nd[t] = h[t]\ne[t] = d[t]",
    ],
    "a power lies between -100 and 100": ["h[t] = x[t] * «9**9**9»", "h[t] = «x[t]**-101»"],
    "a number too large, too small or of too many digits: a quotient of numbers up to 1e100": [
        "a = 9**99\nb = «a**99»\nh[t] = x[t] * b",
        "a = (0.99999**10)\nb = «a**90»\nh[t] = x[t] * b",
        "c = 1e99\nb = «c * c»\nh[t] = x[t] * b",
    ],
    "a division by zero": [
        "h[t] = «x[t] / 0»",
        "a = 0\nh[t] = «x[t] / a»",
        "h[t] = x[t] + «1 / (1 - 1)»",
        "h[t] = x[t] * «0**-1»",
    ],
}

OPEN = "the width of {} stays open; declare it, for instance {}"
NOT_ONE = (
    "the loss is one number for each sequence, and this may be wider: the {}; expected a loss"
    " such as bce(y, yhat), or the rowsum of a formula whose target is declared, y: target"
)

WIDTHS = {
    NOT_ONE.format("width of w"): ["«L = w»"],
    NOT_ONE.format("width of h"): ["h[t] = x[t] + h[t-1]\n«L = h[T]»"],
    NOT_ONE.format("width of x"): ["«L = sum(x[t])»"],
    OPEN.format("W", "W: (D, K)"): ["«h[t] = x[t] @ W @ V»"],
    OPEN.format("y", "y: K"): ["«L = mse(y, y)»"],
    OPEN.format("u", "u: K"): ["«u: parameter»\nh[t] = x[t]"],
    "right of @ stands a matrix: W, transpose(W), W * M": [
        "h[t] = «x[t] @ 3»",
        "b: H\nh[t] = «x[t] @ tanh(b)»",
    ],
    "transpose(…) takes a matrix; a vector has no other form": [
        "b: H\nh[t] = x[t] @ «transpose(tanh(b))»"
    ],
    "part, pad and concat take rows, not matrices": ["W: (D, H)\nh[t] = «x[t] @ concat(W, W)»"],
    "left of @ stands a row, not a number": ["h[t] = x[t] + «3 @ W»"],
    "W is a matrix; beside rows it stands right of an @": ["h[t] = x[t] @ W + «W»"],
    "h is a row or a vector, h: 64": [f"{H}«h: (3, 4)»"],
    "W is a matrix, W: (D, H)": [f"{H}«W: 3»"],
    "4 features do not fit into 3": ["x: 3\nh[t] = tanh(«part(x[t], 2, 2)»)"],
    "D + 1 features do not fit into D": ["x: D\nh[t] = «part(x[t], D, 1)»"],
    "6 features do not fit into 5": ["x: 5\nh[t] = «pad(x[t], 1, 5)»"],
    "expected a row with features, not a number": ["h[t] = x[t] + «part(3, 0, 1)»"],
    "no width is called Q; declare it: v: Q": ["h[t] = x[t] * «size(Q)»"],
    "transpose(…) of a row stands left of an @, in a gradient": ["h[t] = «transpose(W)»"],
    "batchsum(…) belongs to a gradient; a variable has a row a sequence": ["h = «batchsum(w)»"],
    "rowsum(…) takes rows with features, not a number": ["h[t] = x[t] + «rowsum(3)»"],
    "the gradient of this parameter is written sum(transpose(a[t]) @ b[t]), or a sum of such": [
        f"{H}d: adjoint(W)\n«d = h[T]»"
    ],
}

TABLES: dict[type[SymrnnError], dict[str, list[str]]] = {
    LanguageError: {**LANGUAGE, **FOREIGN},
    EquationError: {**EQUATIONS, **SLIPS},
    WidthError: WIDTHS,
}

"""The names of a kernel in C: its own, as its text has them, unless C or its files have them too.

What a kernel has for itself can be included in any program, in C or in C++, behind any header: a
member of a struct is called as no word of theirs, and as no macro of a header that belongs to C.
"""

import re
from collections.abc import Sequence

from symrnn.kernels.names import Names
from symrnn.kernels.program.program import Program

VARIABLES = {*("m", "p", "g", "in", "t", "s", "r", "j", "id", "found", "real", "B", "T")}
"""What a function calls its structs, counters and sums."""

PACKED = {*("b", "rows", "steps", "total", "start", "alive", "row")}
"""What it calls numbers of rows beside, where these are not known when it is compiled."""

MEMBERS = {"rows", "out", "lengths", "batch"}
"""Members of structs that such a kernel has beside its arrays."""

SWITCHES = {
    "DOUBLE",
    "FLOAT",
    "LIBM",
    "POLY",
    "BLAS",
    "SMALL_STACK",
    "INCLUDED",
    "WEIGHTS_INCLUDED",
}
"""Macros of a kernel that are no sizes: NAME_DOUBLE. A size has a macro too, NAME_H."""

KEYWORDS = {
    *("auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else"),
    *("enum", "extern", "float", "for", "goto", "if", "inline", "int", "long", "register"),
    *("restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "typedef"),
    *("union", "unsigned", "void", "volatile", "while", "asm", "linux", "unix"),
    # of C++ and of later C
    *("alignas", "alignof", "and", "and_eq", "bitand", "bitor", "bool", "catch", "class"),
    *("compl", "concept", "constexpr", "const_cast", "consteval", "constinit", "decltype"),
    *("delete", "dynamic_cast", "explicit", "export", "false", "friend", "mutable", "namespace"),
    *("new", "noexcept", "not", "not_eq", "nullptr", "operator", "or", "or_eq", "private"),
    *("protected", "public", "reinterpret_cast", "requires", "static_assert", "static_cast"),
    *("template", "this", "thread_local", "throw", "true", "try", "typeid", "typename", "typeof"),
    *("typeof_unqual", "using", "virtual", "wchar_t", "char8_t", "char16_t", "char32_t", "xor"),
    *("xor_eq", "co_await", "co_return", "co_yield"),
}
"""Words of C and C++."""

MACROS = {
    # of headers that belong to C
    *("NULL", "NAN", "INFINITY", "HUGE_VAL", "HUGE_VALF", "HUGE_VALL", "errno", "EOF", "stdin"),
    *("stdout", "stderr", "BUFSIZ", "RAND_MAX", "assert", "I", "complex", "imaginary", "offsetof"),
    *("isnan", "isinf", "isfinite", "isnormal", "signbit", "fpclassify", "isless", "isgreater"),
    *("isunordered", "EDOM", "ERANGE", "EILSEQ", "CHAR_BIT", "INT_MAX", "INT_MIN", "UINT_MAX"),
    *("LONG_MAX", "LONG_MIN", "OVERFLOW", "UNDERFLOW", "DOMAIN", "SING", "PLOSS", "TLOSS"),
    *(f"M_{name}" for name in ("E", "LOG2E", "LOG10E", "LN2", "LN10", "PI", "PI_2", "PI_4")),
    *("M_1_PI", "M_2_PI", "M_2_SQRTPI", "M_SQRT2", "M_SQRT1_2", "MAXFLOAT"),
    # of the file
    *("INLINE", "FN", "BITS", "MANTISSA", "BIAS", "MAGIC", "LN2_HIGH", "LN2_LOW", "VECTOR", "TALL"),
    *("HIGH", "LANES", "FROM", "AS_VECTOR", "MAYBE_UNUSED", "PREFETCH", "CLANG_WHOLE_VECTORS"),
    *(
        "GCC_WHOLE_VECTORS",
        "THREADS",
        "BY_TILES",
        "PRAGMA",
        "IN_THREADS",
        "dot",
        "fast_tanh",
        "fast_exp",
    ),
}

OWN_MEMBERS = {"none", "blas"}
"""Members that structs have where there is nothing else, or a BLAS."""

FUNCTION_NAMES = {
    *("sigmoid", "dot_by_turned", "greater", "smaller", "square", "softplus", "reduced", "SERIES"),
    *("power_of_two", "rows_of", "all_rows", "large_dot", "SMALL", "LARGE", "DEEP", "WIDE"),
    *("BLOCK", "tile", "columns_of", "strip_of", "block_of_rows", "rows_at_once", "dot_by"),
    *("vector_1", "vector_2", "in_one_window", "main"),
    *("block_of_vector_1", "block_of_vector_2", "block_of_real", "drawn", "seed", "PARAMS"),
    *("i", "k", "l"),
}
"""Functions, types and counters of a file: no size can have such a name."""

LIBRARY = {
    *(
        name + kind
        for kind in ("", "f", "l")
        for name in (
            *(
                "acos",
                "asin",
                "atan",
                "atan2",
                "cos",
                "sin",
                "tan",
                "acosh",
                "asinh",
                "atanh",
                "cosh",
            ),
            *("sinh", "tanh", "exp", "exp2", "expm1", "frexp", "ilogb", "ldexp", "log", "log10"),
            *("log1p", "log2", "logb", "modf", "scalbn", "scalbln", "cbrt", "fabs", "hypot", "pow"),
            *("sqrt", "erf", "erfc", "lgamma", "tgamma", "ceil", "floor", "nearbyint", "rint"),
            *(
                "lrint",
                "llrint",
                "round",
                "lround",
                "llround",
                "trunc",
                "fmod",
                "remainder",
                "remquo",
            ),
            *("copysign", "nan", "nextafter", "nexttoward", "fdim", "fmax", "fmin", "fma"),
            *("y0", "y1", "yn", "j0", "j1", "jn", "gamma"),
        )
    ),
    *(f"mem{name}" for name in ("cpy", "move", "cmp", "chr", "set")),
    *(f"str{name}" for name in ("cpy", "cat", "cmp", "coll", "xfrm", "chr", "cspn", "pbrk", "len")),
    *(f"str{name}" for name in ("rchr", "spn", "str", "tok", "error", "ncpy", "ncat", "ncmp")),
    *("size_t", "ptrdiff_t", "float_t", "double_t"),
    *(
        f"{sign}int{kind}{bits}_t"
        for sign in ("", "u")
        for kind in ("", "_least", "_fast")
        for bits in (8, 16, 32, 64)
    ),
    *("intptr_t", "uintptr_t", "intmax_t", "uintmax_t"),
}
"""Functions and types of the headers that a file includes, which no size can be called either."""

PACKED_FUNCTIONS = {
    *("put_in_order", "row_at", "copy_step", "copy_steps", "begin", "spread", "sum_steps"),
    *("within", "take", "take_steps", "give", "give_steps", "row_table"),
}
"""Those of a file for sequences with lengths of their own."""

ELSEWHERE = {
    *("main", "makefile", "weights", "library"),
    *("math", "stddef", "stdint", "stdio", "string"),
    *("all", "copy"),
}
"""Names of other files of a folder, of headers, and beginnings of functions (all_rows)."""


def c_names(program: Program, dims: Sequence[str], packed: bool = False) -> dict[str, str]:
    """The name of each dimension, under `dim H`, and of each array; their own, unless that is a
    word of C's or another one has it.

    >>> from symrnn.kernels.program.program import Array
    >>> arrays = {name: Array(name, "input", ()) for name in ("x", "double")}
    >>> c_names(Program(1, arrays, {}), ["H", "j"])
    {'dim H': 'H', 'dim j': 'j_2', 'x': 'x', 'double': 'double_2'}
    """
    words = KEYWORDS | MACROS | OWN_MEMBERS
    more = {*PACKED, *PACKED_FUNCTIONS} if packed else set()
    sizes = Names({*words, *SWITCHES, *VARIABLES, *FUNCTION_NAMES, *LIBRARY, *more})
    members = Names(words | (MEMBERS if packed else set()))
    found = {f"dim {name}": sizes.new(name) for name in dims}
    return found | {name: members.new(name) for name in program.arrays}


def identifier(name: str) -> str:
    """The name of a kernel as one in C.

    >>> identifier("my cell.rnn"), identifier("2nd"), identifier("main")
    ('my_cell', 'm_2nd', 'm_main')
    """
    found = re.sub(r"\W", "_", name.removesuffix(".rnn"), flags=re.ASCII)
    odd = not found or found[0].isdigit() or found[0] == "_" or found.lower() in ELSEWHERE
    return f"m_{found}" if odd else found

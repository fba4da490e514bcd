"""Equations as a Python module that needs SymPy alone.

Every formula has a shape. What is 1 × 1 is a number, written with symbols; all else is a matrix
expression, whose symbols have the shapes that the model gives them. So one writer serves the
scalar and the matrix form.

No printer of SymPy's writes these: it orders the factors of a path and collects them, so that
(p - y) w (1 - h²) w becomes w**2*(1 - h**2)*(p - y); and tanh of each entry comes out as
Lambda(_d, tanh(_d)).(a), which is no Python. `symrnn.derive.sympy` makes objects of what is written
here, for a symbolic T too.

assignments   what each equation assigns, at numbered steps, and the identifiers for it
code          a Python expression with its shape; imports, dimensions, symbols and constants
algebra       sums, products, blocks and functions of such expressions
writer        formulas as code
timeless      the same where T is a letter: indexed names, and sums over t
module        all of it together: `python_text(...)`
"""

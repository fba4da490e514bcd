"""Equations as a Python module that needs SymPy alone.

Every formula has a shape. What is 1 × 1 is a number, written with symbols; all else is a matrix
expression, whose symbols have the shapes that the model gives them. So one writer serves the
scalar and the matrix form.

assignments   what each equation assigns, at numbered steps, and the identifiers for it
code          a Python expression with its shape; imports, dimensions, symbols and constants
algebra       sums, products, blocks and functions of such expressions
writer        formulas as code
module        all of it together: `python_text(...)`
"""

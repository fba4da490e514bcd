"""Equations as a Python module that needs SymPy alone.

Every formula has a shape. What is 1 × 1 is a number, written with symbols; all else is a matrix
expression, whose symbols have the shapes that the model gives them. So one writer serves the
scalar and the matrix form.

code        a Python expression with its shape
steps       equations at numbered steps
names       identifiers
prelude     imports, dimensions, symbols and constants
algebra     operations on code
functions   SymPy's functions, and those that a module defines
writer      formulas as code
module      all of it together: `python_text(...)`
"""

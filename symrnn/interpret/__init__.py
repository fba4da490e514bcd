"""Numbers from equations without any derivative rule: what everything else is held against.

- `interpreter`  works out a text or a system, one equation after the other
- `arithmetic`   on what: floats, complex numbers, mpmath, SymPy
- `oracle`       slopes: complex step, differences in floats and at 50 digits
- `held`         what stops a derivative, as a number
- `sizes`        steps, sequences and widths, read off the data
- `sample`       random numbers that fit a system
"""

"""Which arrays are neighbours, and in which order.

Matrices that the same operand is multiplied with (the four gates of an LSTM) become columns of one
matrix, so that one product serves them all; what is worked out of the products lies in the same
order: one *lane* for each matrix. Lanes are ordered so that as many statements as possible find
their operands side by side.

- `lanes`    which lane an array is in
- `families` arrays that play one part, each in another lane
- `ranks`    the order of the lanes
- `packs`    families, in this order, are the packs of the program
"""

from symrnn.kernels.program.layout.packs import layout, pack_name

__all__ = ["layout", "pack_name"]

"""Weights of other frameworks: parameters from their tensors, and tensors from parameters.

>>> import symrnn
>>> from symrnn.weights import layouts
>>> print(layouts.layout(symrnn.load("lstm"), "pytorch"), end="")
PyTorch LSTM
  weight_ih_l0  W_i | W_f | W_g | W_o
  weight_hh_l0  U_i | U_f | U_g | U_o
  bias_ih_l0    b_i | b_f | b_g | b_o
  bias_hh_l0    b_i | b_f | b_g | b_o

A layer belongs to a model if it computes what the model says, whatever things are called there.
What each layer computes and where its weights lie is data; the code knows no layer by name.

- `cells`, `tables/*.toml`, `tables`   what layers compute, which letters of it each tensor holds,
  and what reads both
- `polynomials`    expressions that compare whatever the way in which they are written
- `recurrences`    a system's recurrences, as what their states become in one step
- `matching`       whether a recurrence is a cell, and what stands for what
- `differences`    which equation differs, if none is
- `layout`         all layers of a model, with the keys of their tensors
- `tensors`        whatever is handed in, as arrays by key; how a tensor is put together
- `convert`        `load` and `store`
"""

from symrnn.weights.layouts.convert import load, store
from symrnn.weights.layouts.layout import Layout, layout
from symrnn.weights.layouts.tables import FRAMEWORKS

__all__ = ["FRAMEWORKS", "Layout", "layout", "load", "store"]

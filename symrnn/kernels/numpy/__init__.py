"""Programs as NumPy modules.

- `names`      names, each for one thing
- `places`     where the arrays of a program live, and what slices of them are in Python
- `packed`     where they live when sequences have lengths of their own, and how that is printed
- `views`      the views of them that statements need
- `statements` statements as calls that write where they are told to
- `by_id`      those over class ids
- `passes`     forward, loss and backward, each statement under its equation
- `finals`     where states are after the last step
- `plan`       arrays and views: what is made once for each number of sequences
- `sheet`      one function of a module: arrays, views and the passes over them
- `step`       the function for a single step, or why there is none
- `contract`   names, axes and starts: what a module promises
- `module`     the whole file: what is the same in every kernel comes from `templates/numpy`
- `segments`   the file of a kernel that keeps few states: several plans, and who calls them
- `lines`      Python as a person would lay it out
- `load`       a source compiled in memory, so that tracebacks show its lines
"""

from symrnn.kernels.numpy.load import load_source
from symrnn.kernels.numpy.module import source

__all__ = ["load_source", "source"]

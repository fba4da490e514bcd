"""Measurements of generated kernels beside others that work out the same training step.

- `request`  what is measured: models, sizes, peers, seconds
- `process`  a process of its own that has one core, set before NumPy is there
- `case`     one model at one size, with numbers; nobody is timed who does not get the same loss and
             gradients
- `peers`    who takes part; the only place that knows any network by name
- `measure`  the rows of a report, from a request
- `report`   the figures as data, as text and as a picture
"""

"""Measurements of generated kernels beside others that work out the same training step.

- `plan`     what is measured: models, sizes, peers, seconds; the request to the measuring process
- `alone`    a process of its own that has one core, set before NumPy is there; `worker` is what
             runs in it
- `case`     one model at one size, with numbers
- `peers`    who takes part; the only place that knows any network by name
- `floor`    the products and transcendental functions of a program, with nothing in between
- `agree`    nobody is timed who does not get the same loss and gradients
- `clock`    medians over rounds in which all take turns
- `measure`  the rows of a report, from a request
- `report`   the figures as data, and as text; `plot` as a picture
"""
